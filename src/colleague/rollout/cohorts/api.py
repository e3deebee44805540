"""JSON routes of cohorts."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.rollout.cohorts.choose import choose_candidate, decline_candidate, score_candidate
from colleague.rollout.cohorts.form import Proposed, Said, Short, Words
from colleague.rollout.cohorts.join import begin_with, fill_cohort, leave_cohort
from colleague.rollout.cohorts.make import close_cohort, make_cohort, map_cohort, start_cohort
from colleague.rollout.cohorts.prefill import prefill
from colleague.rollout.cohorts.store import unmapped
from colleague.rollout.cohorts.view import list_lines, see_cohort
from colleague.usecases.around import Reach

router = APIRouter(prefix="/api/v1/programme/cohorts", tags=["programme"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheReach = Annotated[Reach, Depends(part(Reach))]


class Made(BaseModel):
    """A cohort to be. `kind`: pilot or rollout."""

    name: Short
    kind: Short = "pilot"


class Mapped(BaseModel):
    """What maps to a cohort: a group of the identity provider, or a team, by id."""

    group: Short = ""
    team: Short = ""


class Chosen(BaseModel):
    """For somebody who is warned of: the sponsor (id or mail address) and their reason."""

    sponsor: Short = ""
    reason: Words = ""


class Why(BaseModel):
    """A reason."""

    why: Words = ""


class Filled(BaseModel):
    """Who joins; nobody named: all of the group or team that maps to the cohort."""

    people: Annotated[list[Short], Field(max_length=5000)] = []


class Begins(BaseModel):
    """A use case tied to a ritual, by id."""

    use_case: Short


@router.get("")
async def index(db: Db, actor: Current) -> dict[str, Any]:
    """List every cohort, and say why nobody may be invited yet, if so."""
    async with db.transaction() as session:
        lines = await list_lines(session, actor)
        return {"cohorts": [one.to_json() for one in lines], "unmapped": list(await unmapped(session))}


@router.post("", status_code=201)
async def make(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Made) -> dict[str, Any]:
    """Make a cohort."""
    async with db.transaction() as session:
        made = await make_cohort(session, actor, given.name, given.kind, ledger=ledger, clock=clock)
        return made.to_json()


@router.get("/{cohort}")
async def show(db: Db, actor: Current, reach: TheReach, cohort: str) -> dict[str, Any]:
    """Return one cohort: whether it may start and why not, its ranking and members for who runs the programme."""
    async with db.transaction() as session:
        return (await see_cohort(session, actor, cohort, reach=reach)).to_json()


@router.put("/{cohort}/mapping")
async def map_to(db: Db, actor: Current, ledger: TheLedger, cohort: str, given: Mapped) -> dict[str, Any]:
    """Say which group or team the cohort is."""
    async with db.transaction() as session:
        found = await map_cohort(session, actor, cohort, group=given.group, team=given.team, ledger=ledger)
        return found.to_json()


@router.get("/{cohort}/known/{person}")
async def known(db: Db, actor: Current, clock: Time, cohort: str, person: str) -> dict[str, Any]:
    """Return what the product knows of somebody, as evidence to begin with."""
    actor.require("org:programme:manage")
    async with db.transaction() as session:
        return (await prefill(session, person, clock=clock)).to_json()


@router.post("/{cohort}/candidates", status_code=201)
async def propose(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, given: Proposed
) -> dict[str, Any]:  # fmt: skip
    """Propose a candidate, with what is said of them."""
    return await _score(db, actor, ledger, clock, cohort, given.person, given)


@router.put("/{cohort}/candidates/{person}")
async def score(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, person: str, given: Said
) -> dict[str, Any]:  # fmt: skip
    """Change what is said of a candidate."""
    return await _score(db, actor, ledger, clock, cohort, person, given)


async def _score(
    db: Db, actor: Current, ledger: Ledger, clock: Any, cohort: str, person: str, given: Said
) -> dict[str, Any]:  # fmt: skip
    async with db.transaction() as session:
        found = await score_candidate(
            session, actor, cohort, person, given.score(), ledger=ledger, clock=clock
        )  # fmt: skip
        return found.to_json()


@router.post("/{cohort}/candidates/{person}/choose")
async def choose(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, person: str, given: Chosen
) -> dict[str, Any]:  # fmt: skip
    """Choose a candidate."""
    async with db.transaction() as session:
        found = await choose_candidate(
            session, actor, cohort, person, sponsor=given.sponsor, reason=given.reason, ledger=ledger, clock=clock
        )  # fmt: skip
        return found.to_json()


@router.post("/{cohort}/candidates/{person}/decline")
async def decline(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, person: str, given: Why
) -> dict[str, Any]:  # fmt: skip
    """Leave a candidate out."""
    async with db.transaction() as session:
        found = await decline_candidate(session, actor, cohort, person, given.why, ledger=ledger, clock=clock)
        return found.to_json()


@router.post("/{cohort}/members")
async def fill(db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, given: Filled) -> dict[str, int]:
    """Let people into a cohort of a later phase."""
    async with db.transaction() as session:
        joined = await fill_cohort(session, actor, cohort, given.people, ledger=ledger, clock=clock)
        return {"joined": joined}


@router.post("/{cohort}/members/{person}/leave", status_code=204)
async def leave(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, person: str, given: Why
) -> None:  # fmt: skip
    """Take somebody out."""
    async with db.transaction() as session:
        await leave_cohort(session, actor, cohort, person, given.why, ledger=ledger, clock=clock)


@router.put("/{cohort}/members/{person}/use-case", status_code=204)
async def begins(db: Db, actor: Current, ledger: TheLedger, cohort: str, person: str, given: Begins) -> None:
    """Let somebody begin with another use case."""
    async with db.transaction() as session:
        await begin_with(session, actor, person, given.use_case, ledger=ledger)


@router.post("/{cohort}/start")
async def start(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, reach: TheReach, cohort: str
) -> dict[str, Any]:  # fmt: skip
    """Let a cohort start."""
    async with db.transaction() as session:
        return (await start_cohort(session, actor, cohort, reach=reach, ledger=ledger, clock=clock)).to_json()


@router.post("/{cohort}/close")
async def close(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, given: Why
) -> dict[str, Any]:  # fmt: skip
    """End a cohort."""
    async with db.transaction() as session:
        return (await close_cohort(session, actor, cohort, given.why, ledger=ledger, clock=clock)).to_json()
