"""Pages of tasks: new task, list, the live task, outputs with preview and review, sources."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.approvals.inbox import find_cards, get_card
from colleague.connectors.choose import choices_from, lines_of, offers
from colleague.connectors.overview import reach_of
from colleague.files.outputs import output_content
from colleague.files.readings import changed_since, get_reading, list_readings, places_of
from colleague.files.receive import read_uploads
from colleague.files.taken import take_output
from colleague.files.uploads import file_content, get_file
from colleague.identity.actor import Actor
from colleague.identity.current import Current
from colleague.identity.directory import holders_of, holding, names_of
from colleague.kit.db import Session
from colleague.kit.documents.model import Document
from colleague.kit.documents.preview import linked, preview_html
from colleague.kit.doors import Config, Db, Live, lead_to, part
from colleague.kit.once import Sending
from colleague.kit.page import Page, Pages
from colleague.kit.sse import Frame, Hub
from colleague.library.sets import list_sets
from colleague.policy.governance import current_governance
from colleague.policy.standards.category import standard_of
from colleague.projects.store import list_projects
from colleague.tasks.changes.changed import list_changes
from colleague.tasks.delegate import amend, retry, stop, weigh_edit
from colleague.tasks.keeping.marks import PINS, marks_of
from colleague.tasks.keeping.until import keeping_of
from colleague.tasks.model import ENDED
from colleague.tasks.parts import Parts
from colleague.tasks.sent import answer_once, say_once
from colleague.tasks.sight import View, belongs, see_output, see_task, view_task
from colleague.tasks.start import start
from colleague.tasks.store import TaskNotFound, list_tasks
from colleague.tasks.timeline import markdown, timeline
from colleague.tasks.together.hand_over import offers_of, offers_to
from colleague.tasks.together.mention import suggested, unseen_by

router = APIRouter(include_in_schema=False)
TheHub = Annotated[Hub, Depends(part(Hub))]
TheParts = Annotated[Parts, Depends(part(Parts))]

EXAMPLES = (
    "Summarise the RFP and draft a response outline",
    "Review the contract: key terms, obligations and dates",
    "Prepare me for the meeting with Harbour City",
    "What does our policy say about travel abroad?",
)


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


@router.get("/tasks/new")
async def new(
    request: Request, page: Page, parts: TheParts, actor: Current, settings: Config, goal: str = "", project: str = "",
    library_set: str = "",
) -> HTMLResponse:  # fmt: skip
    """Show the form for a new task."""
    actor.require("own:tasks:use")
    async with parts.database.transaction() as session:
        projects = [line.project for line in await list_projects(session, actor.id) if line.role != "viewer"]
        sets = await list_sets(session, actor, parts.library)
        offered = await offers(
            session, actor.id, actor.holders, parts.registry, secrets=parts.secrets, clock=parts.clock
        )  # fmt: skip
    return page.show(
        request, "tasks/new.html", goal=goal[:8000], examples=EXAMPLES, model=settings.model, projects=projects,
        sets=sets, project=project, library_set=library_set, offers=offered,
    )  # fmt: skip


@router.post("/tasks")
async def create(
    request: Request, parts: TheParts, settings: Config, actor: Current, once: Sending,
    goal: Annotated[str, Form()] = "", files: Annotated[list[UploadFile] | None, File()] = None,
    project: Annotated[str, Form()] = "", library_set: Annotated[str, Form()] = "",
    reads: Annotated[list[str] | None, Form()] = None, writes: Annotated[list[str] | None, Form()] = None,
) -> Response:  # fmt: skip
    """Hand the task over and show it."""
    uploads = await read_uploads(files or [], settings.upload_limit)
    made = await start(
        actor, goal, uploads, parts=parts, settings=settings, project=project, library_set=library_set,
        reads=lines_of(reads), writes=lines_of(writes), once=once,
    )  # fmt: skip
    return lead_to(request, f"/tasks/{made}")


@router.get("/tasks")
async def index(
    request: Request, page: Page, parts: TheParts, actor: Current, before: str | None = None, everyone: bool = False,
    archived: bool = False,
) -> HTMLResponse:  # fmt: skip
    """List tasks: one's own (pinned ones first, or those in the archive), or everyone's for those who may see them."""
    everyone = everyone or not actor.may("own:tasks:use")
    if everyone:
        actor.require("org:tasks:read")
    async with parts.database.transaction() as session:
        plain = everyone or archived
        tasks = await list_tasks(
            session, person=None if everyone else actor.id, before=before, pinned=None if plain else False,
            archived=archived, marks=actor.id,
        )  # fmt: skip
        first = not plain and before is None
        pinned = await list_tasks(session, person=actor.id, pinned=True, limit=PINS) if first else []
        offers = await offers_to(session, actor.id, clock=parts.clock) if first else []
        people = await names_of(session, {t.person for t in [*pinned, *tasks]} | {o.from_id for o, _ in offers})
    return page.show(
        request, "tasks/list.html", tasks=tasks, pinned=pinned, everyone=everyone, archived=archived, people=people,
        offers=offers, more=len(tasks) == 30,
    )  # fmt: skip


async def _live(
    session: Session, actor: Actor, task_id: str, page: Pages, parts: Parts, run: str = ""
) -> tuple[View, str]:
    """Return the task and its living part as HTML: the same text for the page and for each frame of its stream."""
    view = await view_task(session, actor, task_id, run)
    names = {f.id: f.name for f in view.files}
    places = {f.name: f"/tasks/{task_id}/files/{f.id}" for f in view.files}
    places |= {output.name: f"/outputs/{output.id}" for output, _ in view.outputs}
    readings = await list_readings(session, task_id)
    read = {r.call_id: r.place.rpartition("/")[2] for r in readings}
    names |= {c.arguments["id"]: read[c.id] for c in view.all_calls if c.tool == "read_library" and c.id in read}
    places = places_of(task_id, readings) | places  # A file given to the task goes before what was read elsewhere.
    cards = await find_cards(session, [c.approval_id for c in view.all_calls if c.approval_id])
    subagents = {
        s.call: {"run": s.run, "calls": s.calls, "entries": timeline(s.steps, s.calls_by_model_id, names, places)}
        for s in view.subagents
    }
    holders = await holders_of(session, view.task.person_id)
    reach = await reach_of(session, holders, parts.registry, clock=parts.clock, places=choices_from(view.task.places))
    changes = await list_changes(session, task_id, parts.registry, clock=parts.clock)
    people = await names_of(session, {c.undone_by for c in changes if c.undone_by})
    mine = view.task.person_id == actor.id
    pinned, archived = await marks_of(session, actor.id, task_id)
    offers = await offers_of(session, task_id) if mine else []
    offer_names = await names_of(session, [o.to_id for o in offers])
    governance = await current_governance(session)
    category = partial(standard_of, governance)
    html = page.text(
        "tasks/live.html", view=view, run=view.run, entries=timeline(view.steps, view.calls_by_model_id, names, places),
        cards=cards, mine=mine, steers=view.steers, actor=actor, ended=view.run.state in ENDED,
        answer=linked(markdown(view.run.answer), places), category=category, reach=reach,
        readings=readings, champions=await holding(session, "champion") if view.partners else frozenset(),
        changes=changes, people=people, subagents=subagents,
        belonging=await belongs(session, actor, view.task, parts.library),
        owner=view.people[view.task.person_id], pinned=pinned, archived=archived,
        keeping=await keeping_of(session, task_id, governance),
        offers=offers, offer_names=offer_names, unseen=await unseen_by(session, view.task) if mine else [],
        question=next((c for c in view.calls if c.id == view.run.waiting_for), None),
    )  # fmt: skip
    return view, html


@router.get("/tasks/{task_id}")
async def show(request: Request, page: Page, parts: TheParts, actor: Current, task_id: str) -> HTMLResponse:
    """Show one task, live."""
    async with parts.database.transaction() as session:
        view, live = await _live(session, actor, task_id, page, parts)
        colleagues = await suggested(session, actor, task_id) if view.steers else []
    return page.show(request, "tasks/show.html", view=view, live=live, steers=view.steers, colleagues=colleagues)


@router.get("/tasks/{task_id}/runs/{run}")
async def earlier(
    request: Request, page: Page, parts: TheParts, actor: Current, task_id: str, run: str
) -> HTMLResponse:  # fmt: skip
    """Show an earlier run of a task: to be read only."""
    async with parts.database.transaction() as session:
        view, live = await _live(session, actor, task_id, page, parts, run)
    return page.show(request, "tasks/show.html", view=view, live=live, steers=False)


@router.get("/tasks/{task_id}/events")
async def events(
    request: Request, page: Page, db: Db, live: Live, hub: TheHub, parts: TheParts, actor: Current, task_id: str
) -> Response:
    """Stream the living part of a task; each frame is the whole state, so a lost one loses nothing."""
    async with db.transaction() as session:
        view = await view_task(session, actor, task_id)

    async def frames() -> AsyncGenerator[Frame, None]:
        last, run = "", view.run.id
        async with live.listen(f"run:{run}") as news:
            while True:
                news.clear()
                try:
                    async with db.transaction() as session:
                        now, html = await _live(session, actor, task_id, page, parts)
                except TaskNotFound:
                    # It is not shared with them any more: nothing of it stays on their page.
                    yield Frame("end", page.text("tasks/ended.html"))
                    await asyncio.sleep(1)
                    return
                if html != last:
                    last = html
                    yield Frame(str(now.run.next_seq), html)
                if now.run.id != run:
                    return  # Somebody tried again from a step: the page opens its stream anew and hears the new run.
                await news.wait()
                # Several changes at once become one frame: at most four a second.
                await asyncio.sleep(0.25)

    return await hub.stream(request, (task_id, actor), frames, person=actor.id, still=request.state.still)


@router.post("/tasks/{task_id}/messages")
async def say(
    request: Request, parts: TheParts, actor: Current, once: Sending, task_id: str, text: Annotated[str, Form()] = "",
    to: Annotated[str, Form(max_length=200)] = "",
) -> Response:  # fmt: skip
    """Add a person's words, and tell the colleagues they name."""
    await say_once(actor, task_id, text, to=to, once=once, parts=parts)
    return lead_to(request, f"/tasks/{task_id}")


@router.post("/tasks/{task_id}/answers")
async def answer(
    request: Request, parts: TheParts, actor: Current, once: Sending, task_id: str, call: Annotated[str, Form()],
    text: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Answer the agent's question."""
    await answer_once(actor, task_id, call, text, once=once, parts=parts)
    return lead_to(request, f"/tasks/{task_id}")


@router.post("/tasks/{task_id}/stop")
async def halt(parts: TheParts, actor: Current, task_id: str) -> Response:
    """Stop the task."""
    async with parts.database.transaction() as session:
        await stop(session, actor, task_id, ledger=parts.ledger, clock=parts.clock)
    return _to(f"/tasks/{task_id}")


@router.post("/tasks/{task_id}/retry")
async def again(parts: TheParts, actor: Current, task_id: str) -> Response:
    """Try again from where the run stands."""
    async with parts.database.transaction() as session:
        await retry(session, actor, task_id, ledger=parts.ledger, clock=parts.clock)
    return _to(f"/tasks/{task_id}")


@router.get("/approvals/{approval_id}/edit")
async def editable(
    request: Request, page: Page, parts: TheParts, actor: Current, approval_id: str
) -> HTMLResponse:  # fmt: skip
    """Show the content of a question of one's own as a form."""
    async with parts.database.transaction() as session:
        card = await get_card(session, actor, approval_id)
    _, _, _, content = await weigh_edit(actor, approval_id, {}, digest=card.digest, parts=parts)
    return page.show(request, "tasks/edit.html", card=card, content=content)


@router.post("/approvals/{approval_id}/edit")
async def edit(request: Request, parts: TheParts, actor: Current, approval_id: str) -> Response:
    """Edit the content: decided and asked anew; lead to the new question."""
    async with request.form(max_files=0, max_fields=50, max_part_size=1_000_000) as form:
        given = {name: str(value) for name, value in form.items()}
    digest = given.pop("digest", "")
    return _to(f"/approvals/{await amend(actor, approval_id, given, digest=digest, parts=parts)}")


@router.get("/tasks/{task_id}/files/{file_id}")
async def source(request: Request, page: Page, db: Db, actor: Current, task_id: str, file_id: str) -> HTMLResponse:
    """Show a source file as it was read; `#p-12` opens it at the page."""
    async with db.transaction() as session:
        task = await see_task(session, actor, task_id)
        file = await get_file(session, task_id, file_id)
    html = preview_html(Document.from_json(file.document))
    return page.show(request, "tasks/source.html", task=task, file=file, html=html)


@router.get("/tasks/{task_id}/readings/{call_id}")
async def reading(request: Request, page: Page, db: Db, actor: Current, task_id: str, call_id: str) -> HTMLResponse:
    """Show what a call read from a connector, exactly as the model saw it, and whether it was different later."""
    async with db.transaction() as session:
        task = await see_task(session, actor, task_id)
        row = await get_reading(session, task_id, call_id)
        later = await changed_since(session, row, task.person_id)
    document = Document.from_json(row.document)
    return page.show(
        request, "tasks/reading.html", task=task, reading=row, later=later, document=document,
        html=preview_html(document),
    )  # fmt: skip


def _download(name: str, media_type: str, content: bytes) -> Response:
    from urllib.parse import quote

    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=media_type, headers=headers)


@router.get("/tasks/{task_id}/files/{file_id}/download")
async def source_download(db: Db, actor: Current, task_id: str, file_id: str) -> Response:
    """Download a source file."""
    async with db.transaction() as session:
        await see_task(session, actor, task_id)
        file, content = await file_content(session, task_id, file_id)
    return _download(file.name, "application/octet-stream", content)


@router.get("/outputs/{output_id}/download")
async def output_download(
    parts: TheParts, actor: Current, output_id: str, version: int | None = None
) -> Response:  # fmt: skip
    """Download one version: it is taken by that."""
    async with parts.database.transaction() as session:
        _, row, shown = await see_output(session, actor, output_id, version)
        content = await output_content(session, shown)
        await take_output(session, actor, row, shown, ledger=parts.ledger, clock=parts.clock)
    # What a program made has no mark inside: its name says it.
    unmarked = shown.review != "reviewed" and not shown.draft
    return _download(f"draft-{row.name}" if unmarked else row.name, shown.media_type, content)
