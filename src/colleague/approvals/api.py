"""Approvals for programs: list, show, answer."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.approvals.answer import answer, ask_back
from colleague.approvals.inbox import get_card, list_inbox
from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part

router = APIRouter(prefix="/api/v1/approvals", tags=["approvals"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


class Verdict(BaseModel):
    """An answer to exactly what was shown: `digest` is the card's."""

    verdict: Literal["approved", "denied"]
    digest: str = Field(min_length=64, max_length=64)
    reason: str = Field("", max_length=1000)


@router.get("")
async def index(db: Db, actor: Current, answered: bool = False) -> list[dict[str, Any]]:
    """List what is asked of me (or was)."""
    async with db.transaction() as session:
        return [c.to_json() for c in await list_inbox(session, actor, open_only=not answered)]


@router.get("/{approval_id}")
async def show(db: Db, actor: Current, approval_id: str) -> dict[str, Any]:
    """Return one card."""
    async with db.transaction() as session:
        return (await get_card(session, actor, approval_id)).to_json()


class Back(BaseModel):
    """What somebody wants to know before they decide about exactly what was shown."""

    question: str = Field(min_length=1, max_length=1000)
    digest: str = Field(min_length=64, max_length=64)


@router.post("/{approval_id}/ask-back")
async def return_it(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, approval_id: str, given: Back
) -> dict[str, Any]:  # fmt: skip
    """Ask something before deciding; the task answers and may ask again."""
    async with db.transaction() as session:
        await ask_back(session, actor, approval_id, given.question, digest=given.digest, ledger=ledger, clock=clock)
        return (await get_card(session, actor, approval_id)).to_json()


@router.post("/{approval_id}/answer")
async def decide(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, approval_id: str, given: Verdict
) -> dict[str, Any]:
    """Approve or deny."""
    async with db.transaction() as session:
        await answer(
            session, actor, approval_id, given.verdict, digest=given.digest, reason=given.reason, ledger=ledger,
            clock=clock,
        )  # fmt: skip
        return (await get_card(session, actor, approval_id)).to_json()
