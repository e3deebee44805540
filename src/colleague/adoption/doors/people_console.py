"""Pages of time saved, of who does not come back, and of a person's own numbers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from colleague.adoption.console import TheGroups
from colleague.adoption.people.curves import cohort_curves, picture
from colleague.adoption.people.first_week import first_week
from colleague.adoption.people.mine import own_numbers
from colleague.adoption.risk import Lead, seen_risk
from colleague.adoption.validation import METHOD, owners_of, portfolio_of, see_validations, sign_off
from colleague.adoption.weekly import numbers
from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Db, Time, lead_to, part
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheLead = Annotated[Lead, Depends(part(Lead))]
CASES = "/adoption/use-cases"


@router.get(CASES)
async def cases(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, lead: TheLead, ledger: TheLedger
) -> HTMLResponse:  # fmt: skip
    """Show what each use case saves, and what it still needs to be validated."""
    async with db.transaction() as session:
        proofs = await see_validations(session, actor, lead=lead, ledger=ledger, clock=clock)
        names = await owners_of(session, proofs)
        all_ = actor.may("org:adoption:read")
        split = await first_week(session, actor, clock=clock) if all_ else None
    return page.show(
        request, "adoption/proofs.html", proofs=proofs, names=names, method=METHOD, split=split,
        portfolio=await portfolio_of(proofs) if all_ else None,
    )  # fmt: skip


@router.post(f"{CASES}/{{use_case}}/sign-off")
async def sign(request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str) -> Response:
    """Sign a use case off as its owner."""
    async with db.transaction() as session:
        await sign_off(session, actor, use_case, ledger=ledger, clock=clock)
    return lead_to(request, CASES)


@router.get("/adoption/risk")
async def risk(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time, lead: TheLead,
    groups: TheGroups,
) -> HTMLResponse:  # fmt: skip
    """Show who does not come back: by name to who leads the programme, in numbers to others who read adoption."""
    async with db.transaction() as session:
        found = await seen_risk(session, actor, lead=lead, ledger=ledger, clock=clock)
        curves = await cohort_curves(session, actor, groups, clock=clock)
        beside = next((w for w in await numbers(session, actor, groups, clock=clock, count=6) if w.frozen), None)
        names = await names_of(session, {*(one for one, _ in found.people or ()), *found.stuck})
    return page.show(
        request, "adoption/risk.html", week=found.week, people=found.people, counts=found.counts, stuck=found.stuck,
        names=names, curves=curves, picture=picture(curves), beside=beside, seats=found.seats,
    )  # fmt: skip


@router.get("/adoption/mine")
async def mine(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """Show the numbers of the person who asks."""
    async with db.transaction() as session:
        found = await own_numbers(session, actor, clock=clock)
    return page.show(request, "adoption/mine.html", mine=found)
