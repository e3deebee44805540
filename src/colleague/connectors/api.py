"""Connectors for programs: list, enable, grant, revoke, decide on tools, accounts."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from colleague.audit.record import Ledger
from colleague.connectors.accounts import (
    check_account,
    connect_account,
    disable_account,
    disable_connector,
    enable_connector,
    list_accounts,
)
from colleague.connectors.grants import grant, read_class, revoke
from colleague.connectors.overview import overview
from colleague.connectors.registry import Registry
from colleague.connectors.tiers import decide_tool
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.kit.secrets import Secrets

router = APIRouter(prefix="/api/v1/connectors", tags=["connectors"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
TheSecrets = Annotated[Secrets, Depends(part(Secrets))]
Class = Literal["public", "internal", "confidential", "restricted"]


class Values(BaseModel):
    """Settings of a connector or an account, by the names its fields have."""

    values: dict[str, str] = Field(max_length=30)


class NewGrant(BaseModel):
    """A connector to be opened to a team."""

    team: str
    places: list[str] = Field(min_length=1, max_length=100)
    may_write: bool = False
    ceiling: Class = "internal"
    place_class: Class = "internal"
    trusted: bool = False
    reason: str = Field("", max_length=2000)
    expires_at: AwareDatetime | None = None


class ToolWord(BaseModel):
    """What is said of a tool."""

    state: Literal["approved", "blocked"]


@router.get("")
async def index(db: Db, actor: Current, registry: TheRegistry, clock: Time) -> list[dict[str, Any]]:
    """List connectors with tools, grants, accounts and who reaches what."""
    async with db.transaction() as session:
        return [sight.to_json() for sight in await overview(session, actor, registry, clock=clock)]


@router.get("/accounts")
async def accounts(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List my own accounts."""
    actor.require("own:accounts:manage")
    async with db.transaction() as session:
        return [account.to_json() for account in await list_accounts(session, person=actor.id)]


@router.put("/{kind}")
async def enable(
    db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger, clock: Time, kind: str,
    body: Values,
) -> dict[str, Any]:  # fmt: skip
    """Enable a connector for the organisation, or change its settings."""
    async with db.transaction() as session:
        view = await enable_connector(
            session, actor, registry, kind, body.values, ledger=ledger, secrets=secrets, clock=clock
        )
        return view.to_json()


@router.delete("/{kind}", status_code=204)
async def disable(db: Db, actor: Current, ledger: TheLedger, clock: Time, kind: str) -> None:
    """Switch a connector off for everybody."""
    async with db.transaction() as session:
        await disable_connector(session, actor, kind, ledger=ledger, clock=clock)


@router.post("/{kind}/grants", status_code=201)
async def open_grant(
    db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, clock: Time, kind: str, body: NewGrant
) -> dict[str, Any]:
    """Open a connector to a team for named places."""
    expires: datetime | None = body.expires_at
    async with db.transaction() as session:
        opened = await grant(
            session, actor, registry, kind, body.team, body.places, reason=body.reason, may_write=body.may_write,
            ceiling=read_class(body.ceiling), place_class=read_class(body.place_class), trusted=body.trusted,
            expires_at=expires, ledger=ledger, clock=clock,
        )  # fmt: skip
        return opened.to_json()


@router.delete("/{kind}/grants/{grant_id}", status_code=204)
async def close_grant(db: Db, actor: Current, ledger: TheLedger, clock: Time, kind: str, grant_id: str) -> None:
    """Revoke a grant."""
    async with db.transaction() as session:
        await revoke(session, actor, grant_id, ledger=ledger, clock=clock)


@router.put("/{kind}/tools/{name}", status_code=204)
async def say_tool(
    db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, clock: Time, kind: str, name: str, body: ToolWord
) -> None:
    """Approve a tool as it is now, or block it."""
    async with db.transaction() as session:
        await decide_tool(session, actor, registry, name, body.state, ledger=ledger, clock=clock)


@router.put("/{kind}/account")
async def connect(
    db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger, clock: Time, kind: str,
    body: Values,
) -> dict[str, Any]:  # fmt: skip
    """Connect my own account, or change its password."""
    async with db.transaction() as session:
        view = await connect_account(
            session, actor, registry, kind, body.values, ledger=ledger, secrets=secrets, clock=clock
        )
        return view.to_json()


@router.post("/accounts/{account_id}/check")
async def check(
    db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger, clock: Time, account_id: str
) -> dict[str, Any]:
    """Try a connection."""
    healthy, sentence = await check_account(
        db, actor, registry, account_id, ledger=ledger, secrets=secrets, clock=clock
    )
    return {"healthy": healthy, "health": sentence}


@router.delete("/accounts/{account_id}", status_code=204)
async def disconnect(db: Db, actor: Current, ledger: TheLedger, clock: Time, account_id: str) -> None:
    """Disconnect an account and forget its secrets."""
    async with db.transaction() as session:
        await disable_account(session, actor, account_id, ledger=ledger, clock=clock)
