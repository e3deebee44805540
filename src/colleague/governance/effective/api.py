"""Effective policy for programs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.connectors.registry import Registry
from colleague.governance.effective.may import Wish, may, overview
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.policy.engine import Engine
from colleague.policy.model import DataClass

router = APIRouter(prefix="/api/v1/policy", tags=["policy"])
TheEngine = Annotated[Engine, Depends(part(Engine))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]


class Question(BaseModel):
    """May the agent do this for a person? `person` is an id; empty: whoever asks."""

    person: str = Field("", max_length=100)
    tool: str = Field(max_length=100)
    place: str = Field("", max_length=1000)
    recipients: list[Annotated[str, Field(max_length=320)]] = Field(default_factory=list, max_length=20)
    channel: Literal["desk", "dispatch", "schedule"] = "desk"
    data_class: Literal["public", "internal", "confidential", "restricted"] = "public"
    untrusted: bool = False
    doubtful: bool = False


@router.post("/effective")
async def one_answer(
    db: Db, actor: Current, engine: TheEngine, registry: TheRegistry, clock: Time, question: Question
) -> dict[str, Any]:
    """Say what would be decided, why, since when and by whom. Nothing happens."""
    wish = Wish(
        question.tool, question.place, tuple(question.recipients), question.channel,
        DataClass[question.data_class.upper()], question.untrusted, question.doubtful,
    )  # fmt: skip
    async with db.transaction() as session:
        answer = await may(
            session, actor, question.person or actor.id, wish, registry=registry, engine=engine, clock=clock
        )
    return answer.to_json()


@router.get("/effective")
async def all_tools(
    db: Db, actor: Current, engine: TheEngine, registry: TheRegistry, clock: Time, person: str = ""
) -> dict[str, Any]:
    """List every tool that a grant opens to a person (an id; empty: whoever asks), with what would be decided."""
    async with db.transaction() as session:
        now, tools = await overview(session, actor, person or actor.id, registry=registry, engine=engine, clock=clock)
    return {"person": now.person, "grants": [o.to_json() for o in now.opened], "tools": [t.to_json() for t in tools]}
