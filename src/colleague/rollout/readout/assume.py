"""Write down what the cost model assumes: what a seat, an hour and running it cost, by whom, from which source."""

import math
import re
from dataclasses import dataclass, fields

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid
from colleague.rollout.readout.model import Assumptions
from colleague.rollout.readout.tables import AssumptionsRow
from colleague.usecases.around import one_line

LOCK = 727_085
MOST = 1_000_000_000.0


class BadAssumption(Invalid):
    """«{name}» cannot be assumed: {why}."""


class AssumptionsChanged(Conflict):
    """The assumptions were changed meanwhile: look at version {version} before you change them."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is assumed, as `Assumptions` explains each field."""

    currency: str = "EUR"
    seat: float = 0
    hour: float = 0
    fixed: float = 0
    once: float = 0
    rate: float = 1
    source: str = ""


async def assume(
    session: Session, actor: Actor, given: Assumed, *, after: int, ledger: Ledger, clock: Clock
) -> Assumptions:
    """Keep assumptions as the next version. `after`: the version they were made from, 0 for none.

    Raises BadAssumption, BadText, AssumptionsChanged, PermissionMissing.
    """
    actor.require("org:programme:manage")
    if not re.fullmatch(r"[A-Z]{3}", given.currency):
        raise BadAssumption(name="currency", why="it is written in three letters, such as EUR (ISO 4217)")
    for field in fields(given):
        value = getattr(given, field.name)
        if isinstance(value, int | float) and (not math.isfinite(value) or not 0 <= value <= MOST):
            raise BadAssumption(name=field.name, why=f"it is an amount from 0 to {MOST:,.0f}")
    if given.hour <= 0 or given.rate <= 0:
        raise BadAssumption(name="hour" if given.hour <= 0 else "rate", why="it is more than nothing")
    source = one_line(given.source, "source", 300, needed=True)
    await advisory_lock(session, LOCK)
    newest = await session.scalar(select(func.max(AssumptionsRow.version))) or 0
    if newest != after:
        raise AssumptionsChanged(version=newest)
    row = AssumptionsRow(
        version=newest + 1, currency=given.currency, seat=float(given.seat), hour=float(given.hour),
        fixed=float(given.fixed), once=float(given.once), rate=float(given.rate), source=source, by=actor.id,
        at=clock.now(),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    facts = {
        "version": row.version, "currency": row.currency, "source": source,
        **{name: f"{getattr(row, name):.4f}" for name in ("seat", "hour", "fixed", "once", "rate")},
    }  # fmt: skip
    await ledger.record(session, Event("cost_model.assumed", actor.id, subject=str(row.version), data=facts))
    return await _value(session, row)


async def assumptions(session: Session) -> Assumptions | None:
    """Return the newest assumptions; None if nobody has written any."""
    row = await session.scalar(select(AssumptionsRow).order_by(AssumptionsRow.version.desc()).limit(1))
    return await _value(session, row) if row else None


async def _value(session: Session, row: AssumptionsRow) -> Assumptions:
    names = await names_of(session, [row.by])
    return Assumptions(
        row.version, row.currency, row.seat, row.hour, row.fixed, row.once, row.rate, row.source,
        names.get(row.by, "somebody"), row.at.date().isoformat(),
    )  # fmt: skip
