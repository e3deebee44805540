"""A dated plan from the organisation's calendar, seats and phases; what breaks the phases is refused (TP-1). Pure.

Weeks are counted as metrics count them: a week with fewer than three worked days is skipped (B-0). Each phase ends with
its gate; the next begins the week after. A pilot takes 15 to 40 seats, and nobody gets seat 41 before gate 1 (MI-1).
Where phases have begun, the days on which they did stand, and what follows moves with them; both are told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from colleague.adoption.weeks import Calendar, Week, week_of, weeks_between
from colleague.kit.errors import Invalid
from colleague.rollout.templates.shape import SHAPES, Shape

LONGEST_EXTRA: Final = 26
# Judged by programme weeks, holidays among them (B-0).
BY_PROGRAMME_WEEK: Final = ("KP-1", "KP-2")
EARLIEST, LATEST = date(2020, 1, 1), date(2098, 12, 31)
# Four days earlier than 92, so that no holiday makes a review late (PH-8).
QUARTER: Final = timedelta(days=88)


class BadPlan(Invalid):
    """This plan is refused ({requirement}): {why}."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The day on which a phase began in truth, which ended the one before; `skipped`: without that one's gate."""

    on: date
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is planned. `seats` by phase, as many phases as are planned; `weeks` by phase, 0 for as many as are usual.

    `extra`: weeks that a flagged use case adds to the pilot, 6 unless somebody changes it (PP-10). `begun`: the phases
    that have begun, the pilot first; `today`: so that a phase that runs does not end in the past.
    """

    start: date
    seats: tuple[int, ...] = (25,)
    weeks: tuple[int, ...] = ()
    extra: int = 0
    why_extra: str = ""
    begun: tuple[Begun, ...] = ()
    today: date = date.min

    @property
    def first(self) -> date:
        """Return the day it began in truth, else the planned one."""
        return self.begun[0].on if self.begun else self.start


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase with its dates. `ends` is None where it does not end. `skipped`: weeks of holidays between its dates.

    `began`, `ended`: whether its dates are those on which it did. `late`: weeks that it runs beyond what is planned;
    `length`: how many of its weeks count. `planned`: first and last day as planned before anything began.
    """

    shape: Shape
    seats: int
    weeks: int
    extra: int
    starts: date
    ends: date | None
    gate_on: date | None
    skipped: tuple[Week, ...] = ()
    began: bool = False
    ended: bool = False
    late: int = 0
    length: int = 0
    gate_skipped: bool = False
    planned: tuple[date, date | None] = (date.min, None)

    @property
    def moved(self) -> bool:
        """Say whether its dates are others than planned."""
        return self.planned != (self.starts, self.ends)

    def to_json(self) -> dict[str, Any]:
        """Return the phase as JSON."""
        return {
            "phase": self.shape.number, "name": self.shape.name, "seats": self.seats, "weeks": self.weeks,
            "extra_weeks": self.extra, "starts": self.starts.isoformat(),
            "ends": self.ends.isoformat() if self.ends else None,
            "gate_on": self.gate_on.isoformat() if self.gate_on else None, "gate": list(self.shape.gate),
            "skipped_weeks": [str(week) for week in self.skipped], "began": self.began, "ended": self.ended,
            "weeks_late": self.late, "planned_starts": self.planned[0].isoformat(),
            "planned_ends": self.planned[1].isoformat() if self.planned[1] else None,
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
    usual = _phases(replace(wanted, begun=()), calendar)
    phases = [
        replace(one, planned=(before.starts, before.ends))
        for one, before in zip(_phases(wanted, calendar), usual, strict=True)
    ]
    remarks = tuple(_remarks(wanted, phases))
    return Plan(
        wanted, tuple(phases), tuple(sorted(_milestones(phases, calendar), key=lambda m: (m.on, m.key))), remarks
    )


def _phases(wanted: Wanted, calendar: Calendar) -> list[Phase]:
    """Return the phases one after the other: as they were, as far as they have begun, then as planned."""
    phases: list[Phase] = []
    first = wanted.first
    for shape, seats in zip(SHAPES, wanted.seats, strict=False):
        weeks, extra = _weeks_of(wanted, shape), wanted.extra if shape.number == 1 else 0
        begun, after = (wanted.begun[n : n + 1] for n in (shape.number - 1, shape.number))
        if after and weeks:
            phases.append(_past(shape, seats, weeks, extra, first, after[0], calendar))
            first = after[0].on
            continue
        late = 0
        phase = _phase(shape, seats, weeks, extra, first, calendar)
        while begun and phase.ends and phase.ends < wanted.today:
            late += 1
            phase = _phase(shape, seats, weeks, extra, first, calendar, late)
        phases.append(replace(phase, starts=first, began=True) if begun else phase)
        if phase.ends is None:
            break
        first = week_of(phase.ends).next().monday
    return phases


def _past(
    shape: Shape, seats: int, weeks: int, extra: int, began: date, after: Begun, calendar: Calendar
) -> Phase:  # fmt: skip
    """Return a phase that is over: it ended on the day on which the next began."""
    own, following = _first_week(began, calendar)[0], _first_week(after.on, calendar)[0]
    between = [] if following <= own else list(weeks_between(own, following))[:-1]
    skipped = tuple(week for week in between if not calendar.counts(week))
    return Phase(
        shape, seats, weeks, extra, began, after.on, after.on, skipped, began=True, ended=True,
        length=len(between) - len(skipped), gate_skipped=after.skipped,
    )  # fmt: skip


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


def _phase(
    shape: Shape, seats: int, weeks: int, extra: int, first: date, calendar: Calendar, late: int = 0
) -> Phase:  # fmt: skip
    week, starts = _first_week(first, calendar)
    if not weeks:
        return Phase(shape, seats, 0, 0, starts, None, None)
    counted, skipped = 1, []
    while counted < weeks + extra + late:
        week = week.next()
        if calendar.counts(week):
            counted += 1
        else:
            skipped.append(week)
    ends = week.monday + timedelta(days=4)
    return Phase(
        shape, seats, weeks, extra, starts, ends, _worked_before(ends, calendar), tuple(skipped), late=late,
        length=counted,
    )  # fmt: skip


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
        if wanted.begun and phase.moved:
            yield _moved(phase)
        if phase.skipped:
            named = ", ".join(str(week) for week in phase.skipped)
            yield f"{phase.shape.name}: {named} skipped, fewer than three days are worked."
        if phase.shape.number > 1 and phase.seats < phase.shape.least_seats:
            yield (
                f"{phase.shape.name}: {phase.seats:,} seats are fewer than the {phase.shape.least_seats:,} it is made "
                f"for. They may grow only once the gate before it has passed."
            )


def _moved(phase: Phase) -> str:
    """Return in a sentence how a phase stands beside its plan."""
    (starts, ends), now = phase.planned, f"{'began' if phase.began else 'begins'} {phase.starts}"
    if phase.ends:
        without = ", without its gate" if phase.gate_skipped else ""
        now += f" and {f'ended{without},' if phase.ended else 'ends'} {phase.ends}"
    late = f" It runs {phase.late} {'week' if phase.late == 1 else 'weeks'} longer so far." if phase.late else ""
    return f"{phase.shape.name} {now}; planned were {starts} to {ends or 'open'}.{late}"


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
            f"start-{number}", phase.starts, f"{phase.shape.name} {'began' if phase.began else 'begins'}",
            phase.shape.activities,
            phase.shape.requirement,
        )  # fmt: skip
        for check in phase.shape.checks:
            week = min(check.week, phase.length) if phase.weeks else check.week
            # KP-1 and KP-2 are judged by programme weeks, holidays among them (B-0); other checks by weeks that count.
            judged = check.requirement in BY_PROGRAMME_WEEK
            day = _programme_day(phase, week, calendar) if judged else _day_in(phase, week, calendar)
            day = min(day, phase.ends) if phase.ended and phase.ends else day
            yield Milestone(f"{check.key}-{number}", day, check.title, check.what, check.requirement)
        if phase.gate_on:
            said = ("skipped" if phase.gate_skipped else "passed") if phase.ended else "review"
            yield Milestone(
                f"gate-{number}", phase.gate_on, f"Gate {number} {said}", "; ".join(phase.shape.gate) + ".",
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
    week, counted = _first_week(phase.starts, calendar)[0], 1
    while counted < number:
        week = week.next()
        counted += calendar.counts(week)
    return _worked_before(week.monday + timedelta(days=4), calendar)
