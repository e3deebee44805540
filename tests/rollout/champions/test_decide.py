"""Who is suggested, how many are enough, who is asked about whom, and until when: as the requirements say."""

from datetime import date

import pytest

from colleague.adoption.weeks import Calendar, Week
from colleague.rollout.champions.model import Signals, closes, share_out, weigh
from colleague.rollout.network import Department, Network


@pytest.mark.parametrize(
    ("signals", "reasons", "suggested"),
    [
        (Signals(sessions=9), None, False),
        (Signals(sessions=9, kinds=2, completed=4, started=4), None, False),
        (Signals(sessions=2, kinds=3), 2, True),
        (Signals(sessions=1.9, kinds=3), None, False),
        (Signals(kinds=3, completed=3, started=5), 2, True),
        (Signals(kinds=3, completed=2, started=5), None, False),
        (Signals(nominations=("Helps us",)), 1, False),
        (Signals(sessions=2, nominations=("Helps us", "Me too")), 2, True),
        (Signals(), None, False),
    ],
)
def test_nobody_is_suggested_by_usage_alone(signals: Signals, reasons: int | None, suggested: bool) -> None:
    found = weigh("p", "Bids", signals)
    assert (len(found.reasons) if found else None) == reasons
    assert bool(found and found.suggested) == suggested


@pytest.mark.parametrize(
    ("seats", "champions", "active", "within", "established"),
    [
        (7, 0, 0, False, False), (7, 1, 1, True, True), (7, 1, 0, True, False), (8, 1, 1, False, False),
        (8, 2, 2, True, True), (8, 2, 1, True, False), (50, 3, 2, True, True), (50, 4, 4, False, True),
    ],
)  # fmt: skip
def test_two_or_three_and_one_where_there_are_few(
    seats: int, champions: int, active: int, within: bool, established: bool
) -> None:
    one = Department("Bids", seats, champions, active)
    assert (one.within, one.established) == (within, established)
    assert bool(one.why) == (not (within and established))


def test_the_network_stands_in_nine_of_ten_departments() -> None:
    good, bad = Department("a", 8, 2, 2), Department("b", 8, 2, 0)
    assert Network((*(good,) * 9, bad), 0).established
    assert not Network((*(good,) * 8, bad), 0).established
    assert not Network((), 30).established
    assert good.within
    assert not Department("c", 9, 4, 4).within


def test_the_least_loaded_of_the_own_department_is_asked_never_who_they_report_to() -> None:
    champions = {"Bids": ["ana", "ben"], "Law": ["eve"]}
    people = [("p1", "Bids"), ("p2", "Bids"), ("p3", "Bids"), ("p4", "Law"), ("ana", "Bids"), ("p5", ""), ("p6", "Ops")]
    given, nobody = share_out(people, champions, {"ana": 2}, {"p4": "eve"})
    assert given == {"p1": "ben", "p2": "ben", "p3": "ana", "ana": "ben"}
    assert nobody == ["p4", "p5", "p6"]


def test_a_week_closes_on_thursday_and_is_handed_out_within_a_working_day() -> None:
    calendar = Calendar("Europe/Berlin", frozenset({date(2026, 1, 1), date(2026, 1, 2)}))
    closed, due = closes(Week(2026, 8), calendar)
    assert (closed.isoformat(), due.isoformat()) == ("2026-02-26T00:00:00+01:00", "2026-02-27T00:00:00+01:00")
    # New Year's Day and the day after are holidays: the next working day is Monday.
    assert closes(Week(2025, 52), calendar)[1].isoformat() == "2026-01-06T00:00:00+01:00"
    # A week in which the clocks change closes an hour into Thursday, or before it begins.
    assert closes(Week(2026, 13), calendar)[1].date() in (date(2026, 4, 2), date(2026, 4, 3))
