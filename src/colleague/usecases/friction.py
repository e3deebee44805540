"""The friction log: what gets in the way of a use case, said by who meets it, until it is gone (PP-7)."""

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden, Invalid, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.usecases.around import one_line
from colleague.usecases.define import UseCaseRetired
from colleague.usecases.model import Friction
from colleague.usecases.store import get_use_case
from colleague.usecases.tables import FrictionRow

MOST = 500


class NoSuchFriction(NotFound):
    """There is no such entry in the friction log."""


class AlreadyResolved(Conflict):
    """This entry is resolved already."""


class LogFull(Conflict):
    """The friction log of this use case has five hundred open entries: resolve some first."""


class NotYoursToResolve(Forbidden):
    """An entry is resolved by who wrote it, by the owner of the use case, or by who manages use cases."""


class BadMinutes(Invalid):
    """The minutes it cost lie between 0 and 10,080."""


async def note_friction(
    session: Session, actor: Actor, use_case: str, step: str, text: str, *, minutes: int = 0, ledger: Ledger,
    clock: Clock,
) -> Friction:  # fmt: skip
    """Write down what got in the way, at which step, and how many minutes it cost. Raises BadMinutes, BadText,
    LogFull, UseCaseRetired.
    """
    actor.require("own:tasks:use")
    actor.require("org:usecases:read")
    step, text = one_line(step, "step", 120, needed=True), one_line(text, "what got in the way", 1000, needed=True)
    if not 0 <= minutes <= 10_080:
        raise BadMinutes
    found = await get_use_case(session, use_case, lock=True)
    if found.state == "retired":
        raise UseCaseRetired
    unresolved = (
        select(func.count())
        .select_from(FrictionRow)
        .where(FrictionRow.use_case_id == found.id, FrictionRow.resolution == "")
    )
    if (await session.scalar(unresolved) or 0) >= MOST:
        raise LogFull
    one = Friction(new_id("fric"), step, text, minutes, actor.id, clock.now())
    session.add(
        FrictionRow(
            id=one.id, use_case_id=found.id, step=step, text=text, minutes=minutes, by=one.by, at=one.at, resolution=""
        )
    )  # fmt: skip
    await session.flush()
    facts = {"friction": one.id, "minutes": minutes}
    await ledger.record(session, Event("friction.noticed", actor.id, subject=found.id, data=facts))
    return one


async def resolve_friction(
    session: Session, actor: Actor, use_case: str, friction: str, resolution: str, *, ledger: Ledger
) -> None:
    """Say what was done about an entry. Raises AlreadyResolved, BadText, NoSuchFriction, NotYoursToResolve."""
    actor.require("own:tasks:use")
    actor.require("org:usecases:read")
    resolution = one_line(resolution, "what was done", 1000, needed=True)
    found = await get_use_case(session, use_case, lock=True)
    row = await session.get(FrictionRow, friction) if is_id(friction) else None
    if row is None or row.use_case_id != found.id:
        raise NoSuchFriction
    if actor.id not in (row.by, found.card.owner) and not actor.may("org:usecases:manage"):
        raise NotYoursToResolve
    if row.resolution:
        raise AlreadyResolved
    row.resolution, row.resolved_by = resolution, actor.id
    await ledger.record(
        session, Event("friction.resolved", actor.id, subject=found.id, data={"friction": row.id})
    )  # fmt: skip
