"""Say from which phase on a skill or connector may be used (PL-7): later at once, earlier by two people."""

from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid
from colleague.policy.governance import current_governance
from colleague.policy.model import Governance, Phase
from colleague.policy.second_person.propose import Proposal, set_or_propose
from colleague.policy.standards.entries import with_entry


class BadEntryPhase(Invalid):
    """Say which skill or connector, by the name that the catalogue lists, and one of the phases pilot, expansion, broad
    and enterprise."""


class NothingChanges(Conflict):
    """This is what is said of it already: nothing was changed."""


async def mean_for(
    session: Session, actor: Actor, kind: str, name: str, phase: str, *, ledger: Ledger, clock: Clock
) -> Governance | Proposal:
    """Say from which phase on (its name) something may be used; of a thing that is not in use yet, too. Before it no
    call with it is made, and it is neither opened nor approved. An earlier phase than now is said becomes a proposal,
    which another person confirms (Policies).

    Raises BadEntryPhase, NothingChanges, SaidOfAll, NobodyElse, TooManyProposals, PermissionMissing.
    """
    actor.require("org:policy:manage")
    before = (await current_governance(session)).entry_phases
    try:
        entries = with_entry(before, kind, name, Phase[phase.strip().upper()])
    except (ValueError, KeyError):
        raise BadEntryPhase from None
    if set(entries) == set(before):
        raise NothingChanges
    return await set_or_propose(session, actor, {"entry_phases": list(entries)}, ledger=ledger, clock=clock)
