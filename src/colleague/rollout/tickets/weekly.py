"""Read the tickets of the last weeks with how many people were active in them."""

from dataclasses import dataclass
from typing import Any

from colleague.adoption.calendar import read_calendar
from colleague.adoption.weekly import numbers
from colleague.identity.actor import SYSTEM, Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.store import current_programme
from colleague.rollout.tickets.trend import Trend, Week, count, trend
from colleague.support.read import Kept, kept_promises, tickets

SHOWN, MOST = 12, 53


@dataclass(frozen=True, slots=True)
class Tickets:
    """The weeks, newest first, their trend, and how promised times were kept in them."""

    weeks: list[Week]
    trend: Trend
    kept: Kept

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        fell = self.trend.decline
        return {
            "weeks": [week.to_json() for week in self.weeks], "sustained_high": list(self.trend.high),
            "decline": fell and {"ratio": fell.ratio, "upper": fell.upper, "declines": fell.declines,
                                 "confirmed": fell.confirmed},
            "first_answers": {"promised": self.kept.promised, "in_time": self.kept.in_time,
                              "running": self.kept.running},
        }  # fmt: skip


async def ticket_weeks(session: Session, actor: Actor, *, clock: Clock) -> Tickets:
    """Return tickets a week since the phase began, at least the last twelve weeks. Raises PermissionMissing."""
    actor.require("org:adoption:read")
    return await read_weeks(session, clock=clock)


async def read_weeks(session: Session, *, clock: Clock) -> Tickets:
    """Return the same for what the programme does by itself."""
    calendar, since = await read_calendar(session), (await current_programme(session)).since
    now = clock.now()
    this = calendar.week(now)
    number = calendar.programme_week(this, since) if since else 0
    found = []
    for one in await numbers(session, SYSTEM, clock=clock, count=min(max(SHOWN, number), MOST)):
        start, end = calendar.start(one.week), calendar.end(one.week)
        k = max(calendar.programme_week(one.week, since), 0) if since else 0
        found.append(count(
            str(one.week), k, await tickets(session, start, end), active=one.active, frozen=one.frozen,
            skipped=one.skipped,
        ))  # fmt: skip
    first = calendar.start(this.next(1 - len(found)))
    return Tickets(found, trend(reversed(found)), await kept_promises(session, first, now, now=now))
