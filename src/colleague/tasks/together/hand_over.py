"""Hand a task over: its person offers it, a colleague accepts, and from the next call on it is theirs.

Until somebody accepts nothing changes. A running task changes hands between two steps, when no call is under way: the
worker itself does it (resume.py), or whoever looks after a segment (afterwards.py). Rights are never carried over.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from colleague.agent.messages import Said
from colleague.approvals.ask import HANDED_OVER, withdraw
from colleague.approvals.partners import set_partner
from colleague.approvals.tables import ApprovalRow
from colleague.audit.event import Event
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person, holders_of, names_of
from colleague.kit.canonical import storable
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.kit.errors import Conflict, Forbidden, Invalid, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.tasks.calls.conclude import call_event
from colleague.tasks.delegate import next_segment
from colleague.tasks.model import CallState, State
from colleague.tasks.parts import Parts
from colleague.tasks.sight import see_task
from colleague.tasks.store import append, get_task, newest_run, touch
from colleague.tasks.tables import CallRow, HandOverRow, RunRow, TaskRow
from colleague.tasks.together.obstacles import obstacle
from colleague.tasks.together.share import YourOwnTask, find_colleague
from colleague.tasks.toolbox import open_toolbox

LIFE: Final = timedelta(days=7)
NOTE, OFFERS = 1000, 5
OPEN = ("offered", "accepted")
_WORDS = {
    "accepted": "it was accepted already", "done": "it was accepted already", "declined": "it was declined",
    "withdrawn": "it was withdrawn", "expired": "it has expired", "refused": "it could not be carried out",
}  # fmt: skip


class NotYoursToHandOver(Forbidden):
    """Only the person in charge of a task may hand it over."""


class CannotTakeOver(Forbidden):
    """{name} cannot take this task over: {why}."""


class NoSuchOffer(NotFound):
    """There is no such offer, or it is not for you."""


class OfferGone(Conflict):
    """This offer does not stand any more: {why}."""


class AlreadyOffered(Conflict):
    """This task is offered to {name} already."""


class TooManyOffers(Conflict):
    """A task is offered to at most 5 colleagues at once: withdraw an offer first."""


class NoteTooLong(Invalid):
    """A note to an offer has at most 1,000 characters."""


async def offer(
    session: Session, actor: Actor, task_id: str, who: str, *, stay: bool = True, note: str = "", parts: Parts
) -> str:  # fmt: skip
    """Offer a task of one's own to a colleague (name or mail address); `stay` as viewer afterwards. Returns its id.

    Several may be asked: who accepts first has it. Raises NotYoursToHandOver, NoSuchColleague, CannotTakeOver, …
    """
    note = str(storable(note)).strip()
    if len(note) > NOTE:
        raise NoteTooLong
    task = await see_task(session, actor, task_id)
    actor.require("own:tasks:use")
    run = await newest_run(session, task_id, lock=True)
    await session.refresh(task)
    if task.person_id != actor.id:
        raise NotYoursToHandOver
    person = await find_colleague(session, who)
    if person.id == actor.id:
        raise YourOwnTask
    if why := await obstacle(session, task, run, person.id, clock=parts.clock):
        raise CannotTakeOver(name=person.name, why=why)
    standing = [row for row in await offers_of(session, task_id) if row.state in OPEN]
    if any(row.to_id == person.id or row.state == "accepted" for row in standing):
        raise AlreadyOffered(name=person.name)
    if len(standing) >= OFFERS:
        raise TooManyOffers
    now = parts.clock.now()
    row = HandOverRow(
        id=new_id("offer"), task_id=task.id, from_id=actor.id, to_id=person.id, stay=stay, note=note, state="offered",
        why="", offered_at=now, expires_at=now + LIFE,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _record(session, "task.hand_over_offered", actor.id, row, run, parts, note=note)
    text = f"{actor.name} wants to hand «{task.title}» over to you. Nothing changes before you accept."
    await parts.tell(session, person.id, "A task is offered to you", text, f"/hand-overs/{row.id}")
    await notify(session, f"run:{run.id}")
    return row.id


async def accept(session: Session, actor: Actor, offer_id: str, *, parts: Parts) -> HandOverRow:
    """Take an offered task over. Where a call is under way it becomes one's own right after that: state «accepted».

    Raises NoSuchOffer, OfferGone, CannotTakeOver.
    """
    actor.require("own:tasks:use")
    row, task, run = await _locked(session, actor, offer_id, mine="to_id", parts=parts)
    if why := await obstacle(session, task, run, actor.id, clock=parts.clock):
        raise CannotTakeOver(name=actor.name, why=why)
    row.state, run.hand_over = "accepted", row.id
    await session.flush()
    await _record(session, "task.hand_over_accepted", actor.id, row, run, parts)
    for other in await offers_of(session, task.id):
        if other.state == "offered":
            await _end(session, other, "withdrawn", f"{actor.name} was first", parts)
            await _record(session, "task.hand_over_withdrawn", actor.id, other, run, parts)
            text = "Somebody else has taken the task over that was offered to you."
            await parts.tell(session, other.to_id, "An offer is over", text, f"/hand-overs/{other.id}")
    if run.state != State.RUNNING:
        await take_over(session, run, parts)
    await touch(session, run, parts.clock.now())
    return row


async def decline(session: Session, actor: Actor, offer_id: str, *, parts: Parts) -> None:
    """Say no to an offered task; nothing changes for it. Raises NoSuchOffer, OfferGone."""
    row, task, run = await _locked(session, actor, offer_id, mine="to_id", parts=parts)
    await _end(session, row, "declined", "", parts)
    await _record(session, "task.hand_over_declined", actor.id, row, run, parts)
    text = f"{actor.name} does not take «{task.title}» over. It stays with you."
    await parts.tell(session, row.from_id, "A hand-over was declined", text, f"/tasks/{task.id}")
    await notify(session, f"run:{run.id}")


async def take_back(session: Session, actor: Actor, offer_id: str, *, parts: Parts) -> None:
    """Withdraw an offer that nobody has accepted yet. Raises NoSuchOffer, OfferGone."""
    row, _, run = await _locked(session, actor, offer_id, mine="from_id", parts=parts)
    await _end(session, row, "withdrawn", "", parts)
    await _record(session, "task.hand_over_withdrawn", actor.id, row, run, parts)
    text = f"{actor.name} has withdrawn the offer of a task."
    await parts.tell(session, row.to_id, "An offer is over", text, f"/hand-overs/{row.id}")
    await notify(session, f"run:{run.id}")


async def offers_of(session: Session, task_id: str) -> list[HandOverRow]:
    """Return every offer of a task, oldest first."""
    query = select(HandOverRow).where(HandOverRow.task_id == task_id).order_by(HandOverRow.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def offers_to(session: Session, person: str, *, clock: Clock) -> list[tuple[HandOverRow, str]]:
    """Return the offers that wait for a person's answer, with the titles of their tasks."""
    query = select(HandOverRow, TaskRow.title).join(TaskRow, TaskRow.id == HandOverRow.task_id)
    query = query.where(
        HandOverRow.to_id == person, HandOverRow.state == "offered", HandOverRow.expires_at > clock.now()
    )
    return [(row, title) for row, title in await session.execute(query.order_by(HandOverRow.id))]


async def see_offer(session: Session, actor: Actor, offer_id: str) -> tuple[HandOverRow, TaskRow, RunRow]:
    """Return an offer that the actor made or got, with its task; NoSuchOffer for everybody else."""
    row = await session.get(HandOverRow, offer_id, populate_existing=True) if is_id(offer_id) else None
    if row is None or actor.id not in (row.from_id, row.to_id) or not actor.may("own:tasks:use"):
        raise NoSuchOffer
    return row, await get_task(session, row.task_id), await newest_run(session, row.task_id)


async def had_before(session: Session, task_id: str) -> frozenset[str]:
    """Return those who were in charge of a task before: of its high-stakes results they are no second person."""
    query = select(HandOverRow.from_id).where(HandOverRow.task_id == task_id, HandOverRow.state == "done")
    return frozenset(await session.scalars(query))


async def take_over(session: Session, run: RunRow, parts: Parts) -> bool:
    """Carry out the accepted hand-over of a locked run, unless a call is under way; say whether its person changed.

    INVARIANT: no call has an intent without an outcome here, so that nothing is asked of, or made with, an account
    other than the one it was begun with. Reach is looked at once more: the run may have read on since it was accepted.
    """
    under_way = select(CallRow.id).where(CallRow.run_id == run.id, CallRow.state == CallState.INTENDED)
    if not run.hand_over or await session.scalar(under_way.limit(1)) is not None:
        return False
    row = await session.get_one(HandOverRow, run.hand_over, with_for_update=True, populate_existing=True)
    task = await session.get_one(TaskRow, run.task_id, with_for_update=True, populate_existing=True)
    run.hand_over = ""
    why = await obstacle(session, task, run, row.to_id, clock=parts.clock)
    if why:
        await _refuse(session, row, task, run, why, parts)
        return False
    person, holders = await get_person(session, row.to_id), await holders_of(session, row.to_id)
    task.person_id = person.id
    toolbox = await open_toolbox(
        session, person.id, holders, None, registry=parts.registry, secrets=parts.secrets, clock=parts.clock
    )
    # Pins of before stay: a tool that has changed since the start is still a changed one.
    run.tools = {**toolbox.hashes(), **run.tools}
    await _ask_anew(session, person.id, run, parts)
    now = parts.clock.now()
    await set_partner(session, task.id, run.id, person.id, None, at=now)
    if row.stay:
        await set_partner(session, task.id, run.id, row.from_id, "viewer", at=now)
    await _end(session, row, "done", "", parts)
    await _tell_all(session, row, task, run, person.name, parts)
    if run.state == State.RUNNING:
        run.fence += 1
        await next_segment(session, run, parts.clock)
    elif run.state == State.NEEDS_APPROVAL:
        await next_segment(session, run, parts.clock)
    elif run.state == State.PAUSED and run.waiting_for.startswith("ask_"):
        run.waiting_for = ""  # Let go on, it decides anew what had been asked.
    return True


async def settle(run_id: str, *, parts: Parts) -> None:
    """Carry out what waited for a segment to end."""
    async with parts.database.transaction() as session:
        query = select(RunRow).where(RunRow.id == run_id, RunRow.hand_over != "", RunRow.state != State.RUNNING)
        run = await session.scalar(query.with_for_update())
        if run is not None:
            await take_over(session, run, parts)


async def waiting_hand_overs(*, parts: Parts) -> list[str]:
    """Return the runs whose hand-over is accepted and could be carried out."""
    async with parts.database.transaction() as session:
        query = select(RunRow.id).where(RunRow.hand_over != "", RunRow.state != State.RUNNING)
        return list(await session.scalars(query.limit(200)))


async def expire(*, parts: Parts) -> int:
    """End the offers that nobody answered in time; return how many."""
    async with parts.database.transaction() as session:
        query = select(HandOverRow).where(HandOverRow.state == "offered", HandOverRow.expires_at <= parts.clock.now())
        rows = (await session.scalars(query.limit(200).with_for_update(skip_locked=True))).all()
        for row in rows:
            await _end(session, row, "expired", "", parts)
            run = await newest_run(session, row.task_id)
            await _record(session, "task.hand_over_expired", "system", row, run, parts)
            text = "Nobody has answered your offer in time. The task stays with you."
            await parts.tell(session, row.from_id, "An offer has expired", text, f"/tasks/{row.task_id}")
        return len(rows)


async def _locked(
    session: Session, actor: Actor, offer_id: str, *, mine: str, parts: Parts
) -> tuple[HandOverRow, TaskRow, RunRow]:
    """Return an open offer with its task and run, all locked, the run first; `mine`: the actor's side of it."""
    row, _, _ = await see_offer(session, actor, offer_id)
    if getattr(row, mine) != actor.id:
        raise NoSuchOffer
    run = await newest_run(session, row.task_id, lock=True)
    row = await session.get_one(HandOverRow, offer_id, with_for_update=True, populate_existing=True)
    task = await session.get_one(TaskRow, row.task_id, populate_existing=True)
    if row.state != "offered":
        raise OfferGone(why=row.why or _WORDS[row.state])
    if parts.clock.now() >= row.expires_at:
        raise OfferGone(why=_WORDS["expired"])
    if task.person_id != row.from_id:
        raise OfferGone(why="the task is somebody else's by now")
    return row, task, run


async def _ask_anew(session: Session, person: str, run: RunRow, parts: Parts) -> None:
    """Withdraw what was asked of the person before. A call that was never tried is decided anew, for the new one."""
    actor = Actor(person, "")
    await withdraw(session, actor, run.id, reason=HANDED_OVER, ledger=parts.ledger, clock=parts.clock)
    asked = select(ApprovalRow.id).where(ApprovalRow.run_id == run.id, ApprovalRow.reason == HANDED_OVER)
    calls = select(CallRow).where(
        CallRow.run_id == run.id, CallRow.state == CallState.ASKED, CallRow.attempt == 0, CallRow.approval_id.in_(asked)
    )
    for call in (await session.scalars(calls)).all():
        await parts.ledger.record(session, call_event("call.put_back", call, {"tool": call.tool, "person": person}))
        await session.execute(delete(CallRow).where(CallRow.id == call.id))


async def _tell_all(session: Session, row: HandOverRow, task: TaskRow, run: RunRow, name: str, parts: Parts) -> None:
    """Tell the model, the ledger and the person before that the task has changed hands."""
    before = (await names_of(session, [row.from_id])).get(row.from_id, "somebody")
    text = (
        f"{name} has taken this task over from {before}. From now on you work for {name}, with the rights of {name}: "
        "tools may be there or gone that were not before. What was asked and read so far stays as it is."
    )
    await append(session, run, Said("system", text), parts.clock.now())
    await _record(session, "task.handed_over", row.to_id, row, run, parts)
    words = f"{name} has taken «{task.title}» over." + (" You can still look at it." if row.stay else "")
    link = f"/tasks/{task.id}" if row.stay else f"/hand-overs/{row.id}"
    await parts.tell(session, row.from_id, "A task was taken over", words, link)
    for person in (row.from_id, row.to_id):
        await notify(session, f"person:{person}")


async def _refuse(session: Session, row: HandOverRow, task: TaskRow, run: RunRow, why: str, parts: Parts) -> None:
    await _end(session, row, "refused", why, parts)
    await _record(session, "task.hand_over_refused", "system", row, run, parts)
    names = await names_of(session, [row.to_id])
    text = f"«{task.title}» stays with you: {names.get(row.to_id, 'somebody')} cannot take it over, {why}."
    await parts.tell(session, row.from_id, "A hand-over was refused", text[:2000], f"/tasks/{task.id}")
    words = "The task you accepted was not handed over: it has read what you may not see."
    await parts.tell(session, row.to_id, "A hand-over was refused", words, f"/hand-overs/{row.id}")


async def _end(session: Session, row: HandOverRow, state: str, why: str, parts: Parts) -> None:
    row.state, row.why, row.ended_at = state, why[:500], parts.clock.now()
    await session.flush()


async def _record(
    session: Session, verb: str, actor: str, row: HandOverRow, run: RunRow, parts: Parts, *, note: str = ""
) -> None:  # fmt: skip
    """Put on record what became of an offer. The note is sealed under the task's own key: deleted with the task."""
    facts = {"offer": row.id, "from": row.from_id, "to": row.to_id, "stays": row.stay, "class": run.label["class"]}
    sealed = {"note": note} if note else {}
    event = Event(verb, actor, row.task_id, run.id, row.task_id if note else "", facts, sealed)
    await parts.ledger.record(session, event)
