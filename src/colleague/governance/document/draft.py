"""Draft the document: answers in, sentences out, checked by compiling them; a change voids what was signed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.governance.document.compile import compile_document
from colleague.governance.document.model import PARTS, Document
from colleague.governance.document.questionnaire import Answers, answers_from, check_owners, look, read_answers
from colleague.governance.document.store import NoDraft, draft_row, find_draft, in_force, value_of
from colleague.governance.document.tables import DocumentRow
from colleague.governance.document.tell import TASK
from colleague.governance.document.template import fill
from colleague.identity.actor import Actor
from colleague.identity.directory import ROLE
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden
from colleague.kit.ids import new_id
from colleague.kit.queue import Job, enqueue
from colleague.policy.engine import Engine
from colleague.policy.inputs import ANY


class DraftedElsewhere(Conflict):
    """Somebody has begun a draft at the same moment: look at it first."""


class DraftNotYours(Forbidden):
    """A draft is for those who may see the rules, and for the people who are to sign it."""


async def questionnaire(session: Session, actor: Actor, *, clock: Clock) -> Answers:
    """Return the answers to begin with: the draft's, else what is in force now, with the last version's own words."""
    actor.require("org:policy:manage")
    live = await look(session, clock=clock)
    draft = await find_draft(session)
    if draft is not None:
        return read_answers(_living(draft.answers, live.teams), live)
    now, last = answers_from(live), await in_force(session)
    if last is None:
        return now
    kept = {name: last.answers[name] for name in ("own", "owners") if name in last.answers}
    return read_answers({**now.to_json(), **kept}, live)


def _living(answers: Mapping[str, Any], teams: Mapping[str, str]) -> dict[str, Any]:
    """Return answers without what is no answer any more: teams that are gone, retention in free words."""
    ceilings = [one for one in answers["ceilings"] if one["team"] in {ANY, *teams}]
    scopes = [one for one in answers["scopes"] if one["holder"] in teams or one["holder"].startswith(ROLE)]
    found = {**answers, "ceilings": ceilings, "scopes": scopes}
    if isinstance(found.get("retention"), str):  # Free words, from before it was a setting.
        del found["retention"]
    return found


async def write_draft(
    session: Session, actor: Actor, raw: Mapping[str, Any], *, engine: Engine, ledger: Ledger, clock: Clock
) -> Document:
    """Make the draft, or change it, from answers; what is not answered stays as it is in force (or in the draft).

    Raises BadAnswer, BadSentence, DraftedElsewhere, PermissionMissing.
    """
    actor.require("org:policy:manage")
    live = await look(session, clock=clock)
    base = (await questionnaire(session, actor, clock=clock)).to_json()
    answers = read_answers({**base, **raw}, live)
    await check_owners(session, answers)
    sentences = fill(answers, live.teams)
    compile_document(sentences, live.governance, engine)
    asked = _asked(await find_draft(session))
    try:
        row = await draft_row(session, lock=True)
    except NoDraft:
        row = DocumentRow(id=new_id("document"), number=None, state="draft", settings={})
        session.add(row)
    row.answers, row.sentences = answers.to_json(), [s.to_json() for s in sentences]
    row.owners, row.changed_by, row.changed_at = dict(answers.owners), actor.id, clock.now()
    try:
        async with session.begin_nested():
            await session.flush()
    except IntegrityError as error:
        raise DraftedElsewhere from error
    document = await value_of(session, row)
    facts = {"digest": document.digest, "sentences": len(sentences), "not_enforced": len(document.not_enforced)}
    await ledger.record(session, Event("governance.document_drafted", actor.id, subject=row.id, data=facts))
    for person in sorted(_asked(document) - asked - {actor.id}):
        await enqueue(session, Job(TASK, {"person": person}, key=f"{TASK}:{row.id}:{person}"))
    return document


def _asked(document: Document | None) -> set[str]:
    """Return whose signature a draft waits for."""
    return {document.owners[part] for part in document.unsigned if document.owners.get(part)} if document else set()


async def discard(session: Session, actor: Actor, *, ledger: Ledger) -> None:
    """Throw the draft away. Raises NoDraft, PermissionMissing."""
    actor.require("org:policy:manage")
    row = await draft_row(session, lock=True)
    row.state = "discarded"
    await ledger.record(session, Event("governance.draft_discarded", actor.id, subject=row.id))


async def see_draft(session: Session, actor: Actor) -> Document:
    """Return the draft for somebody who may see it. Raises NoDraft, DraftNotYours."""
    document = await value_of(session, await draft_row(session))
    if not actor.may("org:policy:read") and actor.id not in document.owners.values():
        raise DraftNotYours
    return document


def parts_of(document: Document, person: str) -> list[str]:
    """Return the parts that a person is to sign and has not."""
    return [p for p in PARTS if document.owners.get(p) == person and p in document.unsigned]
