"""The page «Provisioning»: the address and token for an identity provider, and how it stands."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.scim.tokens import create_token, revoke_token
from colleague.identity.scim.view import standing
from colleague.kit.doors import Config, Db, Time, part
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


@router.get("/provisioning")
async def index(request: Request, page: Page, db: Db, actor: Current, clock: Time, settings: Config) -> HTMLResponse:
    """Show how provisioning stands."""
    async with db.transaction() as session:
        now = await standing(session, actor, clock=clock)
    address = f"{settings.url}/scim/v2"
    return page.show(request, "identity/provisioning.html", now=now, address=address, fresh="", at=clock.now())


@router.post("/provisioning")
async def make(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time, settings: Config,
    name: Annotated[str, Form(max_length=80)], days: Annotated[int, Form()] = 365,
) -> HTMLResponse:  # fmt: skip
    """Make a provisioning token and show it, this once."""
    async with db.transaction() as session:
        _, text = await create_token(session, actor, name, days=days, ledger=ledger, clock=clock)
        now = await standing(session, actor, clock=clock)
    address = f"{settings.url}/scim/v2"
    return page.show(request, "identity/provisioning.html", now=now, address=address, fresh=text, at=clock.now())


@router.post("/provisioning/{token_id}/revoke")
async def revoke(db: Db, actor: Current, ledger: TheLedger, clock: Time, token_id: str) -> Response:
    """Revoke a provisioning token at once."""
    async with db.transaction() as session:
        await revoke_token(session, actor, token_id, ledger=ledger, clock=clock)
    return RedirectResponse("/provisioning", 303)
