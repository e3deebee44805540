"""Read the weeks that were frozen: the newest version of each number."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from colleague.adoption.few.decide import BACK, ORGANISATION, PARTS, By, Decision, Group
from colleague.adoption.figures import Numbers, read_numbers
from colleague.adoption.kpis.intervals import wilson
from colleague.adoption.tables import FrozenRow, HolidayRow, RunningRow
from colleague.adoption.weeks import Calendar, Week
from colleague.kit.db import Session

Last = dict[Group, tuple[Week, frozenset[str]]]
Rows = dict[tuple[str, str, str, str], FrozenRow]


async def newest_rows(session: Session, first: Week, last: Week, *, kind: str = "", name: str | None = None) -> Rows:
    """Return the newest version of every part of some weeks, by kind, name, week and part."""
    keys = (FrozenRow.kind, FrozenRow.name, FrozenRow.week, FrozenRow.part)
    query = select(FrozenRow).where(FrozenRow.week >= str(first), FrozenRow.week <= str(last))
    if kind:
        query = query.where(FrozenRow.kind == kind)
    if name is not None:
        query = query.where(FrozenRow.name == name)
    rows = await session.scalars(query.ext(distinct_on(*keys)).order_by(*keys, FrozenRow.version.desc()))
    return {(row.kind, row.name, row.week, row.part): row for row in rows}


async def frozen_weeks(
    session: Session, first: Week, last: Week, *, kind: str = ORGANISATION, name: str = ""
) -> dict[Week, Numbers]:  # fmt: skip
    """Return the frozen weeks of the organisation, or of one group, oldest first: what gates read."""
    rows = await newest_rows(session, first, last, kind=kind, name=name)
    return {week: one for (_, _, week), one in numbers_of(rows).items()}


async def judged_weeks(session: Session, first: Week, last: Week, calendar: Calendar) -> dict[Week, Numbers]:
    """Return the frozen weeks of the organisation as gates and thresholds judge them, oldest first.

    A week is skipped only if it was when it was frozen, by days that were named as holidays before it ended: a bad week
    is not made one of holidays afterwards, nor a good one a week that counts. Nor is it judged better than it was then:
    what is told late, such as by other agents' telemetry, can only make it worse here.
    """
    found = await frozen_weeks(session, first, last)
    query = select(FrozenRow.week, FrozenRow.figures).where(
        FrozenRow.kind == ORGANISATION, FrozenRow.name == "", FrozenRow.part == "activity", FrozenRow.version == 1,
        FrozenRow.week >= str(first), FrozenRow.week <= str(last),
    )  # fmt: skip
    at_first: dict[str, Any] = dict((await session.execute(query)).all())
    days = select(HolidayRow.on, HolidayRow.at).where(HolidayRow.department == "")
    named = [(row.on, row.at) for row in await session.execute(days)]

    def skipped(week: Week, now: bool) -> bool:
        end = calendar.end(week)
        in_time = replace(calendar, holidays=frozenset(on for on, at in named if at < end))
        return bool(at_first[str(week)]["skipped"]) and (not now or not in_time.counts(week))

    def judged(week: Week, one: Numbers) -> Numbers:
        active, seats = at_first[str(week)]["active"], at_first[str(week)]["seats"]
        if active * one.people < one.active * seats:
            one = replace(one, active=active, people=seats, wau=wilson(active, seats))
        return replace(one, skipped=skipped(week, one.skipped))

    return {week: judged(week, one) for week, one in found.items() if str(week) in at_first}


def numbers_of(
    rows: Mapping[tuple[str, str, str, str], FrozenRow | RunningRow],
) -> dict[tuple[str, str, Week], Numbers]:
    """Return rows as numbers, by kind, name and week."""
    found = {}
    for (kind, name, week, part), row in rows.items():
        if part != "activity":
            continue
        done = rows.get((kind, name, week, "completion"))
        value = read_numbers(
            Week.read(week), row.figures, done.figures["completion"] if done else None, completed=done is not None,
            version=max(row.version, done.version if done else 0), few=done.figures.get("few", ()) if done else (),
        )  # fmt: skip
        found[kind, name, value.week] = replace(value, hidden=row.hidden and not value.suppressed)
    return found


async def last_told(session: Session, week: Week) -> Last:
    """Return in which of the eleven weeks before `week` each group was last told, and who was in it then."""
    keys = (FrozenRow.kind, FrozenRow.name, FrozenRow.week)
    query = select(*keys, FrozenRow.hidden, FrozenRow.members).where(
        FrozenRow.week >= str(week.next(-BACK)), FrozenRow.week < str(week), FrozenRow.part == "activity",
        FrozenRow.kind != ORGANISATION,
    )  # fmt: skip
    rows = await session.execute(query.ext(distinct_on(*keys)).order_by(*keys, FrozenRow.version.desc()))
    return {(kind, name): (Week.read(at), frozenset(who)) for kind, name, at, hidden, who in rows if not hidden}


def go_on(last: Last, told: Collection[Group], by: By, week: Week) -> Last:
    """Return when each group was last told, after a week in which `told` are."""
    return last | {(kind, name): (week, by[kind][name]) for kind, name in told if name in by.get(kind, {})}


def decisions(rows: Rows) -> dict[Group, Decision]:
    """Return what was decided to be told of each group when a week was frozen; of its completion where that is kept.

    What was frozen before parts were decided was told but for what its numbers themselves show to be of few people.
    """
    found = {}
    activity = {part for parts in PARTS for part in parts} - {"completion"}
    for (kind, name, week, part), row in rows.items():
        if part == "activity":
            done = rows.get((kind, name, week, "completion"))
            few = {*row.figures.get("few", ()), *(done.figures.get("few", ()) if done else ())}
            told = (activity | {"completion"} if done else activity) - few
            found[kind, name] = Decision(row.hidden, frozenset(few), frozenset(told))
    return found
