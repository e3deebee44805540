"""A named person signs their part, for exactly the text they were shown (GP-1). Nobody signs for another."""

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.governance.document.model import PARTS, Document
from colleague.governance.document.store import draft_row, value_of
from colleague.governance.document.tables import SignatureRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden, NotFound


class NoSuchPart(NotFound):
    """The document has four parts: use, scope, outputs, audit."""


class NotYourPart(Forbidden):
    """«{part}» is signed by its owner, who is somebody else. Nobody signs for another."""


class TextChanged(Conflict):
    """The text has changed since you were shown it: read it again, then sign."""


class SignedAlready(Conflict):
    """You have signed this part already, for exactly this text."""


async def sign(session: Session, actor: Actor, part: str, seen: str, *, ledger: Ledger, clock: Clock) -> Document:
    """Sign `part` of the draft; `seen` is the digest of the text that was shown. A token cannot sign.

    Raises NoDraft, NoSuchPart, NotYourPart, TextChanged, SignedAlready, SignInYourself.
    """
    actor.require_presence()
    row = await draft_row(session, lock=True)
    document = await value_of(session, row)
    if part not in PARTS:
        raise NoSuchPart
    if document.owners.get(part) != actor.id:
        raise NotYourPart(part=PARTS[part])
    if seen != document.digest:
        raise TextChanged
    if part not in document.unsigned:
        raise SignedAlready
    session.add(
        SignatureRow(
            document_id=row.id, part=part, digest=seen, person_id=actor.id, via=actor.via, signed_at=clock.now()
        )
    )
    await session.flush()
    facts = {"part": part, "digest": seen, "via": actor.via}
    await ledger.record(session, Event("governance.document_signed", actor.id, subject=row.id, data=facts))
    return await value_of(session, row)
