"""Use cases for programs."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.kit.lines import changes
from colleague.kit.once import Sending
from colleague.usecases.advance import approve_use_case, launch_use_case, retire_use_case
from colleague.usecases.around import Reach
from colleague.usecases.baseline import measure, withdraw
from colleague.usecases.define import change_use_case, define_use_case
from colleague.usecases.form import Changed, Given, Long, Short
from colleague.usecases.framework import write_framework
from colleague.usecases.friction import note_friction, resolve_friction
from colleague.usecases.ready import ready
from colleague.usecases.shipped import shipped_cards
from colleague.usecases.store import frameworks_of, get_use_case
from colleague.usecases.view import check, list_lines, see_use_case

router = APIRouter(prefix="/api/v1/use-cases", tags=["programme"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheReach = Annotated[Reach, Depends(part(Reach))]
Number = Annotated[int, Field(ge=0, le=1_000_000)]


class Looked(BaseModel):
    """The version that was looked at."""

    version: Number


class Launched(BaseModel):
    """Why there is no before, if there is none."""

    new_capability: Long = ""


class Why(BaseModel):
    """A reason."""

    why: Long = ""


class Measured(BaseModel):
    """A measured time. `person`: whose, by id; "": of whoever sends it."""

    minutes: float
    on: date
    how: Short
    person: Short = ""
    note: Long = ""


class Noted(BaseModel):
    """What got in the way."""

    step: Short
    text: Long
    minutes: Number = 0


class Resolved(BaseModel):
    """What was done about it."""

    resolution: Long


class Written(BaseModel):
    """The next version of the prompt framework, made from version `after`. `passed`: when what comes of it is good
    enough; the first says it, a later one keeps it where it says nothing.
    """

    text: Annotated[str, Field(max_length=50_000)]
    why: Long = ""
    passed: Long = ""
    after: Number = 0


@router.get("")
async def index(db: Db, actor: Current, reach: TheReach) -> list[dict[str, Any]]:
    """List every use case with what the linter says and its baseline."""
    async with db.transaction() as session:
        return [one.to_json() for one in await list_lines(session, actor, reach=reach)]


@router.post("", status_code=201)
async def define(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Given) -> dict[str, Any]:
    """Write a use case, as a draft."""
    async with db.transaction() as session:
        return (await define_use_case(session, actor, given.card(), ledger=ledger, clock=clock)).to_json()


@router.get("/ready")
async def is_ready(db: Db, actor: Current, reach: TheReach) -> dict[str, Any]:
    """Say whether a pilot may start with the use cases there are, and why not."""
    actor.require("org:usecases:read")
    async with db.transaction() as session:
        return (await ready(session, reach=reach)).to_json()


@router.get("/shipped")
async def shipped(actor: Current) -> dict[str, Any]:
    """Return the cards that ship, by their short names."""
    actor.require("org:usecases:read")
    return {name: card.to_json() for name, card in shipped_cards().items()}


@router.post("/lint")
async def try_out(db: Db, actor: Current, reach: TheReach, given: Given) -> list[dict[str, str]]:
    """Say what the linter has against a card; nothing is saved."""
    async with db.transaction() as session:
        return [one.to_json() for one in await check(session, actor, given.card(), reach=reach)]


@router.get("/{use_case}")
async def show(db: Db, actor: Current, reach: TheReach, use_case: str) -> dict[str, Any]:
    """Return one use case: card, findings, baseline, friction log, framework, versions."""
    async with db.transaction() as session:
        return (await see_use_case(session, actor, use_case, reach=reach)).to_json()


@router.put("/{use_case}")
async def change(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str, given: Changed
) -> dict[str, Any]:  # fmt: skip
    """Give a use case another card; it is a draft until somebody else approves it."""
    async with db.transaction() as session:
        return (await change_use_case(
            session, actor, use_case, Given.card(given), version=given.version, ledger=ledger, clock=clock
        )).to_json()  # fmt: skip


@router.post("/{use_case}/approve")
async def approve(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, reach: TheReach, use_case: str, given: Looked
) -> dict[str, Any]:  # fmt: skip
    """Approve a draft, in the version that was looked at."""
    async with db.transaction() as session:
        return (await approve_use_case(
            session, actor, use_case, version=given.version, reach=reach, ledger=ledger, clock=clock
        )).to_json()  # fmt: skip


@router.post("/{use_case}/launch")
async def launch(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str, given: Launched
) -> dict[str, Any]:  # fmt: skip
    """Let an approved use case go live; this closes its baseline."""
    async with db.transaction() as session:
        return (await launch_use_case(
            session, actor, use_case, new_capability=given.new_capability, ledger=ledger, clock=clock
        )).to_json()  # fmt: skip


@router.post("/{use_case}/retire")
async def retire(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str, given: Why
) -> dict[str, Any]:  # fmt: skip
    """End a use case, with a reason."""
    async with db.transaction() as session:
        return (await retire_use_case(session, actor, use_case, given.why, ledger=ledger, clock=clock)).to_json()


@router.post("/{use_case}/observations", status_code=201)
async def observe(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, sending: Sending, use_case: str, given: Measured
) -> dict[str, Any]:  # fmt: skip
    """Keep a measured time. An Idempotency-Key keeps one that is sent again from counting twice."""
    once = sending.of("observe", use_case, given.model_dump())
    async with db.transaction() as session:
        if found := await once.found(session):
            return found
        made = await measure(
            session, actor, use_case, given.minutes, given.on, given.how, person=given.person, note=given.note,
            ledger=ledger, clock=clock,
        )  # fmt: skip
        await once.keep(session, made.to_json(), clock=clock)
        return made.to_json()


@router.post("/{use_case}/observations/{observation}/withdraw", status_code=204)
async def take_out(
    db: Db, actor: Current, ledger: TheLedger, use_case: str, observation: str, given: Why
) -> None:  # fmt: skip
    """Take a measurement out of the baseline, with a reason."""
    async with db.transaction() as session:
        await withdraw(session, actor, use_case, observation, given.why, ledger=ledger)


@router.post("/{use_case}/friction", status_code=201)
async def note(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str, given: Noted
) -> dict[str, Any]:  # fmt: skip
    """Write down what got in the way."""
    async with db.transaction() as session:
        return (await note_friction(
            session, actor, use_case, given.step, given.text, minutes=given.minutes, ledger=ledger, clock=clock
        )).to_json()  # fmt: skip


@router.post("/{use_case}/friction/{friction}/resolve", status_code=204)
async def resolve(
    db: Db, actor: Current, ledger: TheLedger, use_case: str, friction: str, given: Resolved
) -> None:  # fmt: skip
    """Say what was done about an entry of the friction log."""
    async with db.transaction() as session:
        await resolve_friction(session, actor, use_case, friction, given.resolution, ledger=ledger)


@router.get("/{use_case}/framework")
async def framework(db: Db, actor: Current, use_case: str) -> list[dict[str, Any]]:
    """Return every version of the prompt framework, newest first, each with what it changed."""
    actor.require("org:usecases:read")
    async with db.transaction() as session:
        found = await frameworks_of(session, (await get_use_case(session, use_case)).id)
    before = [*(one.text for one in found[1:]), ""]
    return [one.to_json() | {"changes": changes(old, one.text)} for one, old in zip(found, before, strict=False)]


@router.post("/{use_case}/framework", status_code=201)
async def write(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str, given: Written
) -> dict[str, Any]:  # fmt: skip
    """Write the next version of the prompt framework."""
    async with db.transaction() as session:
        return (await write_framework(
            session, actor, use_case, given.text, given.why, passed=given.passed, after=given.after, ledger=ledger,
            clock=clock,
        )).to_json()  # fmt: skip
