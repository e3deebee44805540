"""Pages of the calendar, of open items, and of a person's own weeks."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from colleague.adoption.away import mark_away, own_weeks, unmark_away
from colleague.adoption.calendar import (
    BadDay,
    Holiday,
    add_holidays,
    import_holidays,
    list_holidays,
    read_calendar,
    remove_holiday,
)
from colleague.adoption.ics import LIMIT, BadIcs
from colleague.adoption.items import close_item, list_items
from colleague.audit.record import Ledger
from colleague.files.receive import read_uploads
from colleague.identity.current import Current
from colleague.identity.directory import find_by_email, names_of
from colleague.kit.doors import Db, Time, lead_to, part
from colleague.kit.errors import NotFound
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
CALENDAR, ITEMS, AWAY = "/adoption/calendar", "/adoption/items", "/adoption/away"
Words = Annotated[str, Form(max_length=2000)]
Short = Annotated[str, Form(max_length=254)]


class NobodyThere(NotFound):
    """Nobody here has this mail address."""


@router.get(CALENDAR)
async def calendar(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """Show the days nobody works, from a month ago on."""
    async with db.transaction() as session:
        days, zone = await list_holidays(session, actor), (await read_calendar(session)).zone
    today = clock.now().date()
    since = today.replace(day=1)
    return page.show(
        request, "adoption/calendar.html", days=[one for one in days if one.on >= since], zone=zone, today=today,
        past=[one for one in days if one.on < since][::-1], manage=actor.may("org:programme:manage"),
        left_out=(), new=None,
    )  # fmt: skip


@router.post(CALENDAR)
async def add(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, on: Short, name: Short,
    department: Short = "",
) -> Response:  # fmt: skip
    """Add a day."""
    one = Holiday(_day(on), name, department)
    async with db.transaction() as session:
        await add_holidays(session, actor, [one], ledger=ledger, clock=clock)
    return lead_to(request, CALENDAR)


@router.post(f"{CALENDAR}/import")
async def bring_in(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time, department: Short = "",
    file: Annotated[list[UploadFile] | None, File()] = None,
) -> HTMLResponse:  # fmt: skip
    """Add the days of an iCalendar file, and say what was left out and why."""
    actor.require("org:programme:manage")
    given = await read_uploads(file or [], LIMIT)
    if not given:
        raise BadIcs(why="choose an .ics file")
    async with db.transaction() as session:
        new, left_out = await import_holidays(
            session, actor, given[0][1], department=department, ledger=ledger, clock=clock
        )
        days, zone = await list_holidays(session, actor), (await read_calendar(session)).zone
    return page.show(
        request, "adoption/calendar.html", days=days, zone=zone, today=clock.now().date(), past=(), manage=True,
        left_out=left_out, new=new,
    )  # fmt: skip


@router.post(f"{CALENDAR}/remove")
async def take_out(
    request: Request, db: Db, actor: Current, ledger: TheLedger, on: Short, department: Short = ""
) -> Response:
    """Take a day out."""
    async with db.transaction() as session:
        await remove_holiday(session, actor, _day(on), department=department, ledger=ledger)
    return lead_to(request, CALENDAR)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadDay from None


@router.get(ITEMS)
async def items(
    request: Request, page: Page, db: Db, actor: Current, about: Annotated[str, Query(max_length=300)] = ""
) -> HTMLResponse:
    """Show what the programme has to do, and what was done."""
    async with db.transaction() as session:
        open_ = await list_items(session, actor, state="open", about=about)
        closed = await list_items(session, actor, state="closed", about=about)
        names = await names_of(session, {one.closed_by for one in closed})
    return page.show(
        request, "adoption/items.html", open=open_, closed=closed, names=names, about_of=about,
        manage=actor.may("org:programme:manage"),
    )  # fmt: skip


@router.post(f"{ITEMS}/{{item}}/close")
async def close(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, item: str, outcome: Words
) -> Response:
    """Close an item."""
    async with db.transaction() as session:
        await close_item(session, actor, item, outcome, ledger=ledger, clock=clock)
    return lead_to(request, ITEMS)


@router.get(AWAY)
async def away(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """Show the weeks one is away, and let the programme lead mark others."""
    async with db.transaction() as session:
        weeks, now = await own_weeks(session, actor, actor.id), (await read_calendar(session)).week(clock.now())
    return page.show(
        request, "adoption/away.html", weeks=weeks, now=str(now), others=actor.may("org:programme:manage")
    )  # fmt: skip


@router.post(AWAY)
async def mark(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, week: Short, person: Short = "",
    back: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Mark a week, or take it back (`back`)."""
    async with db.transaction() as session:
        whose = actor.id
        if person.strip():
            actor.require("org:programme:manage")
            found = await find_by_email(session, person)
            if found is None:
                raise NobodyThere
            whose = found.id
        if back:
            await unmark_away(session, actor, whose, week, ledger=ledger)
        else:
            await mark_away(session, actor, whose, week, ledger=ledger, clock=clock)
    return lead_to(request, AWAY)
