"""Who is here: the reading side of identity, for every other slice."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import aliased

from colleague.identity.actor import Actor, Via
from colleague.identity.model import Person, Team
from colleague.identity.roles import ids_that_may, permissions_held
from colleague.identity.tables import MembershipRow, PersonRow, ProvisionedRow, ProvisioningTokenRow, RoleRow, TeamRow
from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.kit.ids import is_id

# A role as somebody to whom something may be opened, beside the ids of teams.
ROLE = "role:"


class PersonNotFound(NotFound):
    """There is no such person."""


async def _values(session: Session, rows: Sequence[PersonRow]) -> list[Person]:
    """Return rows as values, with roles and teams read in two queries."""
    ids = [r.id for r in rows]
    roles: dict[str, set[str]] = {}
    teams: dict[str, list[str]] = {}
    query = select(RoleRow.person_id, RoleRow.role).where(RoleRow.person_id.in_(ids))
    for person, role in await session.execute(query):
        roles.setdefault(person, set()).add(role)
    memberships = (
        select(MembershipRow.person_id, TeamRow.name)
        .join(TeamRow, TeamRow.id == MembershipRow.team_id)
        .where(MembershipRow.person_id.in_(ids))
        .order_by(TeamRow.name)
    )
    for person, team in await session.execute(memberships):
        teams.setdefault(person, []).append(team)
    return [
        Person(
            r.id,
            r.name,
            r.email,
            r.active,
            frozenset(roles.get(r.id, ())),
            tuple(teams.get(r.id, ())),
            r.department,
            r.waiting_since,
            r.excluded_why,
            r.erased_at,
        )
        for r in rows
    ]


async def get_person(session: Session, person_id: str) -> Person:
    """Return a person by id, active or not; PersonNotFound if there is none."""
    row = await session.get(PersonRow, person_id) if is_id(person_id) else None
    if row is None:
        raise PersonNotFound
    return (await _values(session, [row]))[0]


async def find_by_email(session: Session, email: str) -> Person | None:
    """Return the person with this mail address, whatever its case."""
    email = email.strip().casefold()
    row = await session.scalar(select(PersonRow).where(PersonRow.email == email)) if email.isprintable() else None
    return (await _values(session, [row]))[0] if row else None


async def ids_by_email(session: Session, emails: Iterable[str]) -> dict[str, str]:
    """Return the id of each of these mail addresses (in lower case) that is a person's, by the address."""
    wanted = sorted({one for one in emails if one.isprintable()})
    query = select(PersonRow.email, PersonRow.id).where(PersonRow.email.in_(wanted))
    return {email: person for email, person in await session.execute(query) if email}


async def list_people(session: Session, *, search: str = "", limit: int = 200) -> list[Person]:
    """Return people whose name or address contains `search`, by name."""
    query = select(PersonRow).where(_named(search)).order_by(PersonRow.name, PersonRow.id).limit(limit)
    return await _values(session, list(await session.scalars(query)))


async def count_people(session: Session, *, search: str = "") -> int:
    """Return how many people there are whose name or address contains `search`."""
    return await session.scalar(select(func.count()).select_from(PersonRow).where(_named(search))) or 0


def _named(search: str) -> ColumnElement[bool]:
    pattern = "%" + re.sub(r"([%_\\])", r"\\\1", search.casefold()) + "%"
    return (func.lower(PersonRow.name).like(pattern) | PersonRow.email.like(pattern)) if search else true()


async def list_active(session: Session) -> list[Person]:
    """Return every active person, without roles and teams: names and addresses only."""
    query = select(PersonRow.id, PersonRow.name, PersonRow.email).where(PersonRow.active)
    return [Person(*row) for row in (await session.execute(query))]


async def list_reachable(session: Session) -> list[Person]:
    """Return everybody who is active or waits for a seat, by name: names, addresses and departments only."""
    query = select(PersonRow.id, PersonRow.name, PersonRow.email, PersonRow.department)
    query = query.where(PersonRow.active | PersonRow.waiting_since.is_not(None))
    found = [
        Person(one, name, email, department=department) for one, name, email, department in await session.execute(query)
    ]
    return sorted(found, key=lambda one: (one.name.casefold(), one.id))


async def departments_of(session: Session) -> dict[str, str]:
    """Return the department of every active person who has one, by id."""
    query = select(PersonRow.id, PersonRow.department).where(PersonRow.active, PersonRow.department != "")
    return dict((await session.execute(query)).all())


async def departments_by_person(session: Session, people: Iterable[str]) -> dict[str, str]:
    """Return the department of those of `people` who have one, active or not, by id."""
    query = select(PersonRow.id, PersonRow.department).where(
        PersonRow.id.in_(sorted(set(people))), PersonRow.department != ""
    )
    return dict((await session.execute(query)).all())


async def people_in_department(session: Session, department: str) -> list[str]:
    """Return the ids of everybody in a department, active or not."""
    query = select(PersonRow.id).where(PersonRow.department == department).order_by(PersonRow.id)
    return list(await session.scalars(query))


async def excluded_people(session: Session) -> frozenset[str]:
    """Return the ids of active people whom the numbers of the programme leave out."""
    query = select(PersonRow.id).where(PersonRow.active, PersonRow.excluded_why != "")
    return frozenset(await session.scalars(query))


async def members_by_department(session: Session) -> dict[str, frozenset[str]]:
    """Return the ids of everybody in each department, by its name, whether they are active or not."""
    found: dict[str, set[str]] = {}
    for person, name in await session.execute(
        select(PersonRow.id, PersonRow.department).where(PersonRow.department != "")
    ):
        found.setdefault(name, set()).add(person)
    return {name: frozenset(people) for name, people in found.items()}


async def count_excluded(session: Session) -> int:
    """Return how many active people the numbers of the programme leave out."""
    query = select(func.count()).select_from(PersonRow).where(PersonRow.active, PersonRow.excluded_why != "")
    return await session.scalar(query) or 0


async def list_waiting(session: Session, *, limit: int = 200) -> list[Person]:
    """Return the people who wait for a seat, who waits longest first."""
    query = select(PersonRow).where(PersonRow.waiting_since.is_not(None))
    return await _values(session, list(await session.scalars(query.order_by(PersonRow.waiting_since).limit(limit))))


async def count_waiting(session: Session) -> int:
    """Return how many people wait for a seat."""
    query = select(func.count()).select_from(PersonRow).where(PersonRow.waiting_since.is_not(None))
    return await session.scalar(query) or 0


async def mails_of(session: Session, people: Iterable[str]) -> dict[str, str]:
    """Return the present mail addresses of those of `people` who are active, by id."""
    query = select(PersonRow.id, PersonRow.email).where(PersonRow.active, PersonRow.id.in_(sorted(set(people))))
    return dict((await session.execute(query)).all())


async def addresses_known(session: Session, emails: Iterable[str]) -> list[Person]:
    """Return the active people who have one of `emails` (folded already): names and addresses only."""
    query = select(PersonRow.id, PersonRow.name, PersonRow.email).where(
        PersonRow.active, PersonRow.email.in_(sorted(set(emails)))
    )
    return [Person(*row) for row in (await session.execute(query))]


def plain(text: str) -> str:
    """Return `text` without accents and case, words separated by one blank."""
    decomposed = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).casefold().split())


async def find_by_name(session: Session, text: str) -> list[Person]:
    """Return active people whose name has every word of `text` as the start of one of its words, or this address."""
    words = plain(text).split()
    if not words:
        return []
    hits = []
    for person in await list_active(session):
        names = plain(person.name).split()
        if person.email == plain(text) or all(any(n.startswith(w) for n in names) for w in words):
            hits.append(person.id)
    rows = list(await session.scalars(select(PersonRow).where(PersonRow.id.in_(hits[:50])).order_by(PersonRow.name)))
    return await _values(session, rows)


async def names_of(session: Session, people: Iterable[str | None]) -> dict[str, str]:
    """Return the names of people, and of identity providers that act, by id."""
    wanted = [p for p in people if p]
    query = select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(wanted))
    names: dict[str, str] = dict((await session.execute(query)).all())
    if providers := [p for p in wanted if p.startswith("prov_")]:
        tokens = select(ProvisioningTokenRow.id, ProvisioningTokenRow.name)
        for token, name in await session.execute(tokens.where(ProvisioningTokenRow.id.in_(providers))):
            names[token] = f"{name} (provisioning)"
    return names


async def teams_of(session: Session, person_id: str) -> frozenset[str]:
    """Return the ids of the teams a person is in now; none for somebody who is not active."""
    query = (
        select(MembershipRow.team_id)
        .join(PersonRow, PersonRow.id == MembershipRow.person_id)
        .where(MembershipRow.person_id == person_id, PersonRow.active)
    )
    return frozenset(await session.scalars(query))


async def holders_of(session: Session, person_id: str) -> frozenset[str]:
    """Return everything through which a person may be given something now: ids of teams, and `role:NAME`."""
    query = select(RoleRow.role).join(PersonRow, PersonRow.id == RoleRow.person_id)
    roles = await session.scalars(query.where(RoleRow.person_id == person_id, PersonRow.active))
    return (await teams_of(session, person_id)).union(ROLE + role for role in roles)


async def holding(session: Session, role: str) -> frozenset[str]:
    """Return the ids of the active people who hold a role: for a badge beside their names."""
    query = select(RoleRow.person_id).join(PersonRow, PersonRow.id == RoleRow.person_id)
    return frozenset(await session.scalars(query.where(RoleRow.role == role, PersonRow.active)))


async def people_of(session: Session, holder: str) -> list[tuple[str, str]]:
    """Return the active people (id, name) of a team, or of a role written `role:NAME`, by name."""
    query = select(PersonRow.id, PersonRow.name).where(PersonRow.active).order_by(PersonRow.name, PersonRow.id)
    if holder.startswith(ROLE):
        query = query.join(RoleRow, RoleRow.person_id == PersonRow.id).where(RoleRow.role == holder.removeprefix(ROLE))
    else:
        query = query.join(MembershipRow, MembershipRow.person_id == PersonRow.id)
        query = query.where(MembershipRow.team_id == holder)
    return [(person, name) for person, name in await session.execute(query)]


async def is_active(session: Session, person_id: str) -> bool:
    """Say whether a person is here and active at this moment."""
    return bool(await session.scalar(select(PersonRow.active).where(PersonRow.id == person_id)))


async def active_among(session: Session, people: Collection[str]) -> frozenset[str]:
    """Return who of `people` is here and active at this moment, by id."""
    query = select(PersonRow.id).where(PersonRow.id.in_(sorted(set(people))), PersonRow.active)
    return frozenset(await session.scalars(query))


async def is_managed(session: Session, person_id: str) -> bool:
    """Say whether an identity provider looks after a person: it described them, and holds a token not revoked."""
    described = select(ProvisionedRow.person_id).where(
        ProvisionedRow.person_id == person_id, ProvisionedRow.gone_at.is_(None)
    )
    connected = select(ProvisioningTokenRow.id).where(ProvisioningTokenRow.revoked_at.is_(None)).limit(1)
    return bool(await session.scalar(described)) and bool(await session.scalar(connected))


async def list_teams(session: Session) -> list[Team]:
    """Return all teams with the number of their members, by name."""
    members = func.count(MembershipRow.person_id)
    query = (
        select(TeamRow.id, TeamRow.name, members)
        .outerjoin(MembershipRow, MembershipRow.team_id == TeamRow.id)
        .group_by(TeamRow.id, TeamRow.name)
        .order_by(TeamRow.name)
    )
    return [Team(*row) for row in (await session.execute(query))]


async def members_by_team(session: Session) -> dict[str, frozenset[str]]:
    """Return the ids of the members of every team, by its name."""
    found: dict[str, set[str]] = {}
    query = select(TeamRow.name, MembershipRow.person_id).join(MembershipRow, MembershipRow.team_id == TeamRow.id)
    for name, person in await session.execute(query):
        found.setdefault(name, set()).add(person)
    return {name: frozenset(people) for name, people in found.items()}


async def members_of(session: Session, team_id: str) -> list[Person]:
    """Return the members of a team, by name."""
    query = select(PersonRow).join(MembershipRow, MembershipRow.person_id == PersonRow.id)
    query = query.where(MembershipRow.team_id == team_id).order_by(PersonRow.name)
    return await _values(session, list(await session.scalars(query)))


async def who_may(session: Session, *permissions: str) -> list[Person]:
    """Return the active people whose roles together give all of `permissions`, by name."""
    able = await ids_that_may(session, *permissions)
    query = select(PersonRow).where(PersonRow.id.in_(able)).order_by(PersonRow.name)
    return await _values(session, list(await session.scalars(query)))


async def manager_of(session: Session, person_id: str) -> str | None:
    """Return the id of a person's active manager; None if they have none."""
    manager = aliased(PersonRow)
    query = select(manager.id).join(PersonRow, PersonRow.manager_id == manager.id)
    return await session.scalar(query.where(PersonRow.id == person_id, manager.active))


async def managers_of(session: Session, people: Collection[str]) -> dict[str, str]:
    """Return the active manager of each of `people` who has one, by id."""
    manager = aliased(PersonRow)
    query = select(PersonRow.id, manager.id).join(manager, PersonRow.manager_id == manager.id)
    query = query.where(PersonRow.id.in_(sorted(set(people))), manager.active)
    return dict((await session.execute(query)).all())


async def reports_of(session: Session, person_id: str) -> frozenset[str]:
    """Return the ids of the people whose manager this person is."""
    return frozenset(await session.scalars(select(PersonRow.id).where(PersonRow.manager_id == person_id)))


async def actor_of(session: Session, *, person_id: str = "", email: str = "", via: Via) -> Actor:
    """Return an active person as an actor with all their present permissions; PersonNotFound otherwise.

    One query, as every request begins with it; a second one for roles of the organisation's own.
    """
    email = email.strip().casefold()
    if not (email or person_id).isprintable():
        raise PersonNotFound
    roles = select(RoleRow.role).where(RoleRow.person_id == PersonRow.id).scalar_subquery()
    teams = select(MembershipRow.team_id).where(MembershipRow.person_id == PersonRow.id).scalar_subquery()
    query = select(PersonRow.id, PersonRow.name, PersonRow.email, func.array(roles), func.array(teams)).where(
        PersonRow.active, PersonRow.email == email if email else PersonRow.id == person_id
    )
    found = (await session.execute(query)).first()
    if found is None:
        raise PersonNotFound
    person, name, address, held, of = found
    allowed = await permissions_held(session, held)
    return Actor(person, name, address, frozenset(held), frozenset(of), allowed, via)


async def titles_of(session: Session, people: Iterable[str]) -> dict[str, str]:
    """Return the job titles of those of `people` that a provider described with one, by id: nobody else knows it."""
    title = ProvisionedRow.body["title"].as_string()
    query = select(ProvisionedRow.person_id, title).where(
        ProvisionedRow.person_id.in_(sorted(set(people))), ProvisionedRow.gone_at.is_(None), title.is_not(None)
    )
    return {person: " ".join(said.split())[:120] for person, said in await session.execute(query)}
