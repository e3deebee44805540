"""Read the catalogue from what happened: what is in use, who answers for it, who uses it (PL-7, PL-10, R46)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, func, select

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.tables import RunFactRow
from colleague.adoption.weeks import Calendar
from colleague.connectors.grants import list_grants
from colleague.connectors.overview import holder_names
from colleague.connectors.registry import Registry
from colleague.connectors.tables import ToolStateRow
from colleague.identity.directory import active_among
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.plugins.model import State, Usable
from colleague.plugins.overlap.measure import overlaps, thing_of, thing_of_connector
from colleague.plugins.shipped import shipped_skills
from colleague.plugins.store import list_packages, switched_off, usable_of
from colleague.plugins.tables import SkillPackageRow
from colleague.policy.governance import current_governance
from colleague.policy.model import Governance
from colleague.policy.standards.entries import phase_of
from colleague.rollout.catalogue.model import Entry, faults_of
from colleague.rollout.catalogue.tables import CatalogueRow
from colleague.rollout.model import Programme
from colleague.rollout.store import current_programme
from colleague.tasks.tables import CallRow, RunRow, TaskRow
from colleague.usecases.around import Reach
from colleague.usecases.model import UseCase
from colleague.usecases.ready import ready as cases_ready

LOOKED_BACK: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Use:
    """How something was used: people, runs, and what their models cost in millionths, None where it is not known."""

    people: int = 0
    runs: int = 0
    micros: int | None = None


@dataclass(frozen=True, slots=True)
class _Around:
    """What every entry is compared with. `days`: for how long a review holds; `active`: which owners are here."""

    programme: Programme
    reviews: Mapping[tuple[str, str], CatalogueRow]
    holders: Mapping[str, str]
    cases: Sequence[UseCase]
    calendar: Calendar
    now: datetime
    days: int
    governance: Governance
    active: Collection[str]

    @property
    def today(self) -> date:
        """The day it is where the organisation is."""
        return self.calendar.day(self.now)

    def phase(self, on: date | None) -> int:
        """Return the phase of a day; the pilot before the programme began."""
        begun = [step.phase for step in self.programme.steps if on is None or step.on <= on]
        return int(begun[-1]) if begun else 1


async def catalogue(
    session: Session, *, reach: Reach, registry: Registry | None = None, clock: Clock,
    cases: Sequence[UseCase] | None = None, use: bool = True,
) -> list[Entry]:  # fmt: skip
    """Return every skill and connector in use, connectors first; with `registry` these by their titles.

    `cases`: the approved use cases, where somebody has read them. Without `use` it is not read who ran what in ninety
    days, nor what is alike: enough for what is missing of an entry, and a hundredth of the time of a large house.
    """
    now = clock.now()
    rows = {(row.kind, row.name): row for row in await session.scalars(select(CatalogueRow))}
    packages = [row for row in await list_packages(session, "", everyones=False) if row.state == State.APPROVED]
    owners = {row.owner_id for row in rows.values()} | {row.owner_id or "" for row in packages}
    around = _Around(
        await current_programme(session), rows, await holder_names(session),
        (await cases_ready(session, reach=reach)).approved if cases is None else cases,
        await read_calendar(session), now, reach.review_days, await current_governance(session),
        await active_among(session, owners),
    )  # fmt: skip
    return [
        *await _connectors(session, registry, around, clock=clock, use=use),
        *await _skills(session, packages, around, now, use=use),
    ]


async def _skills(
    session: Session, packages: Sequence[SkillPackageRow], around: _Around, now: datetime, *, use: bool
) -> list[Entry]:  # fmt: skip
    off, used = await switched_off(session), await _skill_use(session, now - LOOKED_BACK) if use else {}
    there: list[tuple[Usable, SkillPackageRow | None]] = [(one, None) for one in shipped_skills()]
    there += [(one, row) for row in packages for one in usable_of(row)]
    there = [(one, row) for one, row in there if one.name not in off]
    things = [thing_of(one) for one, _ in there]
    found = []
    for (one, row), thing in zip(there, things, strict=True):
        entry = _entry(
            around, "skill", one.name, one.skill.title or one.skill.name, one.sha256,
            used.get(one.name, Use()),
            shipped=row is None, owner=row.owner_id if row else "", by=row.decided_by if row else "",
            at=row.decided_at if row else None,
            since=around.calendar.day(row.decided_at) if row and row.decided_at else None,
            teams=tuple(row.teams) if row else (), overlaps=overlaps(thing, things) if use else (),
        )  # fmt: skip
        found.append(entry)
    return sorted(found, key=lambda e: (e.shipped, e.name))


async def _connectors(
    session: Session, registry: Registry | None, around: _Around, *, clock: Clock, use: bool
) -> list[Entry]:  # fmt: skip
    known = {c.kind: c for c in await registry.now(session)} if registry else {}
    tools: dict[str, dict[str, list[str]]] = {}
    for row in await session.scalars(select(ToolStateRow)):
        tools.setdefault(row.connector, {})[row.name] = [row.hash, row.state]
    used = await _connector_use(session, clock.now() - LOOKED_BACK) if use else {}
    opened: dict[str, list[tuple[str, date]]] = {}
    for one in await list_grants(session, clock=clock):
        opened.setdefault(one.grant.connector, []).append((one.grant.holder, around.calendar.day(one.granted_at)))
    things = [thing_of_connector(known[kind]) for kind in opened if kind in known]
    # What a review of a connector is of: the definitions of its tools, and what was decided of each.
    return [
        _entry(
            around, "connector", kind, known[kind].title if kind in known else kind,
            digest(tools.get(kind, {})),
            used.get(kind, Use()),
            shipped=False, owner="", by="", at=None, since=min(on for _, on in holders),
            teams=tuple(dict.fromkeys(holder for holder, _ in holders)),
            overlaps=overlaps(thing_of_connector(known[kind]), things) if use and kind in known else (),
        )
        for kind, holders in sorted(opened.items())
    ]  # fmt: skip


def _entry(
    around: _Around, kind: str, name: str, title: str, version: str, use: Use, *, shipped: bool,
    owner: str, by: str, at: datetime | None, since: date | None, teams: tuple[str, ...], overlaps: tuple,  # type: ignore[type-arg]
) -> Entry:  # fmt: skip
    row = around.reviews.get((kind, name))
    if row is not None:
        owner = row.owner_id
        if row.version == version and (at is None or row.reviewed_at >= at):
            by, at = row.reviewed_by, row.reviewed_at
    reviewed = around.calendar.day(at) if at else None
    expires = reviewed + timedelta(days=around.days) if reviewed else None
    active = owner in around.active
    short = name.rpartition(":")[2]
    cases = tuple(
        case.card.name for case in around.cases
        if (case.card.skill in (name, short) if kind == "skill" else name in case.card.connectors)
    )  # fmt: skip
    begun = since or around.programme.since
    meant = phase_of(around.governance, kind, name)
    return Entry(
        kind, name, title, owner, version, shipped, reviewed, by, expires, since,  # type: ignore[arg-type]
        around.phase(since) if since else 1, tuple(around.holders.get(team, team) for team in teams), use.people,
        use.runs, use.micros, cases, not use.runs and begun is not None and begun <= around.today - LOOKED_BACK,
        faults_of(shipped=shipped, owner=owner, active=active, reviewed_on=reviewed, expires=expires,
                  today=around.today), overlaps, int(meant), meant > around.governance.phase,
    )  # fmt: skip


async def _skill_use(session: Session, since: datetime) -> dict[str, Use]:
    cost = func.sum(RunRow.spent["micros"].as_string().cast(BigInteger))
    # First by person: a sum of small sums, where counting people in one go sorts every run.
    each = select(RunFactRow.workflow, func.count().label("runs"), cost.label("micros"))
    each = each.outerjoin(RunRow, RunRow.id == RunFactRow.run_id).where(RunFactRow.asked_at >= since)
    mine = each.group_by(RunFactRow.workflow, RunFactRow.person_id).subquery()
    total = func.sum(mine.c.runs), func.sum(mine.c.micros)
    query = select(mine.c.workflow, func.count(), *total).group_by(mine.c.workflow)
    return {
        name: Use(many, int(times), None if micros is None else int(micros))
        for name, many, times, micros in await session.execute(query)
    }


async def _connector_use(session: Session, since: datetime) -> dict[str, Use]:
    people, runs = func.count(TaskRow.person_id.distinct()), func.count(CallRow.run_id.distinct())
    query = select(ToolStateRow.connector, people, runs).join(CallRow, CallRow.tool == ToolStateRow.name)
    query = query.join(RunRow, RunRow.id == CallRow.run_id)
    query = query.join(TaskRow, TaskRow.id == RunRow.task_id).where(TaskRow.created_at >= since)
    return {
        kind: Use(many, times) for kind, many, times in await session.execute(query.group_by(ToolStateRow.connector))
    }
