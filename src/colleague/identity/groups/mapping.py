"""What other floors ask of groups: whether an identity provider is used at all, and who is in one group (ID-4)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from colleague.identity.tables import GroupMemberRow, GroupRow, GroupRuleRow, ProviderRow, ProvisioningTokenRow
from colleague.kit.db import Session
from colleague.kit.errors import Conflict
from colleague.kit.ids import is_id


class NotMappedYet(Conflict):
    """Nobody is invited yet. {why}"""


@dataclass(frozen=True, slots=True)
class Invitations:
    """Why nobody may be invited yet, for a floor that knows no cohorts: the composition root says who knows (ID-4)."""

    against: Callable[[Session], Awaitable[Sequence[str]]]

    async def check(self, session: Session) -> None:
        """Raise NotMappedYet with every reason, if there is one."""
        if why := await self.against(session):
            raise NotMappedYet(why=" ".join(why))


@dataclass(frozen=True, slots=True)
class Mapping:
    """A group of an identity provider: who is in it, and how many teams and roles it gives."""

    id: str
    name: str
    people: frozenset[str]
    gives: int


async def signs_on(session: Session) -> bool:
    """Say whether people come by an identity provider: one signs them in, or one provisions them."""
    open_door = select(ProviderRow.id).where(ProviderRow.enabled).limit(1)
    token = select(ProvisioningTokenRow.id).where(ProvisioningTokenRow.revoked_at.is_(None)).limit(1)
    return await session.scalar(open_door) is not None or await session.scalar(token) is not None


async def find_mapping(session: Session, group_id: str) -> Mapping | None:
    """Return a group with its people; None if it is gone."""
    row = await session.get(GroupRow, group_id) if is_id(group_id) else None
    if row is None:
        return None
    people = await session.scalars(select(GroupMemberRow.person_id).where(GroupMemberRow.group_id == row.id))
    gives = await session.scalar(select(func.count()).where(GroupRuleRow.group_id == row.id)) or 0
    return Mapping(row.id, row.name, frozenset(people), gives)
