"""Tickets a week, for programs."""

from typing import Any

from fastapi import APIRouter

from colleague.identity.current import Current
from colleague.kit.doors import Db, Time
from colleague.rollout.tickets.weekly import ticket_weeks

router = APIRouter(prefix="/api/v1/programme/tickets", tags=["programme"])


@router.get("")
async def weeks(db: Db, actor: Current, clock: Time) -> dict[str, Any]:
    """Return tickets for each hundred active people by week, their decline, and about what they stay high."""
    async with db.transaction() as session:
        return (await ticket_weeks(session, actor, clock=clock)).to_json()
