"""Tickets are a rate; what stays high after week 6 is a use case, a connector or the whole, and never a person."""

from datetime import UTC, datetime

import pytest

from colleague.adoption.frozen.tickets import counted
from colleague.rollout.tickets.trend import Trend, Week, count, trend
from colleague.support.model import Ticket

AT = datetime(2026, 3, 3, tzinfo=UTC)


def weeks(*tickets: int, active: int = 50, **about: tuple[int, ...]) -> list[Week]:
    """Return frozen programme weeks 1, 2, … with so many tickets; `about`: those of a connector among them."""
    return [
        Week(f"w{n}", n, True, False, active, number, about={f"connector:{k}": v[n - 1] for k, v in about.items()})
        for n, number in enumerate(tickets, 1)
    ]


def test_a_week_counts_tickets_by_what_they_are_about() -> None:
    found = [
        Ticket("1", AT, "access", "uc_1", "mail"), Ticket("2", AT, "", "uc_1"), Ticket("3", AT, "access"),
    ]  # fmt: skip
    week = count("2026-W10", 3, counted(found), active=60, frozen=True, skipped=False)
    assert (week.rate, dict(week.categories)) == (5.0, {"access": 2, "not sorted": 1})
    assert dict(week.about) == {"connector:mail": 1, "use_case:uc_1": 2}


@pytest.mark.parametrize("active", [0, 4])
def test_no_rate_is_told_of_fewer_than_five(active: int) -> None:
    week = count("2026-W10", 3, counted([Ticket("1", AT, "access")]), active=active, frozen=True, skipped=False)
    assert (week.rate, week.to_json()["active"]) == (None, None)


def test_the_decline_needs_six_frozen_weeks() -> None:
    assert trend(weeks(9, 9, 5, 5, 2)) == Trend(None, ())
    assert trend([*weeks(9, 9, 5, 5, 2), Week("w6", 6, False, False, 50, 1)]).decline is None
    fell = trend(weeks(20, 20, 9, 9, 4, 4)).decline
    assert fell is not None
    assert (round(fell.ratio, 9), fell.declines, fell.confirmed) == (0.2, True, True)
    assert trend(weeks(9, 9, 5, 5, 2, 3)[1:]).decline is None


def test_what_stays_high_is_named() -> None:
    calm = weeks(9, 9, 5, 5, 2, 3, 1, 1, 1, mail=(1, 1, 0, 0, 0, 0, 1, 1, 1))
    assert trend(calm).high == ("connector:mail",)
    assert trend(weeks(9, 9, 5, 5, 9, 9, 8, 8, 8)).high == ("programme",)
    assert trend(weeks(9, 9, 5, 5, 9, 9, 8, 8)).high == ()
    assert trend(weeks(9, 9, 5, 5, 9, 9, 8, 1, 8, 8)).high == ()


@pytest.mark.parametrize("free", [1, 2, 4, 5, 6])
def test_holidays_among_the_first_six_make_room_for_the_next_week(free: int) -> None:
    """B-0: a Christmas week is not one of weeks 1, 2, 5 and 6, whose few tickets would tell of a decline or of none."""
    tickets = [20, 20, 9, 9, 4, 4]
    found = weeks(*tickets[: free - 1], 0, *tickets[free - 1 :])
    found[free - 1] = Week(f"w{free}", free, True, True, 3, 0)
    assert trend(found[:6]).decline is None, "six that count are asked"
    fell = trend(found).decline
    assert fell is not None
    assert round(fell.ratio, 9) == 0.2


def test_a_gap_among_the_first_six_tells_nothing() -> None:
    found = weeks(20, 20, 9, 9, 4, 4, 4)
    assert trend(found[:2] + found[3:]) == Trend(None, ())
    assert trend(
        [*found[:6], Week("w60", 60, True, False, 50, 19), *(Week(f"w{n}", n, True, False, 50, 19) for n in (61, 62))]
    ).high == ("programme",), "later ones may be missing: the first six are what they are held against"


def test_holidays_after_week_6_neither_help_nor_hurt() -> None:
    found = weeks(9, 9, 5, 5, 9, 9, 8, 8, 0, 8)
    found[8] = Week("w9", 9, True, True, 50, 0)
    assert trend(found).high == ("programme",)
