"""Pages: what is held about a person, as a file; their erasure, proposed, confirmed, and its certificate."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.compliance.download import zipped
from colleague.compliance.erasure.carry_out import Erasing
from colleague.compliance.erasure.propose import NoSuchErasure, confirm, propose, show, stands_in_the_way, withdraw
from colleague.compliance.look import look_at
from colleague.identity.current import Current
from colleague.identity.directory import get_person, names_of
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
Parts = Annotated[Erasing, Depends(part(Erasing))]


@router.post("/me/data")
async def own_data(db: Db, actor: Current, ledger: TheLedger, clock: Time) -> Response:
    """Download what is held about oneself."""
    return await zipped(db, actor, actor.id, ledger=ledger, clock=clock)


@router.post("/people/{person_id}/data")
async def data(db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str) -> Response:
    """Download what is held about a person, on their behalf."""
    return await zipped(db, actor, person_id, ledger=ledger, clock=clock)


@router.get("/people/{person_id}/erasure")
async def index(request: Request, page: Page, db: Db, actor: Current, clock: Time, person_id: str) -> HTMLResponse:
    """Show how the erasure of a person stands, what would go, and what stands in the way."""
    actor.require("org:people:erase")
    async with db.transaction() as session:
        person = await get_person(session, person_id)
        erasure = await show(session, actor, person_id)
        seen = await look_at(session, person_id)
        why = [] if person.erased_at else await stands_in_the_way(session, actor, person_id)
        names = await names_of(session, [erasure.proposed_by, erasure.confirmed_by] if erasure else [])
    late = erasure is not None and erasure.state == "proposed" and erasure.expires_at <= clock.now()
    return page.show(
        request, "compliance/erasure.html", person=person, erasure=None if late else erasure, seen=seen, why=why,
        names=names,
    )  # fmt: skip


@router.post("/people/{person_id}/erasure")
async def begin(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str,
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Propose the erasure of a person."""
    async with db.transaction() as session:
        await propose(session, actor, person_id, reason, ledger=ledger, clock=clock)
    return RedirectResponse(f"/people/{person_id}/erasure", 303)


@router.post("/people/{person_id}/erasure/confirm")
async def agree(
    db: Db, actor: Current, clock: Time, parts: Parts, person_id: str,
    digest: Annotated[str, Form(max_length=64)] = "",
) -> Response:  # fmt: skip
    """Confirm what somebody else proposed."""
    async with db.transaction() as session:
        await confirm(
            session, actor, person_id, digest, ledger=parts.ledger, clock=clock, secrets=parts.secrets
        )  # fmt: skip
    return RedirectResponse(f"/people/{person_id}/erasure", 303)


@router.post("/people/{person_id}/erasure/withdraw")
async def take_back(db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str) -> Response:
    """Take a proposal back."""
    async with db.transaction() as session:
        await withdraw(session, actor, person_id, ledger=ledger, clock=clock)
    return RedirectResponse(f"/people/{person_id}/erasure", 303)


@router.get("/people/{person_id}/erasure/certificate")
async def certificate(db: Db, actor: Current, person_id: str) -> Response:
    """Download the certificate of an erasure that is done."""
    async with db.transaction() as session:
        found = await show(session, actor, person_id)
    if found is None or not found.certificate:
        raise NoSuchErasure
    headers = {"Content-Disposition": f'attachment; filename="{found.id}.json"'}
    return Response(found.certificate, media_type="application/json", headers=headers)
