"""Calendar, absences and open items for programs."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from colleague.adoption.away import mark_away, own_weeks, unmark_away
from colleague.adoption.calendar import Holiday, add_holidays, import_holidays, list_holidays, remove_holiday
from colleague.adoption.items import State, close_item, list_items
from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part

router = APIRouter(prefix="/api/v1/adoption", tags=["adoption"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
Short = Annotated[str, Field(max_length=120)]
Department = Annotated[str, Query(max_length=120)]


class GivenDay(BaseModel):
    """A day nobody works. `department`: whose; "" for the organisation's."""

    on: date
    name: Short
    department: Short = ""


class GivenFile(BaseModel):
    """The text of an iCalendar file."""

    ics: Annotated[str, Field(max_length=600_000)]
    department: Short = ""


class GivenWeek(BaseModel):
    """A week such as 2026-W32. `person`: whose, by id; "" for one's own."""

    week: Annotated[str, Field(max_length=10)]
    person: Short = ""


class Outcome(BaseModel):
    """What was done, or why nothing is."""

    outcome: Annotated[str, Field(max_length=2000)]


@router.get("/holidays")
async def holidays(db: Db, actor: Current, department: Department | None = None) -> list[dict[str, Any]]:
    """List the days nobody works, of the organisation ("") or a department, or all."""
    async with db.transaction() as session:
        return [one.to_json() for one in await list_holidays(session, actor, department=department)]


@router.post("/holidays", status_code=201)
async def add(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: GivenDay) -> dict[str, Any]:
    """Add a day nobody works; a day that is there gets the new name."""
    one = Holiday(given.on, given.name, given.department)
    async with db.transaction() as session:
        return {"new": await add_holidays(session, actor, [one], ledger=ledger, clock=clock)}


@router.post("/holidays/import", status_code=201)
async def bring_in(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: GivenFile) -> dict[str, Any]:
    """Add the whole-day events of an iCalendar file; what is left out is told with its reason."""
    async with db.transaction() as session:
        new, left_out = await import_holidays(
            session, actor, given.ics.encode(), department=given.department, ledger=ledger, clock=clock
        )
    return {"new": new, "left_out": list(left_out)}


@router.delete("/holidays/{on}", status_code=204)
async def take_out(db: Db, actor: Current, ledger: TheLedger, on: date, department: Department = "") -> None:
    """Take a day out of a calendar."""
    async with db.transaction() as session:
        await remove_holiday(session, actor, on, department=department, ledger=ledger)


@router.get("/away")
async def away(db: Db, actor: Current, person: Department = "") -> list[str]:
    """List the weeks that one is marked as away, or that somebody is (for the programme lead)."""
    async with db.transaction() as session:
        return await own_weeks(session, actor, person or actor.id)


@router.post("/away", status_code=204)
async def mark(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: GivenWeek) -> None:
    """Say that one is away all of a week, or that somebody is."""
    async with db.transaction() as session:
        await mark_away(session, actor, given.person or actor.id, given.week, ledger=ledger, clock=clock)


@router.delete("/away/{week}", status_code=204)
async def unmark(db: Db, actor: Current, ledger: TheLedger, week: str, person: Department = "") -> None:
    """Take it back."""
    async with db.transaction() as session:
        await unmark_away(session, actor, person or actor.id, week, ledger=ledger)


@router.get("/items")
async def items(
    db: Db, actor: Current, state: State | None = None, about: Annotated[str, Query(max_length=300)] = ""
) -> list[dict[str, Any]]:
    """List what the programme has to do, newest first; never about a person."""
    async with db.transaction() as session:
        return [one.to_json() for one in await list_items(session, actor, state=state, about=about)]


@router.post("/items/{item}/close", status_code=204)
async def close(db: Db, actor: Current, ledger: TheLedger, clock: Time, item: str, given: Outcome) -> None:
    """Close an item, with what was done."""
    async with db.transaction() as session:
        await close_item(session, actor, item, given.outcome, ledger=ledger, clock=clock)
