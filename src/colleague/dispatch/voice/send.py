"""A voice note acts: its owner has seen the words, changed them perhaps, and tapped «Send»."""

import hashlib
from datetime import datetime

from colleague.dispatch.model import Incoming, Reply
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.receive import receive
from colleague.dispatch.voice.hear import Ears
from colleague.dispatch.voice.notes import AlreadySent, decided, get_note
from colleague.identity.actor import Actor
from colleague.kit.once import Once
from colleague.tasks.start import start


async def send(actor: Actor, note: str, words: str, *, ears: Ears, parts: DispatchParts) -> Reply:
    """Say the words to Dispatch, as if they had been typed in its form; return what it says. Twice is once.

    What is refused keeps the note, with the reason: other words may be sent. Raises NoteNotFound, AlreadySent.
    """
    since = await _unsent(actor, note, ears)
    # A double tap is one message; the same words after a refusal are another one.
    mark = hashlib.sha256(f"{since.isoformat()} {words}".encode()).hexdigest()[:16]
    # The person has read what was understood: nobody need ask them again whether it is what they said.
    message = Incoming("form", "", f"{note}:{mark}", words, ears.clock.now(), person=actor.id, holds=actor.held)
    reply = await receive(message, parts=parts)
    async with ears.database.transaction() as session:
        if reply.state in ("refused", "silent"):
            row = await get_note(session, actor, note, lock=True)
            row.transcript, row.why, row.changed_at = words, reply.text, ears.clock.now()
        else:
            to = f"/tasks/{reply.task}" if reply.task else "/dispatch"
            await decided(
                session, actor, note, led_to=to, said=reply.text, ledger=ears.ledger, clock=ears.clock
            )  # fmt: skip
    return reply


async def send_as_task(actor: Actor, note: str, words: str, *, ears: Ears, parts: DispatchParts) -> str:
    """Hand the words over as a task of one's own; return its id. Twice is once.

    Raises NoteNotFound, AlreadySent, OtherContent, and what tasks/start.py raises.
    """
    await _unsent(actor, note, ears, but="/tasks/")
    task = await start(actor, words, [], parts=parts.tasks, settings=parts.settings, once=Once(actor.id, note))
    async with ears.database.transaction() as session:
        await decided(session, actor, note, led_to=f"/tasks/{task}", ledger=ears.ledger, clock=ears.clock)
    return task


async def _unsent(actor: Actor, note: str, ears: Ears, *, but: str = "") -> datetime:
    """Refuse what was sent (what led to `but` may ask again and is told the same); return when it last changed."""
    async with ears.database.transaction() as session:
        row = await get_note(session, actor, note)
        if row.state == "sent" and not (but and row.led_to.startswith(but)):
            raise AlreadySent
        return row.changed_at
