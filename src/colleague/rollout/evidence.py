"""Read what the gates look at from what happened: weeks, use cases, signatures, champions, what people vouched for."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from colleague.adoption.calendar import read_calendars
from colleague.adoption.frozen.kept import judged_weeks
from colleague.adoption.thresholds import Verdict, beside, held_back, week_eight
from colleague.adoption.validation import validations
from colleague.adoption.weeks import Calendar
from colleague.audit.read import counted
from colleague.governance.document.store import in_force
from colleague.identity.directory import count_excluded
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.model import Phase
from colleague.rollout.champions.read import network
from colleague.rollout.model import ActiveWeek, Evidence, Programme, Signed
from colleague.rollout.store import attestations, current_programme, led, today
from colleague.support.model_card import confirmed
from colleague.usecases.model import skill_of

CHANGES: Final = {
    "seat.taken_back": "seats taken back", "person.deactivated": "people deactivated",
    "seat.reason_asked": "people moved, with their seat, to work the pilot is warned of",
    "holiday.added": "holidays added", "holiday.removed": "holidays removed", "away.marked": "weeks away marked",
    "week.corrected": "frozen weeks corrected", "use_case.changed": "use cases changed",
    "use_case.defined": "use cases written", "use_case.retired": "use cases ended",
    "telemetry.received": "batches told by other agents", "programme.named": "sponsor or lead named",
    "programme.attestation_withdrawn": "words taken back", "person.excluded": "people left out of the numbers",
    "person.included": "people counted again", "tickets.imported": "lists of tickets imported",
    "person.department_changed": "people moved to another department by hand",
    "week.tickets_corrected": "frozen weeks whose tickets alone were corrected",
    "week.recounted": "frozen weeks counted anew by an update",
}  # fmt: skip
# What comes in all the time, or at night: it makes no proposal stale, and is frozen with the confirmation too. Where an
# update changed weeks that were proposed on, those weeks make it stale (advance.py).
BY_ITSELF: Final = frozenset({
    CHANGES["telemetry.received"], CHANGES["tickets.imported"], CHANGES["week.tickets_corrected"],
    CHANGES["week.recounted"],
})  # fmt: skip


async def collect(session: Session, *, clock: Clock, use_cases: bool = True) -> Evidence:
    """Return the evidence as it is at this moment. What cannot be read is not there, and so does not hold.

    Whether use cases are validated takes long: it is read while the pilot runs, whose gate asks it, and not where
    `use_cases` is no.
    """
    programme = await current_programme(session)
    asked = use_cases and programme.phase is Phase.PILOT
    now = clock.now()
    calendar = (await read_calendars(session)).organisation
    today = calendar.day(now)
    since = programme.since
    this = calendar.week(now)
    week = calendar.programme_week(this, since) if since else 0
    return Evidence(
        week=max(week, 0), weeks=await _weeks(session, week, calendar, clock=clock),
        governance=await _governance(session), today=today,
        attested=await attestations(session, until=today, but=await led(session, programme)),
        network=await network(session, clock), support=await _support(session),
        validated=await _validated(session, programme, clock=clock) if asked else {},
        hold=await _hold(session, programme, clock=clock),
        changed=await _changed(session, programme, clock=clock),
        holidays=calendar.holiday_weeks(this, since) if since else 0, excluded=await count_excluded(session),
    )  # fmt: skip


async def _weeks(session: Session, week: int, calendar: Calendar, *, clock: Clock) -> tuple[ActiveWeek, ...]:
    """Return the frozen weeks of the present phase, oldest first. Of fewer than five people nothing is told: such a
    week has no seats, and is not skipped for it.
    """
    if week < 1:
        return ()
    now = calendar.week(clock.now())
    found = await judged_weeks(session, now.next(1 - week), now, calendar)
    return tuple(
        ActiveWeek(str(one.week), 0, 0, one.skipped) if one.suppressed
        else ActiveWeek(str(one.week), one.active, one.people, one.skipped, beside(one))
        for one in found.values()
    )  # fmt: skip


async def _validated(session: Session, programme: Programme, *, clock: Clock) -> dict[str, str]:
    """Return the launched use cases that stand by name, with what each still misses (B-9). The lead's own signature is
    none, and use cases with the same skill are one.
    """
    found, skills = {}, set[str]()
    for one in await validations(session, clock=clock):
        missing, skill = one.validation.missing, skill_of(one.case.skill)
        if one.case.state == "retired":
            continue
        if one.signed_by and one.signed_by == programme.lead:
            missing = (*missing, "an owner who does not lead the programme")
        if not missing and skill in skills:
            missing = ("a skill of its own: another use case with this one counts already",)
        if not missing:
            skills.add(skill)
        found[one.case.name] = "; ".join(missing)
    return found


async def _hold(session: Session, programme: Programme, *, clock: Clock) -> str:
    """Return why the next phase may not begin (KP-2): until the item is closed with what was changed in onboarding, and
    either a later week recovered or another person than who closed it, and not the lead, vouches for it."""
    if programme.phase is not Phase.EXPANSION or programme.since is None:
        return ""
    why, closed = await held_back(session, programme.since, clock=clock)
    if closed is None:
        return why
    words = await attestations(session, until=await today(session, clock), but=programme.lead)
    said = words.get("onboarding-adjusted")
    if said and closed.closed_at and said.by != closed.closed_by and said.at >= closed.closed_at:
        return ""
    return (
        f"{why} It was closed («{closed.outcome}»). The hold is lifted once a later week reaches 40 %, or somebody else"
        " than who closed it vouches that onboarding was adjusted."
    )


async def week_eight_of(session: Session, programme: Programme, *, clock: Clock) -> Verdict | None:
    """Return whether week 8 of the expansion reached 65 % (KP-1), for good once it is over; None before it began."""
    begun = {step.phase: step.on for step in programme.steps}
    if Phase.EXPANSION not in begun:
        return None
    return await week_eight(session, begun[Phase.EXPANSION], begun.get(Phase.BROAD), clock=clock)


async def _changed(session: Session, programme: Programme, *, clock: Clock) -> dict[str, int]:
    """Return what was changed since the phase began that the numbers rest on: it may be right, and is seen."""
    if not programme.steps or programme.since is None:
        return {}
    start = datetime.combine(programme.since, time.min, tzinfo=UTC) - timedelta(days=1)
    found = await counted(session, tuple(CHANGES), start, clock.now() + timedelta(seconds=1))
    return {CHANGES[verb]: count for verb, count in found.items() if count}


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
