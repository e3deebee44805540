"""The same for programs: records of messages, and the test bench. Saying a command is the door's (doors/)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.bench import try_out
from colleague.dispatch.receive.view import get_message, list_messages
from colleague.identity.current import Current
from colleague.identity.directory import PersonNotFound, find_by_email
from colleague.kit.doors import part

router = APIRouter(prefix="/api/v1/dispatch", tags=["dispatch"])
TheParts = Annotated[DispatchParts, Depends(part(DispatchParts))]


class Trial(BaseModel):
    """A message to try out. `person` is a mail address; without one it is tried for whoever asks."""

    text: str = Field(max_length=4000)
    person: str = Field("", max_length=300)
    channel: Literal["form", "sms", "slack", "email", "voice", "api", "mcp"] = "form"


@router.get("/messages")
async def index(
    parts: TheParts, actor: Current, everybody: bool = False, before: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 30,
) -> list[dict[str, Any]]:  # fmt: skip
    """List one's messages, newest first; `everybody` needs org:dispatch:read."""
    async with parts.tasks.database.transaction() as session:
        found = await list_messages(session, actor, everybody=everybody, before=before, limit=limit)
    return [dict(m.to_json()) for m in found]


@router.get("/messages/{message}")
async def show(parts: TheParts, actor: Current, message: str) -> dict[str, Any]:
    """Return the record of one message."""
    async with parts.tasks.database.transaction() as session:
        return dict((await get_message(session, actor, message)).to_json())


@router.post("/bench")
async def bench(parts: TheParts, actor: Current, trial: Trial) -> dict[str, Any]:
    """Say what a message would do, for this person, now. Nothing happens."""
    async with parts.tasks.database.transaction() as session:
        whose = await find_by_email(session, trial.person) if trial.person else None
        if trial.person and whose is None:
            raise PersonNotFound
        about = whose.id if whose else actor.id
        return (await try_out(session, actor, about, trial.text, trial.channel, parts=parts)).to_json()
