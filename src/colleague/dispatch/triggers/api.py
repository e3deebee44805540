"""Triggers for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from colleague.audit.record import Ledger
from colleague.dispatch.triggers.define import activate_trigger, change_trigger, define_trigger, switch_off_trigger
from colleague.dispatch.triggers.drill import triggers_for
from colleague.dispatch.triggers.form import Given
from colleague.dispatch.triggers.store import get_trigger, list_triggers
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part

router = APIRouter(prefix="/api/v1/dispatch/triggers", tags=["dispatch"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


@router.get("")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List every trigger; without org:dispatch:read the active ones that are open to whoever asks."""
    async with db.transaction() as session:
        if actor.may("org:dispatch:read"):
            return [t.to_json() for t in await list_triggers(session)]
        actor.require("own:dispatch:use")
        return [t.to_json() for t in await triggers_for(session, actor)]


@router.post("", status_code=201)
async def define(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Given) -> dict[str, Any]:
    """Write a trigger, as a draft."""
    actor.require("org:dispatch:manage")
    async with db.transaction() as session:
        return (await define_trigger(session, actor, given.wording(), ledger=ledger, clock=clock)).to_json()


@router.get("/{trigger}")
async def show(db: Db, actor: Current, trigger: str) -> dict[str, Any]:
    """Return one trigger."""
    actor.require("org:dispatch:read")
    async with db.transaction() as session:
        return (await get_trigger(session, trigger)).to_json()


@router.put("/{trigger}")
async def change(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, trigger: str, given: Given
) -> dict[str, Any]:  # fmt: skip
    """Give a trigger another wording; it is a draft until somebody switches it on."""
    actor.require("org:dispatch:manage")
    async with db.transaction() as session:
        return (await change_trigger(session, actor, trigger, given.wording(), ledger=ledger, clock=clock)).to_json()


@router.post("/{trigger}/activate")
async def activate(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, trigger: str, version: int | None = None
) -> dict[str, Any]:  # fmt: skip
    """Switch a trigger on. `version`: the wording that was read, needed for a trigger that does more than read."""
    async with db.transaction() as session:
        return (await activate_trigger(session, actor, trigger, version=version, ledger=ledger, clock=clock)).to_json()


@router.post("/{trigger}/off")
async def off(db: Db, actor: Current, ledger: TheLedger, trigger: str) -> dict[str, Any]:
    """Switch a trigger off."""
    async with db.transaction() as session:
        return (await switch_off_trigger(session, actor, trigger, ledger=ledger)).to_json()
