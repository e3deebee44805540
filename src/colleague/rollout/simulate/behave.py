"""What people do in a week, as entries of the ledger to be. Pure: the same seed gives the same entries."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from colleague.rollout.simulate.model import Scenario

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
CHANNELS: Final = ("page", "page", "page", "api", "dispatch")
AD_HOC: Final = 0.12
DAY: Final = timedelta(days=1)


class Doing(NamedTuple):
    """An entry to be: when, which verb, who, about what, in which run, with which facts."""

    at: datetime
    verb: str
    actor: str
    subject: str
    run: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Work:
    """A workflow that people do: the skill's full name, and how many minutes it takes without the agent."""

    skill: str
    minutes: int


@dataclass(slots=True)
class Somebody:
    """A simulated person. `since`: the week (from 0) in which they got their seat; `works`: what they do, in time."""

    id: str
    since: int
    comes: bool
    stalls: bool
    works: tuple[int, ...]
    seen: bool = False


@dataclass
class Behaviour:
    """Plays people, week by week. `later`: what follows after the week in which it began."""

    scenario: Scenario
    works: Sequence[Work]
    dice: Random
    later: list[Doing] = field(default_factory=list)

    def newcomer(self, person: str, week: int, *, staff: bool = False) -> Somebody:
        """Return how somebody will behave who gets a seat now; the staff always come."""
        chosen = self.scenario
        order = list(range(len(self.works)))
        self.dice.shuffle(order)
        comes, stalls = self.dice.random() >= chosen.never, self.dice.random() < chosen.stall
        return Somebody(person, week, comes or staff, stalls and not staff, tuple(order[: chosen.kinds]))

    def week(self, people: Sequence[Somebody], week: int, monday: datetime) -> list[Doing]:
        """Return everything that people do in a week, in its order, with what was begun before and ends in it."""
        made: list[Doing] = []
        for one in people:
            if one.comes and self._is_there(one, week):
                self._one(one, week, monday, made)
        made += self.later
        made.sort()
        end = monday + 7 * DAY
        self.later = [one for one in made if one.at >= end]
        return [one for one in made if one.at < end]

    def _is_there(self, one: Somebody, week: int) -> bool:
        if one.stalls and week - one.since in (2, 3):
            return False
        return self.dice.random() < self.scenario.active

    def _one(self, one: Somebody, week: int, monday: datetime, made: list[Doing]) -> None:
        dice, days = self.dice, []
        for _ in range(max(1, poisson(dice, self.scenario.sessions))):
            day = dice.choices(range(7), (20, 20, 20, 20, 18, 1, 1))[0]
            days.append(monday + timedelta(days=day, seconds=dice.randrange(8 * 3600, 18 * 3600)))
        days.sort()
        if not one.seen:
            one.seen = True
            made.append(Doing(days[0] - timedelta(minutes=1), "sign_in.succeeded", one.id, one.id, "", {"how": "page"}))
        # A second kind of work after two weeks, a third after four: breadth grows with the person's own time.
        known = min(len(one.works), 1 + (week - one.since) // 2)
        for at in days:
            self._session(one, at, known, made)

    def _session(self, one: Somebody, at: datetime, known: int, made: list[Doing]) -> None:
        dice = self.dice
        for number in range(1 + (dice.random() < 0.35)):
            run, task = self._id("run"), self._id("task")
            begun = at + timedelta(minutes=number * 8, microseconds=dice.randrange(1_000_000))
            channel = dice.choice(CHANNELS)
            made.append(Doing(begun, "task.delegated", one.id, task, run, {"channel": channel}))
            made.append(Doing(begun + timedelta(seconds=2), "run.started", "agent", run, run, {}))
            work = None if dice.random() < AD_HOC else self.works[one.works[dice.randrange(known)]]
            if work is not None:
                facts = {"name": work.skill, "sha256": "", "approved": True}
                made.append(Doing(begun + timedelta(seconds=4), "skill.used", "agent", work.skill, run, facts))
            if dice.random() < 0.3:
                said = begun + timedelta(seconds=dice.randrange(20, 300))
                made.append(Doing(said, "task.steered", one.id, task, run, {}))
            self._end(one, begun, work, run, task, made)

    def _end(
        self, one: Somebody, begun: datetime, work: Work | None, run: str, task: str, made: list[Doing]
    ) -> None:  # fmt: skip
        """A run that delivers is taken after its time to output; the others fail, are stopped, rejected or left."""
        dice, chosen = self.dice, self.scenario
        minutes = (work.minutes if work else 20) * (1 - chosen.saving) * math.exp(dice.gauss(0, 0.4))
        taken = begun + timedelta(minutes=max(minutes, 0.5))
        done = begun + (taken - begun) * 0.6
        how = dice.random()
        if dice.random() >= chosen.completion:
            if how < 0.4:
                made.append(Doing(done, "run.failed", "agent", run, run, {"task": task}))
            elif how < 0.6:
                made.append(Doing(done, "run.stopped", "agent", run, run, {"task": task}))
            elif how < 0.65:
                made.append(Doing(done, "run.completed", "agent", run, run, {"task": task}))
                made.append(Doing(taken, "output.reviewed", one.id, run, run, {"accepted": False}))
            return
        made.append(Doing(done, "run.completed", "agent", run, run, {"task": task}))
        if how < 0.1:
            asked = begun + (done - begun) * 0.5
            made.append(Doing(asked, "approval.approved", one.id, task, run, {}))
        if how < 0.2:
            made.append(Doing(taken, "output.reviewed", one.id, run, run, {"accepted": True}))
        elif how < 0.9:
            made.append(Doing(taken, "output.taken", one.id, run, run, {"via": "page"}))

    def _id(self, kind: str) -> str:
        number = self.dice.getrandbits(130)
        return f"{kind}_" + "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))

    def tickets(self, active: int, week: int, monday: datetime) -> list[datetime]:
        """Return when tickets are written in a week with so many active people: a third as many after ten weeks."""
        rate = self.scenario.tickets * (1 - min(week, 10) / 15) / 100
        count = poisson(self.dice, rate * active)
        return sorted(
            monday + timedelta(days=self.dice.randrange(5), seconds=self.dice.randrange(8 * 3600, 17 * 3600))
            for _ in range(count)
        )


def poisson(dice: Random, mean: float) -> int:
    """Return a draw of a Poisson distribution: by Knuth's product below 30, by the normal approximation above."""
    if mean > 30:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, dice.random()
    while product > limit:
        count, product = count + 1, product * dice.random()
    return count


def begins(day: Any) -> datetime:
    """Return midnight of a day, in UTC."""
    return datetime.combine(day, time(), tzinfo=UTC)
