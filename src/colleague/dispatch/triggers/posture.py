"""What the posture finds of triggers: five to ten in the pilot (DI-4), none above what is allowed now (DI-7)."""

from collections.abc import Sequence

from colleague.dispatch.triggers.model import FEWEST_IN_PILOT, MOST_IN_PILOT
from colleague.dispatch.triggers.store import list_triggers
from colleague.governance.posture.model import Finding
from colleague.kit.db import Session
from colleague.policy.governance import current_governance
from colleague.policy.model import Phase

NUMBER, ABOVE = "triggers-number", "triggers-phase"


async def of_triggers(session: Session) -> Sequence[Finding]:
    """Return what is wrong with the triggers that are on; nothing applies where none is."""
    active = await list_triggers(session, state="active")
    if not active:
        words = "No trigger is on: Dispatch is closed."
        return [Finding(check, "triggers", words, state="not applicable") for check in (NUMBER, ABOVE)]
    governance, found = await current_governance(session), []
    if governance.phase is Phase.PILOT and not FEWEST_IN_PILOT <= len(active) <= MOST_IN_PILOT:
        found.append(Finding(NUMBER, "triggers", f"{len(active)} are on; a pilot works with five to ten."))
    for trigger in active:
        if not trigger.allowed_by(governance):
            words = f"«{trigger.wording.name}» is mapped to {trigger.wording.tier.name.lower()}: it is refused now."
            found.append(Finding(ABOVE, trigger.id, words, by=trigger.by))
    return found
