"""Standing approvals in one place: what was agreed to beforehand, how often it was used, and its end."""

from datetime import UTC, datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.dispatch.schedules.envelopes.give import (
    PERIODS,
    BadEnvelope,
    Terms,
    end_envelope,
    give_envelope,
    list_envelopes,
)
from colleague.dispatch.schedules.parts import Scheduling
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import part
from colleague.kit.page import Page
from colleague.policy.model import DataClass

router = APIRouter(include_in_schema=False)
TheParts = Annotated[Scheduling, Depends(part(Scheduling))]
Text = Annotated[str, Form()]


@router.get("/approvals/standing")
async def index(
    request: Request, page: Page, actor: Current, parts: TheParts, everybody: bool = False, ended: bool = False
) -> HTMLResponse:
    """List standing approvals, one's own or everybody's."""
    async with parts.database.transaction() as session:
        found = await list_envelopes(session, actor, clock=parts.clock, everybody=everybody, ended=ended)
        names = await names_of(session, {e.given_by for e in found} | {e.ended_by for e in found})
    return page.show(
        request, "dispatch/schedules/standing.html", standing=found, names=names, everybody=everybody, ended=ended
    )


@router.post("/approvals/standing/{envelope}/end")
async def revoke(actor: Current, parts: TheParts, envelope: str) -> Response:
    """Revoke one: from the next call on each is asked."""
    async with parts.database.transaction() as session:
        await end_envelope(session, actor, envelope, ledger=parts.ledger, clock=parts.clock)
    return RedirectResponse("/approvals/standing", status_code=303)


@router.post("/dispatch/schedules/{schedule}/standing")
async def agree(
    actor: Current, parts: TheParts, schedule: str, tool: Text = "", recipients: Text = "", most: Text = "1",
    period: Text = "day", ceiling: Text = "internal", until: Text = "",
) -> Response:  # fmt: skip
    """Agree beforehand to what a schedule sends inside."""
    try:
        ends_at = datetime.combine(datetime.fromisoformat(until).date(), time(23, 59), tzinfo=UTC)
        terms = Terms(
            tool.strip(), tuple(recipients.replace(",", "\n").split("\n")), ends_at, int(most),
            period if period in PERIODS else "", DataClass[ceiling.upper()],  # type: ignore[arg-type]
        )  # fmt: skip
    except (ValueError, KeyError):
        raise BadEnvelope(why="say a last day such as 2026-12-31, a number, a period and a class") from None
    async with parts.database.transaction() as session:
        await give_envelope(
            session, actor, schedule, terms, registry=parts.tasks.registry, ledger=parts.ledger, clock=parts.clock
        )
    return RedirectResponse(f"/dispatch/schedules/{schedule}#standing", status_code=303)
