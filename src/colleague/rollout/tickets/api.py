"""Tickets a week, for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from colleague.identity.current import Current
from colleague.kit.doors import Db, Time
from colleague.rollout.tickets.weekly import ticket_weeks

router = APIRouter(prefix="/api/v1/programme/tickets", tags=["programme"])


@router.get("")
async def weeks(
    db: Db, actor: Current, clock: Time, first: Annotated[str, Query(max_length=8)] = "",
    last: Annotated[str, Query(max_length=8)] = "",
) -> dict[str, Any]:  # fmt: skip
    """Return tickets for each hundred active people by week, their decline, and about what they stay high; weeks from
    `first` to `last` (2026-W09) alone if they are given.
    """
    async with db.transaction() as session:
        return (await ticket_weeks(session, actor, clock=clock, first=first, last=last)).to_json()
