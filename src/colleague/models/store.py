"""Queries of models."""

from collections.abc import Iterable

from sqlalchemy import select

from colleague.kit.db import Session
from colleague.models.model import Estimate, Kind, NoSuchProvider, Paper, Price, Provider, Route
from colleague.models.tables import EstimateRow, PaperRow, PriceRow, ProviderRow, RouteRow
from colleague.policy.model import DataClass, Zone


def paper_value(row: PaperRow) -> Paper:
    """Return a stored paper as a value."""
    return Paper(
        row.id, row.kind, row.document, row.counterparty, tuple(row.covers), row.scope, row.signed_on, row.expires_on,
        row.stored_by, row.stored_at,
    )  # fmt: skip


async def provider_values(session: Session, rows: Iterable[ProviderRow]) -> list[Provider]:
    """Return providers as values, with the papers that were not withdrawn, newest first."""
    rows = list(rows)
    papers: dict[str, list[Paper]] = {}
    query = (
        select(PaperRow)
        .where(PaperRow.provider_id.in_([r.id for r in rows]), PaperRow.withdrawn_at.is_(None))
        .order_by(PaperRow.id.desc())
    )
    for paper in await session.scalars(query):
        papers.setdefault(paper.provider_id, []).append(paper_value(paper))
    return [
        Provider(
            r.id, r.name, Kind(r.kind), r.address, r.region, r.project, r.version, r.streams, Zone(r.zone),
            DataClass(r.ceiling), r.enabled, bool(r.sealed), tuple(papers.get(r.id, ())), r.healthy, r.health,
            r.checked_at,
        )
        for r in rows
    ]  # fmt: skip


async def list_providers(session: Session) -> list[Provider]:
    """Return every provider by name."""
    return await provider_values(session, await session.scalars(select(ProviderRow).order_by(ProviderRow.name)))


async def get_row(session: Session, name: str, *, lock: bool = False) -> ProviderRow:
    """Return the row of a provider by its name, locked if asked; NoSuchProvider if there is none."""
    query = select(ProviderRow).where(ProviderRow.name == name)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NoSuchProvider
    return row


async def get_provider(session: Session, name: str) -> Provider:
    """Return a provider by its name; NoSuchProvider if there is none."""
    return (await provider_values(session, [await get_row(session, name)]))[0]


async def list_routes(session: Session) -> list[Route]:
    """Return every route: the organisation's default first."""
    rows = await session.scalars(select(RouteRow).order_by(RouteRow.target, RouteRow.subject))
    routes = [Route(r.id, r.target, r.subject, tuple(r.chain)) for r in rows]
    return sorted(routes, key=lambda r: (r.target != "organisation", r.target, r.subject))


async def list_prices(session: Session) -> list[Price]:
    """Return every stored price."""
    rows = await session.scalars(select(PriceRow).order_by(PriceRow.provider, PriceRow.model))
    return [price_value(r) for r in rows]


async def find_price(session: Session, provider: str, model: str) -> Price | None:
    """Return the price of a model at a provider, if one is stored."""
    row = await session.get(PriceRow, (provider, model))
    return price_value(row) if row else None


async def find_estimate(session: Session, run: str) -> Estimate | None:
    """Return what a run was estimated to use before it started, if that was done."""
    row = await session.get(EstimateRow, run)
    if row is None:
        return None
    return Estimate(row.low_tokens, row.high_tokens, row.low_micros, row.high_micros, row.rule)


def price_value(row: PriceRow) -> Price:
    """Return a stored price as a value."""
    return Price(row.provider, row.model, row.input, row.output, row.cached, row.stored, row.source, row.window)
