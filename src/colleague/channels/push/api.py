"""Doors of push: the key a browser needs, and taking it in or letting it go."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.channels.push.channel import PushChannel
from colleague.channels.push.subscribe import devices_of, subscribe, unsubscribe
from colleague.identity.cookies import device_of
from colleague.identity.current import Current
from colleague.kit.doors import Config, Db, Time, part
from colleague.kit.secrets import Secrets

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheSecrets = Annotated[Secrets, Depends(part(Secrets))]
Push = Annotated[PushChannel, Depends(part(PushChannel))]


class Keys(BaseModel):
    """What seals a message for one browser."""

    p256dh: str = Field(max_length=200)
    auth: str = Field(max_length=60)


class Endpoint(BaseModel):
    """Where a browser's messages go."""

    endpoint: str = Field(max_length=2000)


class NewSubscription(Endpoint):
    """The JSON of a browser's PushSubscription."""

    keys: Keys
    expirationTime: float | None = None


@router.get("/push/key")
async def key(actor: Current, push: Push) -> dict[str, str]:
    """Return the key that a browser subscribes with (`applicationServerKey`)."""
    return {"key": push.vapid.public}


@router.get("/push/subscriptions")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List my devices that are told."""
    async with db.transaction() as session:
        devices = await devices_of(session, actor.id)
    return [{"id": d.id, "device": d.device, "since": d.made_at.isoformat()} for d in devices]


@router.post("/push/subscriptions", status_code=201)
async def take(
    request: Request, given: NewSubscription, db: Db, actor: Current, settings: Config, push: Push,
    secrets: TheSecrets, ledger: TheLedger, clock: Time,
) -> dict[str, str]:  # fmt: skip
    """Notify me on this device."""
    async with db.transaction() as session:
        device = await subscribe(
            session, actor, given.model_dump(), device=device_of(request), hosts=settings.push_hosts,
            private=settings.egress_private, vapid=push.vapid, secrets=secrets, ledger=ledger, clock=clock,
        )  # fmt: skip
    return {"id": device}


@router.delete("/push/subscriptions", status_code=204)
async def leave(given: Endpoint, db: Db, actor: Current, ledger: TheLedger) -> None:
    """Notify me on this device no more."""
    async with db.transaction() as session:
        await unsubscribe(session, actor, endpoint=given.endpoint, ledger=ledger)


@router.post("/push/subscriptions/{device_id}/remove")
async def remove(device_id: str, db: Db, actor: Current, ledger: TheLedger) -> RedirectResponse:
    """Notify me on one of my devices no more."""
    async with db.transaction() as session:
        await unsubscribe(session, actor, device=device_id, ledger=ledger)
    return RedirectResponse("/dispatch/channels", 303)
