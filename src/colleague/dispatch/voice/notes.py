"""Voice notes of a person: taken, written down, shown, and then sent by a tap or deleted. Nothing acts by itself."""

from datetime import timedelta

from sqlalchemy import delete, func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.dispatch.voice.hear import Ears, MayNotHear, NotSetUp, NotWrittenDown
from colleague.dispatch.voice.sound import Sound, sound_of
from colleague.dispatch.voice.tables import VoiceNoteRow
from colleague.holds.cover import check_not_held, covering, standing_still
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.errors import Conflict, NotFound
from colleague.kit.ids import new_id
from colleague.kit.once import Once

KEPT, WRITING, AT_ONCE, IN_HOUR = timedelta(hours=24), timedelta(minutes=3), 20, 60


class NoteNotFound(NotFound):
    """This voice note is not there, or not yours. Recordings are deleted when you decide about them, or after a day."""


class TooManyNotes(Conflict):
    """20 voice notes of yours wait already. Send or delete some of them first."""


class TooOften(Conflict):
    """You sent 60 voice notes within an hour. Wait a little, or write."""


class AlreadySent(Conflict):
    """This voice note was sent already."""


async def take(actor: Actor, content: bytes, *, once: Once, ears: Ears) -> str:
    """Keep a recording and return its id; the same one sent again is the same note.

    Raises NotSetUp, NotARecording, RecordingTooLarge, TooManyNotes, TooOften.
    """
    actor.require("own:dispatch:use")
    if not ears.set_up:
        raise NotSetUp
    sound = sound_of(content)
    once = once.of("voice", content)
    async with ears.database.transaction() as session:
        if before := await once.found(session):
            return str(before["note"])
        now = ears.clock.now()
        mine = select(func.count()).where(VoiceNoteRow.person_id == actor.id)
        if (await session.scalar(mine.where(VoiceNoteRow.content.is_not(None))) or 0) >= AT_ONCE:
            raise TooManyNotes
        if (await session.scalar(mine.where(VoiceNoteRow.at > now - timedelta(hours=1))) or 0) >= IN_HOUR:
            raise TooOften
        row = VoiceNoteRow(
            id=new_id("voice"), person_id=actor.id, content=content, media_type=sound.media_type, seconds=sound.seconds,
            state="kept", at=now, changed_at=now,
        )  # fmt: skip
        session.add(row)
        await session.flush()
        facts = {"kind": sound.media_type, "seconds": round(sound.seconds), "bytes": len(content)}
        await ears.ledger.record(session, Event("voice.received", actor.id, subject=row.id, data=facts))
        await once.keep(session, {"note": row.id}, clock=ears.clock)
    return row.id


async def write_down(actor: Actor, note: str, *, ears: Ears) -> None:
    """Have a note written down, unless it was or just is; what went wrong is kept with it. Raises NoteNotFound."""
    async with ears.database.transaction() as session:
        row = await get_note(session, actor, note, lock=True)
        if row.content is None or row.state in ("written", "sent"):
            return
        if row.state == "writing" and row.changed_at > ears.clock.now() - WRITING:
            return
        row.state, row.changed_at = "writing", ears.clock.now()
        content = row.content
    text, why = "", ""
    try:
        text = await ears.hear(actor, content, sound_of(content), note=note)
    except (NotSetUp, MayNotHear, NotWrittenDown) as failure:
        why = failure.message
    async with ears.database.transaction() as session:
        row = await get_note(session, actor, note, lock=True)
        if row.state == "writing":
            row.state, row.transcript, row.why = ("failed" if why else "written"), text, why
            row.changed_at = ears.clock.now()


async def transcribe(actor: Actor, content: bytes, *, ears: Ears) -> str:
    """Return what is said in a recording that another channel has brought (MMS); the recording is not kept.

    The words are what somebody is thought to have said: ask them before anything is done. Raises NotSetUp,
    NotARecording, RecordingTooLarge, MayNotHear, NotWrittenDown.
    """
    actor.require("own:dispatch:use")
    sound: Sound = sound_of(content)
    return await ears.hear(actor, content, sound, note=new_id("voice"))


async def get_note(session: Session, actor: Actor, note: str, *, lock: bool = False) -> VoiceNoteRow:
    """Return a note of one's own; NoteNotFound for everything else."""
    query = select(VoiceNoteRow).where(VoiceNoteRow.id == note, VoiceNoteRow.person_id == actor.id)
    query = query.where(VoiceNoteRow.state != "deleted")
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NoteNotFound
    return row


async def list_notes(session: Session, actor: Actor) -> list[VoiceNoteRow]:
    """Return one's own notes about which nothing was decided yet, newest first."""
    query = select(VoiceNoteRow).where(VoiceNoteRow.person_id == actor.id, VoiceNoteRow.content.is_not(None))
    return list(await session.scalars(query.order_by(VoiceNoteRow.at.desc())))


async def decided(
    session: Session, actor: Actor, note: str, *, led_to: str, said: str = "", ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Forget the recording and its words: its owner has sent them. `said` is what came back. Raises NoteNotFound."""
    row = await get_note(session, actor, note, lock=True)
    row.content, row.transcript, row.state, row.changed_at = None, "", "sent", clock.now()
    row.led_to, row.why = led_to, said
    await ledger.record(session, Event("voice.sent", actor.id, subject=note))


async def drop(session: Session, actor: Actor, note: str, *, ledger: Ledger) -> None:
    """Delete a note: what is left of it for a day is that there was one. Raises NoteNotFound, KeptByHold."""
    row = await get_note(session, actor, note, lock=True)
    await check_not_held(session, people=[actor.id])
    row.content, row.transcript, row.why, row.state = None, "", "", "deleted"
    await ledger.record(session, Event("voice.deleted", actor.id, subject=note, data={"why": "by its owner"}))


async def forget_old(*, database: Database, ledger: Ledger, clock: Clock) -> int:
    """Delete notes older than a day, whatever became of them, but of people under a legal hold; return how many."""
    async with database.transaction() as session:
        await standing_still(session)
        old = VoiceNoteRow.at <= clock.now() - KEPT
        whose = set(await session.scalars(select(VoiceNoteRow.person_id).where(old).distinct()))
        old &= VoiceNoteRow.person_id.not_in({person for _, person in await covering(session, people=whose)})
        for note in await session.scalars(select(VoiceNoteRow.id).where(old, VoiceNoteRow.content.is_not(None))):
            await ledger.record(
                session, Event("voice.deleted", "system", subject=note, data={"why": "a day has passed"})
            )
        gone = await session.scalars(delete(VoiceNoteRow).where(old).returning(VoiceNoteRow.id))
        return len(gone.all())
