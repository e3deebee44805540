"""Write an event into the ledger, in the transaction of the change it tells of."""

from colleague.audit.event import Event
from colleague.audit.redact import erase_key, hide, subject_key
from colleague.audit.tables import EntryRow
from colleague.kit.canonical import canonical
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.kit.secrets import Secrets

DATA_LIMIT = 16_000


class EventTooLarge(Invalid):
    """An entry of the ledger holds facts, not content: at most 16 kB."""


class Ledger:
    """The hand that writes. Every change of state takes it and calls `record` once."""

    def __init__(self, *, secrets: Secrets, clock: Clock) -> None:
        """Take what seals personal fields and what tells the time."""
        self._secrets, self._clock = secrets, clock

    async def record(self, session: Session, event: Event) -> None:
        """Insert `event` as a plain row; a sequencer chains and seals it after the commit. Raises EventTooLarge."""
        at = self._clock.now()
        body = {
            "v": 1, "at": at.isoformat(), "verb": event.verb, "actor": event.actor, "subject": event.subject,
            "run": event.run, "person": event.person, "data": dict(event.data),
        }  # fmt: skip
        sealed: dict[str, str] = {}
        if event.personal:
            owner = event.person or event.actor
            key = await subject_key(session, owner, secrets=self._secrets)
            body["personal"], sealed = hide(event.personal, key)
        text = canonical(body)
        if len(text) > DATA_LIMIT:
            raise EventTooLarge
        session.add(
            EntryRow(
                at=at,
                verb=event.verb,
                actor=event.actor,
                subject=event.subject,
                run=event.run,
                body=text,
                personal=sealed,
            )
        )
        await session.flush()

    async def erase(self, session: Session, actor: str, person: str) -> None:
        """Destroy the key of a person's fields, and put that on record."""
        await erase_key(session, person, clock=self._clock)
        await self.record(session, Event("person.fields_erased", actor, subject=person))
