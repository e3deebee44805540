"""Publish the signed draft: invariants are shown first, then version and settings come in one transaction."""

import asyncio

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.governance.document.compile import Compiled, compile_document
from colleague.governance.document.model import PARTS, Document
from colleague.governance.document.store import draft_row, last_number, value_of
from colleague.identity.actor import Actor
from colleague.identity.directory import is_active, who_may
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.errors import Conflict
from colleague.policy.engine import Engine
from colleague.policy.governance import changed, current_governance, put_in_force, stored_form
from colleague.policy.invariants import Loosened, Proven, prove
from colleague.policy.model import Governance
from colleague.policy.second_person.on_record import changing
from colleague.policy.stricter import weaker


class NotSigned(Conflict):
    """Not all four parts are signed by their owners: {parts}."""


class DraftChanged(Conflict):
    """The draft or the settings in force have changed since you were shown them: look again."""


class OneHandOnly(Conflict):
    """This weakens a rule of the organisation ({names}), and of those who may change the rules one alone stands behind
    it: let a second of them (owner or administrator) own and sign a part, or publish."""


async def publish(
    actor: Actor, seen: str, *, database: Database, engine: Engine, ledger: Ledger, clock: Clock
) -> Document:
    """Publish the draft whose digest is `seen` as the next version and put what it compiles to in force.

    Raises NoDraft, NotSigned, DraftChanged, OneHandOnly, BadSentence, Loosened (with the counterexample),
    PermissionMissing. What is refused is on record.
    """
    async with changing(database, actor, "document", ledger) as session:
        actor.require("org:policy:manage")
        before = await current_governance(session)
        _, compiled = await _ready(session, seen, before, engine)
    try:
        # About a second of one core: beside the loop.
        proven = await asyncio.to_thread(prove, engine, compiled.governance)
    except Loosened as refused:
        async with database.transaction() as session:
            facts = {"digest": seen, "why": refused.message[:1000]}
            await ledger.record(session, Event("governance.document_refused", actor.id, "governance", data=facts))
        raise
    async with changing(database, actor, "document", ledger) as session:
        return await _put(session, actor, seen, proven, engine, ledger=ledger, clock=clock)


async def _ready(session: Session, seen: str, before: Governance, engine: Engine) -> tuple[Document, Compiled]:
    """Return the draft and what it compiles to, if it is the one that was shown and is signed by all its owners."""
    document = await value_of(session, await draft_row(session, lock=True))
    if document.digest != seen:
        raise DraftChanged
    gone = {part for part, person in document.owners.items() if not await is_active(session, person)}
    if missing := [PARTS[p] for p in PARTS if p in document.unsigned or p in gone]:
        raise NotSigned(parts=", ".join(missing))
    return document, compile_document(document.sentences, before, engine)


async def _put(
    session: Session, actor: Actor, seen: str, proven: Proven, engine: Engine, *, ledger: Ledger, clock: Clock
) -> Document:
    before, _ = await changed(session, actor, {})
    document, compiled = await _ready(session, seen, before, engine)
    if not proven.holds_for(compiled.governance):
        raise DraftChanged
    people = {actor.id, *(s.person for s in document.signatures)}
    may = {person.id for person in await who_may(session, "org:policy:manage")}
    if (names := weaker(before, compiled.governance)) and len(people & may) < 2:
        raise OneHandOnly(names=", ".join(names))
    after = await put_in_force(session, actor, before, compiled.governance, ledger=ledger, clock=clock)
    row = await draft_row(session)
    row.number, row.state, row.settings_version = await last_number(session) + 1, "published", after.version
    row.published_by, row.published_at = actor.id, clock.now()
    row.settings = {k: v for k, v in stored_form(after).items() if k != "version"}
    await session.flush()
    facts = {
        "number": row.number, "digest": seen, "settings_version": after.version, "settings": digest(row.settings),
        "signed_by": {s.part: s.person for s in document.signatures}, "weakens": list(names),
        "not_enforced": [s.id for s in document.not_enforced][:100],
    }  # fmt: skip
    await ledger.record(session, Event("governance.document_published", actor.id, subject=row.id, data=facts))
    return await value_of(session, row)
