"""The numbers of a week are kept as they stand 72 hours after its end, its tickets too, and its completion seven days
after it (B-0).

INVARIANT: a kept version is never changed; what corrects it is the next version, with its reason (recheck.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, Literal

from colleague.adoption.calendar import Calendars, read_calendars
from colleague.adoption.facts.read import standing_at
from colleague.adoption.facts.week import facts_of
from colleague.adoption.few.decide import EVERYBODY, ORGANISATION, By, Decision, Group, decide
from colleague.adoption.figures import TENURE, Facts, Numbers, by_person, figures, stored_completion
from colleague.adoption.frozen.kept import Last, Rows, decisions, last_told, newest_rows
from colleague.adoption.frozen.tickets import NOT_KEPT, TICKETS, counted
from colleague.adoption.groups import Groups
from colleague.adoption.kpis.activity import seats_in
from colleague.adoption.kpis.work import MATURE
from colleague.adoption.tables import FrozenRow
from colleague.adoption.watch import watch_completion
from colleague.adoption.weeks import Calendar, Week, weeks_between
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session, advisory_lock, beside
from colleague.support.model import Ticket
from colleague.support.read import tickets
from colleague.usecases.model import Cases

LOCK, BACK = 727_071, 53
Part = Literal["activity", "completion", "tickets"]
Basis = Callable[[str, str], dict[str, Any]]
ACTIVITY: Final = "activity"
COMPLETION: Final = "completion"
FIRST: Final = "Frozen."
# Raised whenever the same facts are counted otherwise, or other groups hidden: what was frozen before differs by right.
RULES: Final = 9


@dataclass(frozen=True, slots=True)
class Row:
    """What is to be kept of one group. `members`: who was in it; empty for the organisation."""

    kind: str
    name: str
    part: Part
    figures: Mapping[str, Any]
    members: Sequence[str]
    hidden: bool

    def sha256(self, basis: Mapping[str, Any]) -> str:
        """Return the digest of all of it, by which a change in the database is found."""
        return digest([self.kind, self.name, self.part, self.figures, list(self.members), self.hidden, basis])


async def freeze_next(database: Database, groups: Groups, *, ledger: Ledger, clock: Clock) -> str:
    """Freeze the oldest week that is due, and return which; "" if none is. Done twice at once, it is done once.

    The facts must have been rolled up before. Weeks of more than a year ago are left as they are.
    """
    async with database.transaction() as session:
        await advisory_lock(session, LOCK)
        calendars, now = await read_calendars(session), clock.now()
        calendar = calendars.organisation
        first, upto = await standing_at(session)
        if first is None:
            return ""
        last = calendar.week(now)
        weeks = [w for w in weeks_between(max(calendar.week(first), last.next(-BACK)), last) if calendar.frozen(w, now)]
        kept = await newest_rows(session, weeks[0], weeks[-1], kind=ORGANISATION) if weeks else {}
        for week in weeks:
            there = {part for (_, _, of, part) in kept if of == str(week)}
            mature = now >= calendar.end(week) + MATURE
            missing = {ACTIVITY, TICKETS, *([COMPLETION] if mature else [])} - there
            if not missing:
                continue
            if missing == {TICKETS}:
                row = tickets_row(await tickets(session, calendar.start(week), calendar.end(week)))
                rests_on: Basis = lambda *_: {"upto": upto, "rules": RULES}  # noqa: E731
                await keep(session, week, [row], rests_on, NOT_KEPT, {}, ledger=ledger, clock=clock)
                return str(week)
            # The groups, and which of them are told, are those of the week's first part.
            rows = await newest_rows(session, week, week) if ACTIVITY in there else Rows()
            by = members_of_rows(rows.values()) if rows else await groups.read(session, calendar)
            before = await last_told(session, week)
            facts = (await facts_of(session, calendar, [week], by))[week]
            # Beside the loop: seconds of arithmetic in a large organisation.
            made = await beside(session, rows_of, by, facts, week, calendars, clock, before, decisions(rows))
            wanted = [row for row in made if row.part in missing]
            rests_on = basis_of(facts, week, calendars, upto)
            await keep(session, week, wanted, rests_on, FIRST, {}, ledger=ledger, clock=clock)
            if COMPLETION in missing:
                await watch_completion(session, week, facts.runs, calendar, ledger=ledger, clock=clock)
            return str(week)
        return ""


def members_of_rows(rows: Any) -> dict[str, dict[str, frozenset[str]]]:
    """Return the groups that a week was frozen with."""
    by: dict[str, dict[str, frozenset[str]]] = {}
    for row in rows:
        if row.kind != ORGANISATION and row.part == ACTIVITY:
            by.setdefault(row.kind, {})[row.name] = frozenset(row.members)
    return by


def rows_of(
    by: By, facts: Facts, week: Week, calendars: Calendars, clock: Clock, last: Last | None = None,
    kept: Mapping[Group, Decision] | None = None,
) -> list[Row]:  # fmt: skip
    """Return what is to be kept of a week: of the organisation, then of every group, in both parts.

    `last`: when each group was last told before, and who was in it; `kept`: what was decided to be told of them.
    """
    pick, whole = by_person(facts), figures(facts, week, calendars.organisation, clock.now())
    decided = decide(by, whole.rests, last=seats_then(last or {}, facts, calendars.organisation), kept=kept)
    made = _parts(ORGANISATION, "", whole, (), decided[EVERYBODY])
    made.append(tickets_row(facts.tickets))
    for kind, named in sorted(by.items()):
        for name, people in sorted(named.items()):
            found = figures(pick(people), week, calendar_of(calendars, kind, name), clock.now())
            made += _parts(kind, name, found, sorted(people), decided[kind, name])
    return made


def tickets_row(tickets: Sequence[Ticket]) -> Row:
    """Return what is to be kept of a week's tickets, of the organisation alone."""
    return Row(ORGANISATION, "", TICKETS, counted(tickets).stored(), (), hidden=False)


def seats_then(last: Last, facts: Facts, calendar: Calendar) -> dict[Group, frozenset[str]]:
    """Return who of each group had a seat in the week in which it was last told."""
    there = {week: {seat.person for seat in seats_in(facts.seats, week, calendar)} for week, _ in last.values()}
    return {key: frozenset(people & there[week]) for key, (week, people) in last.items()}


def calendar_of(calendars: Calendars, kind: str, name: str) -> Calendar:
    """Return the calendar by which a group is counted: a department's own, else the organisation's (B-0)."""
    return calendars.of(name) if kind == "department" else calendars.organisation


def _parts(kind: str, name: str, found: Numbers, members: Sequence[str], decided: Decision) -> list[Row]:
    activity = {k: v for k, v in replace(found, few=tuple(decided.few)).stored().items() if k != "completion"}
    done = {"completion": stored_completion(found.completion), "few": sorted(decided.few & {"completion"})}
    return [
        Row(kind, name, "activity", activity, members, decided.hidden),
        Row(kind, name, "completion", done, (), decided.hidden),
    ]


def basis_of(facts: Facts, week: Week, calendars: Calendars, upto: int) -> Basis:
    """Return what numbers of a group (by kind and name) rest on besides the ledger up to entry `upto`, as digests: what
    explains a change. The calendar is the group's own.
    """
    first, after = week.next(1 - TENURE).monday, week.monday + timedelta(days=7)
    away = sorted({s.person for s in facts.seats if str(week) in s.away})
    shared = {"upto": upto, "rules": RULES, "away": digest(away), "cases": digest(_cases(facts.cases))}

    def of(kind: str, name: str) -> dict[str, Any]:
        calendar = calendar_of(calendars, kind, name)
        days = sorted(d.isoformat() for d in calendar.holidays if first <= d < after)
        return shared | {"calendar": digest([calendar.zone, days])}

    return of


def _cases(cases: Cases) -> list[Any]:
    found = [
        [one.id, one.skill, one.department, one.team, one.live_at.isoformat(),
         one.retired_at.isoformat() if one.retired_at else "", *one.minutes]
        for one in cases.all
    ]  # fmt: skip
    return sorted(found, key=str)


async def keep(
    session: Session, week: Week, rows: Sequence[Row], basis: Basis, reason: str,
    after: Mapping[tuple[str, str, str], int], *, verb: str = "week.frozen", ledger: Ledger, clock: Clock,
) -> None:  # fmt: skip
    """Keep rows of a week as the next version: `after` tells the newest so far, by kind, name and part; `verb` is what
    the ledger calls it.
    """
    marks, now = [], clock.now()
    for row in rows:
        rests_on = basis(row.kind, row.name)
        marks.append(row.sha256(rests_on))
        session.add(FrozenRow(
            kind=row.kind, name=row.name, week=str(week), part=row.part, figures=dict(row.figures), basis=rests_on,
            version=after.get((row.kind, row.name, row.part), 0) + 1, members=list(row.members), hidden=row.hidden,
            sha256=marks[-1], reason=reason, at=now,
        ))  # fmt: skip
    await session.flush()
    facts = {
        "parts": sorted({row.part for row in rows}), "rows": len(rows), "sha256": digest(marks), "reason": reason,
        "groups": [[row.kind, row.name] for row in rows][:50] if after else [],
    }  # fmt: skip
    await ledger.record(session, Event(verb, "system", subject=str(week), data=facts))
