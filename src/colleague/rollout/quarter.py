"""Hold the catalogue from the day on which the governance review of a quarter is overdue (PH-8)."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from colleague.adoption.calendar import read_calendar
from colleague.audit.record import Ledger
from colleague.identity.actor import SYSTEM
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.plugins.hold import set_hold
from colleague.policy.model import Phase
from colleague.rollout.alarms import CATALOGUE, REVIEW_DUE
from colleague.rollout.gates import QUARTER
from colleague.rollout.store import attestations, current_programme, led

LOCK: Final = 727_087


async def hold_when_due(session: Session, *, ledger: Ledger, clock: Clock) -> None:
    """Set from when on the catalogue is held: 92 days after the last review that stands; without one, since the
    enterprise began. Called by whatever changes that, and every morning; phases before it hold nothing.
    """
    await advisory_lock(session, LOCK)
    programme = await current_programme(session)
    if programme.phase is not Phase.ENTERPRISE or programme.since is None:
        return
    calendar = await read_calendar(session)
    held = await attestations(session, until=calendar.day(clock.now()), but=await led(session, programme))
    review = held.get(CATALOGUE)
    due = review.on + QUARTER + timedelta(days=1) if review else programme.since
    since = datetime.combine(due, time.min, tzinfo=ZoneInfo(calendar.zone))
    await set_hold(session, SYSTEM, REVIEW_DUE, since=since, ledger=ledger, clock=clock)
