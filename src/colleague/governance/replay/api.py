"""The same for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.governance.replay.replay import LONGEST, replay
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.policy.engine import Engine
from colleague.policy.governance import current_governance, with_changes

router = APIRouter(prefix="/api/v1/policy", tags=["policy"])
TheEngine = Annotated[Engine, Depends(part(Engine))]


class Draft(BaseModel):
    """Settings to try, and how many days to look back."""

    changes: dict[str, Any] = Field(max_length=50)
    days: int = Field(30, ge=1, le=LONGEST)


@router.post("/replay")
async def of_draft(db: Db, actor: Current, engine: TheEngine, clock: Time, draft: Draft) -> dict[str, Any]:
    """Say which past calls would have been decided otherwise under these settings. Nothing changes."""
    actor.require("org:policy:read")
    async with db.transaction() as session:
        now = await current_governance(session)
    seen = await replay(db, engine, now, with_changes(now, draft.changes), days=draft.days, clock=clock)
    return seen.to_json(people=actor.may("org:tasks:read"))
