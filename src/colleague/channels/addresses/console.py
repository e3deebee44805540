"""Pages of addresses: one's own phone and accounts, and the administrator's list."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from colleague.audit.record import Ledger
from colleague.channels.addresses.bind import begin, confirm
from colleague.channels.addresses.end import lose_phone, revoke
from colleague.channels.addresses.model import TITLES
from colleague.channels.addresses.prefer import prefer, preferences
from colleague.channels.addresses.view import list_addresses, own_addresses
from colleague.channels.push.subscribe import devices_of
from colleague.channels.registry import Channels
from colleague.identity.cookies import COOKIES
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.kit.secrets import Secrets

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheSecrets = Annotated[Secrets, Depends(part(Secrets))]
TheChannels = Annotated[Channels, Depends(part(Channels))]
Text = Annotated[str, Form(max_length=300)]
OWN, ALL = "/dispatch/channels", "/dispatch/addresses"


@router.get(OWN)
async def own(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, channels: TheChannels, kind: str = "",
    address: str = "", done: str = "",
) -> HTMLResponse:  # fmt: skip
    """Show my phone and accounts, what carries my notices, and what to do when the phone is lost."""
    async with db.transaction() as session:
        addresses = await own_addresses(session, actor, clock=clock)
        chosen, devices = await preferences(session, actor.id, channels), await devices_of(session, actor.id)
    ready = {one: title for one, title in TITLES.items() if channels.writer(one) is not None}
    filled = {kind: address[:300]} if kind in ready else {}
    return page.show(
        request, "channels/own.html", addresses=addresses, preferences=chosen, devices=devices, ready=ready,
        absent=[title for one, title in TITLES.items() if one not in ready], filled=filled, done=done,
    )  # fmt: skip


@router.post(OWN)
async def bind(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, secrets: TheSecrets, channels: TheChannels, kind: Text,
    address: Text = "",
) -> RedirectResponse:  # fmt: skip
    """Send a code to an address."""
    made = await begin(db, actor, kind, address, channels=channels, secrets=secrets, ledger=ledger, clock=clock)
    return RedirectResponse(f"{OWN}#{made}", 303)


@router.post(OWN + "/notices")
async def choose(
    db: Db, actor: Current, ledger: TheLedger, channels: TheChannels, channel: Text, carries: Annotated[bool, Form()]
) -> RedirectResponse:
    """Let a channel carry my notices, or not."""
    async with db.transaction() as session:
        await prefer(session, actor, channel, carries=carries, channels=channels, ledger=ledger)
    return RedirectResponse(f"{OWN}#notices", 303)


@router.post(OWN + "/lost")
async def lost(request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time) -> RedirectResponse:
    """End what a finder of my phone could use; this browser stays signed in."""
    keep = next((request.cookies[name] for name in COOKIES if name in request.cookies), "")
    async with db.transaction() as session:
        await lose_phone(session, actor, actor.id, keep=keep, ledger=ledger, clock=clock)
    return RedirectResponse(f"{OWN}?done=lost", 303)


@router.post(OWN + "/{address_id}/confirm")
async def verify(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, secrets: TheSecrets, address_id: str, code: Text
) -> RedirectResponse:
    """Bind an address with the code that was sent there."""
    await confirm(db, actor, address_id, code, secrets=secrets, ledger=ledger, clock=clock)
    return RedirectResponse(f"{OWN}?done=bound", 303)


@router.post(OWN + "/{address_id}/end")
async def end(db: Db, actor: Current, ledger: TheLedger, clock: Time, address_id: str) -> RedirectResponse:
    """Unbind one of my addresses."""
    async with db.transaction() as session:
        await revoke(session, actor, address_id, ledger=ledger, clock=clock)
    return RedirectResponse(OWN, 303)


@router.get(ALL)
async def everybody(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, done: str = ""
) -> HTMLResponse:  # fmt: skip
    """Show everybody's addresses, shortened."""
    async with db.transaction() as session:
        addresses = await list_addresses(session, actor, clock=clock)
    return page.show(request, "channels/addresses.html", addresses=addresses, done=done)


@router.post(ALL + "/{address_id}/end")
async def end_other(db: Db, actor: Current, ledger: TheLedger, clock: Time, address_id: str) -> RedirectResponse:
    """Unbind somebody's address."""
    async with db.transaction() as session:
        await revoke(session, actor, address_id, ledger=ledger, clock=clock)
    return RedirectResponse(ALL, 303)


@router.post(ALL + "/lost")
async def lost_other(db: Db, actor: Current, ledger: TheLedger, clock: Time, person: Text) -> RedirectResponse:
    """End everything that a finder of somebody's phone could use."""
    async with db.transaction() as session:
        await lose_phone(session, actor, person, ledger=ledger, clock=clock)
    return RedirectResponse(f"{ALL}?done=lost", 303)
