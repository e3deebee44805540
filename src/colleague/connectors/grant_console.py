"""Pages of grants: the form, what it would change, giving, changing, revoking."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from colleague.audit.record import Ledger
from colleague.connectors.effect import effect_of
from colleague.connectors.grants import (
    BadGrant,
    NoSuchGrant,
    Opened,
    Terms,
    change_grant,
    get_grant,
    grant,
    proposed,
    read_class,
    read_words,
    revoke,
)
from colleague.connectors.overview import holder_names, state_of
from colleague.connectors.registry import Registry
from colleague.identity.current import Current
from colleague.kit.db import Session
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.policy.model import DataClass

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
CLASSES = tuple(c.name.lower() for c in DataClass)
TOOL = "tool:"


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was filled in: to whom, the terms, and the fields to carry to the next page."""

    holder: str
    terms: Terms
    fields: tuple[tuple[str, str], ...]


async def _filled(request: Request) -> Filled:
    """Read the grant's form. Raises BadGrant. No place at all means everything, which needs an exception."""
    form = await request.form(max_fields=400, max_files=0)
    given = {k: v for k, v in form.items() if isinstance(v, str)}
    terms = Terms(
        places=given.get("places", "").splitlines() or [""], may_write=given.get("may_write") == "true",
        ceiling=read_class(given.get("ceiling", "internal")),
        place_class=read_class(given.get("place_class", "internal")), trusted=given.get("trusted") == "true",
        tools=read_words({k.removeprefix(TOOL): v for k, v in given.items() if k.startswith(TOOL)}),
        reason=given.get("reason", ""), expires_at=end_of(given.get("expires", "")),
    )  # fmt: skip
    return Filled(given.get("team", ""), terms, tuple(given.items()))


def end_of(day: str) -> datetime | None:
    """Return the last moment of a day written as 2026-12-31, in UTC; None for ""; BadGrant if it is no day."""
    if not day.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(day.strip()), time.max, tzinfo=UTC)
    except ValueError:
        raise BadGrant(why="the end date must be a day such as 2026-12-31") from None


def _to(kind: str) -> RedirectResponse:
    return RedirectResponse(f"/connectors/{kind}#grants", status_code=303)


async def _mine(session: Session, kind: str, grant_id: str) -> Opened:
    opened = await get_grant(session, grant_id)
    if opened.grant.connector != kind:
        raise NoSuchGrant
    return opened


@router.post("/connectors/{kind}/grants/look")
async def look(
    request: Request, page: Page, db: Db, actor: Current, registry: TheRegistry, clock: Time, kind: str
) -> HTMLResponse:
    """Show what a new grant would change, with the button that gives it."""
    filled = await _filled(request)
    async with db.transaction() as session:
        after = await proposed(session, actor, registry, kind, filled.holder, filled.terms, clock=clock)
        more = await _about(session, actor, registry, kind, None, after, clock)
    return page.show(request, "connectors/effect.html", fields=filled.fields, to="", verb="Open it", **more)


@router.post("/connectors/{kind}/grants")
async def open_grant(
    request: Request, db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, clock: Time, kind: str
) -> RedirectResponse:
    """Open the connector to a team or a role. Places come one a line."""
    filled = await _filled(request)
    t = filled.terms
    async with db.transaction() as session:
        await grant(
            session, actor, registry, kind, filled.holder, t.places, reason=t.reason, may_write=t.may_write,
            ceiling=t.ceiling, place_class=t.place_class, trusted=t.trusted, expires_at=t.expires_at, tools=t.tools,
            ledger=ledger, clock=clock,
        )  # fmt: skip
    return _to(kind)


@router.get("/connectors/{kind}/grants/{grant_id}")
async def edit(
    request: Request, page: Page, db: Db, actor: Current, registry: TheRegistry, clock: Time, kind: str, grant_id: str
) -> HTMLResponse:
    """Show one grant in the form that changes it, and what revoking it would mean."""
    async with db.transaction() as session:
        opened = await _mine(session, kind, grant_id)
        more = await _about(session, actor, registry, kind, opened, None, clock)
    return page.show(request, "connectors/grant.html", opened=opened, classes=CLASSES, **more)


@router.post("/connectors/{kind}/grants/{grant_id}/look")
async def look_change(
    request: Request, page: Page, db: Db, actor: Current, registry: TheRegistry, clock: Time, kind: str, grant_id: str
) -> HTMLResponse:
    """Show what other terms would change, with the button that puts the grant on them."""
    filled = await _filled(request)
    async with db.transaction() as session:
        before = await _mine(session, kind, grant_id)
        after = await proposed(
            session, actor, registry, kind, before.grant.holder, filled.terms, clock=clock, grant_id=grant_id
        )
        more = await _about(session, actor, registry, kind, before, after, clock)
    to = f"/{grant_id}"
    return page.show(request, "connectors/effect.html", fields=filled.fields, to=to, verb="Change it", **more)


@router.post("/connectors/{kind}/grants/{grant_id}")
async def change(
    request: Request, db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, clock: Time, kind: str,
    grant_id: str,
) -> RedirectResponse:  # fmt: skip
    """Put a grant on other terms."""
    filled = await _filled(request)
    async with db.transaction() as session:
        await _mine(session, kind, grant_id)
        await change_grant(session, actor, registry, grant_id, filled.terms, ledger=ledger, clock=clock)
    return _to(kind)


@router.post("/connectors/{kind}/grants/{grant_id}/revoke")
async def close_grant(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, kind: str, grant_id: str
) -> RedirectResponse:
    """Revoke a grant."""
    async with db.transaction() as session:
        await _mine(session, kind, grant_id)
        await revoke(session, actor, grant_id, ledger=ledger, clock=clock)
    return _to(kind)


async def _about(
    session: Session, actor: Current, registry: Registry, kind: str, before: Opened | None, after: Opened | None,
    clock: Time,
) -> dict[str, Any]:  # fmt: skip
    """Return what both pages show: the connector, to whom, and the effect."""
    connector = (await registry.now(session)).get(kind)
    effect = await effect_of(session, actor, before, after, clock=clock)
    shown = after or before
    assert shown is not None
    names = await holder_names(session)
    return {
        "connector": connector, "effect": effect, "shown": shown, "state": state_of(shown, clock.now()),
        "holder": names.get(shown.grant.holder, shown.grant.holder),
    }  # fmt: skip
