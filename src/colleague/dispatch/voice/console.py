"""Pages of voice notes: record or choose one, see what was understood, change it, send it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.voice.hear import Ears
from colleague.dispatch.voice.notes import NoteNotFound, drop, get_note, list_notes, take, write_down
from colleague.dispatch.voice.send import send as send_words
from colleague.dispatch.voice.send import send_as_task
from colleague.dispatch.voice.sound import LARGEST
from colleague.identity.current import Current
from colleague.kit.doors import Db, lead_to, part
from colleague.kit.once import Sending
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheEars = Annotated[Ears, Depends(part(Ears))]
TheParts = Annotated[DispatchParts, Depends(part(DispatchParts))]
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


@router.get("/dispatch/voice")
async def index(request: Request, page: Page, db: Db, actor: Current, ears: TheEars) -> HTMLResponse:
    """Show the recorder and what waits for a decision; or say that voice notes are not set up."""
    actor.require("own:dispatch:use")
    async with db.transaction() as session:
        notes = await list_notes(session, actor)
    return page.show(request, "dispatch/voice.html", notes=notes, ears=ears)


@router.post("/dispatch/voice")
async def record(
    request: Request, actor: Current, ears: TheEars, once: Sending, audio: Annotated[UploadFile, File()]
) -> Response:
    """Keep a recording, have it written down, and lead to its words."""
    note = await take(actor, await audio.read(LARGEST + 1), once=once, ears=ears)
    await write_down(actor, note, ears=ears)
    return lead_to(request, f"/dispatch/voice/{note}")


@router.get("/dispatch/voice/{note}")
async def show(request: Request, page: Page, db: Db, actor: Current, note: str) -> HTMLResponse:
    """Show what was understood, to be changed and sent; nothing has happened yet."""
    async with db.transaction() as session:
        row = await get_note(session, actor, note)
    return page.show(request, "dispatch/voice_note.html", note=row)


@router.get("/dispatch/voice/{note}/audio")
async def audio(db: Db, actor: Current, note: str) -> Response:
    """Play a recording of one's own."""
    async with db.transaction() as session:
        row = await get_note(session, actor, note)
    if row.content is None:
        raise NoteNotFound
    return Response(row.content, media_type=row.media_type)


@router.post("/dispatch/voice/{note}/write")
async def again(actor: Current, ears: TheEars, note: str) -> Response:
    """Try once more to have it written down."""
    await write_down(actor, note, ears=ears)
    return RedirectResponse(f"/dispatch/voice/{note}", 303)


@router.post("/dispatch/voice/{note}/send")
async def send(
    actor: Current, ears: TheEars, parts: TheParts, note: str, words: Annotated[str, Form(max_length=8000)] = "",
    how: Annotated[Literal["dispatch", "task"], Form()] = "dispatch",
) -> Response:  # fmt: skip
    """Act on the words as they stand in the field: as a message to Dispatch, or as a task of one's own."""
    if how == "task":
        return RedirectResponse(f"/tasks/{await send_as_task(actor, note, words, ears=ears, parts=parts)}", 303)
    reply = await send_words(actor, note, words, ears=ears, parts=parts)
    return RedirectResponse(f"/tasks/{reply.task}" if reply.task else f"/dispatch/voice/{note}", 303)


@router.post("/dispatch/voice/{note}/delete")
async def delete(db: Db, actor: Current, ledger: TheLedger, note: str) -> Response:
    """Delete a note."""
    async with db.transaction() as session:
        await drop(session, actor, note, ledger=ledger)
    return RedirectResponse("/dispatch/voice", 303)
