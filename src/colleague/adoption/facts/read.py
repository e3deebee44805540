"""The facts as values, for the metrics."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import and_, func, or_, select

from colleague.adoption.away import weeks_away
from colleague.adoption.facts.tables import ActionRow, LastRow, PlaceRow, RunFactRow, SeatRow
from colleague.adoption.facts.verbs import CHANNEL
from colleague.adoption.kpis.activity import Session as Visit
from colleague.adoption.model import Action, End, RunFact, Seat
from colleague.kit.db import Session

By = Literal["asked_at", "started_at", "ended_at", "taken_at"]
# Columns, no rows of the mapper: a page of five thousand people reads a quarter of a million of them.
_OF_RUN: Final = (
    RunFactRow.run_id, RunFactRow.person_id, RunFactRow.workflow, RunFactRow.asked_at, RunFactRow.started_at,
    RunFactRow.end, RunFactRow.ended_at, RunFactRow.input_at, RunFactRow.taken_at, RunFactRow.verdict,
    RunFactRow.reviewed, RunFactRow.passed, RunFactRow.reason, RunFactRow.channel,
)  # fmt: skip


async def seats(session: Session) -> list[Seat]:
    """Return every seat there ever was, with the weeks its person was away."""
    away = await weeks_away(session)
    rows = await session.scalars(select(SeatRow).order_by(SeatRow.seq))
    return [
        Seat(r.person_id, r.assigned_at, r.accepted_at, r.removed_at, away=away.get(r.person_id, frozenset()))
        for r in rows
    ]


async def seated_since(session: Session, people: Collection[str]) -> dict[str, datetime]:
    """Return since when people hold the seat they have now; nobody without one."""
    query = select(SeatRow.person_id, SeatRow.assigned_at).where(SeatRow.removed_at.is_(None))
    query = query.where(SeatRow.person_id.in_(people)).order_by(SeatRow.seq)
    return dict((await session.execute(query)).all())


async def left_out(session: Session) -> frozenset[str]:
    """Return who counts nowhere: test users and service accounts (B-0)."""
    return frozenset(p for people in await session.scalars(select(PlaceRow.excluded)) for p in people)


async def standing_at(session: Session) -> tuple[datetime | None, int]:
    """Return when the first seat was assigned (None: there is none), and up to which entry all was rolled up."""
    first = await session.scalar(select(func.min(SeatRow.assigned_at)))
    return first, await session.scalar(select(PlaceRow.seq)) or 0


async def actions(
    session: Session, since: datetime, until: datetime, *, people: Collection[str] | None = None
) -> list[Action]:  # fmt: skip
    """Return the intentional actions of a period, in their order, of everybody or of some `people`."""
    query = select(ActionRow.person_id, ActionRow.at, ActionRow.kind)
    query = query.where(ActionRow.at >= since, ActionRow.at < until).order_by(ActionRow.seq)
    query = query if people is None else query.where(ActionRow.person_id.in_(sorted(people)))
    return [Action(person, at, kind) for person, at, kind in await session.execute(query)]


async def active_people(session: Session, since: datetime, until: datetime) -> frozenset[str]:
    """Return who did anything intentional in a period."""
    query = select(ActionRow.person_id).where(ActionRow.at >= since, ActionRow.at < until).distinct()
    return frozenset(await session.scalars(query))


async def active_by_week(
    session: Session, since: datetime, until: datetime, zone: str
) -> dict[date, frozenset[str]]:  # fmt: skip
    """Return who did anything intentional in each week of a period, by its Monday where the organisation is."""
    monday = func.date_trunc("week", func.timezone(zone, ActionRow.at))
    query = select(ActionRow.person_id, monday).where(ActionRow.at >= since, ActionRow.at < until).distinct()
    found: dict[date, set[str]] = {}
    for person, at in await session.execute(query):
        found.setdefault(at.date(), set()).add(person)
    return {day: frozenset(people) for day, people in found.items()}


async def ever_active(session: Session) -> frozenset[str]:
    """Return who ever did anything intentional."""
    return frozenset(await session.scalars(select(LastRow.person_id)))


async def delivered_to(session: Session, person: str, since: datetime) -> list[str]:
    """Return the workflow of each run that was delivered to a person since then, oldest first."""
    query = select(RunFactRow.workflow).where(RunFactRow.person_id == person, RunFactRow.end == "delivered")
    return list(await session.scalars(query.where(RunFactRow.ended_at >= since).order_by(RunFactRow.ended_at)))


async def people_by_channel(session: Session, within: timedelta) -> dict[str, frozenset[str]]:
    """Return who had runs by which channel, in the time before the newest run."""
    newest = select(func.max(RunFactRow.asked_at)).scalar_subquery()
    query = select(RunFactRow.channel, RunFactRow.person_id).where(RunFactRow.asked_at >= newest - within).distinct()
    found: dict[str, set[str]] = {}
    for channel, person in await session.execute(query):
        found.setdefault(channel, set()).add(person)
    return {channel: frozenset(people) for channel, people in found.items()}


async def ends_elsewhere(session: Session, within: timedelta) -> dict[str, tuple[int, int]]:
    """Return how many runs each channel of telemetry had in the time before the newest run of all, and of how many of
    them no end was told.
    """
    newest = select(func.max(RunFactRow.asked_at)).scalar_subquery()
    untold = func.count().filter(RunFactRow.end == "open")
    query = select(RunFactRow.channel, func.count(), untold).where(RunFactRow.asked_at >= newest - within)
    query = query.where(RunFactRow.channel.startswith(CHANNEL)).group_by(RunFactRow.channel)
    return {channel: (runs, ends) for channel, runs, ends in await session.execute(query)}


async def visits(session: Session, since: datetime, until: datetime, *, person: str = "") -> list[Visit]:
    """Return the sessions that began in a period, whole, of everybody or one person: as they were numbered when they
    were written.
    """
    # A session has the number of its first action.
    began = select(ActionRow.session).where(ActionRow.seq == ActionRow.session)
    began = began.where(ActionRow.at >= since, ActionRow.at < until)
    if person:
        began = began.where(ActionRow.person_id == person)
    query = select(
        ActionRow.person_id, func.min(ActionRow.at), func.max(ActionRow.at), func.count()
    ).where(ActionRow.session.in_(began)).group_by(ActionRow.session, ActionRow.person_id)  # fmt: skip
    found = [Visit(person, first, last, number) for person, first, last, number in await session.execute(query)]
    return sorted(found, key=lambda v: (v.start, v.person))


async def runs(
    session: Session, since: datetime, until: datetime, *, person: str = "", skills: Sequence[str] | None = None,
    by: Sequence[By],
) -> list[RunFact]:  # fmt: skip
    """Return the runs of a period, of everybody or one person, of all or some `skills` (in full or short). `by`: which
    moment of a run has to lie in the period; of several one is enough.

    A run is of the week in which what is counted happened: it was started, for completion (B-6); ended, for what was
    completed (B-7); first taken by a person, for time and hours (B-8).

    What stood rejected seven days after its delivery is rejected; what a person took is accepted then, and what
    nobody took is completed in silence, at no known time (B-6, B-8). Not returned is what was put aside for another
    try.
    """
    moments = [getattr(RunFactRow, name) for name in by]
    query = select(*_OF_RUN).where(or_(*(and_(at >= since, at < until) for at in moments)))
    query = query.where(RunFactRow.end != "aside")
    if person:
        query = query.where(RunFactRow.person_id == person)
    if skills is not None:
        short = func.reverse(func.split_part(func.reverse(RunFactRow.workflow), ":", 1))
        query = query.where(RunFactRow.workflow.in_(skills) | short.in_(skills))
    return [_run(row) for row in await session.execute(query.order_by(RunFactRow.asked_at, RunFactRow.run_id))]


def _run(row: Any) -> RunFact:
    run, person, workflow, asked, started, ended, ended_at, input_at, taken, verdict, seen, passed, why, channel = row
    end: End = ended
    if end == "delivered" and verdict == "rejected":
        end = "rejected"
    elif end == "open" and channel.startswith(CHANNEL):
        end = "untold"
    return RunFact(
        run, person, workflow, started or asked, end, ended_at, why, input_at=input_at or asked, accepted_at=taken,
        asked_at=asked, reviewed=seen, passed=passed, elsewhere=channel.startswith(CHANNEL),
    )  # fmt: skip


async def last_active(session: Session, people: Collection[str]) -> dict[str, datetime]:
    """Return when each of `people` last did something themselves; who never did is left out."""
    query = select(LastRow.person_id, LastRow.at).where(LastRow.person_id.in_(sorted(set(people))))
    return dict((await session.execute(query)).all())
