"""Results for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from colleague.dispatch.deliver.view import list_results
from colleague.identity.current import Current
from colleague.kit.doors import Db

router = APIRouter(prefix="/api/v1/dispatch", tags=["dispatch"])


@router.get("/results")
async def index(
    db: Db, actor: Current, everybody: bool = False, task: Annotated[str, Query(max_length=80)] = ""
) -> list[dict[str, Any]]:
    """List what became of my results, newest first; everybody's with org:dispatch:read."""
    async with db.transaction() as session:
        return [sent.to_json() for sent in await list_results(session, actor, everybody=everybody, task=task)]
