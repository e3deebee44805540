"""The record of a message (DI-11): one row and one entry of the ledger, for what was done and for what was refused."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.dispatch.model import Incoming, Reply
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.redact import redacted
from colleague.dispatch.receive.tables import ContentRow, MessageRow, SentFileRow
from colleague.dispatch.triggers.match import said
from colleague.dispatch.triggers.model import Plan
from colleague.kit.db import Session
from colleague.kit.ids import new_id

# What is on record of a message in each state.
VERBS: Final = {
    "unknown": "dispatch.unknown", "refused": "dispatch.refused", "answered": "dispatch.answered",
    "confirm": "dispatch.confirm", "begun": "dispatch.begun", "started": "dispatch.started",
    "finished": "dispatch.finished",
}  # fmt: skip
MOST_UNKNOWN = 100  # unknown senders of one channel in one hour that get an entry of their own
UNKNOWN = "Nothing: nobody's address."


def sender_mark(incoming: Incoming, parts: DispatchParts) -> str:
    """Return the keyed hash of who sent it: two messages of one sender are matched, no number is kept."""
    return parts.tasks.secrets.mark(incoming.sender or incoming.person, context=f"sender {incoming.channel}")


def content_mark(words: Sequence[str], parts: DispatchParts) -> str:
    """Return the keyed hash of what was said, whatever its case: two equal triggers are matched (DI-11)."""
    return parts.tasks.secrets.mark(" ".join(words).casefold(), context="dispatch content")


async def find_message(session: Session, channel: str, external_id: str) -> MessageRow | None:
    """Return the record of a message that came before, locked; None if this is the first time."""
    query = select(MessageRow).where(MessageRow.channel == channel, MessageRow.external_id == external_id)
    return await session.scalar(query.with_for_update())


async def reply_of(session: Session, row: MessageRow) -> Reply:
    """Return what the sender of a recorded message was told."""
    content = await session.get(ContentRow, row.id)
    state = {"unknown": "silent", "begun": "started", "finished": "started"}.get(row.state, row.state)
    return Reply(content.reply if content else "", state, row.id, row.task_id)  # type: ignore[arg-type]


async def write(
    session: Session, incoming: Incoming, *, person: str, state: str, action: str, reply: str, parts: DispatchParts,
    plan: Plan | None = None, code: str = "",
) -> MessageRow:  # fmt: skip
    """Put a message of a known person on record, in the caller's transaction."""
    now = parts.tasks.clock.now()
    words = said(incoming.text).words
    row = MessageRow(
        id=new_id("msg"), channel=incoming.channel, external_id=incoming.id[:400], person_id=person,
        sender=sender_mark(incoming, parts), at=incoming.at, received_at=now,
        content_hash=content_mark(words, parts), trigger_id=plan.trigger if plan else "",
        trigger_version=plan.version if plan else 0, plan_digest=plan.digest if plan else "",
        delivery=plan.delivery if plan else "", reply_to=incoming.reply_to[:500], state=state, action=action[:500],
        code=code, finished_at=now if state in ("refused", "answered") else None,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    content = redacted(words) if words else ""
    session.add(
        ContentRow(message_id=row.id, content=content, plan=plan.to_json() if plan else None, reply=reply)
    )  # fmt: skip
    if state in ("begun", "confirm"):
        for place, (name, data) in enumerate(incoming.files):
            session.add(SentFileRow(message_id=row.id, place=place, name=name, content=data))
    await parts.tasks.ledger.record(session, event_of(row, content))
    return row


def event_of(row: MessageRow, content: str = "") -> Event:
    """Return the entry that tells the six fields as they stand now; `content` is kept under the key of its person."""
    facts = {
        "trigger_timestamp": row.at.isoformat(), "user": row.person_id or "unknown", "content_hash": row.content_hash,
        "channel": row.channel, "sender": row.sender, "state": row.state, "action": row.action, "output": row.output,
        "review": row.review, "trigger": row.trigger_id, "trigger_version": row.trigger_version,
        "plan": row.plan_digest, "task": row.task_id,
    }  # fmt: skip
    personal = {"content": content} if content and row.person_id else {}
    return Event(
        VERBS[row.state], row.person_id or "system", subject=row.id, person=row.person_id or "", data=facts,
        personal=personal,
    )  # fmt: skip


async def write_unknown(session: Session, incoming: Incoming, *, parts: DispatchParts) -> None:
    """Put a message of nobody we know on record: by the keyed hash of its sender, by the hour, without its words.

    A flood of senders is counted together: the ledger gets at most a hundred entries of it in an hour.
    """
    now = parts.tasks.clock.now()
    sender = sender_mark(incoming, parts)
    hour = now.replace(minute=0, second=0, microsecond=0)
    row = await find_message(session, incoming.channel, f"unknown {sender} {hour.isoformat()}")
    if row is None and await _unknown_since(session, incoming.channel, hour) >= MOST_UNKNOWN:
        sender = "many"
        row = await find_message(session, incoming.channel, f"unknown many {hour.isoformat()}")
    if row is not None:
        row.times += 1
        return
    row = MessageRow(
        id=new_id("msg"), channel=incoming.channel, external_id=f"unknown {sender} {hour.isoformat()}", person_id=None,
        sender=sender, at=incoming.at, received_at=now, content_hash=content_mark(said(incoming.text).words, parts),
        state="unknown", action=UNKNOWN, finished_at=now,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await parts.tasks.ledger.record(session, event_of(row))


async def _unknown_since(session: Session, channel: str, since: datetime) -> int:
    query = select(func.count()).select_from(MessageRow)
    where = (MessageRow.channel == channel, MessageRow.state == "unknown", MessageRow.received_at >= since)
    return await session.scalar(query.where(*where)) or 0


async def sent_lately(session: Session, person: str, *, within: timedelta, now: datetime) -> int:
    """Return how many messages of a person came in within this time."""
    query = select(func.count()).select_from(MessageRow)
    return await session.scalar(query.where(MessageRow.person_id == person, MessageRow.received_at > now - within)) or 0
