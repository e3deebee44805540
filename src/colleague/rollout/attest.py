"""Vouch for what cannot be counted. Where something can, nobody's word stands in for it (R81)."""

from datetime import date

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Forbidden, Invalid, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.policy.model import Phase
from colleague.rollout.alarms import CATALOGUE
from colleague.rollout.gates import SIGNED_WITHIN, gate
from colleague.rollout.model import ATTESTED, Evidence
from colleague.rollout.quarter import hold_when_due
from colleague.rollout.store import current_programme, led, today
from colleague.rollout.tables import AttestationRow
from colleague.usecases.around import one_line

LONGEST = 500


class EvidenceExists(Forbidden):
    """«{title}» is counted from what happened: nobody's word stands in for it. Its rows: {rows}."""


class NoSuchCriterion(NotFound):
    """There is nothing of this name to vouch for."""


class NotTheLead(Forbidden):
    """Who leads the programme, has led it in this phase, or has the role for it, does not vouch for it: ask whoever
    did the review."""


class BadDay(Invalid):
    """The day lies ahead, or more than ninety days back: then it says nothing about today."""


def counted(criterion: str) -> tuple[str, str]:
    """Return title and page of a criterion that is counted; two empty texts for any other."""
    for phase in Phase:
        for one in gate(phase, Evidence()).criteria:
            if one.id == criterion and one.how == "computed":
                return one.title, one.rows
    return "", ""


async def attest(
    session: Session, actor: Actor, criterion: str, *, words: str, on: date, document: str = "", ledger: Ledger,
    clock: Clock,
) -> str:  # fmt: skip
    """Vouch for a criterion, with the day it was so and where the document is; return the attestation's id.

    The sponsor may, and whoever may see the programme but who leads or has led it in this phase and who has the role of
    one; themselves, no token of theirs.
    Raises EvidenceExists, NoSuchCriterion, NotTheLead, BadDay, SignInYourself.
    """
    actor.require_presence()
    programme = await current_programme(session)
    if actor.id != programme.sponsor:
        actor.require("org:programme:read")
    if actor.id in await led(session, programme) or "programme_lead" in actor.roles:
        raise NotTheLead
    if criterion not in ATTESTED:
        title, rows = counted(criterion)
        if title:
            raise EvidenceExists(title=title, rows=rows)
        raise NoSuchCriterion
    day = await today(session, clock)
    if not day - SIGNED_WITHIN <= on <= day:
        raise BadDay
    row = AttestationRow(
        id=new_id("attestation"), criterion=criterion, by=actor.id, on=on, at=clock.now(),
        words=one_line(words, "words", LONGEST, needed=True), document=one_line(document, "document", LONGEST),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    facts = {"criterion": criterion, "on": on.isoformat(), "document": row.document}
    await ledger.record(session, Event("programme.attested", actor.id, subject=row.id, data=facts))
    if criterion == CATALOGUE:
        await hold_when_due(session, ledger=ledger, clock=clock)
    return row.id


async def withdraw_attestation(
    session: Session, actor: Actor, attestation: str, *, ledger: Ledger, clock: Clock
) -> None:
    """Take back what one vouched for. Raises NoSuchCriterion for what is not one's own."""
    actor.require_presence()
    row = await session.get(AttestationRow, attestation, with_for_update=True) if is_id(attestation) else None
    if row is None or row.by != actor.id or row.withdrawn_at is not None:
        raise NoSuchCriterion
    row.withdrawn_at = clock.now()
    event = Event("programme.attestation_withdrawn", actor.id, subject=row.id, data={"criterion": row.criterion})
    await ledger.record(session, event)
    if row.criterion == CATALOGUE:
        await session.flush()
        await hold_when_due(session, ledger=ledger, clock=clock)
