"""Dispatch for programs: words in, what came of them out."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from colleague.dispatch.doors.parts import Doors, NotTaken, TheDoors
from colleague.dispatch.model import Channel, Incoming, Reply, State
from colleague.identity.actor import Actor
from colleague.identity.current import Current
from colleague.kit.canonical import storable
from colleague.kit.ids import new_id

router = APIRouter(prefix="/api/v1/dispatch", tags=["dispatch"])
ID = r"^[A-Za-z0-9_-]{8,80}$"


class Said(BaseModel):
    """What is sent. `id` is made by the program: sent again, it gets the first answer, and nothing is done twice."""

    text: str = Field(min_length=1, max_length=8000)
    id: str = Field("", pattern=rf"{ID}|^$")


class Told(BaseModel):
    """What came of it. `state`: refused, answered, confirm (say YES to go on), started; `task` is what was started."""

    state: State
    text: str
    message: str
    task: str


@router.post("")
async def dispatch(doors: TheDoors, actor: Current, said: Said) -> Told:
    """Send a message as if from a phone: a trigger, or an answer to what was asked."""
    reply = await say(doors, actor, "api", said.text, said.id)
    return Told(state=reply.state, text=reply.text, message=reply.message, task=reply.task)


async def say(doors: Doors, actor: Actor, channel: Channel, text: str, id_: str = "") -> Reply:
    """Hand on what a program says for `actor`. PermissionMissing; NotTaken: nothing was done.

    INVARIANT: ids are the person's own: nobody gets the answer to somebody else's message by naming its id.
    """
    actor.require("own:dispatch:use")
    incoming = Incoming(
        channel, "", f"{actor.id}:{id_ or new_id('said')}", storable(text), doors.clock.now(), person=actor.id,
        holds=actor.held,
    )  # fmt: skip
    reply = await doors.taken(incoming)
    if reply is None:
        raise NotTaken
    return reply
