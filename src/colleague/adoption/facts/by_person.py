"""What a period says of each person, counted in the database: for lists of many people, where reading a quarter of a
million runs one by one would take a minute. Held to plain SQL that shares nothing with it (tests/adoption/sql).
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, and_, case, func, literal, not_, select

from colleague.adoption.facts.tables import ActionRow, RunFactRow
from colleague.adoption.facts.verbs import CHANNEL
from colleague.adoption.kpis.work import MATURE, QUICK
from colleague.adoption.model import AD_HOC
from colleague.kit.db import Session

_SHORT = func.reverse(func.split_part(func.reverse(RunFactRow.workflow), ":", 1))
_DELIVERED = and_(RunFactRow.end == "delivered", RunFactRow.verdict != "rejected")


async def sessions_by_week(
    session: Session, since: datetime, until: datetime, zone: str
) -> dict[tuple[str, date], int]:  # fmt: skip
    """Return how many sessions began in a period, by person and the week's Monday where the organisation is (B-4)."""
    week = func.date_trunc("week", func.timezone(zone, ActionRow.at))
    # A session has the number of its first action.
    query = select(ActionRow.person_id, week, func.count()).where(ActionRow.seq == ActionRow.session)
    query = query.where(ActionRow.at >= since, ActionRow.at < until).group_by(ActionRow.person_id, week)
    return {(person, monday.date()): count for person, monday, count in await session.execute(query)}


async def kinds_completed(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    """Return how many kinds of work each person completed in a period, by when it was completed (B-7)."""
    query = select(RunFactRow.person_id, func.count(_SHORT.distinct())).where(_DELIVERED, RunFactRow.workflow != AD_HOC)
    query = query.where(RunFactRow.ended_at >= since, RunFactRow.ended_at < until).group_by(RunFactRow.person_id)
    return dict((await session.execute(query)).all())


async def completions(
    session: Session, since: datetime, until: datetime, zone: str, now: datetime
) -> dict[str, tuple[int, int]]:  # fmt: skip
    """Return how many of the runs that each person started in a period were completed, and how many there are, of the
    mature ones (B-6).
    """
    started = func.coalesce(RunFactRow.started_at, RunFactRow.asked_at)
    monday = func.date_trunc("week", func.timezone(zone, started))
    mature = func.timezone(zone, monday + literal(timedelta(days=7) + MATURE, Interval))
    untold = and_(RunFactRow.end == "open", RunFactRow.channel.startswith(CHANNEL))
    quick = and_(RunFactRow.end == "cancelled", RunFactRow.ended_at - started <= literal(QUICK, Interval))
    done: ColumnElement[Any] = case((and_(_DELIVERED, RunFactRow.ended_at < mature), 1), else_=0)
    query = select(RunFactRow.person_id, func.sum(done), func.count()).where(
        started >= since, started < until, RunFactRow.end != "aside", RunFactRow.workflow != AD_HOC, not_(untold),
        func.coalesce(not_(quick), True), mature <= now,
    )  # fmt: skip
    query = query.group_by(RunFactRow.person_id)
    return {person: (int(completed), count) for person, completed, count in await session.execute(query)}
