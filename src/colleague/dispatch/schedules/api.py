"""Schedules for programs: make, change, switch, run, rehearse, hand over; and standing approvals, to see and to end."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from colleague.dispatch.schedules.dry_run import dry_run
from colleague.dispatch.schedules.envelopes.give import Terms, end_envelope, give_envelope, list_envelopes
from colleague.dispatch.schedules.hand_over import accept, decline, offer
from colleague.dispatch.schedules.make import activate, create_schedule, edit_schedule, end_schedule, pause, run_now
from colleague.dispatch.schedules.model import CatchUp, Delivery, Kind, Order
from colleague.dispatch.schedules.order import next_times
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.store import list_schedules, schedule_of, slots_of, visible_row
from colleague.identity.actor import Actor
from colleague.identity.current import Current
from colleague.kit.db import Session
from colleague.kit.doors import part
from colleague.policy.model import DataClass, Tier

router = APIRouter(prefix="/api/v1/dispatch", tags=["schedules"])
TheParts = Annotated[Scheduling, Depends(part(Scheduling))]


class Wanted(BaseModel):
    """What is to run, and when: `cron` with `zone`, `at`, `skill` or `place`, as `kind` says."""

    name: str = Field(max_length=120)
    words: str = Field(max_length=8000)
    kind: Kind = "cron"
    cron: str = Field("", max_length=100)
    zone: str = Field("UTC", max_length=80)
    at: AwareDatetime | None = None
    skill: str = Field("", max_length=200)
    place: str = Field("", max_length=500)
    tier: Literal["read", "communicate", "modify"] = "read"
    delivery: Delivery = "notice"
    catch_up: CatchUp = "once"
    most: int = Field(3, ge=1, le=50)
    micros: int = Field(2_000_000, ge=10_000, le=1_000_000_000)

    def order(self) -> Order:
        """Return it as an order."""
        return Order(**{**self.model_dump(), "tier": Tier[self.tier.upper()]})


class Reason(BaseModel):
    """Why, in a few words."""

    why: str = Field(min_length=1, max_length=300)


class Press(BaseModel):
    """A name of this press of the button: sent twice it starts one run."""

    press: str = Field("", max_length=80)


class Heir(BaseModel):
    """Who shall own it, by mail address."""

    email: str = Field(max_length=320)


class Agreed(BaseModel):
    """What is agreed to beforehand."""

    tool: str = Field(max_length=200)
    recipients: list[Annotated[str, Field(max_length=320)]] = Field(min_length=1, max_length=20)
    ends_at: AwareDatetime
    most: int = Field(1, ge=1, le=100)
    period: Literal["day", "week", "month"] = "day"
    ceiling: Literal["public", "internal", "confidential"] = "internal"


async def _one(session: Session, actor: Actor, schedule: str, parts: Scheduling) -> dict[str, Any]:
    found = schedule_of(await visible_row(session, actor, schedule))
    times = next_times(found.order, parts.clock.now()) if found.state == "active" else []
    slots = [slot.to_json() for slot in await slots_of(session, schedule)]
    return found.to_json() | {"next_times": times, "slots": slots}


@router.get("/schedules")
async def index(
    actor: Current, parts: TheParts, everybody: bool = False, ended: bool = False, before: str = ""
) -> list[dict[str, Any]]:
    """List one's schedules and those one is offered; `everybody` needs org:dispatch:read."""
    async with parts.database.transaction() as session:
        found = await list_schedules(session, actor, everybody=everybody, ended=ended, before=before)
    return [schedule.to_json() for schedule in found]


@router.post("/schedules", status_code=201)
async def create(actor: Current, parts: TheParts, wanted: Wanted) -> dict[str, Any]:
    """Make a draft, which runs nothing."""
    async with parts.database.transaction() as session:
        schedule = await create_schedule(session, actor, wanted.order(), parts=parts)
        return await _one(session, actor, schedule, parts)


@router.get("/schedules/{schedule}")
async def show(actor: Current, parts: TheParts, schedule: str) -> dict[str, Any]:
    """Return a schedule with its next five times and its last twenty slots."""
    async with parts.database.transaction() as session:
        return await _one(session, actor, schedule, parts)


@router.get("/schedules/{schedule}/slots")
async def slots(
    actor: Current, parts: TheParts, schedule: str, before: AwareDatetime | None = None
) -> list[dict[str, Any]]:
    """List slots, newest first, a hundred at a time."""
    async with parts.database.transaction() as session:
        await visible_row(session, actor, schedule)
        return [slot.to_json() for slot in await slots_of(session, schedule, limit=100, before=before)]


@router.put("/schedules/{schedule}")
async def edit(actor: Current, parts: TheParts, schedule: str, wanted: Wanted) -> dict[str, Any]:
    """Give it other words, times or limits; its standing approvals end."""
    async with parts.database.transaction() as session:
        await edit_schedule(session, actor, schedule, wanted.order(), parts=parts)
        return await _one(session, actor, schedule, parts)


@router.post("/schedules/{schedule}/activate")
async def switch_on(actor: Current, parts: TheParts, schedule: str) -> dict[str, Any]:
    """Let a draft or a paused one run. Above reading a token cannot: sign in."""
    async with parts.database.transaction() as session:
        await activate(session, actor, schedule, parts=parts)
        return await _one(session, actor, schedule, parts)


@router.post("/schedules/{schedule}/pause")
async def halt(actor: Current, parts: TheParts, schedule: str, reason: Reason) -> dict[str, Any]:
    """Let it run no more until its owner lets it go on."""
    async with parts.database.transaction() as session:
        await pause(session, actor, schedule, reason.why, parts=parts)
        return await _one(session, actor, schedule, parts)


@router.post("/schedules/{schedule}/end")
async def end(actor: Current, parts: TheParts, schedule: str, reason: Reason) -> dict[str, Any]:
    """End it for good."""
    async with parts.database.transaction() as session:
        await end_schedule(session, actor, schedule, reason.why, parts=parts)
        return await _one(session, actor, schedule, parts)


@router.post("/schedules/{schedule}/run", status_code=202)
async def run(actor: Current, parts: TheParts, schedule: str, press: Press) -> dict[str, str]:
    """Start it once now, as it would run by itself; returns the slot."""
    async with parts.database.transaction() as session:
        return {"slot": await run_now(session, actor, schedule, press.press, parts=parts)}


@router.post("/schedules/{schedule}/dry-run")
async def rehearse(actor: Current, parts: TheParts, schedule: str) -> dict[str, Any]:
    """Say what would happen at the next slot; nothing happens."""
    async with parts.database.transaction() as session:
        return (await dry_run(session, actor, schedule, parts=parts)).to_json()


@router.post("/schedules/{schedule}/offer")
async def hand_over(actor: Current, parts: TheParts, schedule: str, heir: Heir) -> dict[str, Any]:
    """Offer it to a colleague."""
    async with parts.database.transaction() as session:
        await offer(session, actor, schedule, heir.email, parts=parts)
        return await _one(session, actor, schedule, parts)


@router.post("/schedules/{schedule}/accept")
async def take(actor: Current, parts: TheParts, schedule: str) -> dict[str, Any]:
    """Accept what was offered; it is paused until one lets it go on."""
    async with parts.database.transaction() as session:
        await accept(session, actor, schedule, parts=parts)
        return await _one(session, actor, schedule, parts)


@router.post("/schedules/{schedule}/decline", status_code=204)
async def refuse(actor: Current, parts: TheParts, schedule: str) -> None:
    """Decline an offer, or take one's own back."""
    async with parts.database.transaction() as session:
        await decline(session, actor, schedule, parts=parts)


@router.post("/schedules/{schedule}/standing", status_code=201)
async def agree(actor: Current, parts: TheParts, schedule: str, agreed: Agreed) -> dict[str, str]:
    """Agree beforehand to what it sends inside. A token cannot: sign in."""
    terms = Terms(
        agreed.tool, tuple(agreed.recipients), agreed.ends_at, agreed.most, agreed.period,
        DataClass[agreed.ceiling.upper()],
    )  # fmt: skip
    async with parts.database.transaction() as session:
        given = await give_envelope(
            session, actor, schedule, terms, registry=parts.tasks.registry, ledger=parts.ledger, clock=parts.clock
        )
    return {"id": given}


@router.get("/standing")
async def standing(
    actor: Current, parts: TheParts, everybody: bool = False, ended: bool = False
) -> list[dict[str, Any]]:
    """List standing approvals; `everybody` needs org:dispatch:read."""
    async with parts.database.transaction() as session:
        found = await list_envelopes(session, actor, clock=parts.clock, everybody=everybody, ended=ended)
    return [one.to_json() for one in found]


@router.post("/standing/{envelope}/end", status_code=204)
async def revoke(actor: Current, parts: TheParts, envelope: str) -> None:
    """Revoke a standing approval: from the next call on each is asked."""
    async with parts.database.transaction() as session:
        await end_envelope(session, actor, envelope, ledger=parts.ledger, clock=parts.clock)
