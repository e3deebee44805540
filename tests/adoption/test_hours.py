"""Hours saved carry their interval; a first-week saving splits who came back; one kind of work only is found."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colleague.adoption.kpis.breadth import stuck
from colleague.adoption.kpis.hours import Arms, hours_saved
from colleague.adoption.kpis.retention import first_week_savings, retention
from colleague.adoption.model import AD_HOC, RunFact, Seat
from colleague.adoption.people.curves import curve, picture
from colleague.adoption.weeks import Calendar, Week

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
CALENDAR = Calendar()
MINUTES = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.floats(1, 500), min_size=1, max_size=4), min_size=1)


def test_hours_by_hand() -> None:
    flat = Arms({"a": [60.0] * 10}, {"b": [30.0] * 20})
    hours, share = hours_saved([flat])
    assert (hours.value, hours.low, hours.high, hours.n) == (10, 10, 10, 20)
    assert (share.value, share.low, share.high) == (0.5, 0.5, 0.5)
    # Weighed by volume and baseline: 20 outputs of 30 min saved, and 10 of 10 min lost.
    slower = Arms({"a": [10.0] * 10}, {"b": [20.0] * 10})
    hours, share = hours_saved([flat, slower])
    assert hours.value == pytest.approx((20 * 30 - 10 * 10) / 60)
    assert share.value == pytest.approx((600 - 100) / (20 * 60 + 10 * 10))


def test_every_output_counts_where_the_times_are_a_sample_of_them() -> None:
    hours, share = hours_saved([Arms({"a": [60.0] * 10}, {"b": [30.0] * 20}, volume=5000)])
    assert (hours.value, hours.n, share.value, share.n) == (2500, 5000, 0.5, 5000)


@settings(max_examples=25, deadline=None)
@given(MINUTES, MINUTES)
def test_the_interval_is_an_interval_and_the_same_each_time(
    before: dict[str, list[float]], after: dict[str, list[float]]
) -> None:
    first, second = (hours_saved([Arms(before, after)], draws=200) for _ in range(2))
    assert first == second
    for one in first:
        assert one.low is not None
        assert one.high is not None
        assert one.low <= one.high


def test_one_person_more_or_less_is_what_the_interval_is_about() -> None:
    same = {p: [60.0] * 3 for p in "abcdefgh"}
    calm = hours_saved([Arms(same, {p: [30.0] * 3 for p in "abcdefgh"})])[0]
    wild = hours_saved([Arms(same, {p: [10.0 + 12 * n] * 3 for n, p in enumerate("abcdefgh")})])[0]
    assert calm.high is not None and calm.low is not None and wild.high is not None and wild.low is not None  # noqa: PT018
    assert wild.high - wild.low > calm.high - calm.low


@pytest.mark.parametrize("cases", [[], [Arms({}, {"a": [1.0]})], [Arms({"a": [1.0]}, {"b": []})]])
def test_no_arm_no_hours(cases: list[Arms]) -> None:
    with pytest.raises(ValueError, match="before and after"):
        hours_saved(cases)


def run(person: str, minutes: float, *, day: float = 1, end: str = "delivered") -> RunFact:
    at = MONDAY + timedelta(days=day)
    done = at + timedelta(minutes=minutes)
    return RunFact("r", person, "rfp", at, end, done, input_at=at, accepted_at=done)  # type: ignore[arg-type]


def seat(person: str, *, removed: float | None = None) -> Seat:
    return Seat(person, MONDAY, MONDAY, None if removed is None else MONDAY + timedelta(days=removed))


@pytest.mark.parametrize(
    ("ran", "saved"),
    [
        ([], 0), ([run("a", 20)], 40), ([run("a", 20), run("a", 50)], 50), ([run("a", 61)], 0),
        ([run("a", 20, day=6.9), run("a", 20, day=7.1)], 40), ([run("b", 20)], 0),
        ([run("a", 20, end="rejected")], 0),
    ],
)  # fmt: skip
def test_a_saving_of_the_first_week(ran: list[RunFact], saved: float) -> None:
    assert first_week_savings([seat("a")], [(one, 60.0) for one in ran], Calendar())["a"] == pytest.approx(saved)


def test_retention_is_split_and_told_of_five_people_an_arm() -> None:
    people = [f"p{n}" for n in range(12)]
    seats, calendar, day = [seat(p) for p in people], Calendar(), MONDAY.date()
    saved = {p: (10.0 if n < 6 else 0.0) for n, p in enumerate(people)}
    acted = {day + timedelta(weeks=5): frozenset(people[:7])}
    over = MONDAY + timedelta(weeks=8)
    found = retention(seats, saved, acted, calendar, over)
    assert found.saved is not None
    assert found.others is not None
    assert (found.saved.value, found.saved.n, found.others.n) == (1, 6, 6)
    assert found.others.value == pytest.approx(1 / 6)
    few = retention(seats, dict.fromkeys(people[:4], 10.0), acted, calendar, over)
    assert (few.saved, few.others) == (None, None)
    assert retention(seats, saved, acted, calendar, over - timedelta(days=1)).saved is None
    assert (
        retention([seat(p, removed=30) for p in people], saved, acted, calendar, MONDAY + timedelta(99)).saved is None
    )
    for week, kept in ((3, 0), (4, 1), (7, 1), (8, 0)):
        told = retention(seats, saved, {day + timedelta(weeks=week): frozenset(people)}, calendar, over)
        assert told.saved is not None
        assert told.saved.value == kept, f"week {week + 1} of their own"


def test_weeks_of_holidays_are_no_weeks_of_ones_tenure() -> None:
    """Who signs in on a Friday, or before a week off, has their first week after it (B-0)."""
    off = Calendar("UTC", frozenset(MONDAY.date() + timedelta(days=7 + n) for n in range(3)))
    friday = MONDAY + timedelta(days=4)
    late = [Seat(f"p{n}", friday, friday) for n in range(5)]
    ran = [run("p0", 20, day=day) for day in (4.5, 13, 20.9, 21)]
    assert first_week_savings(late, [(one, 60.0) for one in ran], off)["p0"] == pytest.approx(120), (
        "its week is the third"
    )
    saved, tenth = dict.fromkeys((one.person for one in late), 10.0), MONDAY + timedelta(weeks=10)
    for week, kept in ((5, 0), (6, 1)):
        acted = {MONDAY.date() + timedelta(weeks=week): frozenset(saved)}
        assert retention(late, saved, acted, off, tenth - timedelta(days=1)).saved is None
        told = retention(late, saved, acted, off, tenth).saved
        assert told is not None
        assert told.value == kept


WEEKS = [Week(2026, 20).next(-n) for n in range(6)]


def done(person: str, workflow: str, week: Week) -> RunFact:
    at = datetime.combine(week.monday, datetime.min.time(), tzinfo=UTC)
    return RunFact("r", person, workflow, at, "delivered", at)


@pytest.mark.parametrize(
    ("runs", "is_stuck"),
    [
        ([], False), ([done("a", "x", WEEKS[5])], True), ([done("a", "x", WEEKS[4])], False),
        ([done("a", "x", WEEKS[5]), done("a", "y", WEEKS[0])], False),
        ([done("a", "x", WEEKS[5]), done("a", AD_HOC, WEEKS[0])], True),
        ([done("a", "x", WEEKS[0].next(-11)), done("a", "x", WEEKS[0])], True),
        # Another kind thirteen weeks ago is seen by the oldest of the six weeks.
        ([done("a", "x", WEEKS[5]), done("a", "y", WEEKS[5].next(-11))], False),
        ([done("b", "x", WEEKS[5])], False),
    ],
)  # fmt: skip
def test_one_kind_of_work_for_six_weeks(runs: list[RunFact], is_stuck: bool) -> None:
    assert ("a" in stuck(runs, frozenset("a"), WEEKS, CALENDAR)) is is_stuck


def test_a_curve_tells_shares_and_the_stall() -> None:
    people = frozenset(f"p{n}" for n in range(10))
    ten, seven = people, frozenset(sorted(people)[:7])
    found = curve("2026-W10", people, [ten, ten, seven | {"other"}])
    assert [one.value for one in found.shares] == [1, 1, 0.7]
    assert (found.third, found.stalls) == (0.7, True)
    assert curve("2026-W10", frozenset(sorted(people)[:9]), [ten, ten, seven]).third is None
    svg = picture([found])
    assert svg.startswith("<svg")
    assert "2026-W10" in svg
    assert picture([curve("2026-W11", people, [ten])]) == ""
