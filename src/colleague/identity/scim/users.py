"""People as an identity provider describes them: made, looked up, replaced, changed, deleted."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from scim2_models import Context, PatchOp
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.groups.settle import hold, settle
from colleague.identity.people import (
    AlreadyHere,
    BadDepartment,
    NoSuchPerson,
    create_person,
    read_address,
    read_department,
    set_active,
)
from colleague.identity.scim.model import POLICY, Person
from colleague.identity.scim.normal import CORE, ENTERPRISE, PATCH, Malformed, operations, resource
from colleague.identity.scim.query import condition, list_of, page_of, read_filter, shown_of
from colleague.identity.seats.chosen import another_person
from colleague.identity.seats.hold import seat
from colleague.identity.seats.reason import ask_if_moved, reasons_missing
from colleague.identity.tables import GroupMemberRow, GroupRow, PersonRow, ProvisionedRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.ids import is_id

_PEOPLE = 727014
# To an identity provider somebody who waits for a seat is active: it did its part.
_LET_IN = PersonRow.active | PersonRow.waiting_since.is_not(None)


class UserHere(AlreadyHere):
    """Somebody with this userName or mail address is here already."""


def folded(text: str) -> str:
    """Return a userName as it is compared: whatever its case and spelling."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _facts(user: Any) -> tuple[str, str]:
    """Return mail address and name of a described person. Raises BadPerson (no usable address), Malformed."""
    emails = [e for e in user.emails or [] if e.value]
    chosen = next((e for e in emails if e.primary), None) or next((e for e in emails if e.type == "work"), None)
    address = (chosen or emails[0]).value if emails else ""
    name = user.name
    full = " ".join(p for p in (name.given_name, name.family_name) if p) if name else ""
    text = user.display_name or (name.formatted if name else "") or full or user.user_name or ""
    plain = " ".join("".join(c for c in text if c.isprintable()).split())[:120].strip()
    if not plain:
        raise Malformed("A person needs a name.", "invalidValue")
    return read_address(address), plain


def _read(message: Mapping[str, Any], context: Context, *, active: bool) -> Any:
    """Return a user from the body of a POST or PUT, with userName as the address where none was sent.

    `active` is what silence about it means: a PUT without it lets nobody in again.
    """
    given = resource(message, CORE)
    names = {k.casefold(): k for k in given}
    user_name = given.get(names.get("username", ""))
    if not given.get(names.get("emails", "")) and isinstance(user_name, str) and "@" in user_name:
        given[names.get("emails", "emails")] = [{"value": user_name, "type": "work", "primary": True}]
    if given.get(names.get("active", "")) is None:
        given[names.get("active", "active")] = active
    user = Person.model_validate(given, scim_ctx=context, scim_policy=POLICY)
    _usable(user)
    return user


def _usable(user: Any) -> None:
    name = user.user_name or ""
    if not 1 <= len(name) <= 256 or not name.isprintable() or len(user.external_id or "") > 256:
        raise Malformed("userName and externalId have 1 to 256 printable characters.", "invalidValue")
    if len(user.model_dump_json()) > 16_000:
        raise Malformed("A person's description is at most 16 kB.", "invalidValue")


def _body(user: Any) -> dict[str, Any]:
    kept: dict[str, Any] = user.model_dump()
    return {k: v for k, v in kept.items() if k not in ("id", "meta", "groups")}


def _manager(user: Any) -> str | None:
    extension = user[ENTERPRISE]
    manager = extension.manager if extension is not None else None
    return manager.value[:256] if manager is not None and manager.value else None


def _department(user: Any) -> str:
    extension = user[ENTERPRISE]
    name = extension.department if extension is not None else None
    try:
        return read_department(name or "")
    except BadDepartment:
        raise Malformed(BadDepartment.__doc__ or "", "invalidValue") from None


async def make_user(
    session: Session, actor: Actor, message: Mapping[str, Any], *, ledger: Ledger, clock: Clock
) -> Any:  # fmt: skip
    """Make the described person, or take over one who is here by hand or was deleted before; return their row.

    Raises UserHere, BadPerson, LastOwner, Malformed.
    """
    user = _read(message, Context.RESOURCE_CREATION_REQUEST, active=True)
    email, name = _facts(user)
    await advisory_lock(session, _PEOPLE)
    row = await session.scalar(select(PersonRow).where(PersonRow.email == email).with_for_update())
    if row is not None and row.erased_at is not None:
        raise UserHere
    described = await session.get(ProvisionedRow, row.id) if row is not None else None
    same = select(ProvisionedRow.person_id).where(ProvisionedRow.user_name == folded(user.user_name))
    if (described is not None and described.gone_at is None) or await session.scalar(same):
        raise UserHere
    if row is not None:
        person = row.id
    else:
        # Their seat comes when they are described: the pilot is warned of some.
        person = await create_person(session, actor, email, name, ledger=ledger, clock=clock, without="no seat")
    now = clock.now()
    if described is None:
        described = ProvisionedRow(
            person_id=person, user_name="", body={}, created_at=now, changed_at=now, gone_at=None
        )
        session.add(described)
    described.created_at, described.gone_at = now, None
    await _keep(
        session, actor, described, user, ledger=ledger, clock=clock, verb="person.provisioned", new=row is None
    )  # fmt: skip
    # Whoever named this person as their manager before they were here.
    known = [v for v in (person, described.external_id, described.user_name, email) if v]
    waiting = select(ProvisionedRow.person_id).where(
        ProvisionedRow.manager_ref.in_(known), ProvisionedRow.person_id != person
    )
    await session.execute(update(PersonRow).where(PersonRow.id.in_(waiting)).values(manager_id=person))
    return described


async def _keep(
    session: Session, actor: Actor, row: ProvisionedRow, user: Any, *, ledger: Ledger, clock: Clock, verb: str,
    new: bool = False,
) -> None:  # fmt: skip
    """Write a description down and bring the person to it: name, address, manager, and whether they may come in."""
    email, name = _facts(user)
    person = await session.get_one(PersonRow, row.person_id, with_for_update=True, populate_existing=True)
    asked = await reasons_missing(session, [person]) if person.active else {}
    changed = sorted(
        k for k, was, now in (("email", person.email, email), ("name", person.name, name)) if was != now
    )  # fmt: skip
    person.email, person.name = email, name
    row.user_name, row.external_id, row.body = folded(user.user_name), user.external_id, _body(user)
    row.manager_ref, row.changed_at = _manager(user), clock.now()
    department = _department(user)
    if department != row.department:
        # What the provider never said stays what was set by hand.
        row.department = person.department = department
    person.manager_id = await _find(session, row.manager_ref, but=row.person_id)
    try:
        async with session.begin_nested():
            await session.flush()
    except IntegrityError:
        raise UserHere from None
    facts = {"changed": changed, "manager": person.manager_id or ""}
    personal = {"email": email, "name": name} if changed else {}
    event = Event(verb, actor.id, subject=row.person_id, person=row.person_id, data=facts, personal=personal)
    await ledger.record(session, event)
    await ask_if_moved(session, actor, person, asked, ledger=ledger)
    await another_person(session, actor, person, ledger=ledger)
    if new and user.active:
        await seat(session, actor, person, wait=True, ledger=ledger, clock=clock)
    if bool(user.active) != (person.active or person.waiting_since is not None):
        await set_active(session, actor, row.person_id, active=bool(user.active), ledger=ledger, clock=clock)


async def _find(session: Session, reference: str | None, *, but: str) -> str | None:
    """Return the id of the person meant by a manager's reference: our id, or what providers send instead of it."""
    if not reference:
        return None
    if is_id(reference):
        found = await session.scalar(select(PersonRow.id).where(PersonRow.id == reference))
    else:
        known = (ProvisionedRow.external_id == reference) | (ProvisionedRow.user_name == folded(reference))
        found = await session.scalar(select(ProvisionedRow.person_id).where(known, ProvisionedRow.gone_at.is_(None)))
        if found is None:
            found = await session.scalar(select(PersonRow.id).where(PersonRow.email == folded(reference)))
    return found if found != but else None


async def get_user(session: Session, user_id: str, *, lock: bool = False) -> ProvisionedRow:
    """Return a described person; NoSuchPerson if there is none, or it was deleted."""
    row = None
    if is_id(user_id):
        row = await session.get(
            ProvisionedRow, user_id, with_for_update=True if lock else None, populate_existing=True
        )  # fmt: skip
    if row is None or row.gone_at is not None:
        raise NoSuchPerson
    return row


async def replace_user(
    session: Session, actor: Actor, user_id: str, message: Mapping[str, Any], *, ledger: Ledger, clock: Clock
) -> ProvisionedRow:
    """Replace a description (PUT). Read-only members are left out; silence on `active` lets nobody in again.

    Raises NoSuchPerson, UserHere, BadPerson, LastOwner, Malformed.
    """
    await advisory_lock(session, _PEOPLE)
    row = await get_user(session, user_id, lock=True)
    before = await _value(session, row)
    user = _read(message, Context.RESOURCE_REPLACEMENT_REQUEST, active=bool(before.active))
    with POLICY:
        user.replace(before)
    await _keep(session, actor, row, user, ledger=ledger, clock=clock, verb="person.changed")
    return row


async def patch_user(
    session: Session, actor: Actor, user_id: str, message: Mapping[str, Any], *, ledger: Ledger, clock: Clock
) -> ProvisionedRow:
    """Change a description (PATCH): all operations or none. Raises what `replace_user` raises."""
    given = operations(message)
    await advisory_lock(session, _PEOPLE)
    row = await get_user(session, user_id, lock=True)
    user = await _value(session, row)
    if given:
        patch: Any = PatchOp[Person].model_validate(
            {"schemas": [PATCH], "Operations": given}, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=POLICY
        )
        patch.patch(user, scim_policy=POLICY)
    _usable(user)
    await _keep(session, actor, row, user, ledger=ledger, clock=clock, verb="person.changed")
    return row


async def delete_user(session: Session, actor: Actor, user_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Forget a description (DELETE): the person is deactivated and in no group; their own record stays.

    Raises NoSuchPerson, LastOwner.
    """
    await hold(session)
    await advisory_lock(session, _PEOPLE)
    row = await get_user(session, user_id, lock=True)
    person = await session.get_one(PersonRow, user_id, with_for_update=True, populate_existing=True)
    if person.active or person.waiting_since is not None:
        await set_active(session, actor, user_id, active=False, ledger=ledger, clock=clock)
    row.gone_at = row.changed_at = clock.now()
    row.user_name, row.external_id, row.manager_ref, row.body = f"gone:{user_id}", None, None, {}
    row.department = ""
    mine = select(GroupRow.id).where(GroupRow.source == "scim")
    held = delete(GroupMemberRow).where(GroupMemberRow.person_id == user_id, GroupMemberRow.group_id.in_(mine))
    await session.execute(held)
    await ledger.record(session, Event("person.deprovisioned", actor.id, subject=user_id, person=user_id))
    await settle(session, actor, [user_id], ledger=ledger)


async def _value(session: Session, row: ProvisionedRow) -> Any:
    user = Person.model_validate(row.body, scim_policy=POLICY)
    user.active = await session.scalar(select(_LET_IN).where(PersonRow.id == row.person_id))
    return user


async def show_users(
    session: Session, rows: Sequence[ProvisionedRow], query: Mapping[str, str], *, base: str
) -> list[dict[str, Any]]:
    """Return described people as the protocol shows them, with their groups. `query`: names in small letters."""
    ids = [row.person_id for row in rows]
    active: dict[str, bool] = dict(
        (await session.execute(select(PersonRow.id, _LET_IN).where(PersonRow.id.in_(ids)))).all()
    )
    inside: dict[str, list[dict[str, str]]] = {}
    member = select(GroupMemberRow.person_id, GroupRow.id, GroupRow.name)
    member = member.join(GroupRow, GroupRow.id == GroupMemberRow.group_id).where(GroupRow.source == "scim")
    for person, group, name in await session.execute(member.where(GroupMemberRow.person_id.in_(ids))):
        inside.setdefault(person, []).append({"value": group, "$ref": f"{base}/Groups/{group}", "display": name})
    shown = shown_of(query, Person)
    found = []
    for row in rows:
        meta = {"resourceType": "User", "created": row.created_at, "lastModified": row.changed_at,
                "location": f"{base}/Users/{row.person_id}"}  # fmt: skip
        whole = {**row.body, "id": row.person_id, "active": active[row.person_id], "meta": meta,
                 "groups": inside.get(row.person_id)}  # fmt: skip
        user = Person.model_validate(whole, scim_policy=POLICY)
        found.append(user.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=shown))
    return found


async def list_users(session: Session, query: Mapping[str, str], *, base: str) -> dict[str, Any]:
    """Return a page of people, filtered. Nobody found is an empty list. Raises Malformed."""
    start, count = page_of(query)
    rows = select(ProvisionedRow).where(ProvisionedRow.gone_at.is_(None)).order_by(ProvisionedRow.person_id)
    whole = True
    wanted: Any = None
    if query.get("filter"):
        wanted = read_filter(query["filter"], Person)
        columns = {
            "username": lambda v: ProvisionedRow.user_name == folded(v),
            "externalid": lambda v: ProvisionedRow.external_id == v,
            "id": lambda v: ProvisionedRow.person_id == v,
        }
        part, whole = condition(wanted.ast, columns)
        if part is not None:
            rows = rows.where(part)
    if whole:
        total = await session.scalar(select(func.count()).select_from(rows.subquery())) or 0
        page = (await session.scalars(rows.offset(start).limit(count))).all()
    else:
        looked = rows.join(PersonRow, PersonRow.id == ProvisionedRow.person_id).add_columns(_LET_IN)
        hits = [row for row, active in await session.execute(looked) if _fits(row, active, wanted)]
        total, page = len(hits), hits[start : start + count]
    return list_of(await show_users(session, page, query, base=base), total, start)


def _fits(row: ProvisionedRow, active: bool, wanted: Any) -> bool:
    meta = {"resourceType": "User", "created": row.created_at, "lastModified": row.changed_at}
    whole = {**row.body, "id": row.person_id, "active": active, "meta": meta}
    with POLICY:
        return bool(wanted.match(Person.model_validate(whole)))
