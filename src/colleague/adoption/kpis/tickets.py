"""Support tickets: a rate, whether it declines, and whether it stays high (B-10). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from colleague.adoption.kpis.intervals import rate_ratio_upper

HIGH, WEEKS_HIGH = 0.8, 3


@dataclass(frozen=True, slots=True)
class TicketWeek:
    """Tickets of one programme week and how many people were active."""

    tickets: int
    active: int

    @property
    def rate(self) -> float | None:
        """Tickets per hundred active people, None if nobody was active: raw volume misleads while seats grow."""
        return 100 * self.tickets / self.active if self.active else None


@dataclass(frozen=True, slots=True)
class Decline:
    """Weeks 5 and 6 against weeks 1 and 2. `confirmed`: the exact upper bound of the ratio lies below one."""

    ratio: float
    upper: float

    @property
    def declines(self) -> bool:
        """Say whether the rate fell."""
        return self.ratio < 1

    @property
    def confirmed(self) -> bool:
        """Say whether luck can be ruled out."""
        return self.upper < 1


def decline(weeks: Sequence[TicketWeek]) -> Decline | None:
    """Return how tickets moved by week 6; `weeks` begins with programme week 1. None before week 6, or without tickets
    or active people at its beginning.
    """
    if len(weeks) < 6:
        return None
    first, later = weeks[0:2], weeks[4:6]
    counts = [sum(w.tickets for w in part) for part in (first, later)]
    people = [sum(w.active for w in part) for part in (first, later)]
    if not all(people) or not counts[0]:
        return None
    ratio = (counts[1] / people[1]) / (counts[0] / people[0])
    return Decline(ratio, rate_ratio_upper(counts[0], people[0], counts[1], people[1]))


def sustained_high(weeks: Sequence[TicketWeek]) -> bool:
    """Say whether, after week 6, the newest three weeks had 80 % or more of the rate of weeks 1 and 2 (B-10, KP-7).

    What was high and no longer is does not count against the present. What had no tickets in weeks 1 and 2 came later:
    its weeks begin with its first ticket.
    """
    began = next((k for k, week in enumerate(weeks) if week.tickets), 0)
    weeks = weeks[began if began >= 2 else 0 :]
    tickets, people = sum(w.tickets for w in weeks[:2]), sum(w.active for w in weeks[:2])
    if len(weeks) <= 6 or not people or not tickets:
        return False
    limit = HIGH * 100 * tickets / people
    run = 0
    for week in weeks[6:]:
        run = run + 1 if week.rate is not None and week.rate >= limit else 0
    return run >= WEEKS_HIGH
