"""Groups as identity providers say them: made, renamed, filled, emptied, gone. What they give follows at once."""

from collections.abc import Collection, Iterable

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.groups.settle import Change, hold, settle
from colleague.identity.tables import GroupMemberRow, GroupRow, PersonRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import is_id, new_id

NAME_LIMIT, GROUPS_LIMIT, _SHOWN, _AT_ONCE = 256, 1000, 50, 5000


class NoSuchGroup(NotFound):
    """There is no such group."""


class BadGroup(Invalid):
    """A group needs a name of at most 256 printable characters."""


class GroupHere(Conflict):
    """A group of this name from this source is here already."""


class UnknownMember(Invalid):
    """{count} of the members are not here: make these people first."""


def read_name(name: str) -> str:
    """Return a group's name in one spelling; BadGroup if it is none."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LIMIT or not name.isprintable():
        raise BadGroup
    return name


async def get_group(session: Session, group_id: str, *, source: str = "", lock: bool = False) -> GroupRow:
    """Return a group (of `source`), perhaps locked: then after `hold`. NoSuchGroup if there is none."""
    if not is_id(group_id):
        raise NoSuchGroup
    row = await session.get(GroupRow, group_id, with_for_update=True if lock else None, populate_existing=True)
    if row is None or (source and row.source != source):
        raise NoSuchGroup
    return row


async def make_group(
    session: Session, actor: Actor, source: str, name: str, *, key: str = "", external_id: str | None = None,
    ledger: Ledger, clock: Clock,
) -> GroupRow:  # fmt: skip
    """Make an empty group that gives nothing yet. `key` is what its source calls it (default: our own id).

    Raises BadGroup, GroupHere.
    """
    actor.require("org:people:manage")
    group, now = new_id("group"), clock.now()
    row = GroupRow(
        id=group, source=source, key=key or group, name=read_name(name), external_id=external_id, created_at=now,
        changed_at=now,
    )  # fmt: skip
    if await session.scalar(select(GroupRow.id).where(GroupRow.source == source, GroupRow.key == row.key)):
        raise GroupHere
    session.add(row)
    await session.flush()
    await ledger.record(session, Event("group.created", actor.id, subject=group, data={"name": name, "source": source}))
    return row


async def change_group(
    session: Session, actor: Actor, row: GroupRow, *, name: str, external_id: str | None, ledger: Ledger, clock: Clock
) -> None:
    """Rename a group. Its rules hold on: they belong to the group, never to a name. Raises BadGroup."""
    actor.require("org:people:manage")
    name = read_name(name)
    if (name, external_id) != (row.name, row.external_id):
        was, row.name, row.external_id, row.changed_at = row.name, name, external_id, clock.now()
        await ledger.record(session, Event("group.changed", actor.id, subject=row.id, data={"name": name, "was": was}))


async def change_members(
    session: Session, actor: Actor, row: GroupRow, *, add: Collection[str] = (), remove: Collection[str] = (),
    only: Collection[str] | None = None, ledger: Ledger, clock: Clock,
) -> list[Change]:  # fmt: skip
    """Put people into a group and take others out (`only`: let exactly these be in it). Somebody twice is in it once.

    What the group's rules give is given and taken in the same transaction. Raises UnknownMember, LastOwner.
    """
    actor.require("org:people:manage")
    await hold(session)
    if only is not None:
        now = set(await session.scalars(select(GroupMemberRow.person_id).where(GroupMemberRow.group_id == row.id)))
        add, remove = set(only) - now, now - set(only)
    added = await _join(session, row.id, set(add))
    removed = await _leave(session, row.id, set(remove))
    if not added and not removed:
        return []
    row.changed_at = clock.now()
    facts = {"added": len(added), "removed": len(removed), "people": sorted(added | removed)[:_SHOWN]}
    await ledger.record(session, Event("group.members_changed", actor.id, subject=row.id, data=facts))
    return await settle(session, actor, added | removed, ledger=ledger)


async def _join(session: Session, group: str, people: set[str]) -> set[str]:
    here: set[str] = set()
    for part in _parts(people):
        here |= set(await session.scalars(select(PersonRow.id).where(PersonRow.id.in_(part))))
    if len(here) < len(people):
        raise UnknownMember(count=len(people) - len(here))
    joined: set[str] = set()
    for part in _parts(here):
        rows = insert(GroupMemberRow).values([{"group_id": group, "person_id": p} for p in part])
        joined |= set(await session.scalars(rows.on_conflict_do_nothing().returning(GroupMemberRow.person_id)))
    return joined


async def _leave(session: Session, group: str, people: set[str]) -> set[str]:
    left: set[str] = set()
    for part in _parts(people):
        held = delete(GroupMemberRow).where(GroupMemberRow.group_id == group, GroupMemberRow.person_id.in_(part))
        left |= set(await session.scalars(held.returning(GroupMemberRow.person_id)))
    return left


async def delete_group(session: Session, actor: Actor, group_id: str, *, source: str = "", ledger: Ledger) -> None:
    """Remove a group with its rules: what it gave is taken. Raises NoSuchGroup, LastOwner."""
    actor.require("org:people:manage")
    await hold(session)
    row = await get_group(session, group_id, source=source, lock=True)
    people = list(await session.scalars(select(GroupMemberRow.person_id).where(GroupMemberRow.group_id == row.id)))
    await session.delete(row)
    await session.flush()
    event = Event("group.deleted", actor.id, subject=group_id, data={"name": row.name, "members": len(people)})
    await ledger.record(session, event)
    await settle(session, actor, people, ledger=ledger)


async def apply_groups(
    session: Session, actor: Actor, person_id: str, source: str, groups: Iterable[str], *, ledger: Ledger, clock: Clock
) -> list[Change]:
    """Let a person be in exactly these groups of `source`, as a sign-on's claims say (R60). Returns what changed.

    `source` is the sign-on («sso» and its id), never «scim»; `groups` are the claim's values, which are the groups'
    keys. One that was never seen is made, gives nothing, and is listed for the administrators. Names that are no names
    are left out. More than 1,000 are refused (Entra then sends a link instead of groups). Raises BadGroup, LastOwner.
    """
    actor.require("org:people:manage")
    keys = {" ".join(g.split()) for g in groups}
    keys = {k for k in keys if 1 <= len(k) <= NAME_LIMIT and k.isprintable()}
    if len(keys) > GROUPS_LIMIT or source == "scim":
        raise BadGroup("A sign-on may name at most 1,000 groups.")
    await hold(session)
    query = select(GroupRow.key, GroupRow.id).where(GroupRow.source == source)
    known: dict[str, str] = dict((await session.execute(query.where(GroupRow.key.in_(keys)))).all())
    for key in sorted(keys - known.keys()):
        made = await make_group(session, actor, source, key, key=key, ledger=ledger, clock=clock)
        known[key] = made.id
    mine = select(GroupMemberRow.group_id).join(GroupRow, GroupRow.id == GroupMemberRow.group_id)
    now = set(await session.scalars(mine.where(GroupMemberRow.person_id == person_id, GroupRow.source == source)))
    want = set(known.values())
    if want == now:
        return []
    if want - now:
        session.add_all(GroupMemberRow(group_id=g, person_id=person_id) for g in want - now)
        await session.flush()
    if now - want:
        held = delete(GroupMemberRow).where(GroupMemberRow.person_id == person_id)
        await session.execute(held.where(GroupMemberRow.group_id.in_(now - want)))
    facts = {"source": source, "joined": sorted(want - now)[:_SHOWN], "left": sorted(now - want)[:_SHOWN]}
    event = Event("person.regrouped", actor.id, subject=person_id, person=person_id, data=facts)
    await ledger.record(session, event)
    return await settle(session, actor, [person_id], ledger=ledger)


def _parts(people: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(people)
    return (ordered[n : n + _AT_ONCE] for n in range(0, len(ordered), _AT_ONCE))
