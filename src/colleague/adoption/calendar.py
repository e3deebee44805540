"""The organisation's calendar and its departments': whole days nobody works, named by the programme (B-0)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.ics import read_ics
from colleague.adoption.tables import HolidayRow
from colleague.adoption.weeks import Calendar
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.policy.governance import current_governance
from colleague.usecases.around import one_line

MOST: Final = 2000
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)


class BadDay(Invalid):
    """A holiday is a day such as 2026-12-25, from 2000 to 2099."""


class NoSuchHoliday(NotFound):
    """This day is no holiday in this calendar."""


class CalendarFull(Conflict):
    """There are {most} holidays already. Remove those that nobody looks back on before you add more."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """A whole day that is not worked. `department`: whose; "" for the organisation's."""

    on: date
    name: str
    department: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the day as JSON."""
        return asdict(self) | {"on": self.on.isoformat()}


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendar of the organisation, and of each department that has days of its own besides."""

    organisation: Calendar
    departments: Mapping[str, Calendar] = field(default_factory=dict)

    def of(self, department: str) -> Calendar:
        """Return a department's calendar; the organisation's where it has none of its own."""
        return self.departments.get(department, self.organisation)


async def read_calendars(session: Session) -> Calendars:
    """Return every calendar: the organisation's time zone and holidays, a department's own days added to them."""
    zone = (await current_governance(session)).time_zone
    days: dict[str, set[date]] = {"": set()}
    for on, department in await session.execute(select(HolidayRow.on, HolidayRow.department)):
        days.setdefault(department, set()).add(on)
    shared = frozenset(days.pop(""))
    return Calendars(Calendar(zone, shared), {name: Calendar(zone, shared | own) for name, own in days.items()})


async def read_calendar(session: Session, department: str = "") -> Calendar:
    """Return the calendar of the organisation, or of a department: what weeks and working days are told by."""
    return (await read_calendars(session)).of(department)


async def free_days(session: Session) -> Collection[date]:
    """Return the days nobody of the organisation works besides weekends, for those below who promise times."""
    return (await read_calendars(session)).organisation.holidays


async def list_holidays(session: Session, actor: Actor, *, department: str | None = None) -> list[Holiday]:
    """Return the holidays in their order, of one calendar or of all. Raises PermissionMissing."""
    actor.require("org:adoption:read")
    query = select(HolidayRow).order_by(HolidayRow.on, HolidayRow.department)
    if department is not None:
        query = query.where(HolidayRow.department == department)
    return [Holiday(row.on, row.name, row.department) for row in await session.scalars(query)]


async def add_holidays(
    session: Session, actor: Actor, days: Sequence[Holiday], *, ledger: Ledger, clock: Clock
) -> int:  # fmt: skip
    """Add days to the calendars and return how many are new; a day that is there gets the new name.

    A week that is frozen already gets another version of its numbers by night, where the day changes them.
    Raises BadDay, BadText, CalendarFull, PermissionMissing.
    """
    actor.require("org:programme:manage")
    clean = {}
    for one in days:
        if not EARLIEST <= one.on <= LATEST:
            raise BadDay
        name, department = one_line(one.name, "name", 80, needed=True), one_line(one.department, "department", 120)
        clean[one.on, department] = name
    there = await session.scalar(select(func.count()).select_from(HolidayRow)) or 0
    new = 0
    for (on, department), name in sorted(clean.items()):
        values = {"on": on, "department": department, "name": name, "by": actor.id, "at": clock.now()}
        row = insert(HolidayRow).values(values).on_conflict_do_nothing().returning(HolidayRow.on)
        if await session.scalar(row) is not None:
            new += 1
        else:
            (await session.get_one(HolidayRow, (on, department))).name = name
    if there + new > MOST:
        raise CalendarFull(most=MOST)
    for department in sorted({department for _, department in clean}):
        named = [on.isoformat() for on, of in sorted(clean) if of == department]
        facts = {"department": department, "days": named[:100], "count": len(named)}
        await ledger.record(session, Event("holiday.added", actor.id, data=facts))
    return new


async def import_holidays(
    session: Session, actor: Actor, content: bytes, *, department: str = "", ledger: Ledger, clock: Clock
) -> tuple[int, tuple[str, ...]]:  # fmt: skip
    """Add the whole-day events of an iCalendar file (RFC 5545), from last year to three years from now.

    Returns how many days are new, and why others were left out. Raises BadIcs and what `add_holidays` raises.
    """
    actor.require("org:programme:manage")
    year = clock.now().year
    found = read_ics(content, date(year - 1, 1, 1), date(year + 3, 12, 31))
    days = [Holiday(on, name, department) for on, name in found.days]
    new = await add_holidays(session, actor, days, ledger=ledger, clock=clock) if days else 0
    return new, found.left_out


async def remove_holiday(
    session: Session, actor: Actor, on: date, *, department: str = "", ledger: Ledger
) -> None:  # fmt: skip
    """Take a day out of a calendar. Raises NoSuchHoliday, PermissionMissing."""
    actor.require("org:programme:manage")
    row = await session.get(HolidayRow, (on, department)) if department.isprintable() else None
    if row is None:
        raise NoSuchHoliday
    await session.delete(row)
    facts = {"department": department, "days": [on.isoformat()]}
    await ledger.record(session, Event("holiday.removed", actor.id, data=facts))
