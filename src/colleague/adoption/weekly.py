"""The numbers of a week, together: activity never without completion, breadth and time (AD-5)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from colleague.adoption.facts.read import actions, runs, seats, visits
from colleague.adoption.kpis.activity import Frequency, Wau, frequency, wau
from colleague.adoption.kpis.intervals import Estimate
from colleague.adoption.kpis.work import Breadth, Completion, breadth, completion
from colleague.adoption.model import RunFact, Seat
from colleague.adoption.weeks import Calendar, Week, weeks_between
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.governance import current_governance

FEWEST, SHOWN = 5, 12
DEFINITIONS: Final[dict[str, str]] = {
    "WAU": "People with a seat on three days of the week who did something themselves: started, said, decided, used. "
    "Signing in, reading, and what a schedule starts do not count. Of all seats, with the Wilson 95 % interval.",
    "Sessions": "Runs of own actions with gaps of thirty minutes at most, over all channels, for each active person; "
    "divided by worked days of five. Four are aimed at; below two is no habit.",
    "Completion": "Runs of skills that were delivered, of those started in the week and mature after seven days. Below "
    "60 % the use case is redesigned, nobody is trained for it.",
    "Breadth": "Kinds of skills that active people completed in the twelve weeks that end with it: the median, and the "
    "share with three or more.",
    "Time": "The time saved needs a baseline that was measured before; nothing is shown without one.",
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a week says. Below five people nothing is told (B-12); before 72 hours it is provisional (B-0)."""

    week: Week
    frozen: bool
    skipped: bool
    people: int
    wau: Wau | None
    frequency: Frequency | None
    completion: Completion | None
    breadth: Breadth | None

    @property
    def suppressed(self) -> bool:
        """Say whether there are too few people to tell anything."""
        return self.people < FEWEST

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as JSON, without naming anybody."""
        found: dict[str, Any] = {
            "week": str(self.week), "frozen": self.frozen, "skipped": self.skipped, "seats": self.people,
            "suppressed": self.suppressed, "wau": None, "adjusted": None, "active": None, "sessions": None,
            "completion": None, "breadth": None,
        }  # fmt: skip
        if self.suppressed or self.wau is None:
            return found
        found |= {
            "wau": _estimate(self.wau.share), "adjusted": _estimate(self.wau.adjusted), "active": len(self.wau.active),
            "sessions": asdict(self.frequency) if self.frequency else None,
            "breadth": asdict(self.breadth) | {"passes": self.breadth.passes} if self.breadth else None,
        }  # fmt: skip
        if self.completion:
            found["completion"] = _estimate(self.completion.rate) | {
                "reasons": dict(self.completion.reasons), "redesign": self.completion.redesign,
            }  # fmt: skip
        return found


def _estimate(value: Estimate | None) -> dict[str, Any]:
    return asdict(value) if value else {}


async def numbers(session: Session, actor: Actor, *, clock: Clock, count: int = SHOWN) -> list[Numbers]:
    """Return the last `count` weeks, newest first, the running one among them. Raises PermissionMissing."""
    actor.require("org:adoption:read")
    calendar = Calendar((await current_governance(session)).time_zone)
    last, there = calendar.week(clock.now()), await seats(session)
    first = last.next(1 - count)
    # A week looks back eleven more: read once what each of them would read again.
    began = await runs(session, calendar.start(first.next(-11)), calendar.end(last))
    weeks = weeks_between(first, last)
    return [await _week(session, week, there, began, calendar, clock.now()) for week in weeks][::-1]


async def _week(
    session: Session, week: Week, there: Sequence[Seat], runs_of_all: Sequence[RunFact], calendar: Calendar,
    now: datetime,
) -> Numbers:  # fmt: skip
    start, end = calendar.start(week), calendar.end(week)
    did = await actions(session, start, end)
    found = wau(there, did, week, calendar)
    began = await visits(session, start, end)
    since = calendar.start(week.next(-11))
    quarter = [run for run in runs_of_all if run.input_at is not None and since <= run.input_at < end]
    return Numbers(
        week, calendar.frozen(week, now), not calendar.counts(week), len(found.seats), found,
        frequency(began, found.active, week, calendar), completion(quarter, week, calendar, now=now),
        breadth(quarter, found.active, week, calendar),
    )  # fmt: skip
