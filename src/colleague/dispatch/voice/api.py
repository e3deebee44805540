"""Voice notes for programs: the same deeds as JSON."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, UploadFile
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.voice.hear import Ears
from colleague.dispatch.voice.notes import drop, get_note, list_notes, take, write_down
from colleague.dispatch.voice.send import send as send_words
from colleague.dispatch.voice.send import send_as_task
from colleague.dispatch.voice.sound import LARGEST
from colleague.dispatch.voice.tables import VoiceNoteRow
from colleague.identity.current import Current
from colleague.kit.doors import Db, part
from colleague.kit.once import Sending

router = APIRouter(prefix="/api/v1/dispatch/voice", tags=["dispatch"])
TheEars = Annotated[Ears, Depends(part(Ears))]
TheParts = Annotated[DispatchParts, Depends(part(DispatchParts))]
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


class Words(BaseModel):
    """What should be done, in words that a person has seen."""

    words: str = Field(max_length=8000)
    how: Literal["dispatch", "task"] = "dispatch"


def note_json(row: VoiceNoteRow) -> dict[str, Any]:
    """Return a voice note as programs see it; the recording stays out."""
    return {
        "id": row.id, "state": row.state, "transcript": row.transcript, "why": row.why, "seconds": row.seconds,
        "at": row.at, "led_to": row.led_to,
    }  # fmt: skip


@router.post("", status_code=201)
async def record(
    db: Db, actor: Current, ears: TheEars, once: Sending, audio: Annotated[UploadFile, File()]
) -> dict[str, Any]:
    """Take a recording (WebM, Ogg, MP4, MP3, WAV, AMR; 10 MB, five minutes) and write it down. It does nothing else."""
    note = await take(actor, await audio.read(LARGEST + 1), once=once, ears=ears)
    await write_down(actor, note, ears=ears)
    async with db.transaction() as session:
        return note_json(await get_note(session, actor, note))


@router.get("")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List one's voice notes that wait for a decision."""
    async with db.transaction() as session:
        return [note_json(row) for row in await list_notes(session, actor)]


@router.get("/{note}")
async def show(db: Db, actor: Current, note: str) -> dict[str, Any]:
    """Return a voice note of one's own."""
    async with db.transaction() as session:
        return note_json(await get_note(session, actor, note))


@router.post("/{note}/send")
async def send(actor: Current, ears: TheEars, parts: TheParts, note: str, given: Words) -> dict[str, str]:
    """Act on words that a person has seen, as a message to Dispatch or as a task; the recording is then deleted."""
    if given.how == "task":
        task = await send_as_task(actor, note, given.words, ears=ears, parts=parts)
        return {"state": "started", "text": "", "task": task}
    reply = await send_words(actor, note, given.words, ears=ears, parts=parts)
    return {"state": reply.state, "text": reply.text, "task": reply.task}


@router.delete("/{note}", status_code=204)
async def delete(db: Db, actor: Current, ledger: TheLedger, note: str) -> None:
    """Delete a voice note."""
    async with db.transaction() as session:
        await drop(session, actor, note, ledger=ledger)
