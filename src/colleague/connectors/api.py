"""Connectors for programs: list, enable, grant, revoke, decide on tools, accounts."""

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
from colleague.connectors.effect import effect_of
from colleague.connectors.grants import (
    MOST_TOOLS,
    BadGrant,
    Terms,
    change_grant,
    get_grant,
    grant,
    proposed,
    read_class,
    read_words,
    revoke,
)
from colleague.connectors.overview import overview, people_json
from colleague.connectors.registry import Registry
from colleague.connectors.tiers import decide_tool
from colleague.identity.current import Current
from colleague.identity.directory import ROLE
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


class TermsBody(BaseModel):
    """On what terms a connector is opened. Everything (`*`) needs an exception: a reason, and an end within a year."""

    places: list[str] = Field(min_length=1, max_length=100)
    may_write: bool = False
    ceiling: Class = "internal"
    place_class: Class = "internal"
    trusted: bool = False
    tools: dict[str, Literal["allow", "ask", "block"]] = Field(
        default_factory=dict, max_length=MOST_TOOLS, description="By a tool's name, or * for all that are not named."
    )
    reason: str = Field("", max_length=2000)
    expires_at: AwareDatetime | None = None

    def terms(self) -> Terms:
        """Return the terms as a value."""
        return Terms(
            self.places, self.may_write, read_class(self.ceiling), read_class(self.place_class), self.trusted,
            read_words(self.tools), self.reason, self.expires_at,
        )  # fmt: skip


class NewGrant(TermsBody):
    """A connector to be opened to a team (by its id) or to a role (by its name)."""

    team: str = ""
    role: str = ""

    @property
    def holder(self) -> str:
        """To whom it is opened."""
        if bool(self.team) == bool(self.role):
            raise BadGrant(why="name a team or a role, one of them")
        return self.team or f"{ROLE}{self.role}"


class ToolWord(BaseModel):
    """What is said of a tool."""

    state: Literal["approved", "blocked"]


@router.get("")
async def index(db: Db, actor: Current, registry: TheRegistry, clock: Time) -> list[dict[str, Any]]:
    """List connectors with tools, grants, accounts and who reaches what."""
    async with db.transaction() as session:
        return [sight.to_json() for sight in await overview(session, actor, registry, clock=clock)]


@router.get("/people")
async def people(db: Db, actor: Current, registry: TheRegistry, clock: Time) -> list[dict[str, Any]]:
    """List people × connectors: who reaches which places of which connector."""
    async with db.transaction() as session:
        sights = await overview(session, actor, registry, clock=clock)
    return people_json(sights)


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
    """Open a connector to a team or a role for named places."""
    t = body.terms()
    async with db.transaction() as session:
        opened = await grant(
            session, actor, registry, kind, body.holder, t.places, reason=t.reason, may_write=t.may_write,
            ceiling=t.ceiling, place_class=t.place_class, trusted=t.trusted, expires_at=t.expires_at, tools=t.tools,
            ledger=ledger, clock=clock,
        )  # fmt: skip
        return opened.to_json()


@router.post("/{kind}/grants/effect")
async def effect_of_new(
    db: Db, actor: Current, registry: TheRegistry, clock: Time, kind: str, body: NewGrant
) -> dict[str, Any]:
    """Say who would gain access by a new grant, without giving it."""
    async with db.transaction() as session:
        after = await proposed(session, actor, registry, kind, body.holder, body.terms(), clock=clock)
        return (await effect_of(session, actor, None, after, clock=clock)).to_json()


@router.put("/{kind}/grants/{grant_id}")
async def put_grant(
    db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, clock: Time, kind: str, grant_id: str,
    body: TermsBody,
) -> dict[str, Any]:  # fmt: skip
    """Put a grant on other terms."""
    async with db.transaction() as session:
        return (
            await change_grant(session, actor, registry, grant_id, body.terms(), ledger=ledger, clock=clock)
        ).to_json()


@router.post("/{kind}/grants/{grant_id}/effect")
async def effect_of_change(
    db: Db, actor: Current, registry: TheRegistry, clock: Time, kind: str, grant_id: str, body: TermsBody | None = None
) -> dict[str, Any]:
    """Say who would gain or lose access by other terms; without a body: by revoking the grant. Nothing changes."""
    async with db.transaction() as session:
        before, after = await get_grant(session, grant_id), None
        if body is not None:
            holder = before.grant.holder
            after = await proposed(session, actor, registry, kind, holder, body.terms(), clock=clock, grant_id=grant_id)
        return (await effect_of(session, actor, before, after, clock=clock)).to_json()


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
