"""Steering for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.agent.plan import Plan
from colleague.identity.current import Current
from colleague.kit.doors import part
from colleague.tasks.api import task_json
from colleague.tasks.parts import Parts
from colleague.tasks.sight import view_task
from colleague.tasks.steer.pause import pause, unpause
from colleague.tasks.steer.replan import replan

router = APIRouter(prefix="/api/v1/tasks/{task_id}", tags=["tasks"])
TheParts = Annotated[Parts, Depends(part(Parts))]


class Steps(BaseModel):
    """A plan in the place of the one of `version`."""

    version: int = Field(ge=0)
    steps: list[Annotated[str, Field(max_length=1000)]] = Field(max_length=100)


@router.get("/plan")
async def plan(parts: TheParts, actor: Current, task_id: str) -> dict[str, Any]:
    """Return the plan: its version, its steps with their authors, and what the agent did to steps of people."""
    async with parts.database.transaction() as session:
        view = await view_task(session, actor, task_id)
    found = Plan.from_json(view.run.plan)
    steps = [
        {"text": text, "by": by, "name": view.people.get(by, "")}
        for text, by in zip(found.steps, found.authors, strict=True)
    ]
    overrides = [{"text": o.text, "how": o.how, "by": o.by, "name": view.people.get(o.by, "")} for o in found.overrides]
    return {"version": found.version, "current": found.current, "steps": steps, "overrides": overrides}


@router.put("/plan")
async def edit_plan(parts: TheParts, actor: Current, task_id: str, given: Steps) -> dict[str, Any]:
    """Put other steps in the place of the plan; refused (409) if it was changed since `version`."""
    async with parts.database.transaction() as session:
        await replan(
            session, actor, task_id, given.steps, version=given.version, ledger=parts.ledger, clock=parts.clock
        )  # fmt: skip
    return await plan(parts, actor, task_id)


@router.post("/pause")
async def halt(parts: TheParts, actor: Current, task_id: str) -> dict[str, Any]:
    """Pause a task: nothing new is begun until it is resumed; what was asked stays answerable."""
    async with parts.database.transaction() as session:
        await pause(session, actor, task_id, ledger=parts.ledger, clock=parts.clock)
        return await task_json(session, actor, task_id)


@router.post("/resume")
async def go_on(parts: TheParts, actor: Current, task_id: str) -> dict[str, Any]:
    """Let a paused task go on exactly where it stands."""
    async with parts.database.transaction() as session:
        await unpause(session, actor, task_id, ledger=parts.ledger, clock=parts.clock)
        return await task_json(session, actor, task_id)
