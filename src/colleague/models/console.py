"""Pages of models: providers with their papers, routes, prices."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import list_teams, names_of
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.kit.secrets import Secrets
from colleague.models.health import try_provider
from colleague.models.model import BUILT_IN, DATA_KINDS, DEPLOYMENT, KINDS, TARGETS, Kind, Price
from colleague.models.need import CASES
from colleague.models.papers import BadPaper, attest, day_of, sign_baa, withdraw_paper
from colleague.models.prices import micros_of, published_price, set_price, tokens_of
from colleague.models.providers import Wanted, add_provider, change_provider, disable_provider, enable_provider
from colleague.models.routes import parted, remove_route, set_route
from colleague.models.store import get_provider, list_prices, list_providers, list_routes
from colleague.models.think import Models
from colleague.policy.governance import current_governance
from colleague.policy.model import DataClass, Zone

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheSecrets = Annotated[Secrets, Depends(part(Secrets))]
TheModels = Annotated[Models, Depends(part(Models))]
Text = Annotated[str, Form()]
CLASSES = tuple(c.name.lower() for c in DataClass)
ZONES = tuple(z.value for z in Zone if z is not Zone.ANY)


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


async def wanted(
    kind: Text, zone: Text, ceiling: Text = "internal", address: Text = "", region: Text = "", project: Text = "",
    version: Text = "", whole: Annotated[bool, Form()] = False,
) -> Wanted:  # fmt: skip
    """Read the form of a provider."""
    return Wanted(kind, zone, ceiling, address, region.strip(), project.strip(), version.strip(), not whole)


Given = Annotated[Wanted, Depends(wanted)]


@router.get("/models")
async def index(request: Request, page: Page, db: Db, actor: Current, models: TheModels, clock: Time) -> HTMLResponse:
    """Show providers, routes, prices, and what works without any set-up."""
    actor.require("org:models:read")
    async with db.transaction() as session:
        providers, routes = await list_providers(session), await list_routes(session)
        prices, teams = await list_prices(session), await list_teams(session)
        governance = await current_governance(session)
        deployed = await models.minds.find(session, DEPLOYMENT, actor.id)
    return page.show(
        request, "models/list.html", providers=providers, routes=routes, prices=prices, teams=teams, kinds=KINDS,
        zones=ZONES, classes=CLASSES, targets=TARGETS, cases=sorted(set(CASES.values())), today=clock.now().date(),
        deployed=deployed, built_in=BUILT_IN, team_names={t.id: t.name for t in teams}, zone=governance.zone,
    )  # fmt: skip


@router.post("/models/providers")
async def add(
    db: Db, actor: Current, ledger: TheLedger, secrets: TheSecrets, clock: Time, given: Given, name: Text,
    key: Text = "",
) -> RedirectResponse:  # fmt: skip
    """Store a provider, switched off."""
    async with db.transaction() as session:
        stored = await add_provider(session, actor, name, given, key, ledger=ledger, secrets=secrets, clock=clock)
    return _to(f"/models/providers/{stored}")


@router.get("/models/providers/{name}")
async def show(request: Request, page: Page, db: Db, actor: Current, clock: Time, name: str) -> HTMLResponse:
    """Show one provider: what it may see and why, its papers, its health."""
    actor.require("org:models:read")
    async with db.transaction() as session:
        provider = await get_provider(session, name)
        people = await names_of(session, [p.stored_by for p in provider.papers])
        routes = [r for r in await list_routes(session) if any(parted(e)[0] == name for e in r.chain)]
    known = [parted(e)[1] for r in routes for e in r.chain if parted(e)[0] == name]
    return page.show(
        request, "models/provider.html", provider=provider, people=people, kinds=KINDS, info=KINDS[provider.kind],
        zones=ZONES, classes=CLASSES, today=clock.now().date(), data_kinds=DATA_KINDS, known=known,
    )  # fmt: skip


@router.post("/models/providers/{name}")
async def change(
    db: Db, actor: Current, ledger: TheLedger, secrets: TheSecrets, clock: Time, given: Given, name: str,
    key: Text = "",
) -> RedirectResponse:  # fmt: skip
    """Change a provider."""
    async with db.transaction() as session:
        await change_provider(session, actor, name, given, key, ledger=ledger, secrets=secrets, clock=clock)
    return _to(f"/models/providers/{name}")


@router.post("/models/providers/{name}/enable")
async def enable(db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str) -> RedirectResponse:
    """Let the provider be asked."""
    async with db.transaction() as session:
        await enable_provider(session, actor, name, ledger=ledger, clock=clock)
    return _to(f"/models/providers/{name}")


@router.post("/models/providers/{name}/disable")
async def disable(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str, forget: Annotated[bool, Form()] = False
) -> RedirectResponse:
    """Switch the provider off; forget its key if asked."""
    async with db.transaction() as session:
        await disable_provider(session, actor, name, forget_key=forget, ledger=ledger, clock=clock)
    return _to(f"/models/providers/{name}")


@router.post("/models/providers/{name}/try")
async def try_it(
    db: Db, actor: Current, models: TheModels, ledger: TheLedger, clock: Time, name: str, model: Text
) -> RedirectResponse:
    """Ask one small question and show what came of it."""
    await try_provider(db, actor, name, model, minds=models.minds, ledger=ledger, clock=clock)
    return _to(f"/models/providers/{name}")


@router.post("/models/providers/{name}/attestations")
async def store_attestation(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str, document: Text, signed_on: Text,
    expires_on: Text, covers: Annotated[list[str] | None, Form()] = None,
) -> RedirectResponse:  # fmt: skip
    """Store a no-training attestation."""
    signed, until = day_of(signed_on, "the day of signing"), day_of(expires_on, "the last day")
    if signed is None or until is None:
        raise BadPaper(why="it needs the day of signing and the last day")
    async with db.transaction() as session:
        await attest(
            session, actor, name, document=document, signed_on=signed, expires_on=until, covers=covers or [],
            ledger=ledger, clock=clock,
        )  # fmt: skip
    return _to(f"/models/providers/{name}#papers")


@router.post("/models/providers/{name}/agreements")
async def store_agreement(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str, document: Text, counterparty: Text,
    scope: Text, signed_on: Text, expires_on: Text = "",
) -> RedirectResponse:  # fmt: skip
    """Store a signed agreement on health data."""
    signed, until = day_of(signed_on, "the day of signing"), day_of(expires_on, "the last day")
    if signed is None:
        raise BadPaper(why="it needs the day of signing")
    async with db.transaction() as session:
        await sign_baa(
            session, actor, name, document=document, counterparty=counterparty, scope=scope, signed_on=signed,
            expires_on=until, ledger=ledger, clock=clock,
        )  # fmt: skip
    return _to(f"/models/providers/{name}#papers")


@router.post("/models/providers/{name}/papers/{paper}/withdraw")
async def withdraw(db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str, paper: str) -> RedirectResponse:
    """Let a paper no longer count."""
    async with db.transaction() as session:
        await withdraw_paper(session, actor, paper, ledger=ledger, clock=clock)
    return _to(f"/models/providers/{name}#papers")


@router.post("/models/routes")
async def route(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, target: Text, chain: Text, subject: Text = ""
) -> RedirectResponse:
    """Set a route. `target` may carry its subject («team:team_…»), as the page's one list does."""
    kind, _, inside = target.partition(":")
    lines = chain.replace(",", "\n").splitlines()
    async with db.transaction() as session:
        await set_route(session, actor, kind, subject or inside, lines, ledger=ledger, clock=clock)
    return _to("/models#routes")


@router.post("/models/routes/{route_id}/remove")
async def unroute(db: Db, actor: Current, ledger: TheLedger, route_id: str) -> RedirectResponse:
    """Remove a route."""
    async with db.transaction() as session:
        await remove_route(session, actor, route_id, ledger=ledger)
    return _to("/models#routes")


@router.post("/models/prices")
async def price(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, provider: Text, model: Text, input: Text = "",
    output: Text = "", cached: Text = "", stored: Text = "", source: Text = "", window: Text = "",
    look: Annotated[bool, Form()] = False,
) -> RedirectResponse:  # fmt: skip
    """Store a price, as entered or as published."""
    actor.require("org:models:manage")
    provider, model = provider.strip(), model.strip()
    if look:
        async with db.transaction() as session:
            known = {p.name: p.kind for p in await list_providers(session)}
        kind = known.get(provider) or next((k for k in Kind if k.value == provider), Kind.OPENAI)
        found = await published_price(kind, provider, model)
    else:
        found = Price(
            provider, model, micros_of(input), micros_of(output), micros_of(cached or input),
            micros_of(stored or input), source or "entered by hand", tokens_of(window),
        )  # fmt: skip
    async with db.transaction() as session:
        await set_price(session, actor, found, ledger=ledger, clock=clock)
    return _to("/models#prices")
