"""Sources of telemetry for programs. A token is made or renewed by somebody who is there, not by a token."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.adoption.telemetry.sources import create_source, list_sources, renew_source, revoke_source
from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part

router = APIRouter(prefix="/api/v1/adoption/telemetry/sources", tags=["adoption"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


class NewSource(BaseModel):
    """A source to be: its name, and for how many days its token holds."""

    name: str = Field(min_length=1, max_length=80)
    days: int = Field(365, ge=1, le=730)


class Renewal(BaseModel):
    """For how many days the next token holds."""

    days: int = Field(365, ge=1, le=730)


@router.get("")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """Return every source, newest first, with what came from it. Nobody is named."""
    async with db.transaction() as session:
        return [one.to_json() for one in await list_sources(session, actor)]


@router.post("", status_code=201)
async def make(db: Db, actor: Current, ledger: TheLedger, clock: Time, new: NewSource) -> dict[str, str]:
    """Make a source and return its token, this once."""
    async with db.transaction() as session:
        source, text = await create_source(session, actor, new.name, days=new.days, ledger=ledger, clock=clock)
    return {"id": source, "token": text}


@router.post("/{source}/renew")
async def renew(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, source: str, given: Renewal
) -> dict[str, str]:  # fmt: skip
    """Give a source another token and return it, this once; the one before opens nothing from now on."""
    async with db.transaction() as session:
        text = await renew_source(session, actor, source, days=given.days, ledger=ledger, clock=clock)
    return {"id": source, "token": text}


@router.post("/{source}/revoke", status_code=204)
async def revoke(db: Db, actor: Current, ledger: TheLedger, clock: Time, source: str) -> None:
    """Revoke a source at once."""
    async with db.transaction() as session:
        await revoke_source(session, actor, source, ledger=ledger, clock=clock)
