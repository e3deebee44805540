"""Every Monday: whether the named leaders use it by the end of the expansion (MI-3); else an item is opened."""

from colleague.adoption.calendar import read_calendar
from colleague.adoption.groups import Groups
from colleague.adoption.items import open_item
from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.queue import Queue
from colleague.policy.model import Phase
from colleague.rollout.phases import PHASES
from colleague.rollout.readout.leaders import ALARM, leaders_active
from colleague.rollout.readout.model import Figure
from colleague.rollout.store import current_programme

KEY = "alarm:leaders"


def leaders_alarm(phase: Phase, week: int, active: Figure) -> str:
    """Return why the programme is warned of its leaders, "" if it is not. Pure.

    By the end of the expansion (its last planned week, or any later phase) a fifth of the named leaders are active.
    """
    weeks = PHASES[Phase.EXPANSION].weeks
    due = phase > Phase.EXPANSION or (phase is Phase.EXPANSION and weeks is not None and week >= weeks[1])
    if not due or active.value is None or active.value >= ALARM:
        return ""
    return (
        f"{100 * active.value:.0f} % of {active.n} named leaders were active last week: below 20 % leadership does not "
        "use it, and others will not. Begin with Dispatch, from their phones."
    )


async def watch_leaders(session: Session, groups: Groups, *, ledger: Ledger, clock: Clock) -> bool:
    """Open an item where the leaders do not use it, and say whether it is new; nobody is named in it."""
    programme, calendar = await current_programme(session), await read_calendar(session)
    if programme.since is None:
        return False
    now = calendar.week(clock.now())
    last = now.next(-1)
    active = await leaders_active(session, groups, last)
    why = leaders_alarm(programme.phase, calendar.programme_week(last, programme.since), active)
    return bool(why) and await open_item(session, KEY, "alarm", "programme", why, ledger=ledger, clock=clock)


def add_jobs(queue: Queue, *, database: Database, groups: Groups, ledger: Ledger, clock: Clock) -> None:
    """Teach the queue to look at the leaders' use."""

    async def work() -> None:
        async with database.transaction() as session:
            await watch_leaders(session, groups, ledger=ledger, clock=clock)

    queue.add("readout.leaders", work, every="50 5 * * 1")
