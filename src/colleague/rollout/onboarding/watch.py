"""Watches the third week of each onboarding cohort: a stall opens an item with what to do, and starts nudges (B-11)."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.began import Beginning, onboarding_cohorts
from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import active_people
from colleague.adoption.items import open_item
from colleague.adoption.weeks import Calendar, Week
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.rollout.cohorts.model import Member
from colleague.rollout.cohorts.store import first_days, members_of
from colleague.rollout.onboarding.stall import Use, is_stall, suggestions, why
from colleague.rollout.onboarding.tables import StallRow
from colleague.usecases.rituals import standing_cases, upkeep

_LOCK, LOOKED_BACK = 727_095, 8


async def began_in(session: Session, calendar: Calendar) -> list[tuple[Beginning, list[Member]]]:
    """Return the onboarding cohorts, the oldest first, each with its people (AD-1). Who has a seat and is in no cohort
    of the programme began with their first sign-in on it; their `cohort` and `use_case` are ""."""
    known = {one.person: one for one in await members_of(session) if one.began_at is not None}
    return [
        (one, [known.get(person) or Member(person, "", "", at, at) for person, at in one.days.items()])
        for one in await onboarding_cohorts(session, calendar, await first_days(session))
    ]


async def watch(session: Session, *, ledger: Ledger, clock: Clock) -> list[Week]:
    """Look at every onboarding cohort whose third week has been frozen in the last weeks, and return those that newly
    stalled. Each is found once: who looks at the same time waits, then finds it there."""
    await advisory_lock(session, _LOCK)
    calendar, now, found = await read_calendar(session), clock.now(), []
    known = set(await session.scalars(select(StallRow.week)))
    for cohort, members in await began_in(session, calendar):
        week = cohort.week
        if str(week) in known or calendar.week(now) > week.next(LOOKED_BACK):
            continue
        days = cohort.first_weeks(calendar)
        if calendar.frozen(days[2], now) and await _stalls(
            session, calendar, week, members, days, ledger=ledger, clock=clock
        ):
            found.append(week)
    return found


async def _stalls(
    session: Session, calendar: Calendar, week: Week, members: Collection[Member], days: Collection[Week], *,
    ledger: Ledger, clock: Clock,
) -> bool:  # fmt: skip
    people = frozenset(one.person for one in members)
    active = [await active_people(session, calendar.start(day), calendar.end(day)) for day in days]
    ratio = is_stall(active, people)
    if ratio is None:
        return False
    row = StallRow(week=str(week), ratio=ratio, people=len(people), found_at=clock.now())
    await session.execute(insert(StallRow).values(week=row.week, ratio=ratio, people=row.people, found_at=row.found_at))
    todo = suggestions(await _uses(session, members, active), sum(not one.use_case for one in members))
    counts = {1: len(active[0] & people), 3: len(active[2] & people)}
    await open_item(
        session, f"stall:{week}", "stall", f"onboarded:{week}", why(ratio, len(people), counts, todo), ledger=ledger,
        clock=clock,
    )  # fmt: skip
    facts = {"ratio": round(ratio, 4), "people": len(people)}
    await ledger.record(session, Event("onboarding.stalled", "system", subject=str(week), data=facts))
    return True


async def _uses(session: Session, members: Collection[Member], active: list[frozenset[str]]) -> list[Use]:
    cases = {one.id: one for one in await standing_cases(session)}
    by_case: dict[str, set[str]] = {}
    for one in members:
        if one.use_case in cases:
            by_case.setdefault(one.use_case, set()).add(one.person)
    kept = await upkeep(session, *by_case)
    return [
        Use(cases[case], len(people), len(people & active[0]), len(people & active[2]), *kept[case])
        for case, people in by_case.items()
    ]


async def stalled_weeks(session: Session) -> dict[str, float]:
    """Return the onboarding weeks that stalled, with their ratio."""
    return dict((await session.execute(select(StallRow.week, StallRow.ratio).order_by(StallRow.week))).all())
