"""Write an event into the ledger, in the transaction of the change it tells of."""

from colleague.audit.event import Event
from colleague.audit.tables import EntryRow
from colleague.kit.canonical import canonical
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.secrets import Secrets


class Ledger:
    """The hand that writes. Every change of state takes it and calls `record` once."""

    def __init__(self, *, secrets: Secrets, clock: Clock) -> None:
        """Take what seals personal fields and what tells the time."""
        self._secrets, self._clock = secrets, clock

    async def record(self, session: Session, event: Event) -> None:
        """Insert `event` as a plain row; a sequencer chains and seals it after the commit."""
        at = self._clock.now()
        body = {
            "v": 1, "at": at.isoformat(), "verb": event.verb, "actor": event.actor, "subject": event.subject,
            "run": event.run, "person": event.person, "data": dict(event.data),
        }  # fmt: skip
        session.add(
            EntryRow(at=at, verb=event.verb, actor=event.actor, subject=event.subject, run=event.run,
                     body=canonical(body), personal={})
        )  # fmt: skip
        await session.flush()
