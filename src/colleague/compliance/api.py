"""Legal holds and retention for programs."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from colleague.compliance.doors import TheLedger, certificate_response
from colleague.compliance.holds import Covers, list_holds, place_hold, release_hold, see_hold
from colleague.compliance.jobs import ask_for_run
from colleague.compliance.view import certificate_of, dry_look, list_runs
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time
from colleague.policy.governance import current_governance

router = APIRouter(prefix="/api/v1", tags=["compliance"])
Some = Annotated[list[Annotated[str, Field(max_length=254)]], Field(max_length=500)]


class Placed(BaseModel):
    """A hold to place: people by mail address, projects and tasks by id, departments by name."""

    name: str = Field(max_length=200)
    reason: str = Field(max_length=4000)
    people: Some = []
    projects: Some = []
    tasks: Some = []
    departments: Some = []


class Why(BaseModel):
    """The reason of a release."""

    why: str = Field(max_length=4000)


@router.get("/holds")
async def index(db: Db, actor: Current) -> dict[str, Any]:
    """List every legal hold, those that stand first."""
    async with db.transaction() as session:
        return {"holds": [hold.to_json() for hold in await list_holds(session, actor)]}


@router.post("/holds", status_code=201)
async def place(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Placed) -> dict[str, str]:
    """Place a legal hold."""
    covers = Covers(given.people, given.projects, given.tasks, given.departments)
    async with db.transaction() as session:
        return {"id": await place_hold(session, actor, given.name, given.reason, covers, ledger=ledger, clock=clock)}


@router.get("/holds/{hold}")
async def show(db: Db, actor: Current, hold: str) -> dict[str, Any]:
    """Show one legal hold with all it covers."""
    async with db.transaction() as session:
        return (await see_hold(session, actor, hold)).to_json()


@router.post("/holds/{hold}/release", status_code=204)
async def release(db: Db, actor: Current, ledger: TheLedger, clock: Time, hold: str, given: Why) -> None:
    """Release a legal hold that somebody else placed."""
    async with db.transaction() as session:
        await release_hold(session, actor, hold, given.why, ledger=ledger, clock=clock)


@router.get("/retention")
async def retention(db: Db, actor: Current, clock: Time) -> dict[str, Any]:
    """Say how long what is kept, what goes in thirty days, and what is kept longer and why; deletes nothing."""
    async with db.transaction() as session:
        found = await dry_look(session, actor, clock=clock)
        governance = await current_governance(session)
    return {
        "retention": list(governance.retention), "kept_by_law": list(governance.kept_by_law),
        "tasks": [one.to_json() for one in found],
    }  # fmt: skip


@router.post("/retention/runs", status_code=202)
async def run(db: Db, actor: Current, ledger: TheLedger) -> dict[str, bool]:
    """Have what is due deleted now rather than by night; `waiting` says that somebody asked for it already."""
    async with db.transaction() as session:
        return {"waiting": not await ask_for_run(session, actor, ledger=ledger)}


@router.get("/retention/runs")
async def runs(db: Db, actor: Current) -> dict[str, Any]:
    """List the runs that ended, newest first: what went by class, what was kept and why."""
    async with db.transaction() as session:
        found = await list_runs(session, actor)
    return {"runs": [{"id": one.id, "began_at": one.began_at, "ended_at": one.ended_at, **one.counts} for one in found]}


@router.get("/retention/runs/{run}/certificate.{form}")
async def certificate(db: Db, actor: Current, run: str, form: str) -> Response:
    """Give the signed certificate of a run: `json` verifies offline, `pdf` is for people."""
    async with db.transaction() as session:
        return certificate_response(await certificate_of(session, actor, run), run, form)
