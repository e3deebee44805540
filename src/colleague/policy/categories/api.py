"""Output categories for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.policy.categories.change import describe_category, withdraw_category
from colleague.policy.governance import current_governance
from colleague.policy.model import Governance
from colleague.policy.second_person.on_record import changing
from colleague.policy.second_person.propose import Proposal
from colleague.policy.standards.category import categories

router = APIRouter(prefix="/api/v1/categories", tags=["reviews"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


class Described(BaseModel):
    """A category without its id."""

    title: str = Field("", max_length=200)
    high_stakes: bool
    standard: str = Field("", max_length=2000)
    checklist: list[str] = Field(default_factory=list, max_length=50)
    reviewers: list[str] = Field(default_factory=list, max_length=50)
    sample: int = 5


def _done(done: Governance | Proposal, response: Response) -> dict[str, Any]:
    if isinstance(done, Proposal):
        response.status_code = 202
        return {"waits_for_a_second_person": done.to_json()}
    return {"version": done.version}


@router.get("")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List the categories as the organisation holds them."""
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        return [c.to_json() for c in categories(await current_governance(session)).values()]


@router.put("/{name}")
async def describe(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, response: Response, name: str, given: Described
) -> dict[str, Any]:  # fmt: skip
    """Describe a category. What asks for less than now is not done yet: 202 with the proposal."""
    async with changing(db, actor, "settings", ledger) as session:
        raw = {"id": name, **given.model_dump()}
        return _done(await describe_category(session, actor, raw, ledger=ledger, clock=clock), response)


@router.delete("/{name}")
async def withdraw(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, response: Response, name: str
) -> dict[str, Any]:  # fmt: skip
    """Take back what the organisation said of a category."""
    async with changing(db, actor, "settings", ledger) as session:
        return _done(await withdraw_category(session, actor, name, ledger=ledger, clock=clock), response)
