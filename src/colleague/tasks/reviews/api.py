"""Reviews for programs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.identity.actor import Actor
from colleague.identity.current import Current
from colleague.kit.doors import Db, part
from colleague.policy.model import DataClass
from colleague.tasks.parts import Parts
from colleague.tasks.reviews.act import decide, lower_class, put_into, second_look
from colleague.tasks.reviews.queue import waiting_for
from colleague.tasks.reviews.sheet import sheet_of

router = APIRouter(prefix="/api/v1", tags=["reviews"])
TheParts = Annotated[Parts, Depends(part(Parts))]
Version = Annotated[int, Field(ge=1, le=1_000_000)]
Note = Annotated[str, Field(max_length=2000)]


class Review(BaseModel):
    """A review of one version of an output; `checklist`: the points that were looked at, as the category words them."""

    version: Version
    accept: bool
    note: Note = ""
    checklist: list[str] = Field(default_factory=list, max_length=50)


class Second(BaseModel):
    """A second look at one version."""

    version: Version
    agree: bool
    note: Note = ""


class Chosen(BaseModel):
    """A category."""

    category: str = Field(max_length=60)


class Lowered(BaseModel):
    """A lower class of one version; `seen` is that of the review as it was shown."""

    version: Version
    to: Literal["public", "internal", "confidential"]
    reason: str = Field(max_length=1000)
    seen: str = Field(max_length=64)


async def _sheet(parts: Parts, actor: Actor, output_id: str, version: int | None, *, opens: bool) -> dict[str, Any]:
    sheet = await sheet_of(
        actor, output_id, version, opens=opens, database=parts.database, ledger=parts.ledger, clock=parts.clock
    )
    return sheet.to_json()


@router.get("/reviews")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List what waits for a look of mine, the oldest first."""
    async with db.transaction() as session:
        return [w.to_json() for w in await waiting_for(session, actor)]


@router.get("/outputs/{output_id}/review")
async def show(parts: TheParts, actor: Current, output_id: str, version: int | None = None) -> dict[str, Any]:
    """Return what is known of one version: class and reasons, category, looks, what changed."""
    return await _sheet(parts, actor, output_id, version, opens=False)


@router.post("/outputs/{output_id}/review/open")
async def begin(parts: TheParts, actor: Current, output_id: str, version: int | None = None) -> dict[str, Any]:
    """Begin a look that waits for me: its time is counted from here."""
    return await _sheet(parts, actor, output_id, version, opens=True)


@router.post("/outputs/{output_id}/reviews")
async def review(parts: TheParts, actor: Current, output_id: str, words: Review) -> dict[str, Any]:
    """Accept or reject one version of an output. High stakes: after it was opened, with every point ticked."""
    await decide(
        actor, output_id, words.version, accept=words.accept, note=words.note, checklist=words.checklist, parts=parts
    )
    known = await _sheet(parts, actor, output_id, words.version, opens=False)
    return {"id": output_id} | {k: known[k] for k in ("version", "review", "sha256", "second_look")}


@router.post("/outputs/{output_id}/second-looks")
async def look(parts: TheParts, actor: Current, output_id: str, words: Second) -> dict[str, Any]:
    """Agree or disagree with what its owner accepted."""
    await second_look(actor, output_id, words.version, agree=words.agree, note=words.note, parts=parts)
    return await _sheet(parts, actor, output_id, words.version, opens=False)


@router.put("/outputs/{output_id}/category")
async def category(parts: TheParts, actor: Current, output_id: str, chosen: Chosen) -> dict[str, Any]:
    """Put an output into a category that is not lighter."""
    await put_into(actor, output_id, chosen.category, parts=parts)
    return await _sheet(parts, actor, output_id, None, opens=False)


@router.post("/outputs/{output_id}/class")
async def lower(parts: TheParts, actor: Current, output_id: str, words: Lowered) -> dict[str, Any]:
    """Lower the class of one version: by a person who may, with a reason."""
    to = DataClass[words.to.upper()]
    await lower_class(actor, output_id, words.version, to, words.reason, seen=words.seen, parts=parts)
    return await _sheet(parts, actor, output_id, words.version, opens=False)
