"""From a cron line and a time zone to instants. Pure, but for the zones that this machine knows.

What happens when clocks change is written in docs/guide/schedules.md: a line that names hours means the clock on the
wall (a time that does not exist is the first moment after the gap, one that comes twice is its first coming); a line
for every hour means elapsed time. Lines are those of crontab(5) with five fields, as cronsim reads them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from colleague.kit.errors import Invalid

LONGEST = 100
CLOSEST = 5
_PROBE = datetime(2026, 1, 1, tzinfo=UTC)


class BadLine(Invalid):
    """«{line}» is no cron line: five fields (minute, hour, day of the month, month, day of the week), for example
    «30 8 * * MON-FRI»."""


class TooOften(Invalid):
    """A schedule runs at most every five minutes."""


class BadZone(Invalid):
    """«{zone}» is no time zone: use a name such as Europe/Zurich."""


@cache
def zones() -> frozenset[str]:
    """Return the names of all time zones (IANA)."""
    return frozenset(available_timezones())


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; BadZone if there is none."""
    if name not in zones():
        raise BadZone(zone=name[:80])
    return ZoneInfo(name)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron line that was read, and its zone. `line` is written so that only «every hour» stands as a star."""

    line: str
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        """Return the first slot after `moment` (both aware, UTC); None if there is none within fifty years."""
        for local in CronSim(self.line, moment.astimezone(self.zone)):
            slot = local.astimezone(UTC)
            # The second coming of an hour is before its own slots on the wall and after them in time.
            if slot > moment:
                return slot
        return None

    def between(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """Give `first`, which is a slot, and all that follow it up to `last`."""
        slot: datetime | None = first
        while slot is not None and slot <= last:
            yield slot
            slot = self.after(slot)


def in_words(line: str) -> str:
    """Say what a cron line means («At 08:30 on Monday through Friday»); the line itself if it cannot be read."""
    try:
        return CronSim(line, _PROBE).explain()
    except (CronSimError, ValueError, AssertionError, TypeError):
        return line


def read_cron(line: str, zone: str) -> Cron:
    """Read a cron line. Raises BadLine, BadZone, TooOften."""
    where = zone_named(zone)
    fields = line.split()
    if len(line) > LONGEST or len(fields) != 5 or not line.isascii():
        raise BadLine(line=line[:LONGEST])
    try:
        read = CronSim(line, _PROBE)
    except (CronSimError, ValueError, AssertionError, TypeError):
        raise BadLine(line=line) from None
    minutes, hours = sorted(read.minutes), sorted(read.hours)
    around = zip(minutes, [*minutes[1:], minutes[0] + 60], strict=True)
    if min(later - sooner for sooner, later in around) < CLOSEST:
        raise TooOften
    named = "*" if len(hours) == 24 else ",".join(map(str, hours))
    cron = Cron(" ".join([",".join(map(str, minutes)), named, *fields[2:]]), where)
    if cron.after(_PROBE) is None:
        raise BadLine(line=line)
    return cron
