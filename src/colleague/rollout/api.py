"""The programme for programs."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.adoption.groups import Groups
from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.policy.standards.surface import MOST
from colleague.rollout.advance import confirm_move, propose_gate, propose_seats, propose_skip, withdraw_move
from colleague.rollout.attest import attest, withdraw_attestation
from colleague.rollout.begin import begin_pilot
from colleague.rollout.catalogue.surface import propose_surface
from colleague.rollout.cohorts.exception import propose_exception
from colleague.rollout.define import name_programme
from colleague.rollout.phases import ANY_NUMBER
from colleague.rollout.second import confirm_sponsor
from colleague.rollout.view import move_json, posture
from colleague.usecases.around import Reach

router = APIRouter(prefix="/api/v1/programme", tags=["programme"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheReach = Annotated[Reach, Depends(part(Reach))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
TheGroups = Annotated[Groups, Depends(part(Groups))]


class Named(BaseModel):
    """Who answers for the programme, by mail address, and what the business wants of it."""

    sponsor: str = Field(max_length=254)
    lead: str = Field(max_length=254)
    goal: str = Field(max_length=600)


class Shown(BaseModel):
    """The sponsor as shown, by id."""

    sponsor: str = Field(max_length=60)


class Reason(BaseModel):
    """Why it is asked for."""

    why: str = Field(max_length=2000)


class Skip(Reason):
    """Why a gate is skipped, and the risk that the sponsor is to accept."""

    risk: str = Field(max_length=2000)


class Seats(Reason):
    """Seats beyond the phase."""

    seats: int = Field(ge=1, le=ANY_NUMBER)


class Wider(Reason):
    """More skills, connectors or automations than a pilot has."""

    what: str = Field(max_length=20)
    most: int = Field(ge=1, le=MOST)


class Excepted(Reason):
    """For whom, by id, an exception from the three criteria is asked; `why` names nobody."""

    people: list[str] = Field(min_length=1, max_length=40)


class Digest(BaseModel):
    """The digest of what was shown."""

    digest: str = Field(max_length=64)


class Attested(BaseModel):
    """What somebody vouches for."""

    criterion: str = Field(max_length=60)
    words: str = Field(max_length=500)
    on: date
    document: str = Field("", max_length=500)


@router.get("")
async def show(
    db: Db, actor: Current, clock: Time, groups: TheGroups, reach: TheReach, registry: TheRegistry
) -> dict[str, Any]:
    """Return how the programme stands: phase, seats, gate with its evidence, guards, alarms, moves."""
    async with db.transaction() as session:
        return (await posture(session, actor, groups=groups, reach=reach, registry=registry, clock=clock)).to_json()


@router.put("")
async def name(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, groups: TheGroups, reach: TheReach,
    registry: TheRegistry, given: Named,
) -> dict[str, Any]:  # fmt: skip
    """Name sponsor and lead."""
    async with db.transaction() as session:
        await name_programme(session, actor, **given.model_dump(), ledger=ledger, clock=clock)
        return (await posture(session, actor, groups=groups, reach=reach, registry=registry, clock=clock)).to_json()


@router.post("/sponsor/confirm")
async def confirm_the_sponsor(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, groups: TheGroups, reach: TheReach,
    registry: TheRegistry, given: Shown,
) -> dict[str, Any]:  # fmt: skip
    """Confirm as an owner, signed in yourself, who the sponsor is."""
    async with db.transaction() as session:
        await confirm_sponsor(session, actor, given.sponsor, ledger=ledger, clock=clock)
        return (await posture(session, actor, groups=groups, reach=reach, registry=registry, clock=clock)).to_json()


@router.post("/start")
async def start(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, groups: TheGroups, reach: TheReach, registry: TheRegistry
) -> dict[str, Any]:
    """Start the pilot."""
    async with db.transaction() as session:
        await begin_pilot(session, actor, reach=reach, ledger=ledger, clock=clock)
        return (await posture(session, actor, groups=groups, reach=reach, registry=registry, clock=clock)).to_json()


@router.post("/gate", status_code=201)
async def pass_gate(db: Db, actor: Current, ledger: TheLedger, clock: Time) -> dict[str, Any]:
    """Propose to pass the gate of the present phase."""
    async with db.transaction() as session:
        return move_json(await propose_gate(session, actor, ledger=ledger, clock=clock))


@router.post("/skip", status_code=201)
async def skip_gate(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Skip) -> dict[str, Any]:
    """Propose to skip the gate: owners who are signed in themselves."""
    async with db.transaction() as session:
        return move_json(await propose_skip(session, actor, **given.model_dump(), ledger=ledger, clock=clock))


@router.post("/seats", status_code=201)
async def seats(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Seats) -> dict[str, Any]:
    """Propose seats beyond the phase."""
    async with db.transaction() as session:
        row = await propose_seats(session, actor, given.seats, why=given.why, ledger=ledger, clock=clock)
        return move_json(row)


@router.post("/exceptions", status_code=201)
async def except_(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Excepted) -> dict[str, Any]:
    """Propose that people whom nobody chose may hold seats in the running pilot: the sponsor confirms it."""
    async with db.transaction() as session:
        row = await propose_exception(session, actor, given.people, why=given.why, ledger=ledger, clock=clock)
        return move_json(row)


@router.post("/surface", status_code=201)
async def widen(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Wider) -> dict[str, Any]:
    """Propose that the pilot has more than its surface: the sponsor accepts it."""
    async with db.transaction() as session:
        row = await propose_surface(
            session, actor, given.what, given.most, why=given.why, ledger=ledger, clock=clock
        )  # fmt: skip
        return move_json(row)


@router.post("/moves/{move}/confirm")
async def confirm(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, groups: TheGroups, reach: TheReach,
    registry: TheRegistry, move: str, given: Digest,
) -> dict[str, Any]:  # fmt: skip
    """Confirm what somebody else proposed, as it was shown; of a skipped gate the sponsor accepts the risk by it."""
    async with db.transaction() as session:
        await confirm_move(session, actor, move, given.digest, ledger=ledger, clock=clock)
        return (await posture(session, actor, groups=groups, reach=reach, registry=registry, clock=clock)).to_json()


@router.post("/moves/{move}/withdraw", status_code=204)
async def withdraw(db: Db, actor: Current, ledger: TheLedger, clock: Time, move: str) -> None:
    """Withdraw a move that waits."""
    async with db.transaction() as session:
        await withdraw_move(session, actor, move, ledger=ledger, clock=clock)


@router.post("/attestations", status_code=201)
async def vouch(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Attested) -> dict[str, str]:
    """Vouch for what cannot be counted."""
    async with db.transaction() as session:
        made = await attest(session, actor, **given.model_dump(), ledger=ledger, clock=clock)
    return {"id": made}


@router.delete("/attestations/{attestation}", status_code=204)
async def take_back(db: Db, actor: Current, ledger: TheLedger, clock: Time, attestation: str) -> None:
    """Take back what one vouched for."""
    async with db.transaction() as session:
        await withdraw_attestation(session, actor, attestation, ledger=ledger, clock=clock)
