"""Policy for programs: the rules, the settings, what would be decided."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.policy.engine import Engine
from colleague.policy.explain import explain
from colleague.policy.governance import change_governance, current_governance, stored_form
from colleague.policy.model import DataClass, Tier
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
async def rules(actor: Current, engine: TheEngine) -> dict[str, Any]:
    """Return the rules with their reasons."""
    actor.require("org:policy:read")
    return engine.rules


@router.get("/settings")
async def settings(db: Db, actor: Current) -> dict[str, Any]:
    """Return the settings in force."""
    actor.require("org:policy:read")
    async with db.transaction() as session:
        return stored_form(await current_governance(session))


@router.patch("/settings")
async def change(db: Db, actor: Current, ledger: TheLedger, clock: Time, changes: dict[str, Any]) -> dict[str, Any]:
    """Change settings."""
    async with db.transaction() as session:
        return stored_form(await change_governance(session, actor, changes, ledger=ledger, clock=clock))


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
