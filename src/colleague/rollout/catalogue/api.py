"""The catalogue for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.policy.second_person.on_record import changing
from colleague.policy.second_person.propose import Proposal
from colleague.rollout.catalogue.phase import mean_for
from colleague.rollout.catalogue.review import review_entry, see_catalogue
from colleague.usecases.around import Reach

router = APIRouter(prefix="/api/v1/catalogue", tags=["catalogue"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheReach = Annotated[Reach, Depends(part(Reach))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]


class Review(BaseModel):
    """What was reviewed, in which version, and who answers for it, by mail address."""

    kind: str = Field(pattern="^(skill|connector)$")
    name: str = Field(max_length=200)
    version: str = Field(max_length=80)
    owner: str = Field(max_length=320)


class MeantFor(BaseModel):
    """From which phase on a skill or connector may be used."""

    kind: str = Field(pattern="^(skill|connector)$")
    name: str = Field(max_length=200)
    phase: str = Field(pattern="^(pilot|expansion|broad|enterprise)$")


@router.get("")
async def index(db: Db, actor: Current, registry: TheRegistry, reach: TheReach, clock: Time) -> list[dict[str, Any]]:
    """List every skill and connector in use."""
    async with db.transaction() as session:
        found = await see_catalogue(
            session, actor, registry=registry, reach=reach, clock=clock
        )  # fmt: skip
    return [entry.to_json() for entry in found]


@router.put("/phases")
async def mean(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: MeantFor) -> dict[str, Any]:
    """Say from which phase on something may be used: later at once; an earlier one another person confirms."""
    async with changing(db, actor, "settings", ledger) as session:
        done = await mean_for(session, actor, given.kind, given.name, given.phase, ledger=ledger, clock=clock)
    return {"proposal": done.to_json()} if isinstance(done, Proposal) else {"entry_phases": list(done.entry_phases)}


@router.post("/reviews", status_code=204)
async def review(
    db: Db, actor: Current, reach: TheReach, ledger: TheLedger, clock: Time,
    given: Review,
) -> None:  # fmt: skip
    """Put a review on record."""
    async with db.transaction() as session:
        await review_entry(
            session, actor, given.kind, given.name, version=given.version, owner=given.owner,
            reach=reach, ledger=ledger, clock=clock,
        )  # fmt: skip
