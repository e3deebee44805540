"""Early access: skills that champions use before everybody, and the word that opens them (CH-3)."""

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict
from colleague.plugins.hold import check_hold
from colleague.plugins.model import EARLY, State
from colleague.plugins.packages import MANAGE, PACKAGES, NotYourOwn
from colleague.plugins.store import get_package
from colleague.plugins.tables import SkillPackageRow


class NotEarly(Conflict):
    """These skills are not in early access."""


async def open_to_everybody(
    session: Session, actor: Actor, package: str, *, sha256: str, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Give everybody what champions have had early, exactly the version with this hash; it takes the older one's place.

    Raises NotEarly, NotYourOwn, NoSuchSkill, CatalogueHeld, PermissionMissing.
    """
    actor.require(MANAGE)
    await advisory_lock(session, PACKAGES)
    row = await get_package(session, package, lock=True)
    if row.owner_id == actor.id:
        raise NotYourOwn
    if row.state != State.APPROVED or EARLY not in row.teams or row.sha256 != sha256:
        raise NotEarly
    await check_hold(session, clock=clock)
    older = select(SkillPackageRow).where(
        SkillPackageRow.name == row.name, SkillPackageRow.state == State.APPROVED, SkillPackageRow.id != row.id
    )
    for before in await session.scalars(older.with_for_update()):
        before.state = State.REPLACED
    row.teams = []
    facts = {"name": row.name, "sha256": row.sha256}
    await ledger.record(session, Event("skill.opened", actor.id, subject=row.id, data=facts))
