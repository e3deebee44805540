"""Models for programs: providers, papers, routes, prices, usage, ceilings."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, SecretStr

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.kit.secrets import Secrets
from colleague.models.ceilings import list_ceilings, set_ceiling, standings
from colleague.models.health import try_provider
from colleague.models.increases import answer_increase, ask_increase
from colleague.models.model import Price, Provider
from colleague.models.papers import attest, sign_baa, withdraw_paper
from colleague.models.prices import set_price
from colleague.models.providers import Wanted, add_provider, change_provider, disable_provider, enable_provider
from colleague.models.routes import remove_route, set_route
from colleague.models.store import get_provider, list_prices, list_providers, list_routes
from colleague.models.think import Models
from colleague.models.usage import month_of, sums

router = APIRouter(prefix="/api/v1", tags=["models"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheSecrets = Annotated[Secrets, Depends(part(Secrets))]
TheModels = Annotated[Models, Depends(part(Models))]


class ProviderIn(BaseModel):
    """A provider to be. The key is never given back."""

    kind: str = Field(max_length=20)
    zone: str = Field(max_length=10)
    ceiling: str = Field("internal", max_length=20)
    address: str = Field("", max_length=300)
    region: str = Field("", max_length=80)
    project: str = Field("", max_length=80)
    version: str = Field("", max_length=80)
    streams: bool = True
    key: SecretStr = SecretStr("")

    def wanted(self) -> Wanted:
        """Return the fields without the key."""
        return Wanted(**self.model_dump(exclude={"key"}))


class PaperIn(BaseModel):
    """A no-training attestation (`covers`) or a BAA (`counterparty`, `scope`)."""

    kind: Literal["no-training", "baa"]
    document: str = Field(max_length=500)
    signed_on: date
    expires_on: date | None = None
    covers: list[str] = Field(default_factory=list, max_length=10)
    counterparty: str = Field("", max_length=500)
    scope: str = Field("", max_length=500)


class RouteIn(BaseModel):
    """A route: `subject` is a category, a team's id or a zone; "" for the organisation."""

    target: str = Field(max_length=20)
    subject: str = Field("", max_length=80)
    chain: list[str] = Field(min_length=1, max_length=8)


class PriceIn(BaseModel):
    """Millionths of a US dollar for a million tokens, and how much the model can be given at once."""

    provider: str = Field(max_length=40)
    model: str = Field(max_length=150)
    input: int = Field(ge=0)
    output: int = Field(ge=0)
    cached: int = Field(ge=0)
    stored: int = Field(ge=0)
    source: str = Field("", max_length=300)
    window: int = Field(0, ge=0, description="Tokens the model can be given at once; 0: not known.")


class CeilingIn(BaseModel):
    """Millionths of a US dollar a month. `subject`: an id, `*` for each, "" for the organisation."""

    scope: Literal["organisation", "team", "person"]
    subject: str = Field("", max_length=80)
    micros: int = Field(ge=0)


class IncreaseIn(CeilingIn):
    """A request for more this month."""

    reason: str = Field(max_length=1000)


class AnswerIn(BaseModel):
    """The answer to a request."""

    grant: bool
    note: str = Field("", max_length=1000)


def _as_json(provider: Provider, today: date) -> dict[str, Any]:
    return {
        "name": provider.name, "kind": provider.kind.value, "address": provider.address, "region": provider.region,
        "zone": provider.zone.value, "ceiling": provider.ceiling.name.lower(), "enabled": provider.enabled,
        "has_key": provider.has_key, "attested": provider.attested(today),
        "attested_fully": provider.attested_fully(today), "baa": provider.agreed(today), "healthy": provider.healthy,
        "health": provider.health,
        "papers": [
            {"id": p.id, "kind": p.kind, "document": p.document, "covers": p.covers, "counterparty": p.counterparty,
             "scope": p.scope, "signed_on": p.signed_on, "expires_on": p.expires_on, "holds": p.holds(today)}
            for p in provider.papers
        ],
    }  # fmt: skip


@router.get("/models/providers")
async def providers(db: Db, actor: Current, clock: Time) -> list[dict[str, Any]]:
    """Return every provider."""
    actor.require("org:models:read")
    async with db.transaction() as session:
        return [_as_json(p, clock.now().date()) for p in await list_providers(session)]


@router.put("/models/providers/{name}", status_code=200)
async def put(
    db: Db, actor: Current, ledger: TheLedger, secrets: TheSecrets, clock: Time, name: str, body: ProviderIn,
    new: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Change a provider, or store a new one (`new`), switched off."""
    deed = add_provider if new else change_provider
    async with db.transaction() as session:
        key = body.key.get_secret_value()
        await deed(session, actor, name, body.wanted(), key, ledger=ledger, secrets=secrets, clock=clock)
        return _as_json(await get_provider(session, name), clock.now().date())


@router.post("/models/providers/{name}/{deed}")
async def switch(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str, deed: Literal["enable", "disable"]
) -> dict[str, Any]:
    """Switch a provider on or off."""
    change = enable_provider if deed == "enable" else disable_provider
    async with db.transaction() as session:
        await change(session, actor, name, ledger=ledger, clock=clock)
        return _as_json(await get_provider(session, name), clock.now().date())


@router.post("/models/providers/{name}/check/{model}")
async def check(
    db: Db, actor: Current, models: TheModels, ledger: TheLedger, clock: Time, name: str, model: str
) -> dict[str, Any]:
    """Ask a provider one small question."""
    works, words = await try_provider(db, actor, name, model, minds=models.minds, ledger=ledger, clock=clock)
    return {"works": works, "words": words}


@router.put("/models/providers/{name}/papers", status_code=201)
async def store_paper(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str, body: PaperIn
) -> dict[str, Any]:
    """Store a paper of a provider."""
    async with db.transaction() as session:
        if body.kind == "baa":
            paper = await sign_baa(
                session, actor, name, document=body.document, counterparty=body.counterparty, scope=body.scope,
                signed_on=body.signed_on, expires_on=body.expires_on, ledger=ledger, clock=clock,
            )  # fmt: skip
        else:
            paper = await attest(
                session, actor, name, document=body.document, signed_on=body.signed_on,
                expires_on=body.expires_on or body.signed_on, covers=body.covers, ledger=ledger, clock=clock,
            )  # fmt: skip
    return {"id": paper}


@router.delete("/models/papers/{paper}", status_code=204)
async def withdraw(db: Db, actor: Current, ledger: TheLedger, clock: Time, paper: str) -> None:
    """Let a paper no longer count."""
    async with db.transaction() as session:
        await withdraw_paper(session, actor, paper, ledger=ledger, clock=clock)


@router.get("/models/routes")
async def routes(db: Db, actor: Current) -> list[dict[str, Any]]:
    """Return every route."""
    actor.require("org:models:read")
    async with db.transaction() as session:
        return [
            {"id": r.id, "target": r.target, "subject": r.subject, "chain": r.chain} for r in await list_routes(session)
        ]


@router.put("/models/routes")
async def put_route(db: Db, actor: Current, ledger: TheLedger, clock: Time, body: RouteIn) -> dict[str, Any]:
    """Set a route."""
    async with db.transaction() as session:
        made = await set_route(session, actor, body.target, body.subject, body.chain, ledger=ledger, clock=clock)
    return {"id": made}


@router.delete("/models/routes/{route_id}", status_code=204)
async def delete_route(db: Db, actor: Current, ledger: TheLedger, route_id: str) -> None:
    """Remove a route."""
    async with db.transaction() as session:
        await remove_route(session, actor, route_id, ledger=ledger)


@router.get("/models/prices")
async def prices(db: Db, actor: Current) -> list[PriceIn]:
    """Return every stored price."""
    actor.require("org:models:read")
    async with db.transaction() as session:
        found = await list_prices(session)
    return [PriceIn.model_validate(p, from_attributes=True) for p in found]


@router.put("/models/prices", status_code=204)
async def put_price(db: Db, actor: Current, ledger: TheLedger, clock: Time, body: PriceIn) -> None:
    """Store a price."""
    async with db.transaction() as session:
        await set_price(session, actor, Price(**body.model_dump()), ledger=ledger, clock=clock)


@router.get("/usage")
async def usage(
    db: Db, actor: Current, clock: Time, month: str | None = None,
    by: Literal["person", "team", "model", "run"] = "model",
) -> list[dict[str, Any]]:  # fmt: skip
    """Return a month's sums: everybody's with org:models:read, else one's own."""
    async with db.transaction() as session:
        lines = await sums(session, actor, month or month_of(clock.now()), by)
    return [
        {"id": x.id, "name": x.name, "turns": x.turns, "input_tokens": x.input_tokens,
         "output_tokens": x.output_tokens, "cached_tokens": x.cached_tokens, "micros": x.micros,
         "turns_without_price": x.unpriced}
        for x in lines
    ]  # fmt: skip


@router.get("/usage/ceilings")
async def ceilings(db: Db, actor: Current, clock: Time) -> dict[str, Any]:
    """Return the ceilings that apply to oneself, and all of them for those who may see them."""
    async with db.transaction() as session:
        mine = await standings(session, actor.id, actor.teams, clock=clock)
        stored = await list_ceilings(session) if actor.may("org:models:read") else ()
    return {
        "mine": [{"scope": s.scope, "subject": s.subject, "micros": s.micros, "spent": s.spent} for s in mine],
        "all": [{"scope": c.scope, "subject": c.subject, "micros": c.micros} for c in stored],
    }


@router.put("/usage/ceilings", status_code=204)
async def put_ceiling(db: Db, actor: Current, ledger: TheLedger, clock: Time, body: CeilingIn) -> None:
    """Set a ceiling."""
    async with db.transaction() as session:
        await set_ceiling(session, actor, body.scope, body.subject, body.micros, ledger=ledger, clock=clock)


@router.post("/usage/increases", status_code=201)
async def ask(
    db: Db, actor: Current, models: TheModels, ledger: TheLedger, clock: Time, body: IncreaseIn
) -> dict[str, Any]:
    """Ask for more this month."""
    async with db.transaction() as session:
        made = await ask_increase(
            session, actor, body.scope, body.subject, body.micros, body.reason, tell=models.tell, ledger=ledger,
            clock=clock,
        )  # fmt: skip
    return {"id": made}


@router.post("/usage/increases/{increase}/answer", status_code=204)
async def answer(
    db: Db, actor: Current, models: TheModels, ledger: TheLedger, clock: Time, increase: str, body: AnswerIn
) -> None:
    """Grant or deny a request."""
    async with db.transaction() as session:
        await answer_increase(
            session, actor, increase, grant=body.grant, note=body.note, tell=models.tell, ledger=ledger, clock=clock
        )
