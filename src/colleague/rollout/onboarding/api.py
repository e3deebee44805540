"""JSON routes of the first month: one's own, and the programme's numbers, playbooks and modules."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.rollout.cohorts.join import begin_with
from colleague.rollout.onboarding.learn import take_exercise, take_module
from colleague.rollout.onboarding.model import EXERCISE
from colleague.rollout.onboarding.numbers import standing
from colleague.rollout.onboarding.own import set_quiet, tick, tick_for
from colleague.rollout.onboarding.path import my_path
from colleague.rollout.onboarding.savings import write_saving
from colleague.rollout.onboarding.store import get_module, module_text, modules, playbook_text
from colleague.rollout.onboarding.write import write_module, write_playbook

router = APIRouter(prefix="/api/v1", tags=["programme"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
Short = Annotated[str, Field(max_length=300)]
Number = Annotated[int, Field(ge=0, le=1_000_000)]


class Answered(BaseModel):
    """For each question the number of the chosen option, from 0."""

    answers: Annotated[list[Annotated[int, Field(ge=0, le=5)]], Field(max_length=20)]


class Task(BaseModel):
    """The task that was written for practice."""

    text: Annotated[str, Field(max_length=4000)]


class Ticked(BaseModel):
    """Whether an activity is done."""

    done: bool = True


class Took(BaseModel):
    """Minutes that the first task took; `before` where none were measured."""

    minutes: float
    before: float | None = None


class Quiet(BaseModel):
    """Whether nudges are switched off."""

    quiet: bool


class Begins(BaseModel):
    """A use case tied to a ritual, by id."""

    use_case: Short


class Written(BaseModel):
    """The next version, as TOML, made from version `after`. `again`: a module is asked again of who passed it."""

    text: Annotated[str, Field(max_length=30_000)]
    why: Short = ""
    after: Number = 0
    department: Short = ""
    again: bool = False


@router.get("/first-month")
async def mine(db: Db, actor: Current, clock: Time) -> dict[str, Any]:
    """Return one's own first month."""
    async with db.transaction() as session:
        return (await my_path(session, actor, clock=clock)).to_json()


@router.get("/first-month/modules")
async def list_modules(db: Db, actor: Current) -> list[dict[str, Any]]:
    """Return the training modules and the exercise, without the right answers."""
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        return [one.to_json() for one in await modules(session)]


@router.post("/first-month/exercise")
async def exercise(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Task) -> dict[str, Any]:
    """Judge a task that was written for practice."""
    async with db.transaction() as session:
        return (await take_exercise(session, actor, given.text, ledger=ledger, clock=clock)).to_json()


@router.post("/first-month/modules/{key}")
async def take(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, key: str, given: Answered
) -> dict[str, Any]:  # fmt: skip
    """Judge the answers to a module."""
    async with db.transaction() as session:
        return (await take_module(session, actor, key, given.answers, ledger=ledger, clock=clock)).to_json()


@router.put("/first-month/activities/{key}", status_code=204)
async def tick_mine(db: Db, actor: Current, ledger: TheLedger, clock: Time, key: str, given: Ticked) -> None:
    """Say that an activity of one's own is done."""
    async with db.transaction() as session:
        await tick(session, actor, key, done=given.done, ledger=ledger, clock=clock)


@router.put("/first-month/saving")
async def saving(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Took) -> dict[str, Any]:
    """Write down what the first task took."""
    async with db.transaction() as session:
        found = await write_saving(session, actor, given.minutes, given.before, ledger=ledger, clock=clock)
        return found.to_json()


@router.put("/first-month/use-case", status_code=204)
async def begin(db: Db, actor: Current, ledger: TheLedger, given: Begins) -> None:
    """Begin with another use case."""
    async with db.transaction() as session:
        await begin_with(session, actor, actor.id, given.use_case, ledger=ledger)


@router.put("/first-month/quiet", status_code=204)
async def quiet(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Quiet) -> None:
    """Switch nudges off, or on again."""
    async with db.transaction() as session:
        await set_quiet(session, actor, quiet=given.quiet, ledger=ledger, clock=clock)


@router.get("/programme/first-month")
async def numbers(db: Db, actor: Current, clock: Time) -> dict[str, Any]:
    """Return how the first month stands, in numbers."""
    async with db.transaction() as session:
        return (await standing(session, actor, clock=clock)).to_json()


@router.put("/programme/first-month/cohorts/{cohort}/activities/{key}", status_code=204)
async def tick_cohort(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, key: str, given: Ticked
) -> None:  # fmt: skip
    """Say for a cohort that what its champion or the lead does is done."""
    async with db.transaction() as session:
        await tick_for(session, actor, cohort, key, done=given.done, ledger=ledger, clock=clock)


@router.get("/programme/playbook")
async def read_one(db: Db, actor: Current, department: str = "") -> dict[str, Any]:
    """Return the playbook that holds for a department."""
    actor.require("org:programme:read")
    async with db.transaction() as session:
        found = await playbook_text(session, department[:80])
    return {"department": found.key, "version": found.version, "text": found.text}


@router.post("/programme/playbook", status_code=201)
async def write_one(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Written) -> dict[str, Any]:
    """Write the next version of a playbook."""
    async with db.transaction() as session:
        made = await write_playbook(
            session, actor, given.department, given.text, given.why, after=given.after, ledger=ledger, clock=clock
        )  # fmt: skip
    return {"department": made.key, "version": made.version}


@router.get("/programme/training/{key}")
async def read_training(db: Db, actor: Current, key: str) -> dict[str, Any]:
    """Return a module's text with its answers: for who writes them."""
    actor.require("org:programme:manage")
    async with db.transaction() as session:
        found, module = await module_text(session, key), await get_module(session, key)
    return {"key": key, "version": found.version, "text": found.text, "exercise": module.key == EXERCISE}


@router.post("/programme/training/{key}", status_code=201)
async def write_training(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, key: str, given: Written
) -> dict[str, Any]:  # fmt: skip
    """Write the next version of a module."""
    async with db.transaction() as session:
        made = await write_module(
            session, actor, key, given.text, given.why, after=given.after, again=given.again, ledger=ledger, clock=clock
        )  # fmt: skip
    return {"key": made.key, "version": made.version}
