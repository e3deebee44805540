"""A cron line means the clock on the wall: no slot is lost, none comes twice, whatever the clocks of a zone do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from colleague.dispatch.schedules.when import BadLine, BadZone, Cron, TooOften, read_cron
from colleague.kit.errors import Failure

ZURICH, YORK, LORD_HOWE = "Europe/Zurich", "America/New_York", "Australia/Lord_Howe"
# Zones whose clocks change by an hour, by half an hour, at midnight, by a whole day, and never.
ZONES = [ZURICH, YORK, LORD_HOWE, "America/Santiago", "Africa/Cairo", "Asia/Beirut", "Pacific/Apia", "Asia/Kolkata"]


def slots(line: str, zone: str, first: str, last: str) -> list[str]:
    """Return the slots after `first` up to `last` (UTC), as `MM-DD HH:MM`."""
    cron, found = read_cron(line, zone), []
    at, end = (datetime.fromisoformat(t).replace(tzinfo=UTC) for t in (first, last))
    while (slot := cron.after(at)) is not None and slot <= end:
        found.append(slot.strftime("%m-%d %H:%M"))
        at = slot
    return found


@pytest.mark.parametrize(
    ("line", "zone", "first", "last", "expected"),
    [
        # Zurich, 29 March 2026: 02:00 becomes 03:00 (01:00 UTC). What does not exist is the moment after the gap.
        ("30 2 * * *", ZURICH, "2026-03-28", "2026-03-31", ["03-28 01:30", "03-29 01:00", "03-30 00:30"]),
        # Several times of one gap are one slot, and it is that of 03:00 itself too.
        ("0,30 2,3 * * *", ZURICH, "2026-03-29", "2026-03-29T12:00", ["03-29 01:00", "03-29 01:30"]),
        # Zurich, 25 October 2026: 02:00 to 03:00 comes twice; the first coming counts.
        ("30 2 * * *", ZURICH, "2026-10-24T12:00", "2026-10-26T12:00", ["10-25 00:30", "10-26 01:30"]),
        ("0 2-4 * * *", ZURICH, "2026-10-24T23:00", "2026-10-25T12:00", ["10-25 00:00", "10-25 02:00", "10-25 03:00"]),
        # Every hour is elapsed time: 02:00 comes twice, and in spring it does not come.
        ("0 * * * *", ZURICH, "2026-10-24T23:30", "2026-10-25T02:30", ["10-25 00:00", "10-25 01:00", "10-25 02:00"]),
        ("0 * * * *", ZURICH, "2026-03-28T23:30", "2026-03-29T02:30", ["03-29 00:00", "03-29 01:00", "03-29 02:00"]),
        # `*/2` names hours: it is no «every hour».
        ("0 */2 * * *", ZURICH, "2026-10-24T21:00", "2026-10-25T04:00", ["10-24 22:00", "10-25 00:00", "10-25 03:00"]),
        # New York: 8 March (02:00 EST is 07:00 UTC) and 1 November 2026 (01:00 EDT is 05:00 UTC).
        ("15 2 * * *", YORK, "2026-03-07T12:00", "2026-03-09T12:00", ["03-08 07:00", "03-09 06:15"]),
        ("30 1 * * *", YORK, "2026-10-31T12:00", "2026-11-02T12:00", ["11-01 05:30", "11-02 06:30"]),
        # Lord Howe changes by half an hour: 4 October 2026 02:00 becomes 02:30; 5 April 02:00 becomes 01:30.
        ("15 2 * * *", LORD_HOWE, "2026-10-03T00:00", "2026-10-04T23:00", ["10-03 15:30", "10-04 15:15"]),
        ("45 1 * * *", LORD_HOWE, "2026-04-03T20:00", "2026-04-05T20:00", ["04-04 14:45", "04-05 15:15"]),
        # The last working day, the second Tuesday, a leap day.
        ("0 9 LW * *", "UTC", "2026-05-01", "2026-07-01", ["05-29 09:00", "06-30 09:00"]),
        ("0 9 * * TUE#2", "UTC", "2026-05-01", "2026-06-30", ["05-12 09:00", "06-09 09:00"]),
        ("0 0 29 2 *", "UTC", "2026-01-01", "2029-01-01", ["02-29 00:00"]),
    ],
)  # fmt: skip
def test_clocks_change(line: str, zone: str, first: str, last: str, expected: list[str]) -> None:
    assert slots(line, zone, first, last) == expected


@pytest.mark.parametrize("line", [
    "", "* * * *", "0 0 * * * *", "60 0 * * *", "0 24 * * *", "0 0 30 2 *", "0 0 * * XYZ", "@daily", "0 0 * * ²L",
    "0 0 * * *\n0", "a b c d e", "0 0 */0 * *", "0 0 ٣ * *", "0 " * 60, "0 0 -1 * *", "0 0 5-1 * *", "0 0 * * 1#9",
])  # fmt: skip
def test_what_is_no_line_is_refused(line: str) -> None:
    with pytest.raises(BadLine):
        read_cron(line, "UTC")


@pytest.mark.parametrize("line", ["* * * * *", "*/4 * * * *", "0,58 9 * * *", "1,2 0 1 1 *"])
def test_nothing_runs_more_often_than_every_five_minutes(line: str) -> None:
    with pytest.raises(TooOften):
        read_cron(line, "UTC")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "CET+1", "Europe", "a\0b"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(BadZone):
        read_cron("0 9 * * *", zone)


numbers = st.integers(0, 59)
minutes = st.one_of(
    numbers.map(str), st.sampled_from(["0,30", "*/5", "*/15", "10-50/20", "5"]),
)  # fmt: skip
hours = st.one_of(st.just("*"), st.integers(0, 23).map(str), st.sampled_from(["*/2", "0-3", "1-3", "0,2,23", "*/1"]))
days = st.sampled_from(["*", "1", "L", "LW", "*/2", "28-31"])
weekdays = st.sampled_from(["*", "MON-FRI", "SUN", "7", "0", "SAT#1", "5L"])
lines = st.tuples(minutes, hours, days, st.sampled_from(["*", "3-4", "9-11"]), weekdays).map(" ".join)
# Weeks in which the clocks of the zones above change, and any other time.
moments = st.one_of(
    st.sampled_from(["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01", "2026-04-05", "2026-10-04", "2026-09-06",
                     "2026-04-24", "2026-10-30", "2011-12-30"]).map(datetime.fromisoformat),
    st.dates(date(2010, 1, 1), date(2035, 1, 1)).map(lambda d: datetime.combine(d, time())),
)  # fmt: skip


def expected(cron: Cron, first: datetime, last: datetime) -> list[datetime]:
    """Return the slots in (first, last] minute by minute, by the definition in the guide and nothing else."""
    read = CronSim(cron.line, datetime(2026, 1, 1, tzinfo=UTC))
    found: set[datetime] = set()

    def holds(local: datetime) -> bool:
        day = local.date()
        return (
            local.minute in read.minutes and local.hour in read.hours and local.month in read.months
            and read.match_day(day)
        )  # fmt: skip

    if cron.line.split()[1] == "*":
        minute = first.replace(second=0, microsecond=0)
        while (minute := minute + timedelta(minutes=1)) <= last:
            if holds(minute.astimezone(cron.zone)):
                found.add(minute)
        return sorted(found)
    wall = (first - timedelta(days=2)).replace(tzinfo=None, second=0, microsecond=0)
    end = (last + timedelta(days=2)).replace(tzinfo=None)
    while wall < end:
        if holds(wall):
            moment = wall
            # A time that does not exist is the first one after the gap.
            while _imaginary(moment, cron.zone):
                moment += timedelta(minutes=1)
            found.add(moment.replace(tzinfo=cron.zone, fold=0).astimezone(UTC))
        wall += timedelta(minutes=1)
    return sorted(s for s in found if first < s <= last)


def _imaginary(wall: datetime, zone: ZoneInfo) -> bool:
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall


@settings(max_examples=150, deadline=None)
@given(lines, st.sampled_from(ZONES), moments, st.timedeltas(timedelta(0), timedelta(days=1)))
def test_every_slot_comes_once_and_in_order(line: str, zone: str, near: datetime, before: timedelta) -> None:
    cron = read_cron(line, zone)
    start = near.replace(tzinfo=UTC) - before
    end = start + timedelta(days=3)
    found, at = [], start
    while (slot := cron.after(at)) is not None and slot <= end:
        assert slot > at
        found.append(slot)
        at = slot
    assert found == expected(cron, start, end)


@settings(max_examples=150, deadline=None)
@given(lines, st.sampled_from(ZONES), moments, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_the_next_slot_is_the_same_from_wherever_one_looks(
    line: str, zone: str, near: datetime, later: timedelta
) -> None:  # fmt: skip
    cron, start = read_cron(line, zone), near.replace(tzinfo=UTC)
    slot = cron.after(start)
    assert slot is not None
    between = start + min(later, slot - start - timedelta(microseconds=1))
    assert cron.after(between) == slot


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789*/,-#LWMONSUJAFEB ²\t@?", max_size=40))
def test_no_text_breaks_the_reader(line: str) -> None:
    try:
        cron = read_cron(line, LORD_HOWE)
    except Failure:
        return
    assert cron.after(datetime(2026, 1, 1, tzinfo=UTC)) is not None
