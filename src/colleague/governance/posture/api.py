"""The posture for programs."""

from typing import Any

from fastapi import APIRouter

from colleague.governance.posture.doors import TheLooking
from colleague.governance.posture.guide import guide_of
from colleague.governance.posture.look import posture_of
from colleague.identity.current import Current
from colleague.kit.doors import Db

router = APIRouter(prefix="/api/v1/posture", tags=["governance"])


@router.get("")
async def show(db: Db, actor: Current, parts: TheLooking) -> dict[str, Any]:
    """Return every hardening check with its state, and what deviates: since when and by whom."""
    async with db.transaction() as session:
        return (await posture_of(session, actor, parts)).to_json()


@router.get("/set-up")
async def set_up(db: Db, actor: Current, parts: TheLooking) -> dict[str, Any]:
    """Return the steps of the set-up guide, when the set-up began and when it ended."""
    async with db.transaction() as session:
        return (await guide_of(session, actor, parts)).to_json()
