"""Pages of champions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from colleague.adoption.groups import Groups
from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, lead_to, part
from colleague.kit.page import Page
from colleague.rollout.champions.appoint import MANAGE, appoint, retire
from colleague.rollout.champions.contact import record_contact
from colleague.rollout.champions.model import OUTCOMES
from colleague.rollout.champions.nominate import nominate
from colleague.rollout.champions.view import own_page, whole
from colleague.tasks.parts import Parts

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheParts = Annotated[Parts, Depends(part(Parts))]
TheGroups = Annotated[Groups, Depends(part(Groups))]
Words = Annotated[str, Form(max_length=2000)]
ALL, OWN = "/programme/champions", "/champion"


@router.get(ALL)
async def show(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """Show the network, the champions, and to who may appoint, who could be one."""
    async with db.transaction() as session:
        found = await whole(session, actor, clock=clock)
    return page.show(
        request, "rollout/champions/all.html", found=found, manages=actor.may(MANAGE), words=OUTCOMES
    )  # fmt: skip


@router.post(f"{ALL}/{{person}}")
async def make(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: TheParts, person: str,
    why: Words = "",
) -> Response:  # fmt: skip
    """Make somebody a champion."""
    async with db.transaction() as session:
        await appoint(session, actor, person, why, tell=parts.tell, ledger=ledger, clock=clock)
    return lead_to(request, ALL)


@router.post(f"{ALL}/{{person}}/retire")
async def end(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, person: str, why: Words = ""
) -> Response:
    """End it."""
    async with db.transaction() as session:
        await retire(session, actor, person, why, ledger=ledger, clock=clock)
    return lead_to(request, ALL)


@router.get(OWN)
async def own(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, groups: TheGroups
) -> HTMLResponse:  # fmt: skip
    """Show one's own list, one's champions, and the form to name a colleague."""
    async with db.transaction() as session:
        found = await own_page(session, actor, groups, clock=clock)
    return page.show(request, "rollout/champions/own.html", found=found, outcomes=OUTCOMES)


@router.post(f"{OWN}/nominations")
async def name(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, email: Words = "", why: Words = ""
) -> Response:
    """Name a colleague."""
    async with db.transaction() as session:
        await nominate(session, actor, email, why, ledger=ledger, clock=clock)
    return lead_to(request, f"{OWN}?named=yes")


@router.post(f"{OWN}/contacts/{{contact}}")
async def say(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, contact: str, outcome: Words = ""
) -> Response:
    """Say what came of it."""
    async with db.transaction() as session:
        await record_contact(session, actor, contact, outcome, ledger=ledger, clock=clock)
    return lead_to(request, OWN)
