"""Groups as an identity provider sends them. Members are changed one by one in the database: a group may be large."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scim2_models import Context
from sqlalchemy import func, select

from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.groups.members import change_group, change_members, get_group, make_group
from colleague.identity.groups.settle import hold
from colleague.identity.scim.model import POLICY, Group, Member
from colleague.identity.scim.normal import GROUP, Malformed, entries, operations, resource
from colleague.identity.scim.query import condition, list_of, page_of, read_filter, shown_of
from colleague.identity.tables import GroupMemberRow, GroupRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session

SOURCE, MEMBERS = "scim", 50_000
_ONE = re.compile(r'members\[\s*value\s+eq\s+"([^"\\]{1,64})"\s*\](?:\.\w+)?', re.IGNORECASE)
_SOME = re.compile(r"members\[(.*)\](?:\.\w+)?", re.IGNORECASE | re.DOTALL)


@dataclass
class Change:
    """What the operations of one PATCH come to. `only`: exactly these, whoever was in it."""

    name: str | None = None
    external_id: str | None = None
    renamed: bool = False
    only: set[str] | None = None
    add: set[str] = field(default_factory=set)
    remove: set[str] = field(default_factory=set)

    def join(self, people: set[str]) -> None:
        """Let these be in it."""
        if self.only is not None:
            self.only |= people
        else:
            self.add |= people
            self.remove -= people

    def leave(self, people: set[str]) -> None:
        """Let these not be in it."""
        if self.only is not None:
            self.only -= people
        else:
            self.remove |= people
            self.add -= people


def members_in(value: Any) -> set[str]:
    """Return the ids in a list of members: objects or bare texts, each once. Raises Malformed."""
    found = set()
    for entry in entries(value if value is not None else []):
        person = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(person, str) or not 1 <= len(person) <= 64 or not person.isprintable():
            raise Malformed("Each member needs the id of a person as its value.", "invalidValue")
        kind = entry.get("type")
        if isinstance(kind, str) and kind.casefold() == "group":
            raise Malformed("Groups in groups are not supported: assign the inner group itself.", "invalidValue")
        found.add(person)
    if len(found) > MEMBERS:
        raise Malformed(f"At most {MEMBERS} members at once.", "tooMany")
    return found


async def make(session: Session, actor: Actor, message: Mapping[str, Any], *, ledger: Ledger, clock: Clock) -> GroupRow:
    """Make a group with its members. Raises BadGroup, UnknownMember, Malformed."""
    given = resource(message, GROUP)
    group = Group.model_validate(_whole(given), scim_ctx=Context.RESOURCE_CREATION_REQUEST, scim_policy=POLICY)
    await hold(session)
    row = await make_group(
        session, actor, SOURCE, group.display_name or "", external_id=_external(group.external_id), ledger=ledger,
        clock=clock,
    )  # fmt: skip
    await change_members(session, actor, row, add=_sent(given), ledger=ledger, clock=clock)
    return row


def _whole(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a group without its members: those are looked at one by one, without the library."""
    return {k: v for k, v in given.items() if k.casefold() != "members"}


def _sent(given: Mapping[str, Any]) -> set[str]:
    return members_in(next((v for k, v in given.items() if k.casefold() == "members"), None))


def _external(text: Any) -> str | None:
    if text is not None and (not isinstance(text, str) or len(text) > 256 or not text.isprintable()):
        raise Malformed("externalId has at most 256 printable characters.", "invalidValue")
    return text or None


async def replace(
    session: Session, actor: Actor, group_id: str, message: Mapping[str, Any], *, ledger: Ledger, clock: Clock
) -> GroupRow:
    """Replace a group (PUT) with all its members. Raises NoSuchGroup, BadGroup, UnknownMember, LastOwner, Malformed."""
    given = resource(message, GROUP)
    group = Group.model_validate(_whole(given), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=POLICY)
    await hold(session)
    row = await get_group(session, group_id, source=SOURCE, lock=True)
    await change_group(
        session, actor, row, name=group.display_name or "", external_id=_external(group.external_id), ledger=ledger,
        clock=clock,
    )  # fmt: skip
    await change_members(session, actor, row, only=_sent(given), ledger=ledger, clock=clock)
    return row


async def patch(
    session: Session, actor: Actor, group_id: str, message: Mapping[str, Any], *, ledger: Ledger, clock: Clock
) -> GroupRow:
    """Change a group (PATCH): all operations or none. Raises what `replace` raises."""
    given = operations(message)
    await hold(session)
    row = await get_group(session, group_id, source=SOURCE, lock=True)
    change = Change(row.name, row.external_id)
    for one in given:
        await _apply(session, row, change, one)
    await change_group(
        session, actor, row, name=change.name or "", external_id=change.external_id, ledger=ledger, clock=clock
    )
    await change_members(
        session, actor, row, add=change.add, remove=change.remove, only=change.only, ledger=ledger, clock=clock
    )
    return row


async def _apply(session: Session, row: GroupRow, change: Change, one: Mapping[str, Any]) -> None:
    path, op, value = one["path"], one["op"], one.get("value")
    match path.casefold():
        case "displayname":
            if op == "remove" or not isinstance(value, str):
                raise Malformed("A group needs a displayName.", "mutability" if op == "remove" else "invalidValue")
            change.name = value
        case "externalid":
            change.external_id = _external(value)
        case "members" if op == "replace" or (op == "remove" and not value):
            # INVARIANT: only a remove without a value, or a replace, empties a group.
            change.only = members_in(value)
        case "members" if op == "add":
            change.join(members_in(value))
        case "members":
            change.leave(members_in(value))
        case folded if folded.startswith("members["):
            await _selected(session, row, change, one)
        case folded if folded.startswith("members."):
            # The label or reference of members: ours to say.
            if folded == "members.value" and op != "remove":
                change.join(members_in(value))
        case _:
            if not path.isprintable() or len(path) > 500:
                raise Malformed("The path of an operation cannot be read.", "invalidPath")


async def _selected(session: Session, row: GroupRow, change: Change, one: Mapping[str, Any]) -> None:
    """Apply an operation on members that a filter selects."""
    path = one["path"]
    if match := _ONE.fullmatch(path):
        found = {match[1]}
    elif match := _SOME.fullmatch(path):
        query = select(GroupMemberRow.person_id).where(GroupMemberRow.group_id == row.id)
        now = set(await session.scalars(query)) if change.only is None else set(change.only)
        now = (now | change.add) - change.remove
        wanted = read_filter(match[1], Member)
        with POLICY:
            found = {person for person in now if wanted.match(Member(value=person, type="User"))}
    else:
        raise Malformed("The path of an operation cannot be read.", "invalidPath")
    if one["op"] == "remove":
        change.leave(found)
    elif "]." not in path:
        change.join(found)


async def show(
    session: Session, rows: Sequence[GroupRow], query: Mapping[str, str], *, base: str
) -> list[dict[str, Any]]:
    """Return groups as the protocol shows them; members only if they were not excluded. `query`: in small letters."""
    shown = shown_of(query, Group)
    left_out = "members" in [p.strip().casefold() for p in query.get("excludedattributes", "").split(",")]
    asked = query.get("attributes", "").casefold()
    inside: dict[str, list[dict[str, str]]] = {}
    if not left_out and (not asked or "members" in asked):
        member = select(GroupMemberRow.group_id, GroupMemberRow.person_id).order_by(GroupMemberRow.person_id)
        member = member.where(GroupMemberRow.group_id.in_([row.id for row in rows]))
        for group, person in await session.execute(member):
            entry = {"value": person, "$ref": f"{base}/Users/{person}", "type": "User"}
            inside.setdefault(group, []).append(entry)
    found = []
    for row in rows:
        meta = {"resourceType": "Group", "created": row.created_at, "lastModified": row.changed_at,
                "location": f"{base}/Groups/{row.id}"}  # fmt: skip
        whole = {"schemas": [GROUP], "id": row.id, "externalId": row.external_id, "displayName": row.name, "meta": meta}
        shape = Group.model_validate(whole, scim_policy=POLICY)
        one = shape.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=shown)
        found.append({**one, "members": inside[row.id]} if row.id in inside else one)
    return found


async def find(session: Session, query: Mapping[str, str], *, base: str) -> dict[str, Any]:
    """Return a page of groups, filtered. None found is an empty list. Raises Malformed."""
    start, count = page_of(query)
    rows = select(GroupRow).where(GroupRow.source == SOURCE).order_by(GroupRow.id)
    whole = True
    wanted: Any = None
    if query.get("filter"):
        wanted = read_filter(query["filter"], Group)
        columns = {
            "displayname": lambda v: func.lower(GroupRow.name) == v.lower(),
            "externalid": lambda v: GroupRow.external_id == v,
            "id": lambda v: GroupRow.id == v,
            "members.value": lambda v: GroupRow.id.in_(
                select(GroupMemberRow.group_id).where(GroupMemberRow.person_id == v)
            ),
            "members": lambda v: GroupRow.id.in_(select(GroupMemberRow.group_id).where(GroupMemberRow.person_id == v)),
        }
        part, whole = condition(wanted.ast, columns)
        if part is not None:
            rows = rows.where(part)
    if whole:
        total = await session.scalar(select(func.count()).select_from(rows.subquery())) or 0
        page = list((await session.scalars(rows.offset(start).limit(count))).all())
    else:
        every = list((await session.scalars(rows)).all())
        described = await show(session, every, {}, base=base)
        with POLICY:
            fits = [wanted.match(Group.model_validate(one)) for one in described]
        hits = [row for row, fit in zip(every, fits, strict=True) if fit]
        total, page = len(hits), hits[start : start + count]
    return list_of(await show(session, page, query, base=base), total, start)
