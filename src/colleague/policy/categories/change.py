"""Describe, change and withdraw an output category: a change of the setting `output_categories` (OH-4)."""

from collections.abc import Mapping
from typing import Any

from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.roles import known_roles
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid, NotFound
from colleague.policy.governance import current_governance
from colleague.policy.model import Governance
from colleague.policy.second_person.propose import Proposal, set_or_propose
from colleague.policy.standards.category import BadCategory, Category


class NotDescribed(Invalid):
    """This does not describe a category: {why}."""


class NothingOfYours(NotFound):
    """The organisation has not changed a category «{name}»."""


async def describe_category(
    session: Session, actor: Actor, raw: Mapping[str, Any], *, ledger: Ledger, clock: Clock
) -> Governance | Proposal:
    """Put a category in the place of the one with its id, or add it: at once, or, where that asks for less than now, as
    a proposal that waits for a second person. Raises NotDescribed, and what `set_or_propose` raises."""
    try:
        given = Category.of(dict(raw))
    except BadCategory as fault:
        raise NotDescribed(why=str(fault)) from fault
    roles = await known_roles(session)
    if unknown := sorted(set(given.reviewers) - set(roles)):
        raise NotDescribed(why=f"there is no role {', '.join(unknown)}")
    own = [c for c in await _own(session) if c.id != given.id]
    return await _set(session, actor, [*own, given], ledger=ledger, clock=clock)


async def withdraw_category(
    session: Session, actor: Actor, name: str, *, ledger: Ledger, clock: Clock
) -> Governance | Proposal:
    """Take back what the organisation said of a category: a shipped one is again as shipped, another unknown and held
    to the strictest standard. Raises NothingOfYours, and what `set_or_propose` raises."""
    own = await _own(session)
    if all(c.id != name for c in own):
        raise NothingOfYours(name=name[:40])
    return await _set(session, actor, [c for c in own if c.id != name], ledger=ledger, clock=clock)


async def _own(session: Session) -> list[Category]:
    return list(map(Category.read, (await current_governance(session)).output_categories))


async def _set(
    session: Session, actor: Actor, own: list[Category], *, ledger: Ledger, clock: Clock
) -> Governance | Proposal:
    changes = {"output_categories": [str(c) for c in sorted(own, key=lambda c: c.id)]}
    return await set_or_propose(session, actor, changes, ledger=ledger, clock=clock)
