"""A yes or a no to «is this meant?»: bound to one plan by a number, good for ten minutes, once."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from colleague.dispatch.model import Incoming
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.begin import enqueue_begin
from colleague.dispatch.receive.record import event_of
from colleague.dispatch.receive.tables import ContentRow, MessageRow, SentFileRow
from colleague.identity.actor import Actor
from colleague.kit.db import Session

# A voice note comes by text message, and so does its yes.
_ONE: Final = dict.fromkeys(("sms", "voice"), ("sms", "voice"))
GOOD_FOR = timedelta(minutes=10)
NOTHING = "Nothing of yours waits for a yes or a no. What waited longer than ten minutes is not done: say it again."


def new_code(parts: DispatchParts) -> tuple[str, str]:
    """Return a number of four digits for the sender, and its keyed hash for the record."""
    number = f"{secrets.randbelow(9000) + 1000}"
    return number, mark(number, parts)


def mark(number: str, parts: DispatchParts) -> str:
    """Return the keyed hash of such a number."""
    return parts.tasks.secrets.mark(number, context="dispatch yes")


async def say_yes(
    session: Session, actor: Actor, incoming: Incoming, rest: Sequence[str], parts: DispatchParts
) -> tuple[str, str]:  # fmt: skip
    """Let what waits run; return what the sender is told and the id of what is to begin."""
    row, words = await _waiting(session, actor, incoming, rest, parts)
    if row is None:
        return words, ""
    row.state, row.code = "begun", ""
    await enqueue_begin(session, row.id, parts)
    return "Started.", row.id


async def say_no(
    session: Session, actor: Actor, incoming: Incoming, rest: Sequence[str], parts: DispatchParts
) -> tuple[str, str]:  # fmt: skip
    """Drop what waits."""
    row, words = await _waiting(session, actor, incoming, rest, parts)
    if row is None:
        return words, ""
    await _drop(session, row, "dropped by the sender", parts)
    return "Dropped; nothing was done.", ""


async def drop_late(*, parts: DispatchParts) -> int:
    """Drop what nobody said yes to in time; return how many there were."""
    async with parts.tasks.database.transaction() as session:
        late = (MessageRow.state == "confirm", MessageRow.received_at <= parts.tasks.clock.now() - GOOD_FOR)
        query = select(MessageRow).where(*late).limit(200).with_for_update(skip_locked=True)
        rows = (await session.scalars(query)).all()
        for row in rows:
            await _drop(session, row, "nobody said yes in time", parts)
        return len(rows)


async def _drop(session: Session, row: MessageRow, why: str, parts: DispatchParts) -> None:
    """End what waited for a yes; its words and files go."""
    row.state, row.action, row.code, row.finished_at = "refused", why, "", parts.tasks.clock.now()
    (await session.get_one(ContentRow, row.id)).plan = None
    await session.execute(delete(SentFileRow).where(SentFileRow.message_id == row.id))
    await parts.tasks.ledger.record(session, event_of(row))


async def _waiting(
    session: Session, actor: Actor, incoming: Incoming, rest: Sequence[str], parts: DispatchParts
) -> tuple[MessageRow | None, str]:  # fmt: skip
    """Return what the sender means, locked: what waits on this channel under the number, or the only one that waits."""
    since = parts.tasks.clock.now() - GOOD_FOR
    channels = _ONE.get(incoming.channel, (incoming.channel,))
    query = select(MessageRow).where(
        MessageRow.person_id == actor.id, MessageRow.channel.in_(channels), MessageRow.state == "confirm",
        MessageRow.received_at > since,
    )  # fmt: skip
    rows = (await session.scalars(query.with_for_update())).all()
    if rest:
        rows = [row for row in rows if row.code == mark(rest[0].strip("."), parts)]
    if not rows:
        return None, NOTHING
    if len(rows) > 1:
        return None, "Several things wait. Write the number too, for example «yes 1234»."
    return rows[0], ""
