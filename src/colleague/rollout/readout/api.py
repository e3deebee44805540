"""Readouts for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Config, Db, Time
from colleague.rollout.readout.assume import assume, assumptions
from colleague.rollout.readout.console import TheGroups, TheLedger, TheParts, TheReach, sent
from colleague.rollout.readout.files import readout_file
from colleague.rollout.readout.form import GivenAssumptions
from colleague.rollout.readout.freeze import draft, get_readout, list_readouts, make_readout
from colleague.rollout.readout.leaders import leaders as named
from colleague.rollout.readout.leaders import leave_out, name_leader

router = APIRouter(prefix="/api/v1/readouts", tags=["programme"])
Version = Annotated[int, Path(ge=1, le=1_000_000)]


class Asked(BaseModel):
    """What is to be decided, and how many weeks back it looks (0: the programme's own)."""

    model_config = ConfigDict(extra="forbid")

    ask: Annotated[str, Field(max_length=4000)]
    weeks: Annotated[int, Field(ge=0, le=53)] = 0


class Person(BaseModel):
    """A person, by id."""

    person: Annotated[str, Field(max_length=100)]


@router.get("")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """Return every readout that was made, newest first."""
    async with db.transaction() as session:
        made = await list_readouts(session, actor)
    return [{"version": v, "headline": head, "at": at.isoformat(), "by": by} for v, head, at, by in made]


@router.post("", status_code=201)
async def make(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, groups: TheGroups, reach: TheReach, given: Asked
) -> dict[str, Any]:  # fmt: skip
    """Make the next readout: frozen, with version and digest. Weekly active people alone make none."""
    async with db.transaction() as session:
        made = await make_readout(
            session, actor, given.ask, groups=groups, reach=reach, ledger=ledger, clock=clock, weeks=given.weeks
        )
    return made.to_json()


@router.get("/draft")
async def show_draft(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, groups: TheGroups, reach: TheReach,
    weeks: Annotated[int, Query(ge=0, le=53)] = 0,
) -> dict[str, Any]:  # fmt: skip
    """Return what a readout would tell now."""
    async with db.transaction() as session:
        found = await draft(session, actor, groups=groups, reach=reach, ledger=ledger, clock=clock, weeks=weeks)
    return found.to_json()


@router.get("/assumptions")
async def show_assumptions(db: Db, actor: Current) -> dict[str, Any] | None:
    """Return what the cost model assumes, by whom and since when; null if nobody has written it down."""
    actor.require("org:programme:read")
    async with db.transaction() as session:
        found = await assumptions(session)
    return found.to_json() if found else None


@router.post("/assumptions", status_code=201)
async def change_assumptions(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, given: GivenAssumptions
) -> dict[str, Any]:  # fmt: skip
    """Keep assumptions as the next version."""
    async with db.transaction() as session:
        made = await assume(session, actor, given.assumed(), after=given.after, ledger=ledger, clock=clock)
    return made.to_json()


@router.get("/leaders")
async def leaders(db: Db, actor: Current) -> list[dict[str, Any]]:
    """Return the named leaders. Whether one of them is active is told nowhere."""
    async with db.transaction() as session:
        return [one.to_json() for one in await named(session, actor)]


@router.post("/leaders", status_code=204)
async def add_leader(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: TheParts, given: Person
) -> None:  # fmt: skip
    """Name a leader; they are told."""
    async with db.transaction() as session:
        await name_leader(session, actor, given.person, ledger=ledger, clock=clock, tell=parts.tell)


@router.delete("/leaders/{person}", status_code=204)
async def remove_leader(db: Db, actor: Current, ledger: TheLedger, clock: Time, person: str) -> None:
    """Take somebody out of the leaders."""
    async with db.transaction() as session:
        await leave_out(session, actor, person, ledger=ledger, clock=clock)


@router.get("/{version}")
async def show(db: Db, actor: Current, version: Version) -> dict[str, Any]:
    """Return a readout as it was made."""
    async with db.transaction() as session:
        return (await get_readout(session, actor, version)).to_json()


@router.get("/{version}/file", response_class=Response)
async def take(
    db: Db, actor: Current, settings: Config, version: Version,
    format: Annotated[str, Query(max_length=10)] = "pdf", full: bool = False,
) -> Response:  # fmt: skip
    """Return a readout as pdf or docx, on one page or in full."""
    async with db.transaction() as session:
        frozen = await get_readout(session, actor, version)
        names = await names_of(session, [frozen.by])
    return sent(
        await readout_file(frozen, names.get(frozen.by, "somebody"), format, whole=full, origin=settings.url)
    )  # fmt: skip
