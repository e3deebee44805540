"""MCP servers for programs: list, register, remove, read tools again, decide on tools."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.connectors.accounts import check_account
from colleague.connectors.mcp.classify import approve_as_proposed, classify_tool, read_data_class, read_tier
from colleague.connectors.mcp.review import review_server, review_servers
from colleague.connectors.mcp.servers import register_server, remove_server
from colleague.connectors.registry import Registry
from colleague.connectors.tiers import decide_tool
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.kit.secrets import Secrets

router = APIRouter(prefix="/api/v1/mcp-servers", tags=["mcp servers"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
TheSecrets = Annotated[Secrets, Depends(part(Secrets))]
Class = Literal["public", "internal", "confidential", "restricted"]


class NewServer(BaseModel):
    """A server to be registered. `values` are its settings: url, headers, auth_hosts, or command, args, env."""

    name: str
    title: str = Field("", max_length=200)
    transport: Literal["http", "stdio"] = "http"
    sign_in: Literal["none", "headers", "oauth"] = "none"
    values: dict[str, str] = Field(max_length=20)


class Approved(BaseModel):
    """What a tool is: it is approved as it is now. `pin` is the definition that was looked at."""

    tier: Literal["read", "communicate", "modify"]
    data_class: Class
    egress: bool = True
    reason: str = Field("", max_length=2000)
    pin: str = ""


class Many(BaseModel):
    """Tools to approve as proposed, with one class."""

    tools: list[str] = Field(min_length=1, max_length=300)
    data_class: Class


@router.get("")
async def index(db: Db, actor: Current, registry: TheRegistry) -> list[dict[str, Any]]:
    """List servers with their tools, proposals and states."""
    async with db.transaction() as session:
        return [review.to_json() for review in await review_servers(session, actor, registry)]


@router.post("", status_code=201)
async def register(
    db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger, clock: Time, body: NewServer
) -> dict[str, Any]:
    """Register a server; its tools are read with a check."""
    async with db.transaction() as session:
        view = await register_server(
            session, actor, registry, body.name, body.title or body.name, body.values, transport=body.transport,
            sign_in=body.sign_in, ledger=ledger, secrets=secrets, clock=clock,
        )  # fmt: skip
        return view.to_json()


@router.get("/{name}")
async def show(db: Db, actor: Current, registry: TheRegistry, name: str) -> dict[str, Any]:
    """Show one server with its tools."""
    async with db.transaction() as session:
        return (await review_server(session, actor, registry, name)).to_json()


@router.post("/{name}/check")
async def check(
    db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger, clock: Time, name: str
) -> dict[str, Any]:
    """Read the server's tools again: (healthy, a sentence)."""
    async with db.transaction() as session:
        review = await review_server(session, actor, registry, name)
    account = review.account.id if review.account else ""
    healthy, sentence = await check_account(
        db, actor, registry, account, ledger=ledger, secrets=secrets, clock=clock
    )  # fmt: skip
    return {"healthy": healthy, "health": sentence}


@router.delete("/{name}", status_code=204)
async def remove(db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str) -> None:
    """Take a server away."""
    async with db.transaction() as session:
        await remove_server(session, actor, name, ledger=ledger, clock=clock)


@router.put("/tools/{tool}", status_code=204)
async def approve(
    db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, clock: Time, tool: str, body: Approved
) -> None:
    """Give a tool tier and class, and approve it as it is now."""
    async with db.transaction() as session:
        await classify_tool(
            session, actor, registry, tool, tier=read_tier(body.tier), data_class=read_data_class(body.data_class),
            egress=body.egress, reason=body.reason, pin=body.pin, ledger=ledger, clock=clock,
        )  # fmt: skip


@router.delete("/tools/{tool}", status_code=204)
async def block(db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, clock: Time, tool: str) -> None:
    """Block a tool."""
    async with db.transaction() as session:
        await decide_tool(session, actor, registry, tool, "blocked", ledger=ledger, clock=clock)


@router.post("/tools")
async def approve_many(
    db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, clock: Time, body: Many
) -> dict[str, list[str]]:
    """Approve many tools as proposed; those with suspect words are left out and named."""
    async with db.transaction() as session:
        done, left = await approve_as_proposed(
            session, actor, registry, body.tools, data_class=read_data_class(body.data_class), ledger=ledger,
            clock=clock,
        )  # fmt: skip
    return {"approved": done, "left_out": left}
