"""Pages of schedules: the list, a new one, one with its next times and its last slots, a dry run."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.dispatch.schedules.dry_run import dry_run
from colleague.dispatch.schedules.envelopes.give import list_envelopes
from colleague.dispatch.schedules.form import MICROS, order_in, shown
from colleague.dispatch.schedules.hand_over import accept, decline, offer
from colleague.dispatch.schedules.make import activate, create_schedule, edit_schedule, end_schedule, pause, run_now
from colleague.dispatch.schedules.model import CATCH_UPS, DELIVERIES, KINDS, Order, Schedule
from colleague.dispatch.schedules.order import next_times
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.permitted import check_new, check_permitted
from colleague.dispatch.schedules.store import automations, list_schedules, schedule_of, slots_of, visible_row
from colleague.dispatch.schedules.when import in_words, zone_named, zones
from colleague.identity.actor import Actor
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.db import Session
from colleague.kit.doors import part
from colleague.kit.errors import Failure
from colleague.kit.ids import new_id
from colleague.kit.page import Page, Pages
from colleague.policy.governance import current_governance
from colleague.policy.model import Governance, Tier

router = APIRouter(include_in_schema=False, prefix="/dispatch/schedules")
TheParts = Annotated[Scheduling, Depends(part(Scheduling))]
Text = Annotated[str, Form()]
EXAMPLES = (
    ("30 8 * * MON-FRI", "08:30 on working days"), ("0 7 * * MON", "07:00 on Mondays"),
    ("0 9 LW * *", "09:00 on the last working day of the month"), ("0 */2 * * *", "every two hours"),
)  # fmt: skip


def _to(schedule: str, at: str = "") -> RedirectResponse:
    return RedirectResponse(f"/dispatch/schedules/{schedule}{at}", status_code=303)


def when_words(order: Order) -> str:
    """Say in words when it runs."""
    match order.kind:
        case "cron":
            return f"{in_words(order.cron)} ({order.zone})"
        case "once":
            return f"once, {shown(order.at, order.zone)} ({order.zone})"
        case "skill":
            return f"after a task of yours with /{order.skill}"
        case "file":
            return f"when a file appears in {order.place}"


@router.get("")
async def index(
    request: Request, page: Page, actor: Current, parts: TheParts, everybody: bool = False, ended: bool = False,
    before: str = "",
) -> HTMLResponse:  # fmt: skip
    """List schedules."""
    async with parts.database.transaction() as session:
        found = await list_schedules(session, actor, everybody=everybody, ended=ended, before=before)
        names = await names_of(session, {s.owner for s in found})
    return page.show(
        request, "dispatch/schedules/list.html", schedules=found, names=names, everybody=everybody, ended=ended,
        words=when_words, shown=shown,
    )  # fmt: skip


@router.get("/new")
async def new(request: Request, page: Page, actor: Current, parts: TheParts) -> HTMLResponse:
    """Show the form for a new schedule."""
    actor.require("own:dispatch:use")
    async with parts.database.transaction() as session:
        # The zone of the newest one is most likely that of the next.
        newest = await list_schedules(session, actor, ended=True, limit=1)
        governance = await current_governance(session)
    blank = Order("", "", cron="30 8 * * MON-FRI", zone=newest[0].order.zone if newest else "UTC")
    return _form(page, request, blank, governance, "/dispatch/schedules", "New schedule")


def _form(
    page: Pages, request: Request, order: Order, governance: Governance, to: str, title: str, standing: int = 0
) -> HTMLResponse:
    at = order.at.astimezone(zone_named(order.zone)).strftime("%Y-%m-%dT%H:%M") if order.at else ""
    return page.show(
        request, "dispatch/schedules/form.html", order=order, at=at, to=to, title=title, kinds=KINDS,
        catch_ups=CATCH_UPS, deliveries=DELIVERIES, tiers=[t.name.lower() for t in Tier], zones=sorted(zones()),
        ceiling=f"{order.micros / MICROS:g}", examples=EXAMPLES, governance=governance, standing=standing,
    )  # fmt: skip


@router.post("")
async def create(request: Request, actor: Current, parts: TheParts) -> Response:
    """Make a draft and show it."""
    async with request.form() as form:
        order = order_in(form)
    async with parts.database.transaction() as session:
        schedule = await create_schedule(session, actor, order, parts=parts)
    return _to(schedule)


async def _view(session: Session, page: Pages, request: Request, actor: Actor, schedule: str, parts: Scheduling,
                rehearsal: object = None) -> HTMLResponse:  # fmt: skip
    found = schedule_of(await visible_row(session, actor, schedule))
    slots = await slots_of(session, schedule)
    mine = found.owner == actor.id
    standing = await list_envelopes(session, actor, clock=parts.clock, schedule=schedule) if mine else []
    names = await names_of(session, {found.owner, found.by, found.offered_to})
    times = next_times(found.order, parts.clock.now()) if found.state in ("active", "draft") else []
    running = await automations(session, but=found.id)
    hindrance = _hindrance(found, await current_governance(session), running)
    return page.show(
        request, "dispatch/schedules/show.html", schedule=found, order=found.order, slots=slots, mine=mine,
        names=names, times=[shown(t, found.order.zone) for t in times], words=when_words, shown=shown,
        kinds=KINDS, catch_ups=CATCH_UPS, deliveries=DELIVERIES, standing=standing, press=new_id("press"),
        ceiling=f"{found.order.micros / MICROS:g}", micros=MICROS, rehearsal=rehearsal, hindrance=hindrance,
        by="Colleague" if found.by == "system" else names.get(found.by, found.by),
    )  # fmt: skip


def _hindrance(schedule: Schedule, governance: Governance, running: Mapping[str, str]) -> str:
    """Say why the organisation does not let it run now, or be switched on; "" if it does."""
    try:
        if schedule.state in ("active", "ended"):
            check_permitted(schedule.order, governance)
        else:
            check_new(schedule.order, governance, running)
    except Failure as failure:
        return failure.message
    return ""


@router.get("/{schedule}")
async def show(request: Request, page: Page, actor: Current, parts: TheParts, schedule: str) -> HTMLResponse:
    """Show one schedule."""
    async with parts.database.transaction() as session:
        return await _view(session, page, request, actor, schedule, parts)


@router.get("/{schedule}/edit")
async def change(request: Request, page: Page, actor: Current, parts: TheParts, schedule: str) -> HTMLResponse:
    """Show the form with what it holds."""
    async with parts.database.transaction() as session:
        order = schedule_of(await visible_row(session, actor, schedule)).order
        standing = await list_envelopes(session, actor, clock=parts.clock, schedule=schedule)
        governance = await current_governance(session)
    return _form(page, request, order, governance, f"/dispatch/schedules/{schedule}/edit", "Change it", len(standing))


@router.post("/{schedule}/edit")
async def edit(request: Request, actor: Current, parts: TheParts, schedule: str) -> Response:
    """Give it other words, times or limits."""
    async with request.form() as form:
        order = order_in(form)
    async with parts.database.transaction() as session:
        await edit_schedule(session, actor, schedule, order, parts=parts)
    return _to(schedule)


@router.post("/{schedule}/activate")
async def switch_on(actor: Current, parts: TheParts, schedule: str) -> Response:
    """Let it run."""
    async with parts.database.transaction() as session:
        await activate(session, actor, schedule, parts=parts)
    return _to(schedule)


@router.post("/{schedule}/pause")
async def halt(actor: Current, parts: TheParts, schedule: str, why: Text = "") -> Response:
    """Pause it, with a reason."""
    async with parts.database.transaction() as session:
        await pause(session, actor, schedule, why, parts=parts)
    return _to(schedule)


@router.post("/{schedule}/end")
async def end(actor: Current, parts: TheParts, schedule: str, why: Text = "") -> Response:
    """End it for good, with a reason."""
    async with parts.database.transaction() as session:
        await end_schedule(session, actor, schedule, why, parts=parts)
    return _to(schedule)


@router.post("/{schedule}/run")
async def run(actor: Current, parts: TheParts, schedule: str, press: Text = "") -> Response:
    """Start it once now; a second press of the same button starts nothing."""
    async with parts.database.transaction() as session:
        await run_now(session, actor, schedule, press, parts=parts)
    return _to(schedule, "#slots")


@router.post("/{schedule}/dry-run")
async def rehearse(request: Request, page: Page, actor: Current, parts: TheParts, schedule: str) -> HTMLResponse:
    """Show what would happen at the next slot; nothing happens."""
    async with parts.database.transaction() as session:
        found = await dry_run(session, actor, schedule, parts=parts)
        return await _view(session, page, request, actor, schedule, parts, found)


@router.post("/{schedule}/offer")
async def hand_over(actor: Current, parts: TheParts, schedule: str, email: Text = "") -> Response:
    """Offer it to a colleague."""
    async with parts.database.transaction() as session:
        await offer(session, actor, schedule, email, parts=parts)
    return _to(schedule)


@router.post("/{schedule}/accept")
async def take(actor: Current, parts: TheParts, schedule: str) -> Response:
    """Accept what was offered."""
    async with parts.database.transaction() as session:
        await accept(session, actor, schedule, parts=parts)
    return _to(schedule)


@router.post("/{schedule}/decline")
async def refuse(actor: Current, parts: TheParts, schedule: str) -> Response:
    """Decline an offer, or take one's own back."""
    async with parts.database.transaction() as session:
        await decline(session, actor, schedule, parts=parts)
    return RedirectResponse("/dispatch/schedules", status_code=303)
