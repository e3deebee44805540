"""Write triggers and switch them on: deeds of those who may, for the whole organisation (CT-3, DI-7, DI-10)."""

import re
from dataclasses import replace
from datetime import date

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.dispatch.triggers.match import goal_of, match, said
from colleague.dispatch.triggers.model import DELIVERIES, MOST_IN_PILOT, Trigger, Wording
from colleague.dispatch.triggers.pattern import read_pattern
from colleague.dispatch.triggers.store import get_trigger, list_triggers
from colleague.dispatch.triggers.tables import TriggerRow, WordingRow
from colleague.identity.actor import Actor
from colleague.identity.directory import list_teams
from colleague.identity.roles import known_roles
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Forbidden, Invalid
from colleague.kit.ids import new_id
from colleague.policy.governance import current_governance
from colleague.policy.model import Phase, Tier

LOCK = 727_060
_NAME = re.compile(r"[a-z0-9][a-z0-9 -]{0,39}")
_PLACES = re.compile(r"\{([^{}]*)\}")


class BadTrigger(Invalid):
    """This trigger cannot be saved: {why}."""


class NameTaken(Conflict):
    """There is a trigger called «{name}» already."""


class TooMuchAlike(Conflict):
    """«{example}» would also fit the trigger «{other}»: nobody could say which is meant. Change the first words."""


class AboveCap(Conflict):
    """This trigger may {tier}; away from the desk the organisation allows no more than {cap} now. Change that first."""


class TooManyTriggers(Conflict):
    """In the pilot at most ten triggers are active (DI-4): switch one off first."""


class SecondPersonForTrigger(Forbidden):
    """A trigger that does more than read is switched on by somebody else than who wrote it."""


class NotAsRead(Conflict):
    """This trigger is at version {version} now. Read it, and say which version you switch on."""


class AlreadyThere(Conflict):
    """This trigger is {state} already."""


async def define_trigger(session: Session, actor: Actor, wording: Wording, *, ledger: Ledger, clock: Clock) -> Trigger:
    """Write a new trigger, as a draft. Raises BadPattern, BadTrigger, NameTaken, PermissionMissing."""
    actor.require("org:dispatch:manage")
    wording = await _checked(session, wording)
    await advisory_lock(session, LOCK)
    if await session.scalar(select(TriggerRow.id).where(TriggerRow.name == wording.name)):
        raise NameTaken(name=wording.name)
    row = TriggerRow(id=new_id("trig"), name=wording.name, state="draft", version=1, created_at=clock.now())
    session.add(row)
    await session.flush()
    return await _write(session, actor, row, wording, "trigger.defined", ledger=ledger, clock=clock)


async def change_trigger(
    session: Session, actor: Actor, trigger_id: str, wording: Wording, *, ledger: Ledger, clock: Clock
) -> Trigger:  # fmt: skip
    """Give a trigger another wording; it is a draft until somebody switches it on. Raises like `define_trigger`."""
    actor.require("org:dispatch:manage")
    wording = await _checked(session, wording)
    await advisory_lock(session, LOCK)
    before = await get_trigger(session, trigger_id, lock=True)
    if before.wording == wording:
        return before
    row = await session.get_one(TriggerRow, trigger_id)
    other = select(TriggerRow.id).where(TriggerRow.name == wording.name, TriggerRow.id != trigger_id)
    if await session.scalar(other):
        raise NameTaken(name=wording.name)
    row.name, row.state, row.version = wording.name, "draft", row.version + 1
    return await _write(session, actor, row, wording, "trigger.changed", ledger=ledger, clock=clock)


async def activate_trigger(
    session: Session, actor: Actor, trigger_id: str, *, version: int | None = None, ledger: Ledger, clock: Clock
) -> Trigger:  # fmt: skip
    """Switch a trigger on. `version` is the wording the actor has read: needed for one that does more than read.

    Raises AlreadyThere, SecondPersonForTrigger, NotAsRead, AboveCap, TooManyTriggers, TooMuchAlike.
    """
    actor.require("org:dispatch:manage")
    await advisory_lock(session, LOCK)
    trigger = await get_trigger(session, trigger_id, lock=True)
    if trigger.state == "active":
        raise AlreadyThere(state="active")
    governance = await current_governance(session)
    wording = trigger.wording
    if wording.tier > Tier.READ and actor.id == trigger.by:
        raise SecondPersonForTrigger
    if version != trigger.version and (wording.tier > Tier.READ or version is not None):
        raise NotAsRead(version=trigger.version)
    if wording.tier > governance.away:
        raise AboveCap(tier=wording.tier.name.lower(), cap=governance.away.name.lower())
    active = await list_triggers(session, state="active")
    if governance.phase is Phase.PILOT and len(active) >= MOST_IN_PILOT:
        raise TooManyTriggers
    for other in active:
        for example in (wording.example, other.wording.example):
            if all(_fits(example, t) for t in (trigger, other)):
                raise TooMuchAlike(example=example, other=other.wording.name)
    return await _set(session, actor, trigger, "active", ledger=ledger)


async def switch_off_trigger(session: Session, actor: Actor, trigger_id: str, *, ledger: Ledger) -> Trigger:
    """Switch a trigger off, at once: no message starts it any more. Raises AlreadyThere."""
    actor.require("org:dispatch:manage")
    trigger = await get_trigger(session, trigger_id, lock=True)
    if trigger.state == "off":
        raise AlreadyThere(state="off")
    return await _set(session, actor, trigger, "off", ledger=ledger)


def _fits(text: str, trigger: Trigger) -> bool:
    words = said(text).words
    return match(words, read_pattern(trigger.wording.pattern), today=date(2026, 1, 1)) is not None


async def _set(session: Session, actor: Actor, trigger: Trigger, state: str, *, ledger: Ledger) -> Trigger:
    row = await session.get_one(TriggerRow, trigger.id)
    row.state = state
    facts = {"name": trigger.wording.name, "version": trigger.version, "tier": trigger.wording.tier.name.lower()}
    verb = "trigger.activated" if state == "active" else "trigger.switched_off"
    await ledger.record(session, Event(verb, actor.id, subject=trigger.id, data=facts))
    return replace(trigger, state=state)  # type: ignore[arg-type]


async def _write(
    session: Session, actor: Actor, row: TriggerRow, wording: Wording, verb: str, *, ledger: Ledger, clock: Clock
) -> Trigger:  # fmt: skip
    session.add(
        WordingRow(trigger_id=row.id, version=row.version, wording=wording.to_json(), by=actor.id, at=clock.now())
    )
    await session.flush()
    facts = {
        "name": wording.name, "version": row.version, "tier": wording.tier.name.lower(), "pattern": wording.pattern,
        "phase": wording.phase.name.lower(), "who": list(wording.who), "micros": wording.micros,
        "wording": digest(wording.to_json()),
    }  # fmt: skip
    await ledger.record(session, Event(verb, actor.id, subject=row.id, data=facts))
    return Trigger(row.id, row.version, "draft", actor.id, wording)


async def _checked(session: Session, wording: Wording) -> Wording:
    """Return the wording in its one spelling. Raises BadPattern, BadTrigger."""
    name = " ".join(wording.name.split()).casefold()
    if not _NAME.fullmatch(name):
        raise BadTrigger(why="its name is 1 to 40 letters, digits, blanks and hyphens")
    pattern = read_pattern(wording.pattern)
    goal = wording.goal.replace("\r\n", "\n").strip()
    if not goal or len(goal) > 4000:
        raise BadTrigger(why="say in at most 4,000 characters what the agent is to do")
    unknown = set(_PLACES.findall(goal)) - {field.name for field in pattern.fields}
    if unknown:
        raise BadTrigger(why=f"«{sorted(unknown)[0][:40]}» stands in what the agent is told and is no field")
    if not goal_of(goal, {}):
        raise BadTrigger(why="what the agent is told must be more than what the sender writes")
    if not 1 <= len(wording.about.strip()) <= 300:
        raise BadTrigger(why="say in at most 300 characters what it is for")
    if not 1 <= len(wording.use_case.strip()) <= 100:
        raise BadTrigger(why="name the use case it belongs to")
    if match(said(wording.example).words, pattern, today=date(2026, 1, 1)) is None:
        raise BadTrigger(why="its example does not fit its pattern")
    if wording.delivery not in DELIVERIES:
        raise BadTrigger(why=f"answers go to one of {', '.join(DELIVERIES)}")
    if not 10_000 <= wording.micros <= 100_000_000:
        raise BadTrigger(why="the ceiling of a run is between 0.01 and 100")
    known = {team.id for team in await list_teams(session)} | {f"role:{role}" for role in await known_roles(session)}
    if strangers := set(wording.who) - known:
        raise BadTrigger(why=f"there is no team or role «{sorted(strangers)[0][:60]}»")
    return replace(
        wording, name=name, pattern=" ".join(wording.pattern.split()), goal=goal, about=wording.about.strip(),
        example=" ".join(wording.example.split()), use_case=wording.use_case.strip(),
        who=tuple(sorted(set(wording.who))),
    )  # fmt: skip
