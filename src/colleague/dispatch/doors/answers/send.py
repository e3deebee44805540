"""Send one answer, at most as often as is safe (as channels/jobs.py does with notices)."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.channels.attempt import attempt
from colleague.dispatch.doors.answers.tables import AnswerRow
from colleague.dispatch.model import Incoming, Reply
from colleague.kit.canonical import storable
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.queue import DELIVERIES, Job, enqueue

TASK, TEXT, KEPT = "dispatch.answer", 10_000, timedelta(days=30)
# Sends (to, text, about) by one channel. Unavailable: surely not sent. Conflict: nobody can say.
Send = Callable[[str, str, Mapping[str, Any]], Awaitable[None]]


async def answer_to(
    session: Session, incoming: Incoming, reply: Reply, to: str, about: Mapping[str, Any], *, clock: Clock
) -> None:
    """Keep the answer to a message and enqueue its sending, once: the same message again adds nothing.

    `about` is what its channel needs besides (subject, thread). Nothing is kept for a silent reply.
    """
    if reply.state == "silent" or not reply.text.strip():
        return
    id_ = hashlib.sha256(f"{incoming.channel}\0{incoming.sender}\0{incoming.id}".encode()).hexdigest()[:40]
    values = {
        "id": id_, "channel": incoming.channel, "to": to, "text": storable(reply.text)[:TEXT],
        "about": storable(dict(about)), "state": "waiting", "attempts": 0, "why": "", "changed_at": clock.now(),
    }  # fmt: skip
    done = await session.execute(insert(AnswerRow).values(values).on_conflict_do_nothing().returning(AnswerRow.id))
    if done.first() is not None:
        await enqueue(session, Job(TASK, {"answer": id_}, queue=DELIVERIES, key=f"{TASK}:{id_}"))


async def send_answer(
    answer: str, *, database: Database, senders: Mapping[str, Send], ledger: Ledger, clock: Clock
) -> None:
    """Send one answer and keep what came of it. One that another worker began and did not finish is not sent again."""
    async with database.transaction() as session:
        row = await session.get(AnswerRow, answer, with_for_update=True)
        if row is None or row.state not in ("waiting", "sending"):
            return
        send = senders.get(row.channel)
        if row.state == "sending" or send is None:
            begun = row.state == "sending"
            why = "The worker ended while it was being sent." if begun else "This channel is not set up."
            await _end(session, row, "unknown" if begun else "failed", why, ledger, clock)
            return
        row.state, row.attempts, row.changed_at = "sending", row.attempts + 1, clock.now()
        to, text, about, number = row.to, row.text, dict(row.about), row.attempts
    came = await attempt(send(to, text, about), number, done="sent")
    async with database.transaction() as session:
        row = await session.get_one(AnswerRow, answer, with_for_update=True)
        if came.state == "waiting":
            row.state, row.why, row.changed_at = came.state, came.why[:500], clock.now()
        else:
            await _end(session, row, came.state, came.why, ledger, clock)
    if came.again is not None:
        raise came.again


async def forget_answers(session: Session, *, clock: Clock) -> int:
    """Forget answers that ended more than thirty days ago; return how many. No service repeats a message that late."""
    old = (AnswerRow.state.in_(("sent", "unknown", "failed")), AnswerRow.changed_at < clock.now() - KEPT)
    gone = await session.scalars(delete(AnswerRow).where(*old).returning(AnswerRow.id))
    return len(gone.all())


async def _end(session: Session, row: AnswerRow, state: str, why: str, ledger: Ledger, clock: Clock) -> None:
    # What it said stands in the record of the message; here it is no longer needed.
    row.state, row.why, row.changed_at, row.text, row.about = state, why[:500], clock.now(), "", {}
    facts = {"channel": row.channel, "state": state, "attempts": row.attempts}
    await ledger.record(session, Event("dispatch_answer.ended", "system", subject=row.id, data=facts))
