"""Read the tickets of the last weeks with how many people were active in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from colleague.adoption.calendar import read_calendar
from colleague.adoption.figures import Numbers
from colleague.adoption.frozen.kept import frozen_weeks
from colleague.adoption.frozen.tickets import counted, kept_tickets
from colleague.adoption.groups import Groups
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
    """The weeks, newest first, their trend, and how promised times were kept in them. `at_first`: the trend with the
    tickets as each week was first kept, where a later version says otherwise; None where it says the same.
    """

    weeks: list[Week]
    trend: Trend
    kept: Kept
    at_first: Trend | None = None

    @property
    def together(self) -> TicketWeek:
        """Return tickets and active people of these weeks together, of those that tell a rate."""
        return together(self.weeks)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        all_ = self.together
        return {
            "weeks": [week.to_json() for week in self.weeks],
            "together": {"tickets": all_.tickets, "active": all_.active, "rate": all_.rate},
            **self.trend.to_json(), "trend_as_first_kept": self.at_first and self.at_first.to_json(),
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
    # Beside no groups: who was active is all that is read of a week, and is told before any group is.
    told = await numbers(session, SYSTEM, Groups(), clock=clock, count=count)
    return await tickets_of(session, told, clock=clock)


async def weeks_back(session: Session, *, clock: Clock, first: Number | None = None) -> int:
    """Return how many weeks have to be read to know the trend, and all back to `first`; 53 at most."""
    calendar, since = await read_calendar(session), (await current_programme(session)).since
    this = calendar.week(clock.now())
    number = calendar.programme_week(this, since) if since else 0
    asked = len(list(weeks_between(first, this))) if first is not None and this.next(-MOST) < first <= this else 0
    return min(max(SHOWN, number, asked), MOST)


async def tickets_of(session: Session, told: Sequence[Numbers], *, clock: Clock) -> Tickets:
    """Return the tickets of weeks that were told already, newest first, the running one among them.

    A frozen week is told as it was kept, in its newest version (B-0). The trend rests on the first six weeks of the
    phase too, however long ago they were.
    """
    calendar, since = await read_calendar(session), (await current_programme(session)).since
    now = clock.now()

    before = calendar.programme_week(told[-1].week, since) - 1 if told and since else 0
    stands = await kept_tickets(session, told[-1].week.next(-max(before, 0)), told[0].week) if told else {}

    async def twice(one: Numbers) -> tuple[Week, Week]:
        """Count a week as it stands, and as it was first kept; one that is not kept as it is at this moment."""
        k = max(calendar.programme_week(one.week, since), 0) if since else 0
        there = stands.get(one.week) if one.frozen else None
        if there is None:
            there = (counted(await tickets(session, calendar.start(one.week), calendar.end(one.week))),) * 2
        now, first = (
            count(str(one.week), k, kept, active=one.active, frozen=one.frozen, skipped=one.skipped) for kept in there
        )
        return now, first

    found = [await twice(one) for one in told]
    early = list[tuple[Week, Week]]()
    if before > 0:
        oldest = told[-1].week
        for one in (await frozen_weeks(session, oldest.next(-before), oldest.next(-1))).values():
            early.append(await twice(one))
            if sum(not week.skipped for week, _ in early) == SIX:
                break
    begun = calendar.start(told[-1].week) if told else now
    newest, at_first = (trend(pair[n] for pair in (*early, *reversed(found))) for n in (0, 1))
    kept = await kept_promises(session, begun, now, now=now)
    return Tickets([week for week, _ in found], newest, kept, at_first if at_first != newest else None)
