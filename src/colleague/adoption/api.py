"""Adoption for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from colleague.adoption.weekly import DEFINITIONS, numbers
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time

router = APIRouter(prefix="/api/v1/adoption", tags=["adoption"])


@router.get("/weeks")
async def weeks(db: Db, actor: Current, clock: Time, count: Annotated[int, Query(ge=1, le=53)] = 12) -> dict[str, Any]:
    """Return the numbers of the last weeks, newest first, with what each means. Nobody is named."""
    async with db.transaction() as session:
        found = await numbers(session, actor, clock=clock, count=count)
    return {"definitions": DEFINITIONS, "weeks": [week.to_json() for week in found]}
