"""What an identity provider was refused: kept in words for the page, on record and told to owners where it matters."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import who_may
from colleague.identity.tables import ProvisioningFaultRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session

KEPT, QUIET = 100, timedelta(hours=24)
Tell = Callable[[Session, str, str, str, str], Awaitable[object]]


async def keep_fault(
    session: Session, actor: Actor, call: str, status: int, words: str, *, grave: bool, tell: Tell, ledger: Ledger,
    clock: Clock,
) -> None:  # fmt: skip
    """Keep a refused call: what was called (never with names in it), the status, the words; the newest 100 stay.

    `grave`: it would have left nobody in charge. Then it is on record, and the owners are told, once a day.
    """
    now = clock.now()
    if grave:
        told = select(ProvisioningFaultRow.id).where(
            ProvisioningFaultRow.words == words, ProvisioningFaultRow.at > now - QUIET
        )
        await ledger.record(session, Event("provisioning.refused", actor.id, data={"call": call, "status": status}))
        if await session.scalar(told.limit(1)) is None:
            for owner in await who_may(session, "org:roles:own"):
                title = "Your identity provider tried to remove the last owner"
                await tell(session, owner.id, title, f"It was refused. {words}", "/provisioning")
    row = ProvisioningFaultRow(token_id=actor.id, at=now, call=call, status=status, words=words[:500])
    session.add(row)
    await session.flush()
    await session.execute(delete(ProvisioningFaultRow).where(ProvisioningFaultRow.id <= row.id - KEPT))


async def list_faults(session: Session, actor: Actor, limit: int = 20) -> Sequence[ProvisioningFaultRow]:
    """Return the newest refused calls. Raises PermissionMissing."""
    actor.require("org:people:read")
    query = select(ProvisioningFaultRow).order_by(ProvisioningFaultRow.id.desc()).limit(limit)
    return (await session.scalars(query)).all()
