"""The two-person rule: what weakens a rule of the organisation waits for another person (CT-3, issue 4).

A proposal is bound by digest to what it changes and to the version it was made against, holds once, and expires.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import who_may
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.policy.governance import changed, put_in_force, stored_form, with_changes
from colleague.policy.model import Governance
from colleague.policy.second_person.words import TITLES, setting_words
from colleague.policy.stricter import weaker
from colleague.policy.tables import ProposalRow

LIFE = timedelta(days=7)
MOST_OPEN = 50


class NobodyElse(Conflict):
    """This weakens a rule of the organisation ({names}), and nobody but you could confirm it: first give a second
    person a role that may change the rules (owner or administrator), under People."""


class NotYourOwn(Forbidden):
    """You proposed this yourself: another person has to confirm it."""


class NoSuchProposal(NotFound):
    """There is no such proposal, or it was confirmed, withdrawn or has expired."""


class ProposalStale(Conflict):
    """The settings have changed since this was proposed, or it is not what you were shown: look again, or propose it
    anew."""


class TooManyProposals(Conflict):
    """Fifty proposals wait already: confirm or withdraw some first."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that waits. `changes`: the settings as they would be; `weakens`: the names of those that get weaker."""

    id: str
    changes: Mapping[str, Any]
    weakens: tuple[str, ...]
    base_version: int
    digest: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime

    @property
    def words(self) -> list[str]:
        """What gets weaker, in words."""
        return [f"{TITLES[name]}: {setting_words(name, self.changes[name])}" for name in self.weakens]

    def to_json(self) -> dict[str, Any]:
        """Return the proposal as JSON."""
        return {
            "id": self.id, "changes": dict(self.changes), "weakens": list(self.weakens), "digest": self.digest,
            "base_version": self.base_version, "proposed_by": self.proposed_by,
            "proposed_at": self.proposed_at.isoformat(), "expires_at": self.expires_at.isoformat(),
        }  # fmt: skip


async def set_or_propose(
    session: Session, actor: Actor, changes: Mapping[str, Any], *, ledger: Ledger, clock: Clock
) -> Governance | Proposal:
    """Set what weakens nothing at once; anything else becomes a proposal that waits for a second person.

    Raises NoSuchSetting, BadSetting, ByDocumentOnly, NobodyElse, TooManyProposals, PermissionMissing.
    """
    before, after = await changed(session, actor, changes)
    names = weaker(before, after)
    if not names:
        return await put_in_force(session, actor, before, after, ledger=ledger, clock=clock)
    if not any(person.id != actor.id for person in await who_may(session, "org:policy:manage")):
        raise NobodyElse(names=", ".join(names))
    if len(await list_proposals(session, clock=clock)) >= MOST_OPEN:
        raise TooManyProposals
    stored = {name: stored_form(after)[name] for name in changes}
    row = ProposalRow(
        id=new_id("proposal"), changes=stored, weakens=list(names), base_version=before.version,
        digest=digest([before.version, stored]), state="open", proposed_by=actor.id, proposed_at=clock.now(),
        expires_at=clock.now() + LIFE,
    )  # fmt: skip
    session.add(row)
    facts = {"digest": row.digest, "weakens": row.weakens, "settings": sorted(stored), "base": before.version}
    await ledger.record(session, Event("governance.change_proposed", actor.id, subject=row.id, data=facts))
    return _proposal(row)


async def confirm(
    session: Session, actor: Actor, proposal: str, seen: str, *, ledger: Ledger, clock: Clock
) -> Governance:
    """Put a proposal of somebody else in force; `seen` is its digest as it was shown.

    Raises NoSuchProposal, NotYourOwn, ProposalStale, PermissionMissing, SignInYourself: a token is no second person.
    """
    before, _ = await changed(session, actor, {})
    actor.require_presence()
    row = await _open(session, proposal, clock)
    if row.proposed_by == actor.id:
        raise NotYourOwn
    still = {person.id for person in await who_may(session, "org:policy:manage")}
    if seen != row.digest or before.version != row.base_version or row.proposed_by not in still:
        raise ProposalStale
    row.state, row.decided_by, row.decided_at = "confirmed", actor.id, clock.now()
    facts = {"digest": row.digest, "proposed_by": row.proposed_by}
    await ledger.record(session, Event("governance.change_confirmed", actor.id, subject=row.id, data=facts))
    after = with_changes(before, row.changes)
    return await put_in_force(session, actor, before, after, ledger=ledger, clock=clock, second=actor.id)


async def withdraw(session: Session, actor: Actor, proposal: str, *, ledger: Ledger, clock: Clock) -> None:
    """Take a proposal away: anybody who may change the rules. Raises NoSuchProposal, PermissionMissing."""
    await changed(session, actor, {})
    row = await _open(session, proposal, clock)
    row.state, row.decided_by, row.decided_at = "withdrawn", actor.id, clock.now()
    await ledger.record(session, Event("governance.change_withdrawn", actor.id, subject=row.id))


async def list_proposals(session: Session, *, clock: Clock) -> list[Proposal]:
    """Return what waits for a second person, oldest first."""
    query = select(ProposalRow).where(ProposalRow.state == "open", ProposalRow.expires_at > clock.now())
    return [_proposal(row) for row in await session.scalars(query.order_by(ProposalRow.id))]


async def _open(session: Session, proposal: str, clock: Clock) -> ProposalRow:
    row = await session.get(ProposalRow, proposal, with_for_update=True) if is_id(proposal) else None
    if row is None or row.state != "open" or row.expires_at <= clock.now():
        raise NoSuchProposal
    return row


def _proposal(row: ProposalRow) -> Proposal:
    return Proposal(
        row.id, row.changes, tuple(row.weakens), row.base_version, row.digest, row.proposed_by, row.proposed_at,
        row.expires_at,
    )  # fmt: skip
