"""What a group gives: a team or a role. Shown before it is saved: who would gain or lose what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.identity.groups.members import get_group
from colleague.identity.groups.settle import hold, settle
from colleague.identity.people import NoSuchTeam, check_role
from colleague.identity.roles import check_decided
from colleague.identity.tables import GroupMemberRow, GroupRow, GroupRuleRow, MembershipRow, RoleRow, TeamRow
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import is_id

_SHOWN = 200


class BadRule(Invalid):
    """A group gives a team or a role."""


class NoSuchRule(NotFound):
    """The group does not give this."""


class LooksDifferent(Conflict):
    """Since you looked, the group has changed: others would gain or lose something now. Look again."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a group gives, in words."""

    kind: str
    target: str
    words: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group as people look at it, with what it gives."""

    id: str
    source: str
    name: str
    members: int
    changed_at: datetime
    rules: tuple[Rule, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the group as JSON."""
        gives = [{"kind": r.kind, "target": r.target, "words": r.words} for r in self.rules]
        return {"id": self.id, "source": self.source, "name": self.name, "members": self.members, "gives": gives}


@dataclass(frozen=True, slots=True)
class Effect:
    """What saving or removing a rule would do. `seal` says what was looked at: it goes along with the saving."""

    group: str
    rule: Rule
    gives: bool
    people: tuple[tuple[str, str], ...]
    count: int
    unchanged: int
    seal: str


async def list_groups(session: Session, actor: Actor, *, search: str = "", limit: int = 500) -> list[Group]:
    """Return groups with the number of their members and what they give: those that give nothing first, then by name.

    Raises PermissionMissing.
    """
    actor.require("org:people:read")
    members = func.count(GroupMemberRow.person_id)
    query = select(GroupRow, members).outerjoin(GroupMemberRow, GroupMemberRow.group_id == GroupRow.id)
    if search:
        query = query.where(func.strpos(func.lower(GroupRow.name), search.lower()) > 0)
    ruled = select(GroupRuleRow.group_id).where(GroupRuleRow.group_id == GroupRow.id).exists()
    query = query.group_by(GroupRow.id).order_by(ruled, GroupRow.name, GroupRow.id).limit(limit)
    found = [(row, count) for row, count in await session.execute(query)]
    rules = await _rules(session, [row.id for row, _ in found])
    return [_group(row, count, rules) for row, count in found]


async def show_group(session: Session, actor: Actor, group_id: str) -> Group:
    """Return one group. Raises NoSuchGroup, PermissionMissing."""
    actor.require("org:people:read")
    row = await get_group(session, group_id)
    count = await session.scalar(select(func.count()).where(GroupMemberRow.group_id == row.id)) or 0
    return _group(row, count, await _rules(session, [row.id]))


def _group(row: GroupRow, count: int, rules: dict[str, list[Rule]]) -> Group:
    return Group(row.id, row.source, row.name, count, row.changed_at, tuple(rules.get(row.id, ())))


async def _rules(session: Session, groups: Sequence[str]) -> dict[str, list[Rule]]:
    query = select(GroupRuleRow.group_id, GroupRuleRow.kind, GroupRuleRow.target, TeamRow.name)
    query = query.outerjoin(TeamRow, TeamRow.id == GroupRuleRow.target).where(GroupRuleRow.group_id.in_(groups))
    found: dict[str, list[Rule]] = {}
    for group, kind, target, team in await session.execute(query.order_by(GroupRuleRow.kind, GroupRuleRow.target)):
        found.setdefault(group, []).append(Rule(kind, target, _words(kind, target, team)))
    return found


def _words(kind: str, target: str, team: str | None) -> str:
    return f"team {team or 'that is gone'}" if kind == "team" else f"role {target.replace('_', ' ')}"


async def preview(
    session: Session, actor: Actor, group_id: str, kind: str, target: str, *, gives: bool
) -> Effect:  # fmt: skip
    """Return who would gain (`gives`) or lose `target` if the rule were made or removed. Changes nothing.

    Raises what `set_rule` raises.
    """
    row, rule = await _allowed(session, actor, group_id, kind, target, gives=gives)
    people = set(await session.scalars(select(GroupMemberRow.person_id).where(GroupMemberRow.group_id == row.id)))
    table = MembershipRow if kind == "team" else RoleRow
    aim = MembershipRow.team_id if kind == "team" else RoleRow.role
    have = select(table.person_id).where(aim == target, table.person_id.in_(people))
    elsewhere = select(GroupMemberRow.person_id).join(GroupRuleRow, GroupRuleRow.group_id == GroupMemberRow.group_id)
    elsewhere = elsewhere.where(GroupRuleRow.kind == kind, GroupRuleRow.target == target)
    elsewhere = elsewhere.where(GroupRuleRow.group_id != row.id)
    if gives:
        touched = people - set(await session.scalars(have))
    else:
        by_hand = set(await session.scalars(have.where(table.by_hand)))
        touched = people - by_hand - set(await session.scalars(elsewhere.where(GroupMemberRow.person_id.in_(people))))
    names = sorted((await names_of(session, touched)).items(), key=lambda pair: (pair[1], pair[0]))
    seal = digest([row.id, kind, target, gives, sorted(touched)])
    return Effect(row.id, rule, gives, tuple(names[:_SHOWN]), len(touched), len(people) - len(touched), seal)


async def set_rule(
    session: Session, actor: Actor, group_id: str, kind: str, target: str, *, gives: bool, seal: str = "",
    ledger: Ledger, clock: Clock,
) -> Effect:  # fmt: skip
    """Let a group give a team or a role (`gives`), or give it no more: its people gain or lose it at once.

    `seal` is that of the preview that was looked at; empty, nobody looked. Raises NoSuchGroup, BadRule, NoSuchTeam,
    NoSuchRole, ByDecision, NoSuchRule, OwnersOnly, BeyondYourself, LooksDifferent, LastOwner.
    """
    await hold(session)
    effect = await preview(session, actor, group_id, kind, target, gives=gives)
    if seal and seal != effect.seal:
        raise LooksDifferent
    if gives:
        rule = insert(GroupRuleRow).values(
            group_id=group_id, kind=kind, target=target, made_by=actor.id, made_at=clock.now()
        )
        await session.execute(rule.on_conflict_do_nothing())
    else:
        gone = delete(GroupRuleRow).where(GroupRuleRow.group_id == group_id, GroupRuleRow.kind == kind)
        await session.execute(gone.where(GroupRuleRow.target == target))
    verb = "group.rule_added" if gives else "group.rule_removed"
    facts = {"kind": kind, "target": target, "people": effect.count}
    await ledger.record(session, Event(verb, actor.id, subject=group_id, data=facts))
    members = await session.scalars(select(GroupMemberRow.person_id).where(GroupMemberRow.group_id == group_id))
    await settle(session, actor, list(members), ledger=ledger)
    return effect


async def _allowed(
    session: Session, actor: Actor, group_id: str, kind: str, target: str, *, gives: bool
) -> tuple[GroupRow, Rule]:
    """Return the group and the rule if `actor` may make or remove it. Nobody gives what they do not hold."""
    actor.require("org:people:manage")
    row = await get_group(session, group_id)
    team = None
    match kind:
        case "team":
            team = await session.scalar(select(TeamRow.name).where(TeamRow.id == target)) if is_id(target) else None
            if team is None and gives:
                raise NoSuchTeam
        case "role":
            await check_role(session, actor, target)
            check_decided(target, decided=not gives)
        case _:
            raise BadRule
    if not gives and await session.get(GroupRuleRow, (row.id, kind, target)) is None:
        raise NoSuchRule
    return row, Rule(kind, target, _words(kind, target, team))
