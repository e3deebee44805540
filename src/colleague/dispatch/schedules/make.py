"""Make a schedule, change its words, switch it on, pause it, end it, run it now: the deeds of its owner.

No state changes in silence: each has who and why, stands in the ledger, and is told to the owner if somebody else did
it. What may run at all is looked at when it is switched on and again at every slot.
"""

from dataclasses import asdict

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.dispatch.schedules.envelopes.give import end_envelopes
from colleague.dispatch.schedules.model import Order, State
from colleague.dispatch.schedules.order import BadOrder, first_due, read_order
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.permitted import check_new, check_permitted
from colleague.dispatch.schedules.store import add_slots, automations, begin_job, order_of, visible_row
from colleague.dispatch.schedules.tables import ScheduleRow, SlotRow
from colleague.identity.actor import Actor
from colleague.identity.directory import is_active, who_may
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Forbidden
from colleague.kit.ids import new_id
from colleague.kit.queue import enqueue
from colleague.kit.seen import says
from colleague.policy.governance import current_governance
from colleague.policy.model import Tier

MOST = 100
# Two automations that are switched on at the same moment are counted one after the other.
LOCK = 727_103
WHY_LIMIT = 300


class NotYourSchedule(Forbidden):
    """Only its owner may do this with a schedule."""


class TooManySchedules(Conflict):
    """You have a hundred schedules already: end one first."""


class NotInThisState(Conflict):
    """This schedule is {state}, so this cannot be done with it."""


class SayWhy(BadOrder):
    """Say in a few words why, at most 300 characters: the owner and whoever looks later will read it."""


async def create_schedule(session: Session, actor: Actor, order: Order, *, parts: Scheduling) -> str:
    """Make a schedule as a draft, which runs nothing, and return its id. Raises BadOrder and what `read_order` does."""
    actor.require("own:dispatch:use")
    order, now = read_order(order), parts.clock.now()
    mine = select(func.count()).where(ScheduleRow.owner_id == actor.id, ScheduleRow.state != "ended")
    if (await session.scalar(mine) or 0) >= MOST:
        raise TooManySchedules
    row = ScheduleRow(
        id=new_id("sched"), owner_id=actor.id, state="draft", why="It was made.", state_by=actor.id, state_at=now,
        next_at=None, looked_at=now, cursor={}, trouble="", revision=1, created_at=now, **_columns(order),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await parts.ledger.record(session, Event("schedule.created", actor.id, subject=row.id, data=_facts(order)))
    return row.id


async def edit_schedule(session: Session, actor: Actor, schedule: str, order: Order, *, parts: Scheduling) -> None:
    """Give it other words, times or limits. What was agreed to beforehand ends with it; an active one is checked anew.

    Raises NotYourSchedule, NotInThisState, what `read_order` and `check_permitted` raise; for an active one also what
    switching it on raises.
    """
    row = await own_row(session, actor, schedule)
    _in(row, "draft", "active", "paused")
    order, now, ran = read_order(order), parts.clock.now(), order_of(row).recurring
    if row.state == "active":
        _may_run(actor, order)
    for name, value in _columns(order).items():
        setattr(row, name, value)
    row.revision += 1
    row.cursor, row.trouble = {}, ""
    if row.state == "active":
        if ran:
            check_permitted(order, await current_governance(session))
        else:
            await _check_new(session, row.id, order)
        row.next_at, row.looked_at = first_due(order, now), now
    await end_envelopes(session, actor.id, row.id, "The schedule was changed.", ledger=parts.ledger, clock=parts.clock)
    facts = _facts(order) | {"revision": row.revision}
    await parts.ledger.record(session, Event("schedule.edited", actor.id, subject=row.id, data=facts))


async def activate(session: Session, actor: Actor, schedule: str, *, parts: Scheduling) -> None:
    """Let a draft or a paused one run. Raises NotYourSchedule, NotInThisState, TimePassed, AboveTheCeiling,
    BeyondThePilot; SignInYourself where a token would let it go above reading, which outlives the token."""
    row = await own_row(session, actor, schedule)
    _in(row, "draft", "paused")
    order, now = order_of(row), parts.clock.now()
    _may_run(actor, order)
    await _check_new(session, row.id, order)
    row.next_at, row.looked_at = first_due(order, now), now
    row.cursor, row.trouble = {}, ""
    why = "It was switched on." if row.state == "draft" else "It was let go on."
    await set_state(session, row, "active", actor.id, why, parts=parts)


async def pause(session: Session, actor: Actor, schedule: str, why: str, *, parts: Scheduling) -> None:
    """Let it run no more until its owner lets it go on. Its owner, or who manages Dispatch; with a reason.

    Raises SayWhy, NotYourSchedule, NotInThisState.
    """
    row = await own_row(session, actor, schedule, manager=True)
    _in(row, "active")
    await set_state(session, row, "paused", actor.id, _reason(why), parts=parts)


async def end_schedule(session: Session, actor: Actor, schedule: str, why: str, *, parts: Scheduling) -> None:
    """End it for good, with what was agreed to beforehand. Its owner, or who manages Dispatch; with a reason.

    A run that has begun goes on: stop the task. Raises SayWhy, NotYourSchedule, NotInThisState.
    """
    row = await own_row(session, actor, schedule, manager=True)
    _in(row, "draft", "active", "paused")
    await set_state(session, row, "ended", actor.id, _reason(why), parts=parts)
    await end_envelopes(session, actor.id, row.id, "The schedule ended.", ledger=parts.ledger, clock=parts.clock)


async def run_now(session: Session, actor: Actor, schedule: str, press: str, *, parts: Scheduling) -> str:
    """Start it once, beside its slots, as it would run by itself; return the slot's id.

    `press` names this press of the button: twice the same starts one run. A person who starts it is no automation.
    Raises NotYourSchedule, NotInThisState, AboveTheCeiling.
    """
    row = await own_row(session, actor, schedule)
    _in(row, "draft", "active", "paused")
    actor.require("own:tasks:use")
    check_permitted(order_of(row), await current_governance(session))
    now, key = parts.clock.now(), f"now:{press[:80] or new_id('press')}"
    slot = {"key": key, "at": now, "state": "claimed", "by_hand": True}
    for new in await add_slots(session, row.id, [slot], now):
        facts = {"slot": new.id, "by_hand": True}
        await parts.ledger.record(session, Event("schedule.due", actor.id, subject=row.id, data=facts))
        await enqueue(session, begin_job(new.id, row.id))
    return str(await session.scalar(select(SlotRow.id).where(SlotRow.schedule_id == row.id, SlotRow.key == key)))


async def set_state(session: Session, row: ScheduleRow, state: State, by: str, why: str, *, parts: Scheduling) -> None:
    """Write a state with who and why, on record, and tell the owner unless they did it themselves.

    Its name stands in the text: a title goes where texts of confidential things may not.
    Where the owner is not active any more, those who manage Dispatch are told: somebody must take it over or end it.
    """
    row.state, row.why, row.state_by, row.state_at = state, why, by, parts.clock.now()
    if state != "active":
        row.next_at = None
    verb = {"active": "schedule.activated", "paused": "schedule.paused", "ended": "schedule.ended"}[state]
    await parts.ledger.record(session, Event(verb, by, subject=row.id, data={"why": why, "owner": row.owner_id}))
    if by == row.owner_id:
        return
    told = [row.owner_id]
    if not await is_active(session, row.owner_id):
        told = [person.id for person in await who_may(session, "org:dispatch:manage")]
    words = {"active": "runs again", "paused": "is paused", "ended": "has ended"}[state]
    for person in told:
        await parts.tell(
            session, person, f"A schedule {words}", f"«{row.name}»: {why}", f"/dispatch/schedules/{row.id}"
        )


async def own_row(session: Session, actor: Actor, schedule: str, *, manager: bool = False) -> ScheduleRow:
    """Return the schedule, locked, if it is the actor's, or (`manager`) if they manage Dispatch; NotYourSchedule."""
    row = await visible_row(session, actor, schedule, lock=True)
    if manager and actor.may("org:dispatch:manage"):
        return row
    actor.require("own:dispatch:use")
    if row.owner_id != actor.id:
        raise NotYourSchedule
    return row


async def _check_new(session: Session, schedule: str, order: Order) -> None:
    """Raise AboveTheCeiling or BeyondThePilot unless this may be switched on now, beside what runs already."""
    if order.recurring:
        await advisory_lock(session, LOCK)
    check_new(order, await current_governance(session), await automations(session, but=schedule))


def _may_run(actor: Actor, order: Order) -> None:
    """Raise unless the actor may let this run from now on, by itself: above reading only a person, not their token."""
    actor.require("own:tasks:use")
    if order.tier > Tier.READ:
        actor.require_presence()


def _in(row: ScheduleRow, *states: State) -> None:
    if row.state not in states:
        raise NotInThisState(state="a draft" if row.state == "draft" else row.state)


def _reason(why: str) -> str:
    why = " ".join(why.split())
    if not says(why) or len(why) > WHY_LIMIT or not why.isprintable():
        raise SayWhy
    return why


def _columns(order: Order) -> dict[str, object]:
    return asdict(order) | {"tier": int(order.tier)}


def _facts(order: Order) -> dict[str, object]:
    """Return what is on record of an order: no words, which are the person's own."""
    return {
        "kind": order.kind, "cron": order.cron, "zone": order.zone, "tier": order.tier.name.lower(),
        "catch_up": order.catch_up, "micros": order.micros,
    }  # fmt: skip
