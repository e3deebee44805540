"""What one week says of a set of people: all numbers together, never activity alone (AD-5). Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from statistics import median
from typing import Any

from colleague.adoption.few.apart import FEWEST, below_five
from colleague.adoption.kpis.activity import Frequency, frequency, person_days, wau
from colleague.adoption.kpis.activity import Session as Visit
from colleague.adoption.kpis.intervals import Estimate
from colleague.adoption.kpis.work import (
    MATURE,
    STRENGTHS,
    Breadth,
    Completion,
    Saving,
    Strength,
    breadth_of,
    completion,
    counts,
    kinds_of,
    portfolio,
    strength_of,
)
from colleague.adoption.model import Action, RunFact, Seat
from colleague.adoption.weeks import Calendar, Week
from colleague.support.model import Ticket
from colleague.usecases.model import Cases

TENURE, ENOUGH = 12, 10


# Whose outputs took how many minutes, by use case.
Outputs = dict[str, list[tuple[str, float | None]]]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a week is told from.

    `actions`: passive ones too; `runs` that were asked for, started, ended or taken in twelve weeks; `cases`: what they
    are given to; `tickets` of the week, which are the organisation's alone.
    """

    seats: Sequence[Seat]
    actions: Sequence[Action]
    visits: Sequence[Visit]
    runs: Sequence[RunFact]
    cases: Cases = field(default_factory=Cases)
    tickets: Sequence[Ticket] = ()


@dataclass(frozen=True, slots=True)
class Time:
    """Time to output over the twelve weeks that end with the week (B-8): the portfolio's reduction and the hours saved.

    Use cases with ten times before and ten after count, `before` and `after` together. The interval stands beside each
    use case. `silent`: outputs that nobody took, whose time is not known. `strength`: indicative while one of the use
    cases has fewer than thirty times in an arm or times of fewer than eight people; None where it was not told yet.
    `people`: of how many the times after are, `quiet`: of how many the silent outputs, None where they are too few to
    tell how many; `alone`: how many stand behind those use cases that are each of fewer than five before or after, for
    what is told of the others can be taken from the sum. None as above.
    """

    reduction: float | None
    hours: float | None
    cases: int
    before: int
    after: int
    silent: int | None
    strength: Strength | None = None
    people: int | None = None
    alone: int | None = None
    quiet: int | None = None

    @property
    def few(self) -> bool:
        """Say whether it tells something of one to four people."""
        return below_five(self.people or 0) or below_five(self.alone or 0)

    def told(self) -> "Time":
        """Return it without how many outputs nobody took, where those are of one to four people."""
        return replace(self, silent=None) if below_five(self.quiet or 0) else self


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a week says. Below five people nothing is told (B-12); before 72 hours it is provisional (B-0).

    `people`: seats; `tenured`: breadth of those whose seat is twelve weeks old, by which it is judged (C-10).
    `hidden`: nothing is told for another reason than its own size. `version`: 0 while it is provisional; `completed`:
    its completion is kept too. `few`: parts that are withheld (`few/decide.py`). `passive`: who was
    seen and did nothing (B-3), None where it was not counted yet. `rests`: the people that each part is of, where they
    are known; never kept.
    """

    week: Week
    frozen: bool
    skipped: bool
    people: int
    active: int = 0
    days: float = 0
    wau: Estimate | None = None
    adjusted: Estimate | None = None
    frequency: Frequency | None = None
    completion: Completion | None = None
    breadth: Breadth | None = None
    tenured: Breadth | None = None
    time: Time | None = None
    hidden: bool = False
    version: int = 0
    completed: bool = False
    few: tuple[str, ...] = ()
    passive: int | None = None
    rests: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def suppressed(self) -> bool:
        """Say whether there are too few people to tell anything."""
        return self.hidden or self.people < FEWEST

    def told(self) -> "Numbers":
        """Return the numbers without the parts that say something of one to four people (B-12), which `few` names.

        What was decided to be withheld, and whatever the numbers themselves show to be of so few: sessions, completion
        and breadth, where so few were active; what is told of a part of the people (those who were not away, those
        whose seat is twelve weeks old), where they, or the others beside them, are so few; times of so few.
        """
        few = set(self.few)
        if self.time and self.time.few:
            few.add("time")
        if below_five(self.active):
            few |= {"sessions", "completion", "breadth", "tenured"}
        if self.wau and self.adjusted and _gives_away(self.adjusted.n, self.wau.n):
            few.add("adjusted")
        if self.breadth and self.tenured and _gives_away(self.tenured.n, self.breadth.n):
            few.add("tenured")
        return replace(
            self, few=tuple(sorted(few)), frequency=None if "sessions" in few else self.frequency,
            completion=None if "completion" in few else self.completion,
            breadth=None if "breadth" in few else self.breadth, tenured=None if "tenured" in few else self.tenured,
            adjusted=None if "adjusted" in few else self.adjusted,
            time=None if self.time is None or "time" in few else self.time.told(),
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as JSON, without naming anybody; what is suppressed is not in it.

        `few`: which of them are left out, for they say something of fewer than five people.
        """
        found: dict[str, Any] = {
            "week": str(self.week), "frozen": self.frozen, "version": self.version, "skipped": self.skipped,
            "seats": None if self.hidden else self.people, "suppressed": self.suppressed, "wau": None,
            "adjusted": None, "active": None, "passive": None, "sessions": None, "completion": None, "breadth": None,
            "tenured": None, "time": None, "few": [],
        }  # fmt: skip
        if self.suppressed:
            return found
        # Person-days tell of nobody's doing.
        one = self.told()
        return found | one.stored() | {"few": list(one.few)}

    def stored(self) -> dict[str, Any]:
        """Return the numbers as they are kept, whole."""
        return {
            "seats": self.people, "active": self.active, "passive": self.passive, "person_days": self.days,
            "skipped": self.skipped, "wau": self.wau and asdict(self.wau),
            "adjusted": self.adjusted and asdict(self.adjusted), "sessions": self.frequency and asdict(self.frequency),
            "completion": stored_completion(self.completion),
            "breadth": _breadth(self.breadth), "tenured": _breadth(self.tenured),
            "time": self.time and asdict(self.time), "few": sorted(set(self.few) - {"completion"}),
        }  # fmt: skip


def stored_completion(one: Completion | None) -> dict[str, Any] | None:
    """Return a completion as JSON."""
    if one is None:
        return None
    return asdict(one.rate) | {"reasons": dict(sorted(one.reasons.items())), "redesign": one.redesign}


def _breadth(one: Breadth | None) -> dict[str, Any] | None:
    return asdict(one) | {"passes": one.passes} if one else None


def read_numbers(
    week: Week, kept: Mapping[str, Any], done: Mapping[str, Any] | None, *, version: int, completed: bool,
    few: Sequence[str] = (),
) -> Numbers:  # fmt: skip
    """Return numbers from what `stored` gave; `done`: the completion, kept by itself once mature (`completed`); `few`:
    what more is withheld.
    """
    rate = {k: v for k, v in (done or {}).items() if k not in ("reasons", "redesign")}
    return Numbers(
        week, True, kept["skipped"], kept["seats"], kept["active"], kept["person_days"],
        Estimate(**kept["wau"]) if kept["wau"] else None, Estimate(**kept["adjusted"]) if kept["adjusted"] else None,
        Frequency(**kept["sessions"]) if kept["sessions"] else None,
        Completion(Estimate(**rate), done["reasons"]) if done else None, _read_breadth(kept["breadth"]),
        _read_breadth(kept["tenured"]), Time(**kept["time"]) if kept["time"] else None,
        version=version, completed=completed, passive=kept.get("passive"),
        few=tuple(sorted({*kept.get("few", ()), *few})),
    )  # fmt: skip


def _read_breadth(kept: Mapping[str, Any] | None) -> Breadth | None:
    return Breadth(**{k: v for k, v in kept.items() if k != "passes"}) if kept else None


def by_person(facts: Facts) -> Callable[[Collection[str]], Facts]:
    """Return a function that gives the facts of some people, for many sets of people of the same facts."""
    shelves: tuple[defaultdict[str, list[Any]], ...] = tuple(defaultdict(list) for _ in range(4))
    kinds: tuple[Sequence[Any], ...] = (facts.seats, facts.actions, facts.visits, facts.runs)
    for shelf, rows in zip(shelves, kinds, strict=True):
        for row in rows:
            shelf[row.person].append(row)

    def pick(people: Collection[str]) -> Facts:
        mine = sorted(people)
        found = [[row for person in mine for row in shelf.get(person, ())] for shelf in shelves]
        return Facts(found[0], found[1], found[2], found[3], facts.cases)

    return pick


def figures(facts: Facts, week: Week, calendar: Calendar, now: datetime) -> Numbers:
    """Return what `week` says of the people in `facts`."""
    found = wau(facts.seats, facts.actions, week, calendar)
    start, end = calendar.start(week.next(1 - TENURE)), calendar.end(week)
    old = frozenset(s.person for s in facts.seats if s.assigned_at <= start)
    kinds = kinds_of(facts.runs, found.active, week, calendar)
    made = outputs(facts.runs, facts.cases, start, end)
    return Numbers(
        week, calendar.frozen(week, now), not calendar.counts(week), len(found.seats), len(found.active),
        person_days(facts.seats, week, calendar), found.share, found.adjusted,
        frequency(facts.visits, found.active, week, calendar), completion(facts.runs, week, calendar, now=now),
        breadth_of(kinds), breadth_of({person: done for person, done in kinds.items() if person in old}),
        time_to_output(made, facts.cases), completed=now >= end + MATURE, passive=len(found.passive),
        rests={
            "seats": found.seats, "adjusted": found.present, "sessions": found.active, "breadth": found.active,
            "tenured": found.active & old, "time": frozenset(person for one in made.values() for person, _ in one),
            "completion": frozenset(
                run.person for run in facts.runs if calendar.start(week) <= run.started_at < end and counts(run)
            ),
        },
    )  # fmt: skip


def outputs(runs: Sequence[RunFact], cases: Cases, since: datetime, until: datetime) -> Outputs:
    """Return whose outputs took how long that were first taken in a period, whenever they were asked for (B-8), by use
    case with a before that was launched by its end; None for what was delivered in the period and taken by nobody by
    its end. What was asked for before the launch is none of it.
    """
    found: Outputs = {case.id: [] for case in cases.all if case.n and case.live_at < until}
    for run in runs:
        case = cases.of(run.workflow, run.person, run.asked) if _delivered(run, until) else None
        if case is None or case.id not in found:
            continue
        minutes = minutes_of(run, until)
        at = run.ended_at if minutes is None else run.accepted_at
        if at is not None and at >= since:
            found[case.id].append((run.person, minutes))
    return found


def time_to_output(made: Outputs, cases: Cases) -> Time | None:
    """Return how much less time outputs took (`outputs`); None if no use case has a before."""
    if not made:
        return None
    of = {case.id: case for case in cases.all}
    times = {k: [(who, m) for who, m in one if m is not None] for k, one in made.items()}
    silent = [who for one in made.values() for who, m in one if m is None]
    counted = {k: v for k, v in times.items() if len(v) >= ENOUGH and len(of[k].minutes) >= ENOUGH}
    people = {k: {who for who, _ in v} for k, v in counted.items()}
    few = [k for k in counted if below_five(len(people[k])) or below_five(len(of[k].before))]
    savings = [
        Saving(k, len(v), median(of[k].minutes), 1 - median(m for _, m in v) / median(of[k].minutes))
        for k, v in counted.items()
    ]  # fmt: skip
    weakest = [strength_of(len(of[k].minutes), len(v), people=len(people[k])) for k, v in counted.items()]
    total = portfolio(savings)
    return Time(
        total[1] if total else None, total[0] if total else None, len(counted),
        sum(len(of[k].minutes) for k in counted), sum(map(len, counted.values())), len(silent),
        min(weakest, key=STRENGTHS.index, default="nothing"), len(set[str]().union(*people.values())),
        len(set[str]().union(*(people[k] for k in few))), len(set(silent)),
    )  # fmt: skip


def _delivered(run: RunFact, until: datetime) -> bool:
    on_time = run.ended_at is not None and run.ended_at < until
    return run.end == "delivered" and on_time and not (run.copy or run.sandbox)


def minutes_of(run: RunFact, until: datetime | None = None) -> float | None:
    """Return the minutes from the input of a run to its first taking by a person; None if nobody took it by `until`."""
    if run.input_at is None or run.accepted_at is None or (until is not None and run.accepted_at >= until):
        return None
    # A clock that was set back must not make a time of zero or less: a minute's sixtieth is the least there is.
    return max((run.accepted_at - run.input_at).total_seconds() / 60, 1 / 60)


def _gives_away(part: int, whole: int) -> bool:
    return below_five(part) or below_five(whole - part)
