"""Addresses for programs. Binding needs the person themselves: a token lists and ends, it does not bind."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.channels.addresses.bind import begin, confirm
from colleague.channels.addresses.end import lose_phone, revoke
from colleague.channels.addresses.prefer import prefer, preferences
from colleague.channels.addresses.view import list_addresses, own_addresses
from colleague.channels.registry import Channels
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.kit.secrets import Secrets

router = APIRouter(prefix="/api/v1/dispatch", tags=["dispatch"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheSecrets = Annotated[Secrets, Depends(part(Secrets))]
TheChannels = Annotated[Channels, Depends(part(Channels))]


class NewAddress(BaseModel):
    """An address to bind: a number with its country, a Slack member id, or one's own mail address."""

    kind: Literal["sms", "slack", "email"]
    address: str = Field("", max_length=300)


class Code(BaseModel):
    """The code that was sent there."""

    code: str = Field(max_length=40)


class Lost(BaseModel):
    """Whose phone was lost: a person's id; empty for one's own."""

    person: str = Field("", max_length=80)


class Carries(BaseModel):
    """Whether a channel carries one's notices."""

    carries: bool


@router.get("/addresses")
async def mine(db: Db, actor: Current, clock: Time) -> list[dict[str, Any]]:
    """List my addresses: those that hold or wait for their code, then those that ended last."""
    async with db.transaction() as session:
        return [seen.to_json() for seen in await own_addresses(session, actor, clock=clock)]


@router.get("/addresses/all")
async def everybody(db: Db, actor: Current, clock: Time) -> list[dict[str, Any]]:
    """List everybody's addresses, shortened. Needs org:dispatch:read."""
    async with db.transaction() as session:
        return [seen.to_json() for seen in await list_addresses(session, actor, clock=clock)]


@router.post("/addresses", status_code=202)
async def bind(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, secrets: TheSecrets, channels: TheChannels,
    given: NewAddress,
) -> dict[str, str]:  # fmt: skip
    """Send a one-time code to an address; the binding waits for it."""
    made = await begin(
        db, actor, given.kind, given.address, channels=channels, secrets=secrets, ledger=ledger, clock=clock
    )  # fmt: skip
    return {"id": made}


@router.post("/addresses/{address_id}/confirm", status_code=204)
async def verify(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, secrets: TheSecrets, address_id: str, given: Code
) -> None:
    """Bind an address with the code that was sent there."""
    await confirm(db, actor, address_id, given.code, secrets=secrets, ledger=ledger, clock=clock)


@router.delete("/addresses/{address_id}", status_code=204)
async def end(db: Db, actor: Current, ledger: TheLedger, clock: Time, address_id: str) -> None:
    """Unbind an address: mine, or anybody's with org:dispatch:manage."""
    async with db.transaction() as session:
        await revoke(session, actor, address_id, ledger=ledger, clock=clock)


@router.post("/lost-phone")
async def lost(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Lost) -> dict[str, int]:
    """End every address, device and session of a person at once."""
    async with db.transaction() as session:
        addresses, devices = await lose_phone(session, actor, given.person or actor.id, ledger=ledger, clock=clock)
    return {"addresses": addresses, "devices": devices}


@router.get("/notices")
async def notices(db: Db, actor: Current, channels: TheChannels) -> list[dict[str, Any]]:
    """List the channels that are set up, and whether they carry my notices."""
    async with db.transaction() as session:
        found = await preferences(session, actor.id, channels)
    return [{"channel": p.kind, "title": p.title, "carries": p.carries, "reached": p.reached} for p in found]


@router.put("/notices/{channel}", status_code=204)
async def choose(
    db: Db, actor: Current, ledger: TheLedger, channels: TheChannels, channel: str, given: Carries
) -> None:  # fmt: skip
    """Let a channel carry my notices, or not."""
    async with db.transaction() as session:
        await prefer(session, actor, channel, carries=given.carries, channels=channels, ledger=ledger)
