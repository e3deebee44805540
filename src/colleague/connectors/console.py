"""Pages of connectors: all of them, one with its grants, tools and people, and everyone's own accounts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from colleague.audit.record import Ledger
from colleague.connectors.accounts import (
    check_account,
    connect_account,
    disable_account,
    disable_connector,
    enable_connector,
    list_accounts,
)
from colleague.connectors.grant_console import CLASSES
from colleague.connectors.grants import is_enabled
from colleague.connectors.overview import by_person, holder_names, overview
from colleague.connectors.registry import Registry, fields_of, is_personal
from colleague.connectors.tiers import decide_tool
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.kit.secrets import Secrets

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
TheSecrets = Annotated[Secrets, Depends(part(Secrets))]


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


async def _values(request: Request) -> dict[str, str]:
    """Return the text fields of a form; empty ones count as not given."""
    form = await request.form(max_fields=40, max_files=0)
    return {k: v for k, v in form.items() if isinstance(v, str) and v.strip()}


@router.get("/connectors")
async def index(
    request: Request, page: Page, db: Db, actor: Current, registry: TheRegistry, clock: Time
) -> HTMLResponse:
    """Show all connectors to those who may see them; to everybody their own accounts."""
    async with db.transaction() as session:
        sights = await overview(session, actor, registry, clock=clock) if actor.may("org:connectors:read") else []
        own = []
        for connector in await registry.now(session):
            if (
                is_personal(connector)
                and actor.may("own:accounts:manage")
                and await is_enabled(session, connector.kind)
            ):
                mine = await list_accounts(session, person=actor.id, connector=connector.kind)
                fields = [f for f in fields_of(connector) if f.whose == "person"]
                own.append((connector, mine[0] if mine else None, fields))
    return page.show(request, "connectors/list.html", sights=sights, own=own)


@router.get("/connectors/people")
async def people(
    request: Request, page: Page, db: Db, actor: Current, registry: TheRegistry, clock: Time
) -> HTMLResponse:
    """Show who reaches which connectors, and nobody else."""
    async with db.transaction() as session:
        sights = await overview(session, actor, registry, clock=clock)
    return page.show(request, "connectors/people.html", sights=sights, people=by_person(sights))


@router.get("/connectors/{kind}")
async def show(
    request: Request, page: Page, db: Db, actor: Current, registry: TheRegistry, clock: Time, kind: str
) -> HTMLResponse:
    """Show one connector: settings, tools, grants, who reaches what, accounts."""
    async with db.transaction() as session:
        connector = (await registry.now(session)).get(kind)
        sights = await overview(session, actor, registry, clock=clock)
        holders = await holder_names(session)
        sight = next(s for s in sights if s.connector.kind == kind)
        people = await names_of(
            session, [*(a.person for a in sight.accounts), *(g.opened.granted_by for g in sight.grants)]
        )
    fields = [f for f in fields_of(connector) if f.whose == "organisation"]
    return page.show(
        request, "connectors/show.html", sight=sight, holders=holders, fields=fields, classes=CLASSES, people=people
    )


@router.post("/connectors/{kind}/enable")
async def enable(
    request: Request, db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger,
    clock: Time, kind: str,
) -> RedirectResponse:  # fmt: skip
    """Enable the connector, or change its settings."""
    values = await _values(request)
    async with db.transaction() as session:
        await enable_connector(session, actor, registry, kind, values, ledger=ledger, secrets=secrets, clock=clock)
    return _to(f"/connectors/{kind}")


@router.post("/connectors/{kind}/disable")
async def disable(db: Db, actor: Current, ledger: TheLedger, clock: Time, kind: str) -> RedirectResponse:
    """Switch the connector off for everybody."""
    async with db.transaction() as session:
        await disable_connector(session, actor, kind, ledger=ledger, clock=clock)
    return _to(f"/connectors/{kind}")


@router.post("/connectors/{kind}/tools/{name}")
async def say_tool(
    db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, clock: Time, kind: str, name: str,
    state: Annotated[str, Form()],
) -> RedirectResponse:  # fmt: skip
    """Approve a tool as it is now, or block it."""
    async with db.transaction() as session:
        await decide_tool(session, actor, registry, name, state, ledger=ledger, clock=clock)
    return _to(f"/connectors/{kind}#tools")


@router.post("/connectors/{kind}/account")
async def connect(
    request: Request, db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger,
    clock: Time, kind: str,
) -> RedirectResponse:  # fmt: skip
    """Connect my own account, then try it, so that a wrong password shows at once."""
    values = await _values(request)
    async with db.transaction() as session:
        view = await connect_account(
            session, actor, registry, kind, values, ledger=ledger, secrets=secrets, clock=clock
        )
    await check_account(db, actor, registry, view.id, ledger=ledger, secrets=secrets, clock=clock)
    return _to("/connectors#accounts")


@router.post("/connectors/{kind}/accounts/{account_id}/check")
async def check(
    db: Db, actor: Current, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger, clock: Time, kind: str,
    account_id: str,
) -> RedirectResponse:  # fmt: skip
    """Try a connection and show what came of it."""
    await check_account(db, actor, registry, account_id, ledger=ledger, secrets=secrets, clock=clock)
    return _to(f"/connectors/{kind}" if actor.may("org:connectors:read") else "/connectors#accounts")


@router.post("/connectors/{kind}/accounts/{account_id}/disconnect")
async def disconnect(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, kind: str, account_id: str
) -> RedirectResponse:
    """Disconnect an account and forget its secrets."""
    async with db.transaction() as session:
        await disable_account(session, actor, account_id, ledger=ledger, clock=clock)
    return _to("/connectors#accounts")
