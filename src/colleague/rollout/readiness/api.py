"""The readiness assessment for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from colleague.identity.current import Current
from colleague.kit.doors import Db, Time
from colleague.rollout.readiness.answer import answer_readiness, read_answers, readiness, readiness_at
from colleague.rollout.readiness.console import TheLedger, TheReach, TheRegistry

router = APIRouter(prefix="/api/v1/programme/readiness", tags=["programme"])


class Given(BaseModel):
    """Answers; null leaves a question open. `after`: the version they were made from, 0 for none."""

    model_config = ConfigDict(extra="forbid")

    saas_rollouts: bool | None = None
    sponsor: bool | None = None
    regulated: bool | None = None
    seats: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    custom_mcp: bool | None = None
    stalled: bool | None = None
    after: Annotated[int, Field(ge=0, le=1_000_000)] = 0


@router.get("")
async def show(db: Db, actor: Current, registry: TheRegistry, reach: TheReach) -> dict[str, Any]:
    """Return the newest version, the earlier ones, and the questions answered as far as it can be seen."""
    async with db.transaction() as session:
        return (await readiness(session, actor, registry=registry, reach=reach)).to_json()


@router.get("/versions/{version}")
async def show_version(
    db: Db, actor: Current, version: Annotated[int, Path(ge=1, le=1_000_000)]
) -> dict[str, Any]:  # fmt: skip
    """Return one version with its result."""
    async with db.transaction() as session:
        return (await readiness_at(session, actor, version)).to_json()


@router.post("", status_code=201)
async def answer(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, registry: TheRegistry, reach: TheReach, given: Given
) -> dict[str, Any]:  # fmt: skip
    """Keep answers as the next version, and return what they come to."""
    answers = read_answers(given.model_dump(exclude={"after"}))
    async with db.transaction() as session:
        made = await answer_readiness(
            session, actor, answers, after=given.after, registry=registry, reach=reach, ledger=ledger, clock=clock
        )
    return made.to_json()
