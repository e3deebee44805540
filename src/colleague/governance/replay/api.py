"""The same for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.governance.document.compile import compile_document
from colleague.governance.document.draft import see_draft
from colleague.governance.replay.replay import LONGEST, replay
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.policy.engine import Engine
from colleague.policy.governance import current_governance, with_changes

router = APIRouter(prefix="/api/v1/policy", tags=["policy"])
TheEngine = Annotated[Engine, Depends(part(Engine))]


class Draft(BaseModel):
    """Settings to try, or the draft of the governance document (`document`), and how many days to look back."""

    changes: dict[str, Any] = Field(default_factory=dict, max_length=50)
    document: bool = False
    days: int = Field(30, ge=1, le=LONGEST)


@router.post("/replay")
async def of_draft(db: Db, actor: Current, engine: TheEngine, clock: Time, draft: Draft) -> dict[str, Any]:
    """Say which past calls would have been decided otherwise under these settings. Nothing changes."""
    actor.require("org:policy:read")
    async with db.transaction() as session:
        now = await current_governance(session)
        base = now
        if draft.document:
            base = compile_document((await see_draft(session, actor)).sentences, now, engine).governance
    seen = await replay(db, engine, now, with_changes(base, draft.changes), days=draft.days, clock=clock)
    return seen.to_json(people=actor.may("org:tasks:read"))
