"""The same deeds for programs: tasks and outputs as JSON."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, UploadFile
from fastapi.responses import Response
from pydantic import BaseModel, Field

from colleague.approvals.inbox import get_card
from colleague.files.outputs import output_content
from colleague.files.receive import read_uploads
from colleague.files.taken import take_output
from colleague.identity.actor import Actor
from colleague.identity.current import Current
from colleague.kit.db import Session
from colleague.kit.doors import Config, Db, part
from colleague.kit.once import Sending
from colleague.tasks.delegate import amend, retry, stop, weigh_edit
from colleague.tasks.parts import Parts
from colleague.tasks.sent import answer_once, say_once
from colleague.tasks.sight import see_output, view_task
from colleague.tasks.start import start
from colleague.tasks.store import list_tasks
from colleague.tasks.timeline import author

router = APIRouter(prefix="/api/v1", tags=["tasks"])
TheParts = Annotated[Parts, Depends(part(Parts))]


class Words(BaseModel):
    """Text from a person."""

    text: str = Field(max_length=8000)


class Answer(BaseModel):
    """The answer to a question of the agent."""

    call: str
    text: str = Field(max_length=8000)


class Edit(BaseModel):
    """Content to change in exactly what was shown: `digest` is the card's."""

    digest: str = Field(min_length=64, max_length=64)
    arguments: dict[str, Annotated[str, Field(max_length=1_000_000)]] = Field(max_length=20)


async def task_json(session: Session, actor: Actor, task_id: str) -> dict[str, Any]:
    """Return a task with its newest run as programs see it; TaskNotFound if it is not for `actor`."""
    view = await view_task(session, actor, task_id)
    run = view.run
    return {
        "id": view.task.id, "title": view.task.title, "goal": view.task.goal, "person": view.task.person_id,
        "project": view.task.project_id, "library_set": view.task.set_id,
        "created_at": view.task.created_at, "run": run.id, "state": view.state, "why": view.why, "plan": run.plan,
        "waiting_for": view.waiting_for, "paused_by": run.paused_by, "answer": run.answer, "partial": run.partial,
        "spent": view.spent.to_json(),
        "model": run.model, "estimate": asdict(view.expected) if view.expected else None,
        "cost_micros": view.used.micros if view.used else 0,
        "label": view.label,
        "said": [
            {"seq": s.seq, "at": s.at, "by": author(s), "name": view.people.get(author(s), ""), "text": s.body["text"]}
            for s in view.said
        ],
        "files": [{"id": f.id, "name": f.name, "pages": f.pages, "sha256": f.sha256} for f in view.files],
        "outputs": [
            {"id": o.id, "name": o.name, "category": o.category, "version": v.version, "review": v.review,
             "size": v.size, "sha256": v.sha256, "media_type": v.media_type}
            for o, v in view.outputs
        ],
        "summaries": [
            {"seq": s.seq, "at": s.at, **{k: s.body[k] for k in ("first", "last", "by", "label", "facts", "text")}}
            for s in view.steps
            if s.kind == "summary"
        ],
        "calls": [
            {"id": c.id, "tool": c.tool, "state": c.state, "effect": c.decision.get("effect", ""),
             "approval": c.approval_id, "standing": c.standing_id, "at": c.decided_at}
            for c in view.calls
        ],
        "subagents": [s.to_json() for s in view.subagents],
    }  # fmt: skip


@router.post("/tasks", status_code=201)
async def create(
    parts: TheParts, settings: Config, actor: Current, once: Sending,
    goal: Annotated[str, Form()], files: Annotated[list[UploadFile] | None, File()] = None,
    project: Annotated[str, Form()] = "", library_set: Annotated[str, Form()] = "",
    reads: Annotated[list[str] | None, Form()] = None, writes: Annotated[list[str] | None, Form()] = None,
) -> dict[str, Any]:  # fmt: skip
    """Hand a task to the agent: `goal` and any number of `files`, in a `project`, about a document set.

    `reads` and `writes` limit it to files and folders of connectors («folder:Bids/RFP.docx»).
    """
    uploads = await read_uploads(files or [], settings.upload_limit)
    task = await start(
        actor, goal, uploads, parts=parts, settings=settings, project=project, library_set=library_set,
        reads=reads or (), writes=writes or (), once=once,
    )  # fmt: skip
    async with parts.database.transaction() as session:
        return await task_json(session, actor, task)


@router.get("/tasks")
async def index(
    db: Db, actor: Current, before: str | None = None, everyone: bool = False, archived: bool = False,
    pinned: bool | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """List one's tasks, newest first; `everyone` needs org:tasks:read. Archived ones are listed by themselves."""
    if everyone:
        actor.require("org:tasks:read")
    async with db.transaction() as session:
        tasks = await list_tasks(
            session, person=None if everyone else actor.id, before=before, archived=archived, pinned=pinned,
            marks=actor.id,
        )  # fmt: skip
    return [
        {"id": t.id, "title": t.title, "state": t.state, "plan": t.plan.to_json(), "created_at": t.created_at,
         "last_event_at": t.last_event_at, "pinned": t.pinned, "archived": t.archived}
        for t in tasks
    ]  # fmt: skip


@router.get("/tasks/{task_id}")
async def show(db: Db, actor: Current, task_id: str) -> dict[str, Any]:
    """Return one task with its run, calls and outputs."""
    async with db.transaction() as session:
        return await task_json(session, actor, task_id)


@router.post("/tasks/{task_id}/messages")
async def say(parts: TheParts, actor: Current, task_id: str, words: Words, once: Sending) -> dict[str, Any]:
    """Add context or change course; an ended task goes on. Colleagues named with @ are told (`mentions`)."""
    answer = await say_once(actor, task_id, words.text, once=once, parts=parts)
    async with parts.database.transaction() as session:
        return {**await task_json(session, actor, task_id), **answer}


@router.post("/tasks/{task_id}/answers")
async def answer(parts: TheParts, actor: Current, task_id: str, words: Answer, once: Sending) -> dict[str, Any]:
    """Answer a question of the agent."""
    await answer_once(actor, task_id, words.call, words.text, once=once, parts=parts)
    async with parts.database.transaction() as session:
        return await task_json(session, actor, task_id)


@router.get("/approvals/{approval_id}/content")
async def editable(parts: TheParts, actor: Current, approval_id: str) -> dict[str, Any]:
    """Return the content that its requester may edit before they answer, and the digest to send with it."""
    async with parts.database.transaction() as session:
        card = await get_card(session, actor, approval_id)
    _, _, _, names = await weigh_edit(actor, approval_id, {}, digest=card.digest, parts=parts)
    return {"digest": card.digest, "arguments": names}


@router.post("/approvals/{approval_id}/content")
async def edit(parts: TheParts, actor: Current, approval_id: str, given: Edit) -> dict[str, Any]:
    """Edit the content: it is decided and asked anew. Returns the new question, which is still to be answered."""
    fresh = await amend(actor, approval_id, given.arguments, digest=given.digest, parts=parts)
    async with parts.database.transaction() as session:
        return (await get_card(session, actor, fresh)).to_json()


@router.post("/tasks/{task_id}/stop")
async def halt(parts: TheParts, actor: Current, task_id: str) -> dict[str, Any]:
    """Stop a task."""
    async with parts.database.transaction() as session:
        await stop(session, actor, task_id, ledger=parts.ledger, clock=parts.clock)
        return await task_json(session, actor, task_id)


@router.post("/tasks/{task_id}/retry")
async def again(parts: TheParts, actor: Current, task_id: str) -> dict[str, Any]:
    """Let a blocked or failed task try again."""
    async with parts.database.transaction() as session:
        await retry(session, actor, task_id, ledger=parts.ledger, clock=parts.clock)
        return await task_json(session, actor, task_id)


@router.get("/outputs/{output_id}/content")
async def content(parts: TheParts, actor: Current, output_id: str, version: int | None = None) -> Response:
    """Download an output (default: its newest version): it is taken by that."""
    async with parts.database.transaction() as session:
        _, output, row = await see_output(session, actor, output_id, version)
        body = await output_content(session, row)
        await take_output(session, actor, output, row, ledger=parts.ledger, clock=parts.clock)
    headers = {"X-Content-SHA256": row.sha256, "X-Output-Review": row.review}
    return Response(body, media_type=row.media_type, headers=headers)
