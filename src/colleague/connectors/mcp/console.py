"""Pages of MCP servers: register one, decide on its tools, sign in at it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from colleague.audit.record import Ledger
from colleague.connectors.accounts import check_account, connect_account, organisation_account
from colleague.connectors.mcp.classify import approve_as_proposed, classify_tool, read_data_class, read_tier
from colleague.connectors.mcp.oauth import SECRET
from colleague.connectors.mcp.review import review_server, review_servers
from colleague.connectors.mcp.server import PREFIX
from colleague.connectors.mcp.servers import find_server, register_server, remove_server
from colleague.connectors.mcp.sign_in import SignIns
from colleague.connectors.registry import Registry
from colleague.connectors.tiers import decide_tool
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.kit.secrets import Secrets
from colleague.policy.model import DataClass, Tier

router = APIRouter(prefix="/connectors/mcp", include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
TheSecrets = Annotated[Secrets, Depends(part(Secrets))]
TheSignIns = Annotated[SignIns, Depends(part(SignIns))]
CLASSES = tuple(c.name.lower() for c in DataClass)
TIERS = tuple(t.name.lower() for t in Tier)


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


@router.get("")
async def index(request: Request, page: Page, db: Db, actor: Current, registry: TheRegistry) -> HTMLResponse:
    """Show all servers, and the form that registers one."""
    async with db.transaction() as session:
        servers = await review_servers(session, actor, registry)
    return page.show(request, "connectors/mcp.html", servers=servers)


@router.post("")
async def register(
    db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger, clock: Time,
    name: Annotated[str, Form()], way: Annotated[str, Form()], address: Annotated[str, Form()],
    title: Annotated[str, Form()] = "", args: Annotated[str, Form()] = "", env: Annotated[str, Form()] = "",
    headers: Annotated[str, Form()] = "", auth_hosts: Annotated[str, Form()] = "",
) -> RedirectResponse:  # fmt: skip
    """Register a server and read its tools at once, so that what is wrong shows at once."""
    transport, _, sign_in = way.partition("-")
    given = (
        {"command": address, "args": args, "env": env} if transport == "stdio"
        else {"url": address} | {"headers": {"headers": headers}, "oauth": {"auth_hosts": auth_hosts}}.get(sign_in, {})
    )  # fmt: skip
    values = {k: v for k, v in given.items() if v.strip()}
    async with db.transaction() as session:
        view = await register_server(
            session, actor, registry, name, title or name, values, transport=transport, sign_in=sign_in or "none",
            ledger=ledger, secrets=secrets, clock=clock,
        )  # fmt: skip
    await check_account(db, actor, registry, view.id, ledger=ledger, secrets=secrets, clock=clock)
    return _to(f"/connectors/mcp/{name.strip().casefold()}")


@router.get("/signed-in")
async def signed_in(
    db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger, clock: Time,
    sign_ins: TheSignIns, state: str = "", code: str = "", iss: str = "", error: str = "",
) -> RedirectResponse:  # fmt: skip
    """Take back a person who was signed in: keep the grant, and try it."""
    actor.require("own:accounts:manage")
    server, given = await sign_ins.finish(actor.id, state=state, code=code, issuer=iss, error=error)
    async with db.transaction() as session:
        view = await connect_account(
            session, actor, registry, server.kind, {SECRET: given}, ledger=ledger, secrets=secrets, clock=clock
        )
    await check_account(db, actor, registry, view.id, ledger=ledger, secrets=secrets, clock=clock)
    return _to("/connectors#accounts")


@router.get("/{name}")
async def show(request: Request, page: Page, db: Db, actor: Current, registry: TheRegistry, name: str) -> HTMLResponse:
    """Show a server's tools with proposals, for a decision on each."""
    async with db.transaction() as session:
        review = await review_server(session, actor, registry, name)
    return page.show(request, "connectors/mcp_server.html", review=review, classes=CLASSES, tiers=TIERS)


@router.post("/{name}/check")
async def check(
    db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger, clock: Time, name: str
) -> RedirectResponse:
    """Read the server's tools again."""
    async with db.transaction() as session:
        review = await review_server(session, actor, registry, name)
    if review.account:
        await check_account(db, actor, registry, review.account.id, ledger=ledger, secrets=secrets, clock=clock)
    return _to(f"/connectors/mcp/{review.server.name}")


@router.post("/{name}/remove")
async def remove(db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str) -> RedirectResponse:
    """Take the server away."""
    async with db.transaction() as session:
        await remove_server(session, actor, name, ledger=ledger, clock=clock)
    return _to("/connectors/mcp")


@router.post("/{name}/tools")
async def approve_many(
    request: Request, db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, clock: Time, name: str
) -> RedirectResponse:
    """Approve the chosen tools as proposed, with one class; suspect ones stay."""
    form = await request.form(max_fields=400, max_files=0)
    chosen = [v for v in form.getlist("tool") if isinstance(v, str) and v.startswith(f"{PREFIX}{name}__")]
    async with db.transaction() as session:
        await approve_as_proposed(
            session, actor, registry, chosen, data_class=read_data_class(str(form.get("data_class", ""))),
            ledger=ledger, clock=clock,
        )  # fmt: skip
    return _to(f"/connectors/mcp/{name}#tools")


@router.post("/{name}/tools/{tool}")
async def say(
    db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, clock: Time, name: str, tool: str,
    word: Annotated[str, Form()], tier: Annotated[str, Form()] = "modify",
    data_class: Annotated[str, Form()] = "confidential", egress: Annotated[bool, Form()] = False,
    reason: Annotated[str, Form()] = "", pin: Annotated[str, Form()] = "",
) -> RedirectResponse:  # fmt: skip
    """Approve a tool with tier and class, or block it."""
    async with db.transaction() as session:
        if word == "block":
            await decide_tool(session, actor, registry, tool, "blocked", ledger=ledger, clock=clock)
        else:
            await classify_tool(
                session, actor, registry, tool, tier=read_tier(tier), data_class=read_data_class(data_class),
                egress=egress, reason=reason, pin=pin, ledger=ledger, clock=clock,
            )  # fmt: skip
    return _to(f"/connectors/mcp/{name}#{tool}")


@router.post("/{name}/sign-in")
async def sign_in(
    request: Request, page: Page, db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets,
    sign_ins: TheSignIns, name: str,
) -> HTMLResponse:  # fmt: skip
    """Find out where this person signs in and what is asked there, and show it before they go."""
    actor.require("own:accounts:manage")
    async with db.transaction() as session:
        connector = await find_server(session, registry, name)
        account = await organisation_account(session, connector.kind, secrets=secrets)
    consent = await sign_ins.begin(actor.id, connector.server, account.config, account.secrets)
    return page.show(request, "connectors/mcp_consent.html", consent=consent)
