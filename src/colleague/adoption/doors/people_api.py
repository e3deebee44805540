"""Time saved, who does not come back, and one's own numbers, for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from colleague.adoption.console import TheGroups
from colleague.adoption.people.curves import cohort_curves
from colleague.adoption.people.first_week import first_week
from colleague.adoption.people.mine import own_numbers
from colleague.adoption.risk import seen_risk
from colleague.adoption.validation import portfolio_of, see_validations, sign_off
from colleague.adoption.weekly import numbers
from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part

router = APIRouter(prefix="/api/v1/adoption", tags=["adoption"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


@router.get("/use-cases")
async def cases(db: Db, actor: Current, ledger: TheLedger, clock: Time) -> dict[str, Any]:
    """Return what each use case saves, what it still needs, and hours saved over all of them with the method."""
    async with db.transaction() as session:
        proofs = await see_validations(session, actor, ledger=ledger, clock=clock)
        split = await first_week(session, actor, clock=clock) if actor.may("org:adoption:read") else None
    portfolio = await portfolio_of(proofs) if split else None
    return {
        "use_cases": [one.to_json() for one in proofs], "portfolio": portfolio.to_json() if portfolio else None,
        "first_week": split.to_json() if split else None,
    }  # fmt: skip


@router.post("/use-cases/{use_case}/sign-off", status_code=204)
async def sign(db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str) -> None:
    """Sign a use case off as its owner, in the version that is live."""
    async with db.transaction() as session:
        await sign_off(session, actor, use_case, ledger=ledger, clock=clock)


@router.get("/curves")
async def curves(db: Db, actor: Current, clock: Time, groups: TheGroups) -> dict[str, Any]:
    """Return how those who began in one week come back in the weeks after it; beside it, what everybody finishes."""
    async with db.transaction() as session:
        found = await cohort_curves(session, actor, groups, clock=clock)
        beside = next((w for w in await numbers(session, actor, groups, clock=clock, count=6) if w.frozen), None)
    return {"curves": [one.to_json() for one in found], "beside": beside.to_json() if beside else None}


@router.get("/risk")
async def risk(db: Db, actor: Current, ledger: TheLedger, clock: Time) -> dict[str, Any]:
    """Return how many do not come back. Nobody is named: names are on the programme lead's page and nowhere else."""
    async with db.transaction() as session:
        found = await seen_risk(session, actor, ledger=ledger, clock=clock)
    return {"week": found.week, "seats": found.seats, "counts": found.counts}


@router.get("/mine")
async def mine(db: Db, actor: Current, clock: Time) -> dict[str, Any]:
    """Return the numbers of the person who asks."""
    async with db.transaction() as session:
        return (await own_numbers(session, actor, clock=clock)).to_json()
