"""What was finished, how widely, and how much faster (B-6 to B-9). Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Final, Literal

from colleague.adoption.kpis.intervals import Estimate, shift, shift_by_person, wilson
from colleague.adoption.model import AD_HOC, SILENT, RunFact
from colleague.adoption.weeks import Calendar, Week

MATURE, QUICK = SILENT, timedelta(seconds=10)
REDESIGN, ENOUGH = 0.60, 30
FEW, PEOPLE = 10, 8
Strength = Literal["nothing", "indicative", "readout"]
STRENGTHS: Final[tuple[Strength, ...]] = ("nothing", "indicative", "readout")


@dataclass(frozen=True, slots=True)
class Completion:
    """Task completion rate of a week's runs. `reasons`: why the others were not completed."""

    rate: Estimate
    reasons: Mapping[str, int]

    @property
    def redesign(self) -> bool:
        """Say whether the use case needs a redesign (AD-7): below 60 %, for sure where there are fewer than 30 runs."""
        if self.rate.n >= ENOUGH:
            return self.rate.value < REDESIGN
        return self.rate.high is not None and self.rate.high < REDESIGN


def completion(runs: Iterable[RunFact], week: Week, calendar: Calendar, *, now: datetime) -> Completion | None:
    """Return the completion of published workflows' runs that were started in `week` (B-6), None before it is mature.

    Copies, sandbox runs, ad hoc work and what was cancelled within ten seconds are no runs here, nor is what nobody
    told the end of.
    """
    start, end = calendar.start(week), calendar.end(week)
    return completion_of((run for run in runs if start <= run.started_at < end), calendar, now=now)


def completion_of(runs: Iterable[RunFact], calendar: Calendar, *, now: datetime) -> Completion | None:
    """Return the completion of runs, of the mature ones among them (B-6); None if none of them counts.

    A run is mature seven days after the end of the week it was started in, and counts for good as it stood then: what
    was open had been abandoned, and whatever is delivered later changes nothing, in a week or in a use case.
    """
    counted = list[tuple[RunFact, bool]]()
    for run in filter(counts, runs):
        mature = calendar.end(calendar.week(run.started_at)) + MATURE
        if mature <= now:
            counted.append((run, run.end == "delivered" and run.ended_at is not None and run.ended_at < mature))
    if not counted:
        return None
    done = sum(completed for _, completed in counted)
    reasons = Counter(run.why for run, completed in counted if not completed)
    return Completion(wilson(done, len(counted)), dict(reasons))


def counts(run: RunFact) -> bool:
    """Say whether a run is one of a published workflow that completion and breadth count (B-6)."""
    quick = run.end == "cancelled" and run.ended_at is not None and run.ended_at - run.started_at <= QUICK
    return not (run.copy or run.sandbox or quick or run.workflow == AD_HOC or run.end == "untold")


@dataclass(frozen=True, slots=True)
class Breadth:
    """How many kinds of workflow active people complete. `passes`: KP-5; `diversity`: effective number of kinds."""

    median: float
    three: float
    repeated: float
    diversity: float
    n: int

    @property
    def passes(self) -> bool:
        """Say whether the median is three or more and at least half have three (B-7)."""
        return self.median >= 3 and self.three >= 0.5


def kinds_of(
    runs: Iterable[RunFact], active: frozenset[str], week: Week, calendar: Calendar
) -> dict[str, Counter[str]]:  # fmt: skip
    """Return how often each of `active` completed which kind of work in the twelve weeks that end with `week`."""
    start, end = calendar.start(week.next(-11)), calendar.end(week)
    kinds: dict[str, Counter[str]] = {person: Counter() for person in active}
    for run in runs:
        done = run.end == "delivered" and run.ended_at is not None and start <= run.ended_at < end
        if done and counts(run) and run.person in kinds:
            kinds[run.person][run.kind] += 1
    return kinds


def breadth_of(kinds: Mapping[str, Counter[str]]) -> Breadth | None:
    """Return the breadth of people by what each of them completed; None of nobody."""
    if not kinds:
        return None
    numbers = [len(counter) for counter in kinds.values()]
    twice = [sum(n >= 2 for n in counter.values()) for counter in kinds.values()]
    three = sum(n >= 3 for n in numbers) / len(numbers)
    return Breadth(median(numbers), three, median(twice), effective_number(kinds.values()), len(numbers))


def effective_number(counters: Iterable[Counter[str]]) -> float:
    """Return exp of the Shannon entropy of all runs over kinds: how many equally used kinds it is worth; 0 for none."""
    total: Counter[str] = sum(counters, Counter())
    everything = total.total()
    if everything == 0:
        return 0.0
    # Summed exactly: in whichever order people come, the same number is frozen and found again by night.
    return math.exp(-math.fsum(n / everything * math.log(n / everything) for n in total.values()))


@dataclass(frozen=True, slots=True)
class Reduction:
    """How much less time an output takes. `share`: R with its interval, None where nothing may be shown (B-8).

    `odd`: outside 20 to 80 %: the measurement should be checked (KP-6).
    """

    strength: Strength
    share: Estimate | None
    before: float | None
    after: float | None
    people: int

    @property
    def odd(self) -> bool:
        """Say whether it should be checked."""
        return self.share is not None and not 0.2 <= self.share.value <= 0.8


def strength_of(before: int, after: int, *, people: int) -> Strength:
    """Return what so many times before and after, those after of so many people, are good for (B-8)."""
    fewest = min(before, after)
    if fewest < FEW:
        return "nothing"
    return "readout" if fewest >= ENOUGH and people >= PEOPLE else "indicative"


def reduction(before: Mapping[str, Sequence[float]], after: Mapping[str, Sequence[float]]) -> Reduction | None:
    """Return the time-to-output reduction of a workflow (B-8), times in minutes by person; None without a baseline,
    which is a new capability.

    Interval: Hodges–Lehmann on the logarithm of the times; over people where somebody contributes several times. Under
    ten an arm nothing is shown, under thirty or fewer than eight people it is indicative. Times must be positive.
    """
    arms = [[value for values in arm.values() for value in values] for arm in (before, after)]
    if any(value <= 0 for arm in arms for value in arm):
        raise ValueError("a time is positive")
    if not arms[0]:
        return None
    people = len({person for person, values in after.items() if values})
    strength = strength_of(len(arms[0]), len(arms[1]), people=people)
    if strength == "nothing":
        return Reduction("nothing", None, None, None, people)
    logs = [{p: [math.log(v) for v in values] for p, values in arm.items() if values} for arm in (before, after)]
    several = any(len(values) > 1 for arm in logs for values in arm.values())
    flat = [[v for values in arm.values() for v in values] for arm in logs]
    moved = shift_by_person(*logs) if several else shift(*flat)
    medians = [median(arm) for arm in arms]
    value = 1 - medians[1] / medians[0]
    # What lasts exp(shift) as long is shorter by 1 - exp(shift): a larger shift is a smaller reduction.
    low = None if moved.high is None else 1 - math.exp(moved.high)
    high = None if moved.low is None else 1 - math.exp(moved.low)
    return Reduction(strength, Estimate(value, low, high, moved.n), medians[0], medians[1], people)


@dataclass(frozen=True, slots=True)
class Saving:
    """A workflow in the portfolio: runs in the period, baseline median in minutes, and its reduction."""

    workflow: str
    runs: int
    before: float
    reduction: float


def portfolio(savings: Iterable[Saving]) -> tuple[float, float] | None:
    """Return hours saved and the portfolio's reduction: weighed by volume and baseline, no average of shares (B-8)."""
    counted = [s for s in savings if s.runs > 0 and s.before > 0]
    minutes = sum(s.runs * s.before for s in counted)
    if not minutes:
        return None
    saved = sum(s.runs * s.before * s.reduction for s in counted)
    return saved / 60, saved / minutes


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether a use case is validated (B-9), and what is missing, in words."""

    missing: tuple[str, ...] = field(default_factory=tuple)

    @property
    def holds(self) -> bool:
        """Say whether nothing is missing."""
        return not self.missing


def validated(
    time: Reduction | None, before: int, after: int, completed: Completion | None, *, passed: int, reviewed: int,
    signed: bool,
) -> Validation:  # fmt: skip
    """Judge a use case: ten before and after, the bound of the reduction above zero, completion, quality, signature."""
    missing = []
    if before < 10 or after < 10:
        missing.append(f"ten measured times before and after ({before} and {after} so far)")
    elif time is None or time.share is None or time.share.low is None or time.share.low <= 0:
        missing.append("a reduction whose lower bound lies above zero")
    if completed is None or completed.rate.value < REDESIGN:
        missing.append("a completion of 60 % or more")
    if reviewed == 0 or passed / reviewed < 0.9:
        missing.append("a quality check passed by 90 % of the reviewed outputs")
    if not signed:
        missing.append("the owner's signature")
    return Validation(tuple(missing))


def by_person(values: Iterable[tuple[str, float]]) -> dict[str, list[float]]:
    """Return values grouped by person, in their order."""
    grouped: defaultdict[str, list[float]] = defaultdict(list)
    for person, value in values:
        grouped[person].append(value)
    return dict(grouped)
