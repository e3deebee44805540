"""See what came in: one's own messages, or everybody's for those who may."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from colleague.dispatch.receive.tables import ContentRow, MessageRow
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.db import Session
from colleague.kit.errors import NotFound

GONE = "[deleted with its task]"


class MessageNotFound(NotFound):
    """There is no such message, or it is not yours."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The record of a message: the six fields of DI-11, and what belongs to them."""

    id: str
    at: datetime
    person: str
    person_name: str
    channel: str
    content: str
    content_hash: str
    action: str
    output: str
    review: str
    state: str
    reply: str
    task: str
    times: int

    def to_json(self) -> Mapping[str, Any]:
        """Return the record as JSON."""
        return {
            "id": self.id, "trigger_timestamp": self.at.isoformat(), "user": self.person or "unknown",
            "channel": self.channel, "content": self.content, "content_hash": self.content_hash,
            "action": self.action, "output": self.output, "review": self.review, "state": self.state,
            "reply": self.reply, "task": self.task, "times": self.times,
        }  # fmt: skip


async def list_messages(
    session: Session, actor: Actor, *, everybody: bool = False, before: str = "", limit: int = 30
) -> list[Shown]:  # fmt: skip
    """Return one's own messages, newest first, or everybody's (PermissionMissing), from `before` (an id) on."""
    query = select(MessageRow, ContentRow).outerjoin(ContentRow, ContentRow.message_id == MessageRow.id)
    if everybody:
        actor.require("org:dispatch:read")
    else:
        query = query.where(MessageRow.person_id == actor.id)
    if before:
        query = query.where(MessageRow.id < before)
    found = (await session.execute(query.order_by(MessageRow.id.desc()).limit(limit))).all()
    names = await names_of(session, {row.person_id for row, _ in found})
    return [_shown(actor, row, content, names) for row, content in found]


async def get_message(session: Session, actor: Actor, message: str) -> Shown:
    """Return one record; MessageNotFound for somebody else's without org:dispatch:read."""
    row = await session.get(MessageRow, message)
    if row is None or (row.person_id != actor.id and not actor.may("org:dispatch:read")):
        raise MessageNotFound
    return _shown(actor, row, await session.get(ContentRow, message), await names_of(session, {row.person_id}))


def _shown(actor: Actor, row: MessageRow, content: ContentRow | None, names: Mapping[str, str]) -> Shown:
    """Return the record as a value. What the sender was told is theirs alone."""
    own = row.person_id == actor.id
    words = content.content if content else "" if row.person_id is None else GONE
    return Shown(
        row.id, row.at, row.person_id or "", names.get(row.person_id or "", ""), row.channel, words, row.content_hash,
        row.action, row.output, row.review, row.state, content.reply if content and own else "", row.task_id, row.times,
    )  # fmt: skip
