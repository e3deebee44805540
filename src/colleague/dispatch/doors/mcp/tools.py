"""What an MCP client may do: hear which triggers there are, dispatch, look at a task, answer the agent's question.

Approvals are no tool: whoever approves must have seen what will happen, and a client is a program.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from colleague.dispatch.doors.api import say
from colleague.dispatch.doors.parts import Doors
from colleague.identity.actor import Actor
from colleague.kit.errors import Failure
from colleague.kit.once import Once
from colleague.tasks.parts import Parts
from colleague.tasks.sent import answer_once
from colleague.tasks.sight import View, view_task


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Nothing(_Given):
    """No arguments."""


class Words(_Given):
    """What is said."""

    text: str = Field(min_length=1, max_length=8000, description="A trigger with its fields, as on a phone.")
    id: str = Field(
        "", pattern=r"^([A-Za-z0-9_-]{8,80})?$",
        description="Your own id of this message: sent again, it gets the first answer and nothing is done twice.",
    )  # fmt: skip


class OneTask(_Given):
    """A task."""

    task: str = Field(min_length=1, max_length=60, description="Id of the task.")


class Answered(OneTask):
    """An answer to a question."""

    call: str = Field(min_length=1, max_length=200, description="Id of the question (get_task names it).")
    text: str = Field(min_length=1, max_length=8000, description="The answer.")


@dataclass(frozen=True, slots=True)
class Talk:
    """Who speaks, and what the tools stand on."""

    actor: Actor
    doors: Doors
    parts: Parts


async def list_triggers(talk: Talk, given: Nothing) -> Any:
    """List what can be started with one message: its pattern, what it does, its tier."""
    talk.actor.require("own:dispatch:use")
    async with talk.parts.database.transaction() as session:
        return {"triggers": await talk.doors.triggers(session, talk.actor)}


async def dispatch(talk: Talk, given: Words) -> Any:
    """Send a message to Colleague. The state says what came of it: refused, answered, confirm (say YES), started."""
    reply = await say(talk.doors, talk.actor, "mcp", given.text, given.id)
    return {"state": reply.state, "text": reply.text, "message": reply.message, "task": reply.task}


async def get_task(talk: Talk, given: OneTask) -> Any:
    """Show how a task stands: its state, what it waits for, its answer, its outputs."""
    async with talk.parts.database.transaction() as session:
        view = await view_task(session, talk.actor, given.task)
    return {
        "task": view.task.id, "title": view.task.title, "state": view.state, "why": view.why,
        "waiting_for": view.waiting_for, "answer": view.run.answer,
        "question": _question(view),
        "outputs": [{"name": o.name, "version": v.version, "review": v.review} for o, v in view.outputs],
        "link": f"{talk.doors.settings.url}/tasks/{view.task.id}",
    }  # fmt: skip


async def answer(talk: Talk, given: Answered) -> Any:
    """Answer a question that the agent has asked about a task. Approvals are given by people, on their own devices."""
    await answer_once(
        talk.actor, given.task, given.call, given.text, once=Once(talk.actor.id), parts=talk.parts
    )  # fmt: skip
    return {"task": given.task, "answered": True}


def _question(view: View) -> dict[str, str] | None:
    """Return what the agent asks its person now."""
    asked = next((c for c in view.calls if c.id == view.run.waiting_for and not c.approval_id), None)
    return {"call": asked.id, "text": str(asked.arguments.get("question", ""))} if asked else None


TOOLS: Final[Mapping[str, tuple[type[_Given], Callable[[Talk, Any], Awaitable[Any]], bool]]] = {
    "list_triggers": (Nothing, list_triggers, True), "dispatch": (Words, dispatch, False),
    "get_task": (OneTask, get_task, True), "answer": (Answered, answer, False),
}  # fmt: skip


async def call(talk: Talk, name: str, arguments: Mapping[str, Any]) -> tuple[bool, str]:
    """Do one call; return whether it went well and what the client is told, JSON or the refusal in plain words."""
    if name not in TOOLS:
        return False, "There is no such tool."
    kind, tool, _ = TOOLS[name]
    try:
        return True, json.dumps(await tool(talk, kind.model_validate(dict(arguments))), default=str, ensure_ascii=False)
    except ValidationError as error:
        # Where and what, never the value.
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        return False, f"The arguments do not fit: {faults}."
    except Failure as error:
        return False, error.message
