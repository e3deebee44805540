"""Read what the gates look at from what happened: weeks, use cases, signatures, champions, what people vouched for."""

from colleague.adoption.calendar import read_calendars
from colleague.adoption.frozen.kept import frozen_weeks
from colleague.adoption.thresholds import hold_on_gate_3
from colleague.adoption.validation import validations
from colleague.adoption.weeks import Calendar
from colleague.governance.document.store import in_force
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.champions.read import network
from colleague.rollout.model import ActiveWeek, Evidence, Signed
from colleague.rollout.store import attestations, current_programme
from colleague.support.model_card import confirmed


async def collect(session: Session, *, clock: Clock, use_cases: bool = True) -> Evidence:
    """Return the evidence as it is at this moment. What cannot be read is not there, and so does not hold.

    `use_cases`: whether they are validated takes long, and not everybody asks.
    """
    programme = await current_programme(session)
    now = clock.now()
    calendar = (await read_calendars(session)).organisation
    today = calendar.day(now)
    since = programme.since
    week = calendar.programme_week(calendar.week(now), since) if since else 0
    return Evidence(
        week=max(week, 0), weeks=await _weeks(session, week, calendar, clock=clock),
        governance=await _governance(session), attested=await attestations(session, until=today), today=today,
        network=await network(session, clock), support=await _support(session),
        validated=await _validated(session, clock=clock) if use_cases else {}, hold=await hold_on_gate_3(session),
    )  # fmt: skip


async def _weeks(session: Session, week: int, calendar: Calendar, *, clock: Clock) -> tuple[ActiveWeek, ...]:
    """Return the frozen weeks of the present phase, oldest first. Fewer than five people count as none."""
    if week < 1:
        return ()
    now = calendar.week(clock.now())
    found = await frozen_weeks(session, now.next(1 - week), now)
    return tuple(
        ActiveWeek(str(one.week), one.active, one.people, skipped=one.skipped or one.suppressed)
        for one in found.values()
    )  # fmt: skip


async def _validated(session: Session, *, clock: Clock) -> dict[str, str]:
    """Return the launched use cases by name, with what each still misses (B-9)."""
    return {one.case.name: "; ".join(one.validation.missing) for one in await validations(session, clock=clock)}


async def _governance(session: Session) -> Signed | None:
    """Return the governance document in force with its oldest signature: all of it was signed since then."""
    document = await in_force(session)
    if document is None or document.unsigned or not document.signatures:
        return None
    first = min(document.signatures, key=lambda one: one.at)
    return Signed(document.published_by, first.at.date(), f"version {document.number}, signed")


async def _support(session: Session) -> Signed | None:
    """Return the support model, if its newest version is confirmed and its owner can answer."""
    found = await confirmed(session)
    if found is None or found.confirmed_at is None:
        return None
    return Signed(found.confirmed_by, found.confirmed_at.date(), f"version {found.version}, confirmed")
