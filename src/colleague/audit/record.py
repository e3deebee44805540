"""Write an event into the ledger, in the transaction of the change it tells of."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from colleague.audit.event import Event
from colleague.audit.redact import erase_key, hide, known_key, reveal, subject_key
from colleague.audit.tables import EntryRow
from colleague.kit.canonical import canonical
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.kit.secrets import Secrets

DATA_LIMIT = 16_000


class EventTooLarge(Invalid):
    """An entry of the ledger holds facts, not content: at most 16 kB."""


class EventUnwritable(Invalid):
    """This holds characters or values that cannot be put on record, so it was not done."""


class Ledger:
    """The hand that writes. Every change of state takes it and calls `record` once."""

    def __init__(self, *, secrets: Secrets, clock: Clock) -> None:
        """Take what seals personal fields and what tells the time."""
        self._secrets, self._clock = secrets, clock

    async def record(self, session: Session, event: Event) -> None:
        """Insert `event` as a plain row; a sequencer chains and seals it after the commit.

        Raises EventTooLarge, EventUnwritable, or the database's own error: then the caller's change is not made either.
        """
        session.add(await self._row(session, event))
        await session.flush()

    async def record_all(self, session: Session, events: Iterable[Event]) -> None:
        """Insert many events, in their order, as `record` does with one. Raises as that does."""
        session.add_all([await self._row(session, event) for event in events])
        await session.flush()

    async def _row(self, session: Session, event: Event) -> EntryRow:
        at = self._clock.now()
        hidden: dict[str, str] = {}
        sealed: dict[str, str] = {}
        _check(event)
        if event.personal:
            key = await subject_key(session, event.person or event.actor, secrets=self._secrets)
            hidden, sealed = hide(event.personal, key)
        return EntryRow(**entry_values(at, event, hidden), personal=sealed)

    async def personal(self, session: Session, entry: EntryRow) -> dict[str, str]:
        """Return the personal fields of an entry in plain text; «[erased]» once their person was erased."""
        body = json.loads(entry.body)
        commitments = body.get("personal") or {}
        if not commitments:
            return {}
        key = await known_key(session, body["person"] or body["actor"], secrets=self._secrets)
        return {name: reveal(name, entry.personal.get(name), seal, key) for name, seal in commitments.items()}

    async def erase(self, session: Session, actor: str, person: str) -> None:
        """Destroy the key of a person's fields, and put that on record."""
        await erase_key(session, person, clock=self._clock)
        await self.record(session, Event("person.fields_erased", actor, subject=person))

    async def forget(self, session: Session, subject: str) -> None:
        """Destroy the key of a thing's fields (a deleted task's): its entries stay and verify, the fields are gone.

        The caller puts on record why.
        """
        await erase_key(session, subject, clock=self._clock)


def entry_values(at: datetime, event: Event, hidden: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the columns of an entry but its sealed fields; `hidden`: their commitments.

    Raises EventTooLarge, EventUnwritable.
    """
    _check(event)
    body: dict[str, object] = {
        "v": 1, "at": at.isoformat(), "verb": event.verb, "actor": event.actor, "subject": event.subject,
        "run": event.run, "person": event.person, "data": dict(event.data),
    }  # fmt: skip
    if hidden:
        body["personal"] = hidden
    return {
        "at": at, "verb": event.verb, "actor": event.actor, "subject": event.subject, "run": event.run,
        "body": _text(body),
    }  # fmt: skip


def _check(event: Event) -> None:
    """Refuse what PostgreSQL or UTF-8 cannot hold, in words, before anything is written."""
    texts = (event.verb, event.actor, event.subject, event.run, event.person, *event.personal, *event.personal.values())
    try:
        if any("\x00" in text for text in texts):
            raise EventUnwritable
        "".join(texts).encode()
    except UnicodeEncodeError as error:
        raise EventUnwritable from error


def _text(body: dict[str, object]) -> str:
    try:
        text = canonical(body)
        size = len(text.encode())
    except (ValueError, TypeError, RecursionError) as error:
        raise EventUnwritable from error
    if size > DATA_LIMIT:
        raise EventTooLarge
    return text
