"""Legal holds for programs."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from colleague.compliance.doors import TheLedger
from colleague.compliance.holds import Covers, list_holds, place_hold, release_hold, see_hold
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time

router = APIRouter(prefix="/api/v1/holds", tags=["compliance"])
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


@router.get("")
async def index(db: Db, actor: Current) -> dict[str, Any]:
    """List every legal hold, those that stand first."""
    async with db.transaction() as session:
        return {"holds": [hold.to_json() for hold in await list_holds(session, actor)]}


@router.post("", status_code=201)
async def place(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Placed) -> dict[str, str]:
    """Place a legal hold."""
    covers = Covers(given.people, given.projects, given.tasks, given.departments)
    async with db.transaction() as session:
        return {
            "id": await place_hold(session, actor, given.name, given.reason, covers, ledger=ledger, clock=clock)
        }  # fmt: skip


@router.get("/{hold}")
async def show(db: Db, actor: Current, hold: str) -> dict[str, Any]:
    """Show one legal hold with all it covers."""
    async with db.transaction() as session:
        return (await see_hold(session, actor, hold)).to_json()


@router.post("/{hold}/release", status_code=204)
async def release(db: Db, actor: Current, ledger: TheLedger, clock: Time, hold: str, given: Why) -> None:
    """Release a legal hold that somebody else placed."""
    async with db.transaction() as session:
        await release_hold(session, actor, hold, given.why, ledger=ledger, clock=clock)
