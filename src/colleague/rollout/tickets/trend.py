"""Tickets for each hundred active people, week by week: whether they fall, about what they stay high. Pure (B-10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from colleague.adoption.few.apart import FEWEST
from colleague.adoption.frozen.tickets import KeptTickets
from colleague.adoption.kpis.tickets import Decline, TicketWeek, decline, sustained_high

SIX: Final = 6


@dataclass(frozen=True, slots=True)
class Week:
    """A week: tickets, how many people were active, and the tickets by what they are about.

    `number`: of the programme week, 0 before it began; `about`: «use_case:ID» and «connector:KIND»; `version`: of what
    was kept, 0 while nothing is.
    """

    name: str
    number: int
    frozen: bool
    skipped: bool
    active: int
    tickets: int
    categories: Mapping[str, int] = field(default_factory=dict)
    about: Mapping[str, int] = field(default_factory=dict)
    version: int = 0

    @property
    def told(self) -> bool:
        """Say whether enough people were active to tell anything (B-12)."""
        return self.active >= FEWEST

    @property
    def rate(self) -> float | None:
        """Return tickets for each hundred active people; None if too few were active to tell."""
        return TicketWeek(self.tickets, self.active).rate if self.told else None

    def to_json(self) -> dict[str, Any]:
        """Return the week as JSON."""
        return {
            "week": self.name, "programme_week": self.number or None, "frozen": self.frozen, "skipped": self.skipped,
            "active": self.active if self.told else None, "tickets": self.tickets, "rate": self.rate,
            "version": self.version,
            "categories": dict(self.categories),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trend:
    """What the weeks say: the decline by week 6 (None before it), and about what tickets stay high (KP-7).

    `high`: «programme», «use_case:ID», «connector:KIND».
    """

    decline: Decline | None
    high: tuple[str, ...]

    @property
    def said(self) -> str:
        """Say in a line whether tickets fell by week 6."""
        moved = self.decline
        if moved is None:
            return "no trend before week 6 of the phase stands, with tickets in its weeks 1 and 2"
        sure = "for sure" if moved.confirmed else "not for sure"
        went = f"falling by week 6, {sure}" if moved.declines else "not falling by week 6"
        return f"{went}: ratio {moved.ratio:.2f}, at most {moved.upper:.2f}"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        fell = self.decline
        return {
            "sustained_high": list(self.high),
            "decline": fell and {"ratio": fell.ratio, "upper": fell.upper, "declines": fell.declines,
                                 "confirmed": fell.confirmed},
        }  # fmt: skip


def count(
    name: str, number: int, tickets: KeptTickets, *, active: int, frozen: bool, skipped: bool
) -> Week:  # fmt: skip
    """Return the week that these tickets were opened in."""
    return Week(
        name, number, frozen, skipped, active, tickets.tickets, tickets.categories, tickets.about, tickets.version
    )


def together(weeks: Iterable[Week]) -> TicketWeek:
    """Return tickets and active people of the weeks in which enough people were active to tell anything (B-12)."""
    told = [week for week in weeks if week.told]
    return TicketWeek(sum(week.tickets for week in told), sum(week.active for week in told))


def trend(weeks: Iterable[Week]) -> Trend:
    """Return what the frozen weeks of the programme say, in their order: from its first six that count on, without a
    gap among them. Weeks of holidays are left out wherever they lie (B-0): the next week that counts stands for them.
    """
    frozen = [w for w in weeks if w.frozen and w.number >= 1]
    counted = [w for w in frozen if not w.skipped]
    if len(counted) < SIX:
        return Trend(None, ())
    sixth = counted[SIX - 1].number
    if [w.number for w in frozen if w.number <= sixth] != list(range(1, sixth + 1)):
        return Trend(None, ())
    things = sorted({thing for week in counted for thing in week.about})
    all_ = [TicketWeek(w.tickets, w.active) for w in counted]
    high = ["programme"] if sustained_high(all_) else []
    high += [t for t in things if sustained_high([TicketWeek(w.about.get(t, 0), w.active) for w in counted])]
    return Trend(decline(all_), tuple(high))
