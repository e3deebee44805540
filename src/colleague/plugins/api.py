"""Skills for programs: list, add, hand in, decide, switch off."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, UploadFile
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Config, Db, Time, part
from colleague.plugins.allowed import unknown_names
from colleague.plugins.early import open_to_everybody
from colleague.plugins.packages import add_package, decide_package, remove_package, submit_package, switch_skill
from colleague.plugins.receive import read_skill_files
from colleague.plugins.view import list_skills, see_skill

router = APIRouter(prefix="/api/v1/skills", tags=["skills"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


class Pin(BaseModel):
    """The version that was looked at."""

    sha256: str


class Word(BaseModel):
    """A decision about exactly one version of skills; `teams` empty: for everybody. `category`: what they write."""

    approve: bool
    sha256: str = Field(min_length=64, max_length=64)
    reason: str = Field("", max_length=1000)
    teams: list[str] = Field(default_factory=list, max_length=500)
    category: str = Field("", max_length=40)


class Switch(BaseModel):
    """On or off, and why."""

    on: bool
    reason: str = Field("", max_length=1000)


@router.get("")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List the skills that one may see."""
    async with db.transaction() as session:
        return [line.to_json() for line in await list_skills(session, actor)]


@router.post("", status_code=201)
async def add(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, settings: Config,
    files: Annotated[list[UploadFile], File()],
) -> dict[str, str]:  # fmt: skip
    """Add skills for oneself: a zip, a `.plugin` file, a SKILL.md, or the files of a folder."""
    found, folder, notices = await read_skill_files(files, limit=settings.upload_limit)
    async with db.transaction() as session:
        package = await add_package(session, actor, found, folder=folder, notices=notices, ledger=ledger, clock=clock)
    return {"package": package}


@router.get("/{package}/{name}")
async def show(db: Db, actor: Current, package: str, name: str) -> dict[str, Any]:
    """Return one skill with its text, notices and what a reviewer must look at."""
    async with db.transaction() as session:
        sight = await see_skill(session, actor, package, name)
    row = sight.row
    more = {"notices": row.notices, "flags": row.flags, "unused": row.unused, "reason": row.reason} if row else {}
    skill = sight.line.one.skill
    tools = {
        "allowed_tools": None if skill.allowed is None else list(skill.allowed), "disallowed_tools": list(skill.denied),
        "unknown_tools": unknown_names(skill),
    }  # fmt: skip
    return sight.line.to_json() | {"body": skill.body, "files": list(sight.files)} | tools | more


@router.post("/{package}/submit")
async def submit(db: Db, actor: Current, ledger: TheLedger, clock: Time, package: str) -> dict[str, str]:
    """Hand one's skills in for everybody."""
    async with db.transaction() as session:
        await submit_package(session, actor, package, ledger=ledger, clock=clock)
    return {"package": package, "state": "submitted"}


@router.post("/{package}/decide")
async def decide(db: Db, actor: Current, ledger: TheLedger, clock: Time, package: str, word: Word) -> dict[str, str]:
    """Approve or deny what was handed in, exactly this version."""
    async with db.transaction() as session:
        await decide_package(
            session, actor, package, approve=word.approve, sha256=word.sha256, reason=word.reason, teams=word.teams,
            category=word.category,
            ledger=ledger, clock=clock,
        )  # fmt: skip
    return {"package": package, "state": "approved" if word.approve else "denied"}


@router.post("/{package}/open")
async def open_early(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, package: str, word: Pin
) -> dict[str, str]:  # fmt: skip
    """Give everybody what champions have had early, exactly this version."""
    async with db.transaction() as session:
        await open_to_everybody(session, actor, package, sha256=word.sha256, ledger=ledger, clock=clock)
    return {"package": package, "state": "approved"}


@router.put("/{package}/{name}/switch")
async def switch(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, package: str, name: str, word: Switch
) -> dict[str, Any]:
    """Switch a skill off for everybody, or on again."""
    async with db.transaction() as session:
        sight = await see_skill(session, actor, package, name)
        await switch_skill(
            session, actor, sight.line.one.name, on=word.on, reason=word.reason, ledger=ledger, clock=clock
        )
    return {"name": sight.line.one.name, "off": not word.on}


@router.delete("/{package}", status_code=204)
async def remove(db: Db, actor: Current, ledger: TheLedger, package: str) -> None:
    """Take skills away."""
    async with db.transaction() as session:
        await remove_package(session, actor, package, ledger=ledger)
