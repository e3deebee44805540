"""A dated plan from the organisation's calendar, seats and phases; what breaks the phases is refused (TP-1). Pure.

Weeks are counted as metrics count them: a week with fewer than three worked days is skipped (B-0). Each phase ends with
its gate; the next begins the week after. A pilot takes 15 to 40 seats, and nobody gets seat 41 before gate 1 (MI-1).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from colleague.adoption.weeks import Calendar, Week, week_of
from colleague.kit.errors import Invalid
from colleague.rollout.templates.shape import SHAPES, Shape

LONGEST_EXTRA: Final = 26
EARLIEST, LATEST = date(2020, 1, 1), date(2098, 12, 31)
# Four days earlier than 92, so that no holiday makes a review late (PH-8).
QUARTER: Final = timedelta(days=88)


class BadPlan(Invalid):
    """This plan is refused ({requirement}): {why}."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is planned. `seats` by phase, as many phases as are planned; `weeks` by phase, 0 for as many as are usual.

    `extra`: weeks that a flagged use case adds to the pilot, 6 unless somebody changes it (PP-10).
    """

    start: date
    seats: tuple[int, ...] = (25,)
    weeks: tuple[int, ...] = ()
    extra: int = 0
    why_extra: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase with its dates. `ends` is None where it does not end. `skipped`: weeks of holidays between its dates."""

    shape: Shape
    seats: int
    weeks: int
    extra: int
    starts: date
    ends: date | None
    gate_on: date | None
    skipped: tuple[Week, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the phase as JSON."""
        return {
            "phase": self.shape.number, "name": self.shape.name, "seats": self.seats, "weeks": self.weeks,
            "extra_weeks": self.extra, "starts": self.starts.isoformat(),
            "ends": self.ends.isoformat() if self.ends else None,
            "gate_on": self.gate_on.isoformat() if self.gate_on else None, "gate": list(self.shape.gate),
            "skipped_weeks": [str(week) for week in self.skipped],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Milestone:
    """A day on which something is due, with the requirement it comes from. `key` is the same in every plan."""

    key: str
    on: date
    title: str
    what: str
    requirement: str

    def to_json(self) -> dict[str, Any]:
        """Return the milestone as JSON."""
        return {
            "key": self.key, "on": self.on.isoformat(), "title": self.title, "what": self.what,
            "requirement": self.requirement,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that keeps to the phases. `remarks`: what one should know of it, in words."""

    wanted: Wanted
    phases: tuple[Phase, ...]
    milestones: tuple[Milestone, ...]
    remarks: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON."""
        return {
            "start": self.wanted.start.isoformat(), "extra_weeks": self.wanted.extra,
            "why_extra": self.wanted.why_extra, "phases": [one.to_json() for one in self.phases],
            "milestones": [one.to_json() for one in self.milestones], "remarks": list(self.remarks),
        }  # fmt: skip


def make_plan(wanted: Wanted, calendar: Calendar) -> Plan:
    """Return the dated plan. Raises BadPlan, with the requirement it breaks."""
    _check(wanted)
    phases: list[Phase] = []
    first = wanted.start
    for shape, seats in zip(SHAPES, wanted.seats, strict=False):
        weeks = _weeks_of(wanted, shape)
        phases.append(_phase(shape, seats, weeks, wanted.extra if shape.number == 1 else 0, first, calendar))
        ends = phases[-1].ends
        if ends is None:
            break
        first = week_of(ends).next().monday
    remarks = tuple(_remarks(wanted, phases))
    return Plan(
        wanted, tuple(phases), tuple(sorted(_milestones(phases, calendar), key=lambda m: (m.on, m.key))), remarks
    )


def _check(wanted: Wanted) -> None:
    if not EARLIEST <= wanted.start <= LATEST:
        raise BadPlan(requirement="TP-1", why=f"it begins between {EARLIEST.year} and {LATEST.year}")
    if not 1 <= len(wanted.seats) <= len(SHAPES) or len(wanted.weeks) > len(SHAPES):
        raise BadPlan(requirement="TP-1", why=f"it has one to {len(SHAPES)} phases")
    if not 0 <= wanted.extra <= LONGEST_EXTRA:
        raise BadPlan(requirement="PP-10", why=f"extra weeks are 0 to {LONGEST_EXTRA}")
    pilot = SHAPES[0]
    if wanted.seats[0] > pilot.most_seats:
        raise BadPlan(
            requirement="MI-1",
            why=f"{wanted.seats[0]:,} seats before gate 1, and a pilot has at most {pilot.most_seats}. Begin with "
            f"{pilot.least_seats} to {pilot.most_seats}, and put the others into the next phases",
        )  # fmt: skip
    if wanted.seats[0] < pilot.least_seats:
        raise BadPlan(requirement="PP-1", why=f"a pilot has at least {pilot.least_seats} seats")
    for before, seats, shape in zip(wanted.seats, wanted.seats[1:], SHAPES[1:], strict=False):
        if seats <= before:
            raise BadPlan(requirement=shape.requirement, why=f"{shape.name} has more seats than the phase before it")
        if seats > shape.most_seats:
            raise BadPlan(
                requirement=shape.requirement, why=f"{seats:,} seats in {shape.name}, which ends at "
                f"{shape.most_seats:,} until its gate has passed",
            )  # fmt: skip
        if seats > MOST:
            raise BadPlan(requirement=shape.requirement, why=f"a plan has at most {MOST:,} seats")
    for weeks, shape in zip(wanted.weeks, SHAPES, strict=False):
        if weeks and shape.most_weeks and not shape.least_weeks <= weeks <= shape.most_weeks:
            raise BadPlan(
                requirement=shape.requirement,
                why=f"{shape.name} takes {shape.least_weeks} to {shape.most_weeks} weeks, not {weeks}",
            )  # fmt: skip


MOST: Final = 1_000_000


def _weeks_of(wanted: Wanted, shape: Shape) -> int:
    given = wanted.weeks[shape.number - 1] if shape.number <= len(wanted.weeks) else 0
    return given if given and shape.most_weeks else shape.most_weeks


def _phase(shape: Shape, seats: int, weeks: int, extra: int, first: date, calendar: Calendar) -> Phase:
    week, starts = _first_week(first, calendar)
    if not weeks:
        return Phase(shape, seats, 0, 0, starts, None, None)
    counted, skipped = 1, []
    while counted < weeks + extra:
        week = week.next()
        if calendar.counts(week):
            counted += 1
        else:
            skipped.append(week)
    ends = week.monday + timedelta(days=4)
    return Phase(shape, seats, weeks, extra, starts, ends, _worked_before(ends, calendar), tuple(skipped))


def _first_week(first: date, calendar: Calendar) -> tuple[Week, date]:
    """Return the first week that counts from a day on, and the first day of it that is worked."""
    week = week_of(first)
    while len(days := [day for day in _worked(week, calendar) if day >= first]) < 3:
        week = week.next()
    return week, days[0]


def _worked(week: Week, calendar: Calendar) -> list[date]:
    days = (week.monday + timedelta(days=n) for n in range(5))
    return [day for day in days if day not in calendar.holidays]


def _worked_before(day: date, calendar: Calendar) -> date:
    while day in calendar.holidays or day.weekday() > 4:
        day -= timedelta(days=1)
    return day


def _remarks(wanted: Wanted, phases: Sequence[Phase]) -> Iterator[str]:
    if wanted.extra:
        why = f": {wanted.why_extra}" if wanted.why_extra else ""
        yield f"The pilot is {wanted.extra} weeks longer (PP-10, a planning figure without evidence){why}."
    for phase in phases:
        if phase.skipped:
            named = ", ".join(str(week) for week in phase.skipped)
            yield f"{phase.shape.name}: {named} skipped, fewer than three days are worked."
        if phase.shape.number > 1 and phase.seats < phase.shape.least_seats:
            yield (
                f"{phase.shape.name}: {phase.seats:,} seats are fewer than the {phase.shape.least_seats:,} it is made "
                f"for. They may grow only once the gate before it has passed."
            )


def _milestones(phases: Sequence[Phase], calendar: Calendar) -> Iterator[Milestone]:
    pilot = phases[0]
    yield Milestone(
        "baselines", _worked_before(pilot.starts - timedelta(days=14), calendar), "Baselines begin",
        "Two weeks or ten measured times for each workflow, before anybody is invited.", "AD-6",
    )  # fmt: skip
    yield Milestone(
        "governance", _worked_before(pilot.starts - timedelta(days=1), calendar), "Governance document signed",
        "All four parts, each by its owner; use cases approved, three to five.", "GP-1, PP-5",
    )  # fmt: skip
    for phase in phases:
        number = phase.shape.number
        yield Milestone(
            f"start-{number}", phase.starts, f"{phase.shape.name} begins", phase.shape.activities,
            phase.shape.requirement,
        )  # fmt: skip
        for check in phase.shape.checks:
            week = min(check.week, phase.weeks + phase.extra) if phase.weeks else check.week
            # KP-1 and KP-2 are judged by programme weeks, holidays among them (B-0); other checks by weeks that count.
            judged = check.requirement in ("KP-1", "KP-2")
            day = _programme_day(phase, week, calendar) if judged else _day_in(phase, week, calendar)
            yield Milestone(f"{check.key}-{number}", day, check.title, check.what, check.requirement)
        if phase.gate_on:
            yield Milestone(
                f"gate-{number}", phase.gate_on, f"Gate {number} review", "; ".join(phase.shape.gate) + ".",
                phase.shape.gate_requirement,
            )  # fmt: skip
        else:
            for turn in range(1, 5):
                yield Milestone(
                    f"review-{turn}", _worked_before(phase.starts + turn * QUARTER, calendar),
                    f"Quarterly governance review {turn}",
                    "; ".join(phase.shape.gate) + ". None may be older than 92 days.", phase.shape.gate_requirement,
                )  # fmt: skip


def _programme_day(phase: Phase, number: int, calendar: Calendar) -> date:
    """Return the last worked day of a programme week of a phase; of the next one that counts if it does not."""
    week = week_of(phase.starts)
    while calendar.programme_week(week, phase.starts) < number or not calendar.counts(week):
        week = week.next()
    return _worked_before(week.monday + timedelta(days=4), calendar)


def _day_in(phase: Phase, number: int, calendar: Calendar) -> date:
    """Return the last worked day of a counted week of a phase."""
    week, counted = week_of(phase.starts), 1
    while counted < number:
        week = week.next()
        counted += calendar.counts(week)
    return _worked_before(week.monday + timedelta(days=4), calendar)
