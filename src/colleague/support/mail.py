"""A mail to the support address becomes a ticket of its proven sender, or a word more on one of theirs (R88)."""

import re
from dataclasses import dataclass

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.directory import actor_of, find_by_email
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.errors import Failure, NotFound
from colleague.kit.once import Once
from colleague.support.answer import say_more
from colleague.support.model import Wish
from colleague.support.model_card import promised
from colleague.support.store import NoSuchTicket
from colleague.support.write import TEXT, TITLE, Tell, write_ticket
from colleague.tasks.parts import FreeDays

_NAMED = re.compile(r"\bticket_[0-9a-hjkmnp-tv-z]{26}\b")


class UnknownWriter(NotFound):
    """Nobody here has this mail address, so that its mail is no ticket."""


@dataclass(frozen=True, slots=True)
class MailDesk:
    """What takes mails to the support address, for the door that reads the mailbox."""

    database: Database
    registry: Registry
    tell: Tell
    free_days: FreeDays
    ledger: Ledger
    clock: Clock

    async def knows(self, sender: str) -> bool:
        """Say whether an active person has this mail address."""
        async with self.database.transaction() as session:
            person = await find_by_email(session, sender)
            return person is not None and person.active

    async def take(self, sender: str, id_: str, subject: str, text: str, *, files: int = 0) -> tuple[str, bool]:
        """Keep a mail as a ticket and return what its sender is told, and whether it was kept.

        `sender` is proven by the door, `id_` the mail's own: the same mail again gets the same answer. A subject that
        names a ticket of theirs adds to it. Raises UnknownWriter: a stranger is told nothing.
        """
        async with self.database.transaction() as session:
            person = await find_by_email(session, sender)
            if person is None or not person.active:
                raise UnknownWriter
            once = Once(person.id, id_).of("support mail")
            if found := await once.found(session):
                return str(found["told"]), bool(found["kept"])
            try:
                async with session.begin_nested():
                    told, kept = await self._keep(session, person.id, id_, subject, text, files), True
            except Failure as failure:
                told, kept = failure.message, False
            await once.keep(session, {"told": told, "kept": kept}, clock=self.clock)
            return told, kept

    async def _keep(self, session: Session, person: str, id_: str, subject: str, text: str, files: int) -> str:
        actor = await actor_of(session, person_id=person, via="dispatch")
        left = " What was attached was not kept: a ticket holds words." if files else ""
        words = _seen(text, lines=True)[:TEXT]
        if named := _NAMED.search(subject):
            try:
                line = await say_more(
                    session, actor, named[0], words, tell=self.tell, ledger=self.ledger, clock=self.clock
                )
            except NoSuchTicket:
                pass  # Somebody else's, or none: then it is a ticket of its own.
            else:
                return f"Added to {line.id}. It waits for an answer again.{left}"
        title = _seen(subject)[:TITLE] or words.partition("\n")[0][:TITLE]
        line = await write_ticket(
            session, actor, Wish(title, words or title), registry=self.registry, tell=self.tell,
            free_days=self.free_days, ledger=self.ledger, clock=self.clock, source="mail", external_id=id_,
        )  # fmt: skip
        model = await promised(session)
        when = f" A first answer comes within {model.card.within(line.champion)} working hours." if model else ""
        return f"It is ticket {line.id}.{when} Keep its number in the subject to say more.{left}"


def _seen(text: str, *, lines: bool = False) -> str:
    """Return what of a mail's words can be seen."""
    return "".join(c if c.isprintable() or (lines and c in "\n\t") else " " for c in text).strip()
