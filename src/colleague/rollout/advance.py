"""Move from phase to phase: a gate that holds, passed by two people; one that does not, skipped by two owners and at a
risk that the sponsor accepts (PH-9, R81).

Nothing else changes the phase, and it never moves by more than one. The evidence is frozen with each move.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.seats.chosen import keep_choice, still_unchosen
from colleague.identity.seats.hold import Limit, current_limit, set_limit
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid
from colleague.kit.ids import new_id
from colleague.kit.seen import says
from colleague.policy.governance import enter_phase, widen_surface
from colleague.policy.model import Phase
from colleague.policy.standards.surface import SHIPPED as SURFACE
from colleague.rollout.evidence import BY_ITSELF, collect
from colleague.rollout.gates import gate
from colleague.rollout.later.notices import WAITS, tell_later
from colleague.rollout.model import Evidence, Gate, Kind, Programme
from colleague.rollout.phases import PHASES, after, seats_beyond
from colleague.rollout.quarter import hold_when_due
from colleague.rollout.second import accepts, confirms, may_confirm, still_there
from colleague.rollout.store import MOVES, current_programme, open_move
from colleague.rollout.tables import MoveRow
from colleague.usecases.around import some_lines

LIFE: Final = timedelta(days=7)
SHORTEST, LONGEST = 30, 2000
_VERBS: Final = {
    "gate": "gate.passed", "skip": "gate.skipped", "seats": "seats.raised", "exception": "seats.excepted"
}  # fmt: skip


class NotStarted(Conflict):
    """The programme has not started: start the pilot first."""


class LastPhase(Conflict):
    """There is no phase after this one."""


class GateClosed(Conflict):
    """The gate does not open: {missing}"""


class GateOpen(Conflict):
    """This gate holds: pass it, there is nothing to skip."""


class MoveOpen(Conflict):
    """A move waits for its second person already: have it confirmed, or withdraw it."""


class MoveStale(Conflict):
    """What was proposed is older than seven days, is not what you were shown, rests on what has changed since, or
    others answer for the programme now: withdraw it, and propose it anew."""


class ReasonNeeded(Invalid):
    """Say why, in thirty characters or more that can be read, and of a gate that is skipped which risk is taken, in as
    many: both stay on every readout.
    """


class SeatsWithin(Invalid):
    """Seats are raised within a running phase, above what it has now: a pilot to 99 (growth to a hundred comes after
    its gate), an expansion to 2,000, a broad rollout to any number."""


async def judge(session: Session, *, clock: Clock) -> tuple[Programme, Evidence, Gate]:
    """Return the programme with its evidence and the gate out of the present phase."""
    programme, evidence = await current_programme(session), await collect(session, clock=clock)
    return programme, evidence, gate(programme.phase, evidence)


async def propose_gate(session: Session, actor: Actor, *, ledger: Ledger, clock: Clock) -> MoveRow:
    """Propose to pass the gate of the present phase: it has to hold now, and again when it is confirmed.

    Raises NotStarted, LastPhase, GateClosed, MoveOpen.
    """
    actor.require("org:programme:manage")
    programme, evidence, judged = await judge(session, clock=clock)
    to = _next(programme)
    if not judged.holds:
        raise GateClosed(missing=missing_words(judged))
    return await propose(session, actor, "gate", programme, to, evidence, judged, "", ledger=ledger, clock=clock)


async def propose_skip(
    session: Session, actor: Actor, *, why: str, risk: str, ledger: Ledger, clock: Clock
) -> MoveRow:  # fmt: skip
    """Propose to enter the next phase although its gate does not hold: owners alone may, and say why and at what risk.

    An owner who is the sponsor accepts the risk with it.
    Raises NotStarted, LastPhase, GateOpen, ReasonNeeded, MoveOpen.
    """
    actor.require("org:roles:own")
    actor.require_presence()
    programme, evidence, judged = await judge(session, clock=clock)
    to = _next(programme)
    if judged.holds:
        raise GateOpen
    row = await propose(
        session, actor, "skip", programme, to, evidence, judged, reason_of(why), risk=reason_of(risk, "risk"),
        ledger=ledger, clock=clock,
    )  # fmt: skip
    if actor.id == programme.sponsor:
        await _accept(session, actor, row, ledger=ledger, clock=clock)
    return row


async def propose_seats(
    session: Session, actor: Actor, seats: int, *, why: str, ledger: Ledger, clock: Clock
) -> MoveRow:
    """Propose seats beyond the phase: the sponsor confirms them, and they stay on every readout (PH-1).

    Raises NotStarted, SeatsWithin, ReasonNeeded, MoveOpen.
    """
    actor.require("org:programme:manage")
    programme, evidence, judged = await judge(session, clock=clock)
    if not programme.started:
        raise NotStarted
    if seats not in seats_beyond(programme.phase, (await current_limit(session)).most):
        raise SeatsWithin
    return await propose(
        session, actor, "seats", programme, programme.phase, evidence, judged, reason_of(why), seats=seats,
        ledger=ledger, clock=clock,
    )  # fmt: skip


async def confirm_move(
    session: Session, actor: Actor, move: str, digest: str, *, ledger: Ledger, clock: Clock
) -> Programme:
    """Confirm what somebody else proposed, exactly as it was shown (`digest`); return the programme as it stands then.

    A gate is confirmed by the sponsor (by the lead, where the sponsor proposed) or an owner; seats, people whom nobody
    chose, and what a pilot has beyond its surface, by the sponsor (an owner, where the sponsor proposed); a skipped
    gate by another owner and, for its risk, by the sponsor, in whichever order and in one act where they are the same:
    it is skipped once both have. All of them themselves: no token is a second person, nor an account that the first one
    made (second.py).

    Raises NoSuchMove, AnotherPerson, SponsorNotConfirmed, MoveStale, GateClosed, SignInYourself.
    """
    await advisory_lock(session, MOVES)
    row = await open_move(session, move, lock=True)
    if row is None or row.digest != digest or clock.now() - row.proposed_at > LIFE:
        raise MoveStale
    programme, evidence, judged = await judge(session, clock=clock)
    await may_confirm(session, actor, row, programme, clock=clock)
    named = (row.snapshot.get("sponsor"), row.snapshot.get("lead"))
    if int(programme.phase) != row.from_phase or named != (programme.sponsor, programme.lead):
        # Whoever proposes does not choose afterwards who confirms.
        raise MoveStale
    if row.kind == "gate" and not judged.holds:
        raise GateClosed(missing=missing_words(judged))
    now = frozen_form(evidence, judged)
    if not await still_there(session, row, programme) or _exchanged(row.snapshot, now):
        raise MoveStale
    if row.kind == "skip" and not await _agreed(session, actor, row, programme, ledger=ledger, clock=clock):
        return programme
    row.state, row.decided_by, row.decided_at = "done", actor.id, clock.now()
    row.on, row.snapshot = evidence.today, row.snapshot | {"at_confirmation": now}
    await session.flush()
    to = Phase(row.to_phase)
    facts = {"from": row.from_phase, "to": row.to_phase, "digest": row.digest, "proposed_by": row.proposed_by}
    if row.kind in SURFACE:
        facts |= {"what": row.kind, "most": row.seats}
    verb = _VERBS.get(row.kind, "surface.widened")
    await ledger.record(session, Event(verb, actor.id, subject=row.id, data=facts | {"why": row.why, "risk": row.risk}))
    if row.kind in SURFACE or row.kind == "exception":
        await _allowed(session, actor, row, ledger=ledger, clock=clock)
        return programme
    most = row.seats if row.kind == "seats" else PHASES[to].most
    await _in_force(session, actor, to, most, second=row.proposed_by, ledger=ledger, clock=clock)
    return await current_programme(session)


async def withdraw_move(session: Session, actor: Actor, move: str, *, ledger: Ledger, clock: Clock) -> None:
    """Withdraw a move that waits: who proposed it may, and whoever runs the programme. Raises NoSuchMove."""
    row = await open_move(session, move, lock=True)
    assert row is not None
    if actor.id != row.proposed_by:
        actor.require("org:programme:manage")
    row.state, row.decided_by, row.decided_at = "withdrawn", actor.id, clock.now()
    await session.flush()
    await ledger.record(session, Event("move.withdrawn", actor.id, subject=row.id))


async def _allowed(session: Session, actor: Actor, row: MoveRow, *, ledger: Ledger, clock: Clock) -> None:
    """Let the pilot have what was agreed to beyond what one has: more of its surface, or people nobody chose.

    Who was chosen meanwhile stays chosen, and who has gone gets nothing. Raises MoveStale where nobody is left.
    """
    able = replace(actor, permissions=actor.permissions | {"org:programme:read", "org:programme:manage"})
    people = await still_unchosen(session, row.snapshot.get("people", ()))
    if row.kind == "exception" and not people:
        raise MoveStale
    for person in people:
        await keep_choice(session, able, person, "exception", ledger=ledger, clock=clock)
    if row.kind in SURFACE:
        await widen_surface(
            session, able, row.kind, row.seats or 0, second=row.proposed_by, ledger=ledger, clock=clock
        )  # fmt: skip


async def _in_force(
    session: Session, actor: Actor, phase: Phase, most: int | None, *, second: str, ledger: Ledger, clock: Clock
) -> None:
    """Let seats and rules follow the phase, in the same transaction."""
    able = replace(actor, permissions=actor.permissions | {"org:programme:manage", "org:programme:read"})
    pilot = phase is Phase.PILOT
    sponsor = (await current_programme(session)).sponsor if pilot else ""
    limit = Limit(most, PHASES[phase].words, by_hand=True, sponsor=sponsor, criteria=pilot)
    await set_limit(session, able, limit, ledger=ledger, clock=clock)
    await enter_phase(session, able, phase, second=second, ledger=ledger, clock=clock)
    await hold_when_due(session, ledger=ledger, clock=clock)


async def _agreed(
    session: Session, actor: Actor, row: MoveRow, programme: Programme, *, ledger: Ledger, clock: Clock
) -> bool:
    """Put on record what this actor stands for of a skip; say whether a second owner and the sponsor both do now."""
    if accepts(actor, row, programme):
        await _accept(session, actor, row, ledger=ledger, clock=clock)
    if confirms(actor, row):
        row.confirmed_by, row.confirmed_at = actor.id, clock.now()
        await ledger.record(session, Event("skip.confirmed", actor.id, subject=row.id, data={"digest": row.digest}))
    await session.flush()
    return row.confirmed_by is not None and row.accepted_by is not None


async def _accept(session: Session, actor: Actor, row: MoveRow, *, ledger: Ledger, clock: Clock) -> None:
    row.accepted_by, row.accepted_at = actor.id, clock.now()
    await session.flush()
    facts = {"digest": row.digest, "risk": row.risk}
    await ledger.record(session, Event("risk.accepted", actor.id, subject=row.id, data=facts))


def _next(programme: Programme) -> Phase:
    if not programme.started:
        raise NotStarted
    to = after(programme.phase)
    if to is None:
        raise LastPhase
    return to


def reason_of(why: str, called: str = "reason") -> str:
    """Return a reason in its one spelling; ReasonNeeded if it says too little."""
    if not says(why, SHORTEST):
        raise ReasonNeeded
    return some_lines(why, called, LONGEST)


def missing_words(judged: Gate) -> str:
    """Return in words what a gate misses."""
    return " ".join(f"{one.title}: wanted {one.wanted}; there is {one.value}." for one in judged.missing)


async def propose(
    session: Session, actor: Actor, kind: Kind, programme: Programme, to: Phase, evidence: Evidence, judged: Gate,
    why: str, *, risk: str = "", seats: int | None = None, people: Sequence[str] = (), ledger: Ledger, clock: Clock,
) -> MoveRow:  # fmt: skip
    """Put a move on the table with its evidence, for its second person. Raises MoveOpen."""
    frozen = frozen_form(evidence, judged) | {"sponsor": programme.sponsor, "lead": programme.lead}
    bound = {"kind": kind, "from": int(programme.phase), "to": int(to), "seats": seats, "why": why, "by": actor.id}
    bound |= {"risk": risk} if risk else {}
    frozen |= {"people": list(people)} if people else {}
    row = MoveRow(
        id=new_id("move"), kind=kind, from_phase=int(programme.phase), to_phase=int(to), seats=seats, state="proposed",
        why=why, snapshot=frozen, digest=digest({**bound, "evidence": frozen}), proposed_by=actor.id,
        proposed_at=clock.now(), risk=risk,
    )  # fmt: skip
    waiting = await open_move(session, lock=True)
    if waiting is not None and clock.now() - waiting.proposed_at > LIFE:
        # Nobody confirmed it in time: it makes room.
        waiting.state, waiting.decided_at = "withdrawn", clock.now()
        await session.flush()
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise MoveOpen from None
    facts = {"kind": kind, "to": int(to), "digest": row.digest, "holds": judged.holds, "why": why, "risk": risk}
    await ledger.record(session, Event("move.proposed", actor.id, subject=row.id, data=facts))
    await tell_later(session, WAITS, row.id)
    return row


def frozen_form(evidence: Evidence, judged: Gate) -> dict[str, Any]:
    """Return evidence and gate as they are kept for ever."""
    return {
        "today": evidence.today.isoformat(), "week": evidence.week, "changed": dict(evidence.changed),
        "excluded": evidence.excluded,
        "weeks": [
            {"week": one.week, "active": one.active, "seats": one.seats, "skipped": one.skipped}
            for one in evidence.weeks
        ],
        "validated": dict(evidence.validated),
        "attested": {criterion: one.id for criterion, one in evidence.attested.items()},
        "network": evidence.network.to_json(),
        "gate": judged.to_json(),
    }  # fmt: skip


def _exchanged(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Say whether of frozen evidence something is other now that nobody may exchange between proposal and confirmation:
    what people vouched for, what they changed, or the numbers of a week, whatever changed them.
    """
    weeks = {one["week"]: one for one in now.get("weeks", ())}
    if any(one != weeks.get(one["week"], one) for one in then.get("weeks", ())):
        return True
    return then.get("attested") != now.get("attested") or _by_people(then) != _by_people(now)


def _by_people(frozen: Mapping[str, Any]) -> dict[str, int]:
    return {words: count for words, count in frozen.get("changed", {}).items() if words not in BY_ITSELF}
