"""Steering for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.agent.plan import Plan
from colleague.identity.current import Current
from colleague.kit.doors import part
from colleague.models.usage import cost_of_run
from colleague.tasks.api import task_json
from colleague.tasks.calls.read_class import admit_words
from colleague.tasks.parts import Parts
from colleague.tasks.sight import view_task
from colleague.tasks.steer.again import again
from colleague.tasks.steer.pause import pause, unpause
from colleague.tasks.steer.replan import replan
from colleague.tasks.timeline import author

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
    await admit_words(actor, "\n".join(given.steps), parts=parts)
    async with parts.database.transaction() as session:
        await replan(
            session, actor, task_id, given.steps, version=given.version, ledger=parts.ledger, clock=parts.clock
        )  # fmt: skip
    return await plan(parts, actor, task_id)


class Again(BaseModel):
    """The turn to try again from, what should be different, and the run that was looked at."""

    step: int = Field(ge=1, le=1_000_000)
    words: str = Field("", max_length=8000)
    run: str = Field("", max_length=100)


@router.get("/runs")
async def runs(parts: TheParts, actor: Current, task_id: str) -> list[dict[str, Any]]:
    """List the runs of a task, oldest first, with the step each of them tries again from."""
    async with parts.database.transaction() as session:
        view = await view_task(session, actor, task_id)
        costs = {r.id: await cost_of_run(session, r.id) for r in view.runs}
    return [
        {"id": r.id, "state": r.state, "why": r.why, "from_run": r.from_run, "from_step": r.from_seq, "spent": r.spent,
         "created_at": r.created_at, "answer": r.answer, "cost_micros": line.micros if (line := costs[r.id]) else 0}
        for r in view.runs
    ]  # fmt: skip


@router.get("/steps")
async def steps(parts: TheParts, actor: Current, task_id: str, run: str = "") -> list[dict[str, Any]]:
    """Return the history of a run (default: the newest): what was said, each turn with its calls, what came of them."""
    async with parts.database.transaction() as session:
        view = await view_task(session, actor, task_id, run)
    return [
        {"seq": s.seq, "kind": s.kind, "at": s.at, "text": s.body.get("text", ""), "by": author(s),
         "name": view.people.get(author(s), ""), "tools": [c["tool"] for c in s.body.get("calls", ())]}
        for s in view.steps if s.kind != "note" and s.body.get("who") != "system"
    ]  # fmt: skip


@router.post("/again", status_code=201)
async def try_again(parts: TheParts, actor: Current, task_id: str, given: Again) -> dict[str, Any]:
    """Try again from a turn: a new run with the history up to there. What was done later is not undone."""
    await admit_words(actor, given.words, parts=parts)
    async with parts.database.transaction() as session:
        await again(
            session, actor, task_id, given.step, given.words, run_id=given.run, ledger=parts.ledger, clock=parts.clock
        )  # fmt: skip
        return await task_json(session, actor, task_id)


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
