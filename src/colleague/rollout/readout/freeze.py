"""Make a readout of what there is at this moment: frozen, with version and digest, put on record; and read it."""

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from colleague.adoption.groups import Groups
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, NotFound
from colleague.rollout.readout.collect import gather
from colleague.rollout.readout.compose import compose
from colleague.rollout.readout.model import Frozen, Readout
from colleague.rollout.readout.tables import ReadoutRow
from colleague.rollout.store import may_see
from colleague.usecases.around import Reach, some_lines

LOCK = 727_086


class NoSuchReadout(NotFound):
    """There is no such readout."""


class ReadoutAltered(Conflict):
    """Readout {version} is not what was made: its text and its fingerprint do not agree. Compare it with the ledger."""


async def draft(
    session: Session, actor: Actor, *, groups: Groups, reach: Reach, ledger: Ledger, clock: Clock, ask: str = "",
    weeks: int = 0,
) -> Readout:  # fmt: skip
    """Return the readout as it would be made now. Raises ActivityAlone, Unexplained, PermissionMissing."""
    actor.require("org:programme:manage")
    parts = await gather(session, actor, ask=ask, weeks=weeks, groups=groups, reach=reach, clock=clock)
    return _placed(compose(parts), f"/readout?draft=true&weeks={weeks}")


def _placed(made: Readout, page: str) -> Readout:
    return Readout.from_json(plain(made.at(page).to_json()))


async def make_readout(
    session: Session, actor: Actor, ask: str, *, groups: Groups, reach: Reach, ledger: Ledger, clock: Clock,
    weeks: int = 0,
) -> Frozen:  # fmt: skip
    """Make the next readout, with what is to be decided. `weeks`: how far back it looks, 0 for the programme's own.

    Raises BadText, ActivityAlone, Unexplained, PermissionMissing.
    """
    actor.require("org:programme:manage")
    ask = some_lines(ask, "what is to be decided", 2000)
    parts = await gather(session, actor, ask=ask, weeks=weeks, groups=groups, reach=reach, clock=clock)
    await advisory_lock(session, LOCK)
    version = (await session.scalar(select(func.max(ReadoutRow.version))) or 0) + 1
    made = _placed(compose(parts), f"/readout/{version}")
    content = made.to_json()
    frozen = Frozen(version, made, digest(content), actor.id, clock.now())
    row = ReadoutRow(version=version, content=content, digest=frozen.digest, by=actor.id, at=frozen.at)
    session.add(row)
    await session.flush()
    facts = {"version": version, "digest": frozen.digest, "since": made.since, "until": made.until}
    await ledger.record(session, Event("readout.made", actor.id, subject=str(version), data=facts))
    return frozen


async def get_readout(session: Session, actor: Actor, version: int) -> Frozen:
    """Return a readout as it was made, to the sponsor too. Raises NoSuchReadout, ReadoutAltered, PermissionMissing."""
    await may_see(session, actor)
    row = await session.get(ReadoutRow, version) if 0 < version < 2**31 else None
    if row is None:
        raise NoSuchReadout
    return _value(row)


async def list_readouts(session: Session, actor: Actor) -> Sequence[tuple[int, str, Any, str]]:
    """Return version, headline, time and maker of every readout, newest first, to the sponsor too.

    Raises PermissionMissing.
    """
    await may_see(session, actor)
    query = select(ReadoutRow).order_by(ReadoutRow.version.desc()).limit(200)
    return [(row.version, row.content["headline"], row.at, row.by) for row in await session.scalars(query)]


def _value(row: ReadoutRow) -> Frozen:
    if digest(row.content) != row.digest:
        raise ReadoutAltered(version=row.version)
    return Frozen(row.version, Readout.from_json(row.content), row.digest, row.by, row.at)


def plain(value: Any) -> Any:
    """Return JSON in the one form that the database gives back: numbers to nine places, no infinity, no minus zero."""
    match value:
        case dict():
            return {key: plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case float():
            return round(value, 9) + 0.0 if math.isfinite(value) else None
        case _:
            return value
