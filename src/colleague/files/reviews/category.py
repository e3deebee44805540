"""An output's category goes up by hand, never down (OH-4)."""

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.outputs import get_output
from colleague.files.reviews.decide import mark_again
from colleague.files.reviews.look import PERMISSION
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden, Invalid
from colleague.policy.governance import current_governance
from colleague.policy.standards.category import categories, standard_of


class NoSuchCategory(Invalid):
    """The organisation has described no category «{name}»."""


class NotLower(Forbidden):
    """An output's category may be raised, not lowered: «{title}» asks for a review by somebody else."""


class SameCategory(Conflict):
    """It is of this category already."""


async def raise_category(
    session: Session, actor: Actor, owner: str, output_id: str, category: str, *, ledger: Ledger
) -> None:
    """Put an output into another category that is not lighter: its owner, or whoever may review.

    A version that its owner alone had accepted is a draft again if the new category asks for somebody else.
    Raises NoSuchCategory, NotLower, SameCategory, PermissionMissing.
    """
    if actor.id != owner:
        actor.require(PERMISSION)
    output, version = await get_output(session, output_id)
    await session.refresh(output, with_for_update=True)
    await session.refresh(version, with_for_update=True)
    governance = await current_governance(session)
    if category not in categories(governance):
        raise NoSuchCategory(name=category[:40])
    old, new = standard_of(governance, output.category), standard_of(governance, category)
    if old.id == new.id:
        raise SameCategory
    if old.high_stakes and not new.high_stakes:
        raise NotLower(title=old.title)
    output.category = category
    again = new.high_stakes and not old.high_stakes and version.self_reviewed and version.review == "reviewed"
    if again:
        await mark_again(session, version)
    facts = {"from": old.id, "to": new.id, "version": version.version, "draft_again": again, "sha256": version.sha256}
    event = Event("output.category_raised", actor.id, subject=output_id, run=output.run_id, data=facts)
    await ledger.record(session, event)
