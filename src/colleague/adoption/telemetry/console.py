"""The page «Telemetry»: which fleets of other agents are counted here, and how one is pointed at it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.adoption.telemetry.parts import TelemetryIn
from colleague.adoption.telemetry.sources import MANAGE, create_source, list_sources, renew_source, revoke_source
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.current import Current
from colleague.kit.db import Session
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
Parts = Annotated[TelemetryIn, Depends(part(TelemetryIn))]
HERE = "/adoption/telemetry"
Days = Annotated[int, Form()]


async def _show(
    request: Request, page: Page, session: Session, actor: Actor, parts: TelemetryIn, fresh: str = ""
) -> HTMLResponse:  # fmt: skip
    found = await list_sources(session, actor)
    return page.show(
        request, "adoption/telemetry.html", sources=found, address=parts.address, fresh=fresh, at=parts.clock.now(),
        manage=actor.may(MANAGE),
    )  # fmt: skip


@router.get(HERE)
async def index(request: Request, page: Page, db: Db, actor: Current, parts: Parts) -> HTMLResponse:
    """Show the sources and what came from each."""
    async with db.transaction() as session:
        return await _show(request, page, session, actor, parts)


@router.post(HERE)
async def make(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: Parts,
    name: Annotated[str, Form(max_length=80)], days: Days = 365,
) -> HTMLResponse:  # fmt: skip
    """Make a source and show its token, this once."""
    async with db.transaction() as session:
        _, text = await create_source(session, actor, name, days=days, ledger=ledger, clock=clock)
        return await _show(request, page, session, actor, parts, text)


@router.post(HERE + "/{source}/renew")
async def renew(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: Parts, source: str,
    days: Days = 365,
) -> HTMLResponse:  # fmt: skip
    """Give a source another token and show it, this once."""
    async with db.transaction() as session:
        text = await renew_source(session, actor, source, days=days, ledger=ledger, clock=clock)
        return await _show(request, page, session, actor, parts, text)


@router.post(HERE + "/{source}/revoke")
async def revoke(db: Db, actor: Current, ledger: TheLedger, clock: Time, source: str) -> Response:
    """Revoke a source at once."""
    async with db.transaction() as session:
        await revoke_source(session, actor, source, ledger=ledger, clock=clock)
    return RedirectResponse(HERE, 303)
