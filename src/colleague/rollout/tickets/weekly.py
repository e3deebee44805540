"""Read the tickets of the last weeks with how many people were active in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from colleague.adoption.calendar import read_calendar
from colleague.adoption.figures import Numbers
from colleague.adoption.frozen.kept import frozen_weeks
from colleague.adoption.kpis.tickets import TicketWeek
from colleague.adoption.weekly import numbers
from colleague.adoption.weeks import Week as Number
from colleague.adoption.weeks import weeks_between
from colleague.identity.actor import SYSTEM, Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.rollout.store import current_programme
from colleague.rollout.tickets.trend import SIX, Trend, Week, count, together, trend
from colleague.support.read import Kept, kept_promises, tickets

SHOWN, MOST = 12, 53


class BadWeeks(Invalid):
    """Weeks are written as 2026-W09, and the first does not lie after the last."""


@dataclass(frozen=True, slots=True)
class Tickets:
    """The weeks, newest first, their trend, and how promised times were kept in them."""

    weeks: list[Week]
    trend: Trend
    kept: Kept

    @property
    def together(self) -> TicketWeek:
        """Return tickets and active people of these weeks together, of those that tell a rate."""
        return together(self.weeks)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        fell, all_ = self.trend.decline, self.together
        return {
            "weeks": [week.to_json() for week in self.weeks],
            "together": {"tickets": all_.tickets, "active": all_.active, "rate": all_.rate},
            "sustained_high": list(self.trend.high),
            "decline": fell and {"ratio": fell.ratio, "upper": fell.upper, "declines": fell.declines,
                                 "confirmed": fell.confirmed},
            "first_answers": {"promised": self.kept.promised, "in_time": self.kept.in_time,
                              "running": self.kept.running},
        }  # fmt: skip


async def ticket_weeks(
    session: Session, actor: Actor, *, clock: Clock, first: str = "", last: str = ""
) -> Tickets:  # fmt: skip
    """Return tickets a week since the phase began, at least the last twelve weeks; or from `first` to `last` alone, as
    a readout adds them up. Raises BadWeeks, PermissionMissing.
    """
    actor.require("org:adoption:read")
    if not (first or last):
        return await read_weeks(session, clock=clock)
    try:
        begins, ends = Number.read(first[:10]), Number.read(last[:10])
    except ValueError:
        raise BadWeeks from None
    if begins > ends:
        raise BadWeeks
    found = await read_weeks(session, clock=clock, first=begins)
    return replace(found, weeks=[week for week in found.weeks if begins <= Number.read(week.name) <= ends])


async def read_weeks(session: Session, *, clock: Clock, first: Number | None = None) -> Tickets:
    """Return the same for what the programme does by itself, back to `first` at least."""
    count = await weeks_back(session, clock=clock, first=first)
    return await tickets_of(session, await numbers(session, SYSTEM, clock=clock, count=count), clock=clock)


async def weeks_back(session: Session, *, clock: Clock, first: Number | None = None) -> int:
    """Return how many weeks have to be read to know the trend, and all back to `first`; 53 at most."""
    calendar, since = await read_calendar(session), (await current_programme(session)).since
    this = calendar.week(clock.now())
    number = calendar.programme_week(this, since) if since else 0
    asked = len(list(weeks_between(first, this))) if first is not None and this.next(-MOST) < first <= this else 0
    return min(max(SHOWN, number, asked), MOST)


async def tickets_of(session: Session, told: Sequence[Numbers], *, clock: Clock) -> Tickets:
    """Return the tickets of weeks that were told already, newest first, the running one among them.

    The trend rests on the first six weeks of the phase too, however long ago they were.
    """
    calendar, since = await read_calendar(session), (await current_programme(session)).since
    now = clock.now()

    async def counted(one: Numbers) -> Week:
        start, end = calendar.start(one.week), calendar.end(one.week)
        k = max(calendar.programme_week(one.week, since), 0) if since else 0
        there = await tickets(session, start, end)
        return count(str(one.week), k, there, active=one.active, frozen=one.frozen, skipped=one.skipped)

    found = [await counted(one) for one in told]
    early = []
    if told and since and (before := calendar.programme_week(told[-1].week, since) - 1) > 0:
        oldest = told[-1].week
        for one in (await frozen_weeks(session, oldest.next(-before), oldest.next(-1))).values():
            early.append(await counted(one))
            if sum(not week.skipped for week in early) == SIX:
                break
    begun = calendar.start(told[-1].week) if told else now
    return Tickets(found, trend([*early, *reversed(found)]), await kept_promises(session, begun, now, now=now))
