"""The weeks that are not frozen yet, of a large organisation: told from what was computed up to twenty minutes ago.

A page of five thousand people would otherwise read a quarter of a million runs. A small organisation is told what holds
at this very moment.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select

from colleague.adoption.calendar import read_calendars
from colleague.adoption.facts.read import standing_at
from colleague.adoption.facts.tables import SeatRow
from colleague.adoption.facts.week import facts_of
from colleague.adoption.few.decide import ORGANISATION
from colleague.adoption.figures import Numbers
from colleague.adoption.frozen.freeze import rows_of
from colleague.adoption.frozen.kept import decisions, go_on, last_told, newest_rows, numbers_of
from colleague.adoption.groups import Groups
from colleague.adoption.kpis.work import MATURE
from colleague.adoption.tables import RunningRow
from colleague.adoption.weeks import Calendar, Week, weeks_between
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session, advisory_lock, beside

LARGE: Final = 300
OLD: Final = timedelta(hours=1)
LOCK, OPEN = 727_074, 4
Key = tuple[str, str, Week]


async def run_ahead(database: Database, groups: Groups, *, clock: Clock, large: int = LARGE) -> int:
    """Compute the weeks that are not frozen whole, and put them in the place of those of before; return how many rows.

    An organisation of fewer than `large` seats keeps none.
    """
    async with database.transaction() as session:
        await advisory_lock(session, LOCK)
        calendars, now = await read_calendars(session), clock.now()
        calendar = calendars.organisation
        first, _ = await standing_at(session)
        if first is None or not await is_large(session, large):
            await session.execute(delete(RunningRow))
            return 0
        now_in = calendar.week(now)
        kept = await newest_rows(session, now_in.next(-OPEN), now_in, kind=ORGANISATION)
        weeks = [
            week for week in weeks_between(max(calendar.week(first), now_in.next(-OPEN)), now_in)
            if (ORGANISATION, "", str(week), "completion") not in kept
        ]  # fmt: skip
        by = await groups.read(session, calendar)
        facts = await facts_of(session, calendar, weeks, by)
        made, last = [], await last_told(session, weeks[0]) if weeks else {}
        for week in weeks:
            then = decisions(await newest_rows(session, week, week))
            # Beside the loop: it is arithmetic over every run of a quarter.
            rows = await beside(session, rows_of, by, facts[week], week, calendars, clock, last, then)
            last = go_on(last, {(row.kind, row.name) for row in rows if not row.hidden}, by, week)
            made += [(str(week), row) for row in rows]
        await session.execute(delete(RunningRow))
        session.add_all([
            RunningRow(
                kind=row.kind, name=row.name, week=week, part=row.part, figures=dict(row.figures), hidden=row.hidden,
                at=now,
            )
            for week, row in made
        ])  # fmt: skip
        return len(made)


async def is_large(session: Session, large: int = LARGE) -> bool:
    """Say whether open weeks are computed ahead: from so many seats on."""
    return (await session.scalar(select(func.count()).where(SeatRow.removed_at.is_(None))) or 0) >= large


async def running_weeks(
    session: Session, first: Week, last: Week, calendar: Calendar, *, kind: str = ORGANISATION, name: str | None = "",
    clock: Clock,
) -> dict[Key, Numbers]:  # fmt: skip
    """Return what was computed of weeks that are not frozen, by kind, name and week; nothing that is an hour old."""
    now = clock.now()
    query = select(RunningRow).where(RunningRow.week >= str(first), RunningRow.week <= str(last))
    query = query.where(RunningRow.kind == kind, RunningRow.at > now - OLD)
    if name is not None:
        query = query.where(RunningRow.name == name)
    rows = {(row.kind, row.name, row.week, row.part): row for row in await session.scalars(query)}
    return {
        key: replace(
            one, version=0, frozen=calendar.frozen(one.week, now), completed=now >= calendar.end(one.week) + MATURE
        )
        for key, one in numbers_of(rows).items()
    }
