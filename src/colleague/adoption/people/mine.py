"""A person's own numbers: to themselves and nobody else (B-12)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from colleague.adoption.calendar import read_calendars
from colleague.adoption.facts.read import runs, visits
from colleague.adoption.figures import minutes_of
from colleague.adoption.model import AD_HOC, RunFact
from colleague.adoption.validation import runs_by_case
from colleague.adoption.weeks import Calendar, Week, weeks_between
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.usecases.measured import cases_by_run
from colleague.usecases.model import Measured

SHOWN = 12


@dataclass(frozen=True, slots=True)
class OwnWeek:
    """One week of one's own: sessions, runs that were asked for in it, runs that were delivered in it whenever they
    were asked for, and the kinds of work among those (B-7).
    """

    week: str
    sessions: int
    asked: int
    delivered: int
    kinds: int


@dataclass(frozen=True, slots=True)
class OwnCase:
    """One's own times of a use case: how many before and after, and their medians in minutes."""

    name: str
    before: int
    after: int
    was: float | None
    now: float | None


@dataclass(frozen=True, slots=True)
class Mine:
    """One's own numbers of twelve weeks, newest first. `kinds`: completed kinds of work, with how often."""

    weeks: list[OwnWeek]
    kinds: dict[str, int]
    cases: list[OwnCase]

    @property
    def begun(self) -> list[OwnWeek]:
        """Return the weeks since the first in which something happened, newest first."""
        last = max((n for n, one in enumerate(self.weeks) if one.sessions or one.asked), default=-1)
        return self.weeks[: last + 1]

    def to_json(self) -> dict[str, Any]:
        """Return them as JSON."""
        return asdict(self)


async def own_numbers(session: Session, actor: Actor, *, clock: Clock) -> Mine:
    """Return the numbers of the person who asks. Raises PermissionMissing."""
    actor.require("own:tasks:use")
    calendar, now = (await read_calendars(session)).organisation, clock.now()
    last = calendar.week(now)
    first = last.next(1 - SHOWN)
    since, until = calendar.start(first), calendar.end(last)
    came = await visits(session, since, until, person=actor.id)
    ran = await runs(session, since, until, person=actor.id, by=("asked_at", "ended_at", "taken_at"))
    done = [run for run in ran if run.end == "delivered" and run.ended_at is not None and since <= run.ended_at < until]
    visited = Counter(calendar.week(v.start) for v in came)
    weeks = [_week(week, visited, ran, done, calendar) for week in weeks_between(first, last)]
    kinds = Counter(run.kind for run in done if run.workflow != AD_HOC)
    found = await cases_by_run(session)
    by_case = runs_by_case(found, [run for run in ran if run.accepted_at is not None and run.accepted_at >= since])
    cases = [one for case in found.all if (one := _case(case, actor.id, by_case.get(case.id, []))) is not None]
    return Mine(weeks[::-1], dict(sorted(kinds.items())), cases)


def _week(
    week: Week, came: Counter[Week], ran: Sequence[RunFact], delivered: Sequence[RunFact], calendar: Calendar
) -> OwnWeek:  # fmt: skip
    asked = sum(calendar.week(run.asked) == week for run in ran)
    done = [run for run in delivered if run.ended_at is not None and calendar.week(run.ended_at) == week]
    return OwnWeek(str(week), came[week], asked, len(done), len({run.kind for run in done if run.workflow != AD_HOC}))


def _case(case: Measured, person: str, ran: Sequence[RunFact]) -> OwnCase | None:
    before = case.before.get(person, [])
    mine = [run for run in ran if run.end == "delivered"]
    after = [minutes for run in mine if (minutes := minutes_of(run)) is not None]
    if not before and not after:
        return None
    return OwnCase(
        case.name, len(before), len(after), median(before) if before else None, median(after) if after else None
    )
