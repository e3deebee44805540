"""Every Friday: whether the named leaders use it by the end of the expansion (MI-3); else an item is opened.

On Fridays the last week stands in every time zone: 72 hours after its end (B-0).
"""

from dataclasses import dataclass
from datetime import datetime

from colleague.adoption.calendar import read_calendar
from colleague.adoption.groups import Groups
from colleague.adoption.items import open_item
from colleague.adoption.weeks import Calendar, Week
from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.queue import Queue
from colleague.policy.model import Phase
from colleague.rollout.model import Programme
from colleague.rollout.phases import PHASES
from colleague.rollout.readout.leaders import ALARM, leaders_active
from colleague.rollout.readout.model import Figure
from colleague.rollout.store import current_programme

KEY, UNKNOWN = "alarm:leaders", "alarm:leaders-named"
LOOKED_BACK = 12


@dataclass(frozen=True, slots=True)
class Watched:
    """How many leaders are active in the last week that stands and counts, and the alarm of it: its key, and why."""

    active: Figure
    key: str = ""
    why: str = ""


def leaders_alarm(phase: Phase, week: int, active: Figure) -> Watched:
    """Judge the leaders' use; `week`: of the phase, the last that stands. Pure.

    By the end of the expansion (its last planned week, or any later phase) a fifth of the named leaders are active. A
    use that cannot be told, since no five are named, is an alarm of its own: nobody would ever be warned.
    """
    weeks = PHASES[Phase.EXPANSION].weeks
    due = phase > Phase.EXPANSION or (phase is Phase.EXPANSION and weeks is not None and week >= weeks[1])
    if not due or (active.value is not None and active.value >= ALARM):
        return Watched(active)
    if active.value is None:
        return Watched(active, UNKNOWN, (
            f"Whether leadership uses it cannot be said ({active.absent}). Name five leaders or more who have a seat, "
            "on the page of the readout."
        ))  # fmt: skip
    return Watched(active, KEY, (
        f"{100 * active.value:.0f} % of {active.n} named leaders were active in the last week that counts: below 20 % "
        "leadership does not use it, and others will not. Begin with Dispatch, from their phones."
    ))  # fmt: skip


def judged_week(calendar: Calendar, now: datetime) -> Week | None:
    """Return the last week that stands (72 hours after its end) and is none of holidays (B-0); None if there is none
    within twelve weeks.
    """
    this = calendar.week(now)
    weeks = (this.next(-back) for back in range(1, LOOKED_BACK + 1))
    return next((week for week in weeks if calendar.frozen(week, now) and calendar.counts(week)), None)


async def leaders_watched(session: Session, groups: Groups, programme: Programme, *, clock: Clock) -> Watched | None:
    """Return how many leaders are active, and the alarm of it; None before the programme starts or a week counts."""
    calendar, now = await read_calendar(session), clock.now()
    week = judged_week(calendar, now)
    if programme.since is None or week is None:
        return None
    last = calendar.week(now).next(-1)
    stands = last if calendar.frozen(last, now) else last.next(-1)
    active = await leaders_active(session, groups, week)
    return leaders_alarm(programme.phase, calendar.programme_week(stands, programme.since), active)


async def watch_leaders(session: Session, groups: Groups, *, ledger: Ledger, clock: Clock) -> bool:
    """Open an item where the leaders do not use it, or it cannot be said, and say whether it is new; nobody is named
    in it.
    """
    found = await leaders_watched(session, groups, await current_programme(session), clock=clock)
    if found is None or not found.why:
        return False
    return await open_item(session, found.key, "alarm", "programme", found.why, ledger=ledger, clock=clock)


def add_jobs(queue: Queue, *, database: Database, groups: Groups, ledger: Ledger, clock: Clock) -> None:
    """Teach the queue to look at the leaders' use."""

    async def work() -> None:
        async with database.transaction() as session:
            await watch_leaders(session, groups, ledger=ledger, clock=clock)

    queue.add("readout.leaders", work, every="50 5 * * 5")
