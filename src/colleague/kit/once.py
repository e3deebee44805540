"""A deed that a device sends again until it hears the answer is done once: one key of a person, one answer.

The key is taken in the transaction that does the deed: the same key sent twice at the same time waits, then gets the
first one's answer. What was refused keeps no key: it may be sent again. (Idempotency-Key, draft-ietf-httpapi.)
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Header
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Base, Session
from colleague.kit.doors import Asking
from colleague.kit.errors import Conflict, Forbidden, Invalid

KEPT = timedelta(days=7)
_KEY = re.compile(r"[A-Za-z0-9_-]{16,80}")


class OnceRow(Base):
    """A key of a person, what was sent under it (as a digest), and what was answered."""

    __tablename__ = "once_keys"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str]
    answer: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(index=True)


class BadKey(Invalid):
    """A key for sending once is 16 to 80 letters, digits, hyphens or underscores (a UUID will do)."""


class OtherContent(Conflict):
    """Something else was sent under this key before. Nothing was done; send it under a fresh key."""


class OtherPerson(Forbidden):
    """This was written by somebody else who was signed in on this device. It was not sent in your name."""


@dataclass(frozen=True, slots=True)
class Once:
    """The key of one sending, of one person; without a key everything is done each time. `content` says what was sent.

    Use: `found = await once.found(session)` first in the transaction of the deed, `await once.keep(session, answer)`
    last in it.
    """

    person: str
    key: str = ""
    content: str = ""

    def of(self, *what: object) -> "Once":
        """Return it for the content `what` (texts, lists of texts; bytes count by their SHA-256)."""
        return Once(self.person, self.key, digest([_plain(w) for w in what]) if self.key else "")

    async def found(self, session: Session) -> dict[str, Any] | None:
        """Wait for whoever is at the same key, and return the answer they were given; None if this is the first.

        Raises OtherContent if the key was used for something else.
        """
        if not self.key:
            return None
        await session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 727053))"), {"key": f"{self.person} {self.key}"}
        )
        row = await session.get(OnceRow, (self.person, self.key), populate_existing=True)
        if row is None:
            return None
        if row.content != self.content:
            raise OtherContent
        return row.answer

    async def keep(self, session: Session, answer: Mapping[str, Any], *, clock: Clock) -> None:
        """Keep the answer for whoever sends the same again."""
        if self.key:
            session.add(OnceRow(person_id=self.person, key=self.key, content=self.content, answer=dict(answer),
                                at=clock.now()))  # fmt: skip
            await session.flush()


async def once_of(
    asker: Asking,
    key: Annotated[str, Header(alias="Idempotency-Key")] = "",
    writer: Annotated[str, Header(alias="Colleague-Person")] = "",
) -> Once:
    """Return the key that came with a request (header Idempotency-Key), "" if none did.

    `Colleague-Person` is who wrote it: what one person wrote on a device is never sent in the name of another who has
    signed in there since. Raises BadKey, OtherPerson.
    """
    if writer and writer != asker.id:
        raise OtherPerson
    if key and not _KEY.fullmatch(key):
        raise BadKey
    return Once(asker.id, key)


async def forget_old_keys(session: Session, *, clock: Clock) -> int:
    """Forget keys after seven days; return how many there were."""
    old = OnceRow.at < clock.now() - KEPT
    count = await session.scalar(select(func.count()).select_from(OnceRow).where(old))
    await session.execute(delete(OnceRow).where(old))
    return count or 0


def _plain(value: object) -> Any:
    match value:
        case bytes():
            return hashlib.sha256(value).hexdigest()
        case list() | tuple():
            return [_plain(one) for one in value]
        case dict():
            return {str(k): _plain(v) for k, v in value.items()}
        case _:
            return str(value)


Sending = Annotated[Once, Depends(once_of)]
