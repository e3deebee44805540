"""Sharing and handing over for programs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.approvals.partners import partners_of
from colleague.identity.current import Current
from colleague.kit.db import Session
from colleague.kit.doors import part
from colleague.tasks.parts import Parts
from colleague.tasks.sight import see_task
from colleague.tasks.tables import HandOverRow
from colleague.tasks.together.hand_over import accept, decline, offer, offers_of, offers_to, see_offer, take_back
from colleague.tasks.together.share import share, unshare

router = APIRouter(prefix="/api/v1", tags=["tasks"])
SHARES = "/tasks/{task_id}/shares"
TheParts = Annotated[Parts, Depends(part(Parts))]


class Invitation(BaseModel):
    """A colleague (name or mail address) and as what they take part."""

    who: str = Field(min_length=1, max_length=200)
    role: Literal["viewer", "approver", "driver"]


async def _listed(session: Session, task_id: str) -> list[dict[str, Any]]:
    return [{"person": p.person, "name": p.name, "role": p.role} for p in await partners_of(session, task_id)]


@router.get(SHARES)
async def index(parts: TheParts, actor: Current, task_id: str) -> list[dict[str, Any]]:
    """List the colleagues on a task."""
    async with parts.database.transaction() as session:
        await see_task(session, actor, task_id)
        return await _listed(session, task_id)


@router.post(SHARES, status_code=201)
async def add(parts: TheParts, actor: Current, task_id: str, given: Invitation) -> list[dict[str, Any]]:
    """Share a task of one's own, or change a colleague's role."""
    async with parts.database.transaction() as session:
        await share(session, actor, task_id, given.who, given.role, ledger=parts.ledger, clock=parts.clock)
        return await _listed(session, task_id)


@router.delete(f"{SHARES}/{{person}}", status_code=204)
async def remove(parts: TheParts, actor: Current, task_id: str, person: str) -> None:
    """Stop sharing."""
    async with parts.database.transaction() as session:
        await unshare(session, actor, task_id, person, ledger=parts.ledger, clock=parts.clock)


class Offer(BaseModel):
    """To whom a task is offered (name or mail address); `stay` as viewer afterwards."""

    who: str = Field(min_length=1, max_length=200)
    stay: bool = True
    note: str = Field("", max_length=1000)


def _offer(row: HandOverRow, title: str = "") -> dict[str, Any]:
    return {
        "id": row.id, "task": row.task_id, "title": title, "from": row.from_id, "to": row.to_id, "stay": row.stay,
        "note": row.note, "state": row.state, "why": row.why, "offered_at": row.offered_at,
        "expires_at": row.expires_at,
    }  # fmt: skip


@router.post("/tasks/{task_id}/hand-overs", status_code=201)
async def offer_it(parts: TheParts, actor: Current, task_id: str, given: Offer) -> dict[str, Any]:
    """Offer a task of one's own to a colleague."""
    async with parts.database.transaction() as session:
        made = await offer(session, actor, task_id, given.who, stay=given.stay, note=given.note, parts=parts)
        row, task, _ = await see_offer(session, actor, made)
        return _offer(row, task.title)


@router.get("/tasks/{task_id}/hand-overs")
async def offers(parts: TheParts, actor: Current, task_id: str) -> list[dict[str, Any]]:
    """List the offers of a task that one may see."""
    async with parts.database.transaction() as session:
        task = await see_task(session, actor, task_id)
        return [_offer(row, task.title) for row in await offers_of(session, task_id)]


@router.get("/hand-overs")
async def mine(parts: TheParts, actor: Current) -> list[dict[str, Any]]:
    """List the offers that wait for one's own answer."""
    async with parts.database.transaction() as session:
        return [_offer(row, title) for row, title in await offers_to(session, actor.id, clock=parts.clock)]


@router.get("/hand-overs/{offer_id}")
async def look(parts: TheParts, actor: Current, offer_id: str) -> dict[str, Any]:
    """Return one offer that one made or got."""
    async with parts.database.transaction() as session:
        row, task, _ = await see_offer(session, actor, offer_id)
        return _offer(row, task.title)


@router.post("/hand-overs/{offer_id}/accept")
async def take(parts: TheParts, actor: Current, offer_id: str) -> dict[str, Any]:
    """Take a task over. State «accepted»: it is one's own as soon as the call that is under way has ended."""
    async with parts.database.transaction() as session:
        return _offer(await accept(session, actor, offer_id, parts=parts))


@router.post("/hand-overs/{offer_id}/decline", status_code=204)
async def refuse(parts: TheParts, actor: Current, offer_id: str) -> None:
    """Say no to an offered task."""
    async with parts.database.transaction() as session:
        await decline(session, actor, offer_id, parts=parts)


@router.post("/hand-overs/{offer_id}/withdraw", status_code=204)
async def back(parts: TheParts, actor: Current, offer_id: str) -> None:
    """Withdraw one's own offer."""
    async with parts.database.transaction() as session:
        await take_back(session, actor, offer_id, parts=parts)
