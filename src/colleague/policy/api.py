"""Policy for programs: the rules, the settings, what would be decided."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.policy.engine import Engine
from colleague.policy.explain import explain
from colleague.policy.governance import current_governance, stored_form
from colleague.policy.model import DataClass, Tier
from colleague.policy.second_person.on_record import changing
from colleague.policy.second_person.propose import Proposal, confirm, list_proposals, set_or_propose, withdraw
from colleague.policy.simulate import simulate

router = APIRouter(prefix="/api/v1/policy", tags=["policy"])
TheEngine = Annotated[Engine, Depends(part(Engine))]
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


class Question(BaseModel):
    """A call to ask about."""

    tier: Literal["read", "communicate", "modify"]
    recipients: list[str] = Field(default_factory=list, max_length=50)
    data_class: Literal["public", "internal", "confidential", "restricted"] = "internal"
    channel: Literal["desk", "dispatch", "schedule"] = "desk"


@router.get("/rules")
async def rules(db: Db, actor: Current, engine: TheEngine) -> dict[str, Any]:
    """Return the rules with their reasons."""
    actor.require("org:policy:read")
    async with db.transaction() as session:
        governance = await current_governance(session)
    return dict(engine.rules_in(governance.rules).by_id)


@router.get("/settings")
async def settings(db: Db, actor: Current) -> dict[str, Any]:
    """Return the settings in force."""
    actor.require("org:policy:read")
    async with db.transaction() as session:
        return stored_form(await current_governance(session))


@router.patch("/settings")
async def change(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, response: Response, changes: dict[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """Change settings. What weakens a rule is not done yet: 202 with the proposal that another person confirms."""
    async with changing(db, actor, "settings", ledger) as session:
        done = await set_or_propose(session, actor, changes, ledger=ledger, clock=clock)
    if isinstance(done, Proposal):
        response.status_code = 202
        return {"waits_for_a_second_person": done.to_json()}
    return stored_form(done)


@router.get("/proposals")
async def proposals(db: Db, actor: Current, clock: Time) -> list[dict[str, Any]]:
    """Return what waits for a second person."""
    actor.require("org:policy:read")
    async with db.transaction() as session:
        return [p.to_json() for p in await list_proposals(session, clock=clock)]


class Seen(BaseModel):
    """The digest of a proposal as it was shown."""

    digest: str = Field(max_length=64)


@router.post("/proposals/{proposal}/confirm")
async def confirm_proposal(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, proposal: str, seen: Seen
) -> dict[str, Any]:  # fmt: skip
    """Put a proposal of somebody else in force."""
    async with changing(db, actor, "proposal", ledger) as session:
        return stored_form(await confirm(session, actor, proposal, seen.digest, ledger=ledger, clock=clock))


@router.delete("/proposals/{proposal}", status_code=204)
async def withdraw_proposal(db: Db, actor: Current, ledger: TheLedger, clock: Time, proposal: str) -> None:
    """Take a proposal away."""
    async with changing(db, actor, "proposal", ledger) as session:
        await withdraw(session, actor, proposal, ledger=ledger, clock=clock)


@router.post("/explain")
async def ask(db: Db, actor: Current, engine: TheEngine, question: Question) -> dict[str, Any]:
    """Say what would be decided, and why."""
    actor.require("org:policy:read")
    async with db.transaction() as session:
        governance = await current_governance(session)
    decision = simulate(
        engine, governance, tier=Tier[question.tier.upper()], recipients=question.recipients,
        data_class=DataClass[question.data_class.upper()], channel=question.channel,
    )  # fmt: skip
    return {**decision.to_json(), "words": explain(decision)}
