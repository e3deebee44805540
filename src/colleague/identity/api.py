"""Identity for programs: who am I, people, teams, tokens."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import count_waiting, get_person, list_people, list_teams, list_waiting
from colleague.identity.model import Person
from colleague.identity.people import (
    add_member,
    assign_role,
    create_person,
    create_team,
    set_active,
    set_department,
    take_seat_back,
)
from colleague.identity.seats.chosen import NotChosen, unchosen
from colleague.identity.seats.exclude import set_excluded
from colleague.identity.seats.hold import current_limit, give_seats, seats_held
from colleague.identity.seats.reason import keep_reason
from colleague.identity.tokens import create_token, list_tokens, revoke_token
from colleague.kit.doors import Db, Time, part

router = APIRouter(prefix="/api/v1", tags=["identity"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


class NewPerson(BaseModel):
    """A person to add."""

    name: str = Field(max_length=120)
    email: str = Field(max_length=254)
    roles: list[str] = Field(default_factory=list, max_length=10)
    department: str = Field("", max_length=80)
    reason: str = Field("", max_length=2000, description="The sponsor's, where the pilot is warned of them.")


class Department(BaseModel):
    """A department, "" for none."""

    name: str = Field(max_length=80)


class Excluded(BaseModel):
    """Whether the numbers of the programme leave a person out, and why."""

    excluded: bool
    why: str = Field("", max_length=400)


class Seats(BaseModel):
    """People who wait, by id."""

    people: list[str] = Field(min_length=1, max_length=1000)
    reason: str = Field("", max_length=2000, description="The sponsor's, for those whom the pilot is warned of.")


class SeatReason(BaseModel):
    """The sponsor's reason for somebody whom the pilot is warned of."""

    reason: str = Field(max_length=2000)


class NewTeam(BaseModel):
    """A team to make."""

    name: str = Field(max_length=80)


class NewToken(BaseModel):
    """A token to make."""

    name: str = Field(max_length=80)
    permissions: list[str] = Field(max_length=50)
    days: int = Field(90, ge=1, le=365)


def _json(person: Person) -> dict[str, Any]:
    return {"id": person.id, "name": person.name, "email": person.email, "active": person.active,
            "roles": sorted(person.roles), "teams": list(person.teams), "department": person.department,
            "waiting_since": person.waiting_since, "excluded": person.excluded}  # fmt: skip


@router.get("/me")
async def me(actor: Current) -> dict[str, Any]:
    """Return who this token or session speaks for, and what it may do."""
    return {"id": actor.id, "name": actor.name, "email": actor.email, "roles": sorted(actor.roles),
            "permissions": sorted(actor.permissions)}  # fmt: skip


@router.get("/people")
async def people(db: Db, actor: Current, search: str = "") -> list[dict[str, Any]]:
    """List people."""
    actor.require("org:people:read")
    async with db.transaction() as session:
        return [_json(p) for p in await list_people(session, search=search[:100])]


@router.post("/people", status_code=201)
async def add_person(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: NewPerson) -> dict[str, Any]:
    """Add a person, with roles."""
    async with db.transaction() as session:
        person = await create_person(
            session, actor, given.email, given.name, department=given.department, reason=given.reason, ledger=ledger,
            clock=clock,
        )  # fmt: skip
        for role in given.roles:
            await assign_role(session, actor, person, role, ledger=ledger)
        return _json(await get_person(session, person))


@router.post("/people/{person_id}/deactivate")
async def deactivate(db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str) -> dict[str, Any]:
    """Deactivate a person: sessions and tokens end at once."""
    async with db.transaction() as session:
        await set_active(session, actor, person_id, active=False, ledger=ledger, clock=clock)
        return _json(await get_person(session, person_id))


@router.put("/people/{person_id}/department")
async def department(
    db: Db, actor: Current, ledger: TheLedger, person_id: str, given: Department
) -> dict[str, Any]:  # fmt: skip
    """Say in which department a person works."""
    async with db.transaction() as session:
        await set_department(session, actor, person_id, given.name, ledger=ledger)
        return _json(await get_person(session, person_id))


@router.put("/people/{person_id}/excluded")
async def exclusion(
    db: Db, actor: Current, ledger: TheLedger, person_id: str, given: Excluded
) -> dict[str, Any]:  # fmt: skip
    """Leave a test user or a service account out of the numbers of the programme, or let them count again."""
    async with db.transaction() as session:
        await set_excluded(session, actor, person_id, excluded=given.excluded, why=given.why, ledger=ledger)
        return _json(await get_person(session, person_id))


@router.get("/seats")
async def seats(db: Db, actor: Current) -> dict[str, Any]:
    """Return how many seats are held, how many there may be, and who waits: how many, and the first 200 of them."""
    actor.require("org:people:read")
    async with db.transaction() as session:
        limit, held = await current_limit(session), await seats_held(session)
        waiting, count = await list_waiting(session), await count_waiting(session)
        missing = await unchosen(session, [one.id for one in waiting])
    return {"held": held, "most": limit.most, "phase": limit.words, "given_by_hand": limit.by_hand,
            "criteria": limit.criteria, "waiting_count": count,
            "waiting": [_json(one) | {"why": NotChosen(name=one.name).message if one.id in missing else ""}
                        for one in waiting]}  # fmt: skip


@router.post("/seats")
async def give(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Seats) -> dict[str, int]:
    """Give seats to people who wait: to all of them, or to none."""
    async with db.transaction() as session:
        count = await give_seats(session, actor, given.people, reason=given.reason, ledger=ledger, clock=clock)
        return {"given": count}


@router.put("/seats/{person_id}/reason", status_code=204)
async def say_reason(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str, given: SeatReason
) -> None:  # fmt: skip
    """Write down the sponsor's reason for a seat in the pilot."""
    async with db.transaction() as session:
        await keep_reason(session, actor, person_id, given.reason, ledger=ledger, clock=clock)


@router.delete("/seats/{person_id}", status_code=204)
async def take_back(db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str) -> None:
    """Take a person's seat: they wait for another one."""
    async with db.transaction() as session:
        await take_seat_back(session, actor, person_id, ledger=ledger, clock=clock)


@router.get("/teams")
async def teams(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List teams."""
    actor.require("org:people:read")
    async with db.transaction() as session:
        return [{"id": t.id, "name": t.name, "members": t.members} for t in await list_teams(session)]


@router.post("/teams", status_code=201)
async def add_team(db: Db, actor: Current, ledger: TheLedger, given: NewTeam) -> dict[str, str]:
    """Make a team."""
    async with db.transaction() as session:
        return {"id": await create_team(session, actor, given.name, ledger=ledger), "name": given.name}


@router.put("/teams/{team_id}/members/{person_id}", status_code=204)
async def join(db: Db, actor: Current, ledger: TheLedger, team_id: str, person_id: str) -> None:
    """Put a person into a team."""
    async with db.transaction() as session:
        await add_member(session, actor, team_id, person_id, ledger=ledger)


@router.get("/tokens")
async def tokens(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List one's own tokens; their texts are not kept."""
    async with db.transaction() as session:
        return [
            {"id": t.id, "name": t.name, "permissions": t.permissions, "expires_at": t.expires_at}
            for t in await list_tokens(session, actor)
        ]


@router.post("/tokens", status_code=201)
async def add_token(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: NewToken) -> dict[str, str]:
    """Make a token; its text is in this answer only."""
    async with db.transaction() as session:
        text = await create_token(
            session, actor, given.name, given.permissions, days=given.days, ledger=ledger, clock=clock
        )
        return {"token": text}


@router.delete("/tokens/{token_id}", status_code=204)
async def drop_token(db: Db, actor: Current, ledger: TheLedger, clock: Time, token_id: str) -> None:
    """Revoke a token."""
    async with db.transaction() as session:
        await revoke_token(session, actor, token_id, ledger=ledger, clock=clock)
