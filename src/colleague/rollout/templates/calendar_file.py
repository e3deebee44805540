"""The rollout plan as a calendar file (RFC 5545): whole days, so that they stand right in every time zone."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

from colleague import __version__
from colleague.kit.canonical import digest
from colleague.rollout.templates.plan import Plan

ICS: Final = "text/calendar"


def plan_calendar(plan: Plan, *, origin: str, now: datetime) -> bytes:
    """Return the plan as .ics. `origin` (the installation's address) makes the ids: a newer plan replaces the older
    one in a calendar that has imported it.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//Colleague//Rollout plan {__version__}//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Rollout of Colleague")
    for phase in plan.phases:
        if phase.ends is None:
            continue
        what = f"{phase.seats:,} seats. {phase.shape.activities}\nGate {phase.shape.number}: " + "; ".join(
            phase.shape.gate
        )
        if phase.moved:
            what += f"\nPlanned: {phase.planned[0]} to {phase.planned[1] or 'open'}."
        key, name = f"phase-{phase.shape.number}", f"Phase {phase.shape.number}: {phase.shape.name}"
        calendar.add_component(
            _event(origin, now, key, phase.starts, phase.ends, name, what, phase.shape.requirement)
        )  # fmt: skip
    for one in plan.milestones:
        calendar.add_component(_event(origin, now, one.key, one.on, one.on, one.title, one.what, one.requirement))
    return bytes(calendar.to_ical())


def _event(
    origin: str, now: datetime, key: str, first: date, last: date, title: str, what: str, requirement: str
) -> Event:
    event = Event()
    event.add("uid", f"{digest([origin, key])[:32]}@colleague")
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("sequence", int(now.timestamp()) // 60 % 2_000_000_000)
    event.add("dtstart", first)
    # The end of a whole-day event is the day after its last (3.6.1).
    event.add("dtend", last + timedelta(days=1))
    event.add("summary", title)
    event.add("description", f"{what}\n({requirement})")
    event.add("categories", ["Rollout"])
    event.add("transp", "TRANSPARENT")
    return event
