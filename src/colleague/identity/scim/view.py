"""How provisioning stands: tokens, how many people and groups came, what was refused last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from colleague.identity.actor import Actor
from colleague.identity.scim.faults import list_faults
from colleague.identity.scim.tokens import list_tokens
from colleague.identity.tables import GroupRow, PersonRow, ProvisionedRow, ProvisioningFaultRow, ProvisioningTokenRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session


@dataclass(frozen=True, slots=True)
class Standing:
    """How provisioning stands. `state` is said in words."""

    state: str
    tokens: Sequence[ProvisioningTokenRow]
    people: int
    inactive: int
    waiting: int
    groups: int
    last: datetime | None
    faults: Sequence[ProvisioningFaultRow]


async def standing(session: Session, actor: Actor, *, clock: Clock) -> Standing:
    """Return how provisioning stands. Raises PermissionMissing."""
    tokens, faults = await list_tokens(session, actor), await list_faults(session, actor)
    here = select(
        func.count(), func.count().filter(~PersonRow.active & PersonRow.waiting_since.is_(None)),
        func.count(PersonRow.waiting_since),
        func.max(ProvisionedRow.changed_at),
    )  # fmt: skip
    here = here.join(PersonRow, PersonRow.id == ProvisionedRow.person_id).where(ProvisionedRow.gone_at.is_(None))
    people, inactive, waiting, last = (await session.execute(here)).one()
    groups = await session.scalar(select(func.count()).where(GroupRow.source == "scim")) or 0
    now = clock.now()
    held = [t for t in tokens if t.revoked_at is None]
    if not held:
        state = "Not connected: people are added and changed by hand."
    elif all(t.expires_at <= now for t in held):
        state = "Stopped: the token has expired. Make a new one and enter it at your identity provider."
    elif not any(t.last_used_at for t in held):
        state = "Waiting: your identity provider has not called yet."
    else:
        state = "Connected."
    return Standing(state, tokens, people, inactive, waiting, groups, last, faults)
