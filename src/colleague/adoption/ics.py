"""Read whole-day events out of an iCalendar file (RFC 5545) that somebody handed in. Pure; nothing in it is trusted."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from colleague.kit.errors import Invalid

LIMIT: Final = 500_000
MOST_DAYS, LONGEST, TOLD = 500, 31, 20
# What a yearly holiday may say. Other rules need a calendar program: their days are added one by one.
RULE: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "WKST"})


class BadIcs(Invalid):
    """This is no calendar that can be read: {why}."""


@dataclass(frozen=True, slots=True)
class Found:
    """The days with their names, in order, each once; and why other events were `left_out`."""

    days: tuple[tuple[date, str], ...]
    left_out: tuple[str, ...]


def read_ics(content: bytes, since: date, until: date) -> Found:
    """Return the whole-day events between two days; yearly repetitions are unfolded. Raises BadIcs.

    Left out, with the reason: events with a time of day, cancelled ones, longer than a month, of other repetitions.
    """
    if len(content) > LIMIT:
        raise BadIcs(why=f"it is larger than {LIMIT // 1000} kB")
    import icalendar

    try:
        calendars = icalendar.Calendar.from_ical(content.decode("utf-8-sig"), multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError):
        raise BadIcs(why="it does not follow RFC 5545") from None
    days: dict[date, str] = {}
    left_out: list[str] = []
    for event in events:
        name = _name(event)
        try:
            for day in _days(event, since, until):
                days.setdefault(day, name)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as fault:
            why = str(fault) if isinstance(fault, LeftOut) else "its dates cannot be read"
            left_out.append(f"«{name}»: {why}")
        if len(days) > MOST_DAYS:
            raise BadIcs(why=f"it has more than {MOST_DAYS} days")
    if not days and not left_out:
        raise BadIcs(why=f"no event lies between {since} and {until}")
    more = (f"and {len(left_out) - TOLD} more",) if len(left_out) > TOLD else ()
    return Found(tuple(sorted(days.items())), (*left_out[:TOLD], *more))


class LeftOut(ValueError):
    """Why an event is no holiday."""


def _name(event: Any) -> str:
    plain = " ".join("".join(c if c.isprintable() else " " for c in str(event.get("SUMMARY", ""))).split())
    return plain[:80] or "Holiday"


def _days(event: Any, since: date, until: date) -> list[date]:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        raise LeftOut("it is cancelled")
    start = event["DTSTART"].dt
    if isinstance(start, datetime) or not isinstance(start, date):
        raise LeftOut("it has a time of day, and a holiday is a whole day")
    length = _length(event, start)
    found = []
    for first in _starts(event, start, since, until):
        found += [day for n in range(length) if since <= (day := first + timedelta(days=n)) <= until]
    return found


def _length(event: Any, start: date) -> int:
    """Return how many days it lasts; its end is the day after the last (RFC 5545, 3.6.1)."""
    if "DTEND" in event:
        end = event["DTEND"].dt
        if isinstance(end, datetime):
            raise LeftOut("it has a time of day, and a holiday is a whole day")
        length = int((end - start).days)
    else:
        length = int(event["DURATION"].dt.days) if "DURATION" in event else 1
    if length > LONGEST:
        raise LeftOut(f"it is longer than {LONGEST} days")
    return max(1, length)


def _starts(event: Any, start: date, since: date, until: date) -> list[date]:
    rule = event.get("RRULE")
    if rule is None and "RDATE" not in event:
        return [start]
    if rule is None or isinstance(rule, list) or set(rule) - RULE or rule.get("FREQ") != ["YEARLY"]:
        raise LeftOut("it repeats in another way than every year on its day")
    if rule.get("BYMONTH", [start.month]) != [start.month] or rule.get("BYMONTHDAY", [start.day]) != [start.day]:
        raise LeftOut("it repeats on another day than its own")
    every, count = int(rule.get("INTERVAL", [1])[0]), int(rule.get("COUNT", [10_000])[0])
    last = rule.get("UNTIL", [until])[0]
    last = last.date() if isinstance(last, datetime) else last
    excluded = _excluded(event)
    if every < 1 or count < 1:
        raise LeftOut("its repetition cannot be read")
    found = []
    for year in range(start.year, min(until, last).year + 1):
        turn, rest = divmod(year - start.year, every)
        if rest or turn >= count or not _exists(start, year):
            continue
        day = start.replace(year=year)
        if since - timedelta(days=LONGEST) <= day <= min(until, last) and day not in excluded:
            found.append(day)
    return found


def _excluded(event: Any) -> set[date]:
    given = event.get("EXDATE", [])
    lists = given if isinstance(given, list) else [given]
    return {one.dt for each in lists for one in each.dts}


def _exists(start: date, year: int) -> bool:
    try:
        start.replace(year=year)
    except ValueError:
        return False
    return True
