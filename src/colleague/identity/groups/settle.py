"""From groups and their rules to teams and roles: what people should have by their groups is made so, and recorded."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Table, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.people import LastOwner, active_owners
from colleague.identity.tables import GroupMemberRow, GroupRuleRow, MembershipRow, RoleRow, TeamRow
from colleague.kit.db import Session, advisory_lock

_GROUPS, _OWNERS, _AT_ONCE = 727013, 727011, 5000
Pair = tuple[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """A team or role that a person gains or loses. `kind`: team or role."""

    person: str
    kind: str
    target: str
    gained: bool


async def hold(session: Session) -> None:
    """Let nobody else change groups or rules until this transaction ends.

    Two writers that each take somebody out of one of two groups with the same rule would otherwise each see the other
    group, and nobody would take the team away.
    """
    await advisory_lock(session, _GROUPS)


async def wanted(session: Session, people: Collection[str]) -> tuple[set[Pair], set[Pair]]:
    """Return what groups give `people`: pairs of person and team, pairs of person and role."""
    teams: set[Pair] = set()
    roles: set[Pair] = set()
    query = select(GroupMemberRow.person_id, GroupRuleRow.kind, GroupRuleRow.target).distinct()
    query = query.join(GroupRuleRow, GroupRuleRow.group_id == GroupMemberRow.group_id)
    for part in _parts(people):
        for person, kind, target in await session.execute(query.where(GroupMemberRow.person_id.in_(part))):
            (teams if kind == "team" else roles).add((person, target))
    if teams:
        there = set(await session.scalars(select(TeamRow.id)))
        teams = {pair for pair in teams if pair[1] in there}
    return teams, roles


async def settle(session: Session, actor: Actor, people: Collection[str], *, ledger: Ledger) -> list[Change]:
    """Make what `people` have by their groups what the rules say, and record each gain and loss. `hold` comes first.

    What was given by hand stays. Returns what changed for them. Raises LastOwner: then nothing is changed.
    """
    if not people:
        return []
    teams, roles = await wanted(session, people)
    changes = await _apply(session, MembershipRow, "team", teams, people)
    changes += await _apply(session, RoleRow, "role", roles, people)
    if any(c.kind == "role" and c.target == "owner" and not c.gained for c in changes):
        await advisory_lock(session, _OWNERS)
        if not await active_owners(session):
            raise LastOwner
    for change in sorted(changes, key=lambda c: (c.person, c.kind, c.target)):
        await ledger.record(session, _event(actor, change))
    return changes


def _event(actor: Actor, change: Change) -> Event:
    if change.kind == "team":
        verb = "team.member_added" if change.gained else "team.member_removed"
        facts = {"person": change.person, "by": "groups"}
        return Event(verb, actor.id, subject=change.target, person=change.person, data=facts)
    verb = "role.assigned" if change.gained else "role.removed"
    facts = {"role": change.target, "by": "groups"}
    return Event(verb, actor.id, subject=change.person, person=change.person, data=facts)


async def _apply(
    session: Session, kind_of_row: type[MembershipRow | RoleRow], kind: str, want: set[Pair], people: Collection[str]
) -> list[Change]:
    """Bring the rows of one kind to what is wanted; return what that changes for people."""
    table: Table = kind_of_row.__table__  # type: ignore[assignment]
    person, target = table.c.person_id, table.c.team_id if kind == "team" else table.c.role
    has: dict[Pair, tuple[bool, bool]] = {}
    for part in _parts(people):
        query = select(person, target, table.c.by_hand, table.c.by_groups).where(person.in_(part))
        has |= {(who, what): (hand, groups) for who, what, hand, groups in await session.execute(query)}
    more = [pair for pair in want if not has.get(pair, (False, False))[1]]
    less = [pair for pair, (_, groups) in has.items() if groups and pair not in want]
    for pairs in _parts(more):
        given = insert(table).values(
            [{"person_id": p, target.name: t, "by_hand": False, "by_groups": True} for p, t in pairs]
        )
        await session.execute(
            given.on_conflict_do_update(index_elements=["person_id", target.name], set_={"by_groups": True})
        )
    for pairs in _parts(less):
        those = tuple_(person, target).in_(pairs)
        await session.execute(update(table).where(those, table.c.by_hand).values(by_groups=False))
        await session.execute(delete(table).where(those, ~table.c.by_hand))
    gains = [Change(p, kind, t, True) for p, t in more if (p, t) not in has]
    return gains + [Change(p, kind, t, False) for p, t in less if not has[p, t][0]]


def _parts(things: Iterable[T]) -> Iterable[list[T]]:
    ordered = list(things)
    return (ordered[n : n + _AT_ONCE] for n in range(0, len(ordered), _AT_ONCE))
