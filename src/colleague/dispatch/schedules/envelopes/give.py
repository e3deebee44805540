"""Agree beforehand to what one schedule sends inside: give an envelope, end it, list them all.

An envelope stands in for the question of one rule only (see stand_in.py). It ends by itself within ninety days, and
with any change of its schedule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.connector import Tool
from colleague.connectors.registry import Registry, is_shipped
from colleague.dispatch.schedules.permitted import ASKED_EACH_TIME, may_agree_beforehand
from colleague.dispatch.schedules.store import find_row
from colleague.dispatch.schedules.tables import EnvelopeRow, EnvelopeUseRow, ScheduleRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Forbidden, Invalid, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.policy.addresses import bare, external_of
from colleague.policy.governance import current_governance
from colleague.policy.model import DataClass, Tier

Period = Literal["day", "week", "month"]
PERIODS: Final[dict[str, timedelta]] = {
    "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30),
}  # fmt: skip
LONGEST = timedelta(days=90)
MOST_RECIPIENTS, MOST_USES = 20, 100


class BadEnvelope(Invalid):
    """This cannot be agreed to beforehand: {why}."""


class EnvelopeNotFound(NotFound):
    """There is no such standing approval, or you may not see it."""


class NotYoursToEnd(Forbidden):
    """Only who gave it, or who manages Dispatch, ends a standing approval."""


class NotYoursToGive(Forbidden):
    """Only the owner of a schedule agrees beforehand to what it sends."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed to: one tool, exactly these recipients, at most `most` times in a rolling `period`, nothing above
    `ceiling` read before, until `ends_at`."""

    tool: str
    recipients: tuple[str, ...]
    ends_at: datetime
    most: int = 1
    period: Period = "day"
    ceiling: DataClass = DataClass.INTERNAL


@dataclass(frozen=True, slots=True)
class Standing:
    """A standing approval as people see it. `used`: in the period that runs now."""

    id: str
    schedule: str
    name: str
    given_by: str
    given_at: datetime
    terms: Terms
    used: int
    holds: bool
    ended_at: datetime | None
    ended_by: str
    why: str

    @property
    def words(self) -> str:
        """Say in one sentence what is agreed to."""
        t = self.terms
        return f"{t.tool} only to {', '.join(t.recipients)}, at most {t.most} a {t.period}"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        t = self.terms
        return {
            "id": self.id, "schedule": self.schedule, "given_by": self.given_by, "given_at": self.given_at,
            "tool": t.tool, "recipients": list(t.recipients), "most": t.most, "period": t.period,
            "ceiling": t.ceiling.name.lower(), "ends_at": t.ends_at, "used": self.used, "holds": self.holds,
            "ended_at": self.ended_at, "ended_by": self.ended_by or None, "why": self.why, "words": self.words,
        }  # fmt: skip


async def give_envelope(
    session: Session, actor: Actor, schedule: str, terms: Terms, *, registry: Registry, ledger: Ledger, clock: Clock
) -> str:
    """Agree beforehand, in person; return the envelope's id. Raises BadEnvelope, NotYoursToGive, SignInYourself."""
    actor.require("own:dispatch:use")
    actor.require("own:approvals:answer")
    actor.require_presence()
    row = await find_row(session, schedule, lock=True)
    if row is None or row.owner_id != actor.id:
        raise NotYoursToGive
    if row.state == "ended":
        raise BadEnvelope(why="the schedule has ended")
    if row.tier < Tier.COMMUNICATE:
        raise BadEnvelope(why="the schedule is mapped to «read», so it sends nothing")
    tool = await _tool(session, terms.tool, registry)
    recipients = tuple(dict.fromkeys(bare(r) for r in terms.recipients if r.strip()))
    _check(terms, recipients, clock.now())
    governance = await current_governance(session)
    if not may_agree_beforehand(governance):
        raise BadEnvelope(why=ASKED_EACH_TIME)
    if outside := external_of(recipients, governance.internal_domains):
        raise BadEnvelope(why=f"{outside[0]} is outside the organisation, and that is asked each time")
    envelope = EnvelopeRow(
        id=new_id("env"), schedule_id=row.id, revision=row.revision, tool=tool.name, recipients=list(recipients),
        most=terms.most, period=terms.period, ceiling=int(terms.ceiling), given_by=actor.id, given_at=clock.now(),
        ends_at=terms.ends_at, ended_by="", ended_why="",
    )  # fmt: skip
    session.add(envelope)
    await session.flush()
    facts = {
        "schedule": row.id, "tool": tool.name, "recipients": len(recipients), "most": terms.most,
        "period": terms.period, "ceiling": terms.ceiling.name.lower(), "ends_at": terms.ends_at.isoformat(),
    }  # fmt: skip
    await ledger.record(session, Event("envelope.given", actor.id, subject=envelope.id, data=facts))
    return envelope.id


async def _tool(session: Session, name: str, registry: Registry) -> Tool:
    connector, tool = (await registry.now(session)).tools().get(name, (None, None))
    if connector is None or tool is None:
        raise BadEnvelope(why=f"there is no tool «{name[:80]}»")
    if not is_shipped(connector):
        raise BadEnvelope(why="what a plugin or a registered server sends is asked each time")
    if tool.tier is not Tier.COMMUNICATE or tool.writes or tool.deletes:
        raise BadEnvelope(why="only sending inside the organisation can be; what changes something is asked each time")
    return tool


def _check(terms: Terms, recipients: Sequence[str], now: datetime) -> None:
    if not 1 <= len(recipients) <= MOST_RECIPIENTS or any(len(r) > 320 for r in recipients):
        raise BadEnvelope(why="name one to twenty recipients exactly")
    if terms.period not in PERIODS or not 1 <= terms.most <= MOST_USES:
        raise BadEnvelope(why="say how often at most: 1 to 100 times a day, week or month")
    if terms.ceiling > DataClass.CONFIDENTIAL:
        raise BadEnvelope(why="what has read restricted data is asked each time")
    if not now < terms.ends_at <= now + LONGEST:
        raise BadEnvelope(why="it needs a last day within ninety days")


async def end_envelope(session: Session, actor: Actor, envelope: str, *, ledger: Ledger, clock: Clock) -> None:
    """Revoke it; from the next call on each is asked. Twice is harmless. Raises EnvelopeNotFound, NotYoursToEnd."""
    query = select(EnvelopeRow, ScheduleRow.owner_id).join(ScheduleRow, ScheduleRow.id == EnvelopeRow.schedule_id)
    found = None
    if is_id(envelope):
        found = (await session.execute(query.where(EnvelopeRow.id == envelope).with_for_update(of=EnvelopeRow))).first()
    if found is None or not (actor.id in (found[0].given_by, found[1]) or actor.may("org:dispatch:read")):
        raise EnvelopeNotFound
    row, owner = found
    if actor.id not in (row.given_by, owner) and not actor.may("org:dispatch:manage"):
        raise NotYoursToEnd
    await _end(session, [row], actor.id, "It was revoked.", ledger=ledger, clock=clock)


async def end_envelopes(session: Session, by: str, schedule: str, why: str, *, ledger: Ledger, clock: Clock) -> None:
    """End every envelope of a schedule: it changed, ended, or has another owner."""
    query = select(EnvelopeRow).where(EnvelopeRow.schedule_id == schedule, EnvelopeRow.ended_at.is_(None))
    query = query.order_by(EnvelopeRow.id).with_for_update().execution_options(populate_existing=True)
    await _end(session, list(await session.scalars(query)), by, why, ledger=ledger, clock=clock)


async def _end(session: Session, rows: list[EnvelopeRow], by: str, why: str, *, ledger: Ledger, clock: Clock) -> None:
    for row in rows:
        if row.ended_at is None:
            row.ended_at, row.ended_by, row.ended_why = clock.now(), by, why
            facts = {"schedule": row.schedule_id, "why": why}
            await ledger.record(session, Event("envelope.ended", by, subject=row.id, data=facts))


async def uses_since(session: Session, envelope: str, since: datetime) -> int:
    """Return how often an envelope stood in after `since`."""
    query = select(func.count()).where(EnvelopeUseRow.envelope_id == envelope, EnvelopeUseRow.at > since)
    return await session.scalar(query) or 0


def terms_of(row: EnvelopeRow) -> Terms:
    """Return what was agreed to."""
    return Terms(row.tool, tuple(row.recipients), row.ends_at, row.most, row.period, DataClass(row.ceiling))  # type: ignore[arg-type]


async def list_envelopes(
    session: Session, actor: Actor, *, clock: Clock, everybody: bool = False, ended: bool = False, schedule: str = ""
) -> list[Standing]:
    """Return standing approvals of one's own schedules, or (org:dispatch:read) everybody's; newest first.

    Those that have ended, by themselves too, only if asked for.
    """
    now = clock.now()
    query = select(EnvelopeRow, ScheduleRow).join(ScheduleRow, ScheduleRow.id == EnvelopeRow.schedule_id)
    query = query.order_by(EnvelopeRow.id.desc()).limit(500)
    if everybody:
        actor.require("org:dispatch:read")
    else:
        actor.require("own:dispatch:use")
        query = query.where(ScheduleRow.owner_id == actor.id)
    if schedule:
        query = query.where(EnvelopeRow.schedule_id == schedule)
    if not ended:
        query = query.where(EnvelopeRow.ended_at.is_(None), EnvelopeRow.ends_at > now)
    found, early = [], not may_agree_beforehand(await current_governance(session))
    for row, over in (await session.execute(query)).all():
        used = await uses_since(session, row.id, now - PERIODS[row.period])
        lapsed = row.ended_at is None and row.ends_at <= now
        holds = row.ended_at is None and not lapsed and over.state == "active" and row.revision == over.revision
        why = "Its last day has passed." if lapsed else row.ended_why
        if holds and early:
            holds, why = False, f"It rests: {ASKED_EACH_TIME}."
        ended_at = row.ends_at if lapsed else row.ended_at
        found.append(Standing(
            row.id, over.id, over.name, row.given_by, row.given_at, terms_of(row), used, holds, ended_at, row.ended_by,
            why,
        ))  # fmt: skip
    return found
