"""The posture of the programme on one page: phase, gate, seats, guards, alarms, what was moved and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from colleague.adoption.groups import Groups
from colleague.adoption.items import Item, list_items
from colleague.adoption.thresholds import Verdict
from colleague.connectors.registry import Registry
from colleague.dispatch.triggers.store import list_triggers
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.identity.seats.hold import Limit, current_limit, seats_by_choice, seats_held
from colleague.identity.seats.reason import seated_without_reason
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.plugins.model import State as SkillState
from colleague.plugins.store import list_packages
from colleague.rollout.advance import judge
from colleague.rollout.begin import against_owners, start_gate
from colleague.rollout.catalogue.collect import catalogue
from colleague.rollout.catalogue.surface import Extent, surface
from colleague.rollout.evidence import week_eight_of
from colleague.rollout.mistakes import Facts, Guard, guards
from colleague.rollout.model import Evidence, Gate, Programme
from colleague.rollout.phases import PHASES, Spec
from colleague.rollout.readout.watch import Watched, leaders_watched
from colleague.rollout.second import stands as sponsor_confirmed
from colleague.rollout.store import attestations, moves, open_move
from colleague.rollout.tables import MoveRow
from colleague.usecases.around import Reach
from colleague.usecases.ready import Ready
from colleague.usecases.ready import ready as cases_ready


@dataclass(frozen=True, slots=True)
class Posture:
    """Everything the page of the programme shows. `week`: k of the planned weeks of the phase; `holidays`: how many
    of them do not count. `week_eight`: what it said of the expansion (KP-1). `asked`: how many with a seat wait for the
    sponsor's reason (PP-3). `confirmed`: whether the sponsor may confirm moves. `excluded`: how many people the numbers
    leave out. `by_choice`: how many seats are held by whom somebody chose, by an exception, and by neither; None
    before the pilot began and after it."""

    programme: Programme
    spec: Spec
    week: int
    holidays: int
    week_eight: Verdict | None
    gate: Gate
    limit: Limit
    held: int
    asked: int
    guards: tuple[Guard, ...]
    alarms: Sequence[Item]
    waiting: MoveRow | None
    past: Sequence[MoveRow]
    names: dict[str, str]
    confirmed: bool
    excluded: int
    surface: tuple[Extent, ...] = ()
    by_choice: dict[str, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "started": self.programme.started, "phase": self.spec.title, "number": int(self.spec.phase),
            "since": self.programme.since and self.programme.since.isoformat(), "week": self.week,
            "holiday_weeks": self.holidays, "left_out": self.excluded,
            "week_eight": self.week_eight and self.week_eight.to_json(),
            "sponsor": self.programme.sponsor, "lead": self.programme.lead, "goal": self.programme.goal,
            "sponsor_confirmed": self.confirmed,
            "seats": {
                "held": self.held, "most": self.limit.most, "without_reason": self.asked, "by_choice": self.by_choice,
            },
            "gate": self.gate.to_json(),
            "surface": [extent.to_json() for extent in self.surface],
            "guards": [guard.to_json() for guard in self.guards],
            "alarms": [item.to_json() for item in self.alarms],
            "waiting": move_json(self.waiting) if self.waiting else None,
            "moves": [move_json(row) for row in self.past],
        }  # fmt: skip


def move_json(row: MoveRow) -> dict[str, Any]:
    """Return a move as JSON, with its frozen evidence."""
    return {
        "id": row.id, "kind": row.kind, "from": row.from_phase, "to": row.to_phase, "seats": row.seats,
        "state": row.state, "why": row.why, "risk": row.risk, "digest": row.digest, "proposed_by": row.proposed_by,
        "proposed_at": row.proposed_at.isoformat(), "decided_by": row.decided_by,
        "decided_at": row.decided_at and row.decided_at.isoformat(), "evidence": row.snapshot,
        "confirmed_by": row.confirmed_by, "confirmed_at": row.confirmed_at and row.confirmed_at.isoformat(),
        "risk_accepted_by": row.accepted_by,
        "risk_accepted_at": row.accepted_at and row.accepted_at.isoformat(),
    }  # fmt: skip


async def posture(
    session: Session, actor: Actor, *, groups: Groups, reach: Reach, registry: Registry, clock: Clock
) -> Posture:
    """Return how the programme stands: for its sponsor too, whatever their role. Raises PermissionMissing."""
    programme, evidence, judged = await judge(session, clock=clock)
    if actor.id != programme.sponsor:
        actor.require("org:programme:read")
    cases = await cases_ready(session, reach=reach)
    # What is missing of it alone: who used what stands on its own page.
    entries = await catalogue(session, reach=reach, clock=clock, cases=cases.approved, use=False)
    if not programme.started:
        judged = await start_gate(session, reach=reach, clock=clock, cases=cases, entries=entries)
    past = [row for row in await moves(session) if row.state == "done"]
    waiting = await open_move(session)
    people = {programme.sponsor, programme.lead, programme.confirmed_by}
    for row in (*past, *([waiting] if waiting else ())):
        people |= {*row.people, *row.snapshot.get("people", ())}
    people |= {criterion.by for criterion in judged.criteria}
    people |= {one.by for one in (await attestations(session, until=evidence.today)).values()}
    limit, held = await current_limit(session), await seats_held(session)
    seen = actor if actor.may("org:programme:read") else None
    items = await list_items(session, seen, state="open") if seen else []
    extents = await surface(session, registry, clock=clock)
    facts = replace(
        await _facts(session, programme, evidence, held, limit, cases), in_use=len(entries),
        faults=sum(bool(one.faults) for one in entries),
        beyond=tuple(f"{one.title.lower()}, {one.words}" for one in extents if one.over),
    )  # fmt: skip
    return Posture(
        programme, PHASES[programme.phase], evidence.week, evidence.holidays,
        await week_eight_of(session, programme, clock=clock), judged, limit, held,
        len(await seated_without_reason(session)),
        guards(_beside(
            facts,
            await leaders_watched(session, groups, programme, clock=clock),
        )), items, waiting, past[::-1], await names_of(session, people), await sponsor_confirmed(session, programme),
        evidence.excluded, extents, await seats_by_choice(session) if limit.criteria else None,
    )  # fmt: skip


def _beside(facts: Facts, found: Watched | None) -> Facts:
    """Return the facts with the leaders' use as a group, in words, and why the programme is warned of it (DI-12)."""
    if found is None:
        return facts
    one = found.active
    return replace(facts, leaders=one.note if one.there else one.absent, leaders_alarm=found.why)


async def _facts(
    session: Session, programme: Programme, evidence: Evidence, held: int, limit: Limit, cases: Ready
) -> Facts:
    owned = await against_owners(session, programme)
    submitted = [
        row for row in await list_packages(session, "", everyones=True) if row.state == SkillState.SUBMITTED
    ]  # fmt: skip
    return Facts(
        programme, held, limit.most, owned, len(submitted), len(cases.measured), len(cases.approved),
        len(cases.new), len(await list_triggers(session, state="active")), "dispatch-later" in evidence.attested,
    )  # fmt: skip
