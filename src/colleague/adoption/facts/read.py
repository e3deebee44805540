"""The facts as values, for the metrics."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from colleague.adoption.away import weeks_away
from colleague.adoption.facts.tables import ActionRow, LastRow, PlaceRow, RunFactRow, SeatRow
from colleague.adoption.kpis.activity import Session as Visit
from colleague.adoption.model import Action, End, RunFact, Seat
from colleague.kit.db import Session

SILENT: Final = timedelta(days=7)


async def seats(session: Session) -> list[Seat]:
    """Return every seat there ever was, with the weeks its person was away."""
    away = await weeks_away(session)
    rows = await session.scalars(select(SeatRow).order_by(SeatRow.seq))
    return [
        Seat(r.person_id, r.assigned_at, r.accepted_at, r.removed_at, away=away.get(r.person_id, frozenset()))
        for r in rows
    ]


async def standing_at(session: Session) -> tuple[datetime | None, int]:
    """Return when the first seat was assigned (None: there is none), and up to which entry all was rolled up."""
    first = await session.scalar(select(func.min(SeatRow.assigned_at)))
    return first, await session.scalar(select(PlaceRow.seq)) or 0


async def actions(session: Session, since: datetime, until: datetime) -> list[Action]:
    """Return the intentional actions of a period, in their order."""
    query = select(ActionRow).where(ActionRow.at >= since, ActionRow.at < until).order_by(ActionRow.seq)
    return [Action(r.person_id, r.at, r.kind) for r in await session.scalars(query)]


async def active_people(session: Session, since: datetime, until: datetime) -> frozenset[str]:
    """Return who did anything intentional in a period."""
    query = select(ActionRow.person_id).where(ActionRow.at >= since, ActionRow.at < until).distinct()
    return frozenset(await session.scalars(query))


async def delivered_to(session: Session, person: str, since: datetime) -> list[str]:
    """Return the workflow of each run that was delivered to a person since then, oldest first."""
    query = select(RunFactRow.workflow).where(RunFactRow.person_id == person, RunFactRow.end == "delivered")
    return list(await session.scalars(query.where(RunFactRow.asked_at >= since).order_by(RunFactRow.asked_at)))


async def visits(session: Session, since: datetime, until: datetime) -> list[Visit]:
    """Return the sessions that began in a period, whole: as they were numbered when they were written."""
    began = select(ActionRow.session).group_by(ActionRow.session)
    began = began.having(func.min(ActionRow.at) >= since, func.min(ActionRow.at) < until)
    query = select(
        ActionRow.person_id, func.min(ActionRow.at), func.max(ActionRow.at), func.count()
    ).where(ActionRow.session.in_(began)).group_by(ActionRow.session, ActionRow.person_id)  # fmt: skip
    found = [Visit(person, first, last, number) for person, first, last, number in await session.execute(query)]
    return sorted(found, key=lambda v: (v.start, v.person))


async def runs(session: Session, since: datetime, until: datetime) -> list[RunFact]:
    """Return the runs that were asked for in a period. What was rejected within seven days of its delivery is rejected;
    what a person took is accepted then, and what nobody took is completed in silence, at no known time (B-6, B-8).
    """
    query = select(RunFactRow).where(RunFactRow.asked_at >= since, RunFactRow.asked_at < until)
    return [_run(row) for row in await session.scalars(query.order_by(RunFactRow.asked_at, RunFactRow.run_id))]


def _run(row: RunFactRow) -> RunFact:
    end: End = row.end  # type: ignore[assignment]
    in_time = row.ended_at and row.verdict_at and row.verdict_at <= row.ended_at + SILENT
    if end == "delivered" and row.verdict == "rejected" and in_time:
        end = "rejected"
    return RunFact(
        row.run_id, row.person_id, row.workflow, row.started_at or row.asked_at, end, row.ended_at,
        input_at=row.input_at or row.asked_at, accepted_at=row.taken_at, asked_at=row.asked_at, verdict=row.verdict,
    )  # fmt: skip


async def last_active(session: Session, people: Collection[str]) -> dict[str, datetime]:
    """Return when each of `people` last did something themselves; who never did is left out."""
    query = select(LastRow.person_id, LastRow.at).where(LastRow.person_id.in_(sorted(set(people))))
    return dict((await session.execute(query)).all())
