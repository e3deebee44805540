"""Notices for programs."""

from typing import Any

from fastapi import APIRouter

from colleague.channels.page import list_notices, see_notice
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time

router = APIRouter(prefix="/api/v1/notices", tags=["notices"])


@router.get("")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List my notices, newest first."""
    async with db.transaction() as session:
        return [
            {"id": n.id, "title": n.title, "text": n.text, "link": n.link, "at": n.at.isoformat(), "seen": n.seen}
            for n in await list_notices(session, actor)
        ]


@router.post("/{notice_id}/seen", status_code=204)
async def seen(db: Db, actor: Current, clock: Time, notice_id: str) -> None:
    """Mark one of my notices as seen."""
    async with db.transaction() as session:
        await see_notice(session, actor, notice_id, clock=clock)
