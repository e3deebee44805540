"""The thresholds of the programme that numbers alone decide (KP-1, KP-2, PH-10). Pure, but for what opens an item."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from colleague.adoption.calendar import read_calendars
from colleague.adoption.figures import Numbers
from colleague.adoption.frozen.kept import frozen_weeks
from colleague.adoption.items import is_known, list_open, open_item
from colleague.adoption.kpis.intervals import Estimate
from colleague.adoption.weeks import Calendar, Week, week_of
from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Session

ENOUGH, TOO_LOW, ALARM = 0.65, 0.40, 0.20
WEEK_KP1, WEEK_KP2 = 8, 6
KEY: Final = "kp-2"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a threshold says: `holds` is None while its week is not there. `why` in words; `week`: which it was."""

    holds: bool | None
    why: str
    week: str = ""
    share: Estimate | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def by_programme_week(weeks: Mapping[Week, Numbers], started: date, calendar: Calendar) -> dict[int, Numbers]:
    """Return frozen weeks by their number in the phase that began on `started` (B-0)."""
    found = {calendar.programme_week(week, started): one for week, one in weeks.items() if one.frozen}
    return {k: one for k, one in sorted(found.items()) if k >= 1}


def kp1(weeks: Mapping[int, Numbers], *, closed_in: int | None = None) -> Verdict:
    """Say whether week 8 of the expansion reached 65 % weekly active (KP-1); closed in week 6 or 7, that week (C-9).

    A week of holidays is skipped: the next that counts speaks for it.
    """
    at = min(closed_in, WEEK_KP1) if closed_in is not None and closed_in >= WEEK_KP2 else WEEK_KP1
    return _at(weeks, at, lambda value: value >= ENOUGH, "65 % weekly active or more")


def kp2(weeks: Mapping[int, Numbers]) -> Verdict:
    """Say whether week 6 of the expansion reached 40 % (KP-2): below it, onboarding is adjusted before phase 3."""
    return _at(weeks, WEEK_KP2, lambda value: value >= TOO_LOW, "40 % weekly active or more")


def ph10_low(weeks: Mapping[Week, Numbers]) -> Verdict:
    """Say whether the last frozen week that counts is at 20 % or above (PH-10)."""
    told = [one for _, one in sorted(weeks.items()) if _counts(one)]
    if not told or told[-1].wau is None:
        return Verdict(None, "No frozen week counts yet.")
    return _verdict(told[-1], told[-1].wau.value >= ALARM, "20 % weekly active or more")


def _counts(one: Numbers) -> bool:
    return one.frozen and not one.skipped and not one.suppressed and one.wau is not None


def _at(weeks: Mapping[int, Numbers], at: int, holds: Any, words: str) -> Verdict:
    told = [one for k, one in sorted(weeks.items()) if k >= at and _counts(one)]
    if not told or told[0].wau is None:
        return Verdict(None, f"Week {at} is not frozen yet.")
    return _verdict(told[0], holds(told[0].wau.value), words)


def _verdict(one: Numbers, holds: bool, words: str) -> Verdict:
    assert one.wau is not None
    share = one.wau
    low, high = share.low or 0, share.high or 0
    told = (
        f"{one.week}: {100 * share.value:.0f} % ({100 * low:.0f} to {100 * high:.0f} %, n {share.n}); needed: {words}."
    )
    return Verdict(holds, told, str(one.week), share)


async def watch_expansion(session: Session, started: date, *, ledger: Ledger, clock: Clock) -> Verdict:
    """Look at week 6 of the expansion that began on `started`; below 40 % an onboarding item is opened, once for the
    phase. While it is open, `hold_on_gate_3` says so.
    """
    calendar = (await read_calendars(session)).organisation
    first = week_of(started)
    weeks = await frozen_weeks(session, first, max(first, calendar.week(clock.now())))
    verdict = kp2(by_programme_week(weeks, started, calendar))
    key = f"{KEY}:{started.isoformat()}"
    if verdict.holds is False and not await is_known(session, key):
        why = f"{verdict.why} Adjust onboarding before phase 3; close this with what was changed."
        await open_item(session, key, "onboarding", "programme", why, ledger=ledger, clock=clock)
    return verdict


async def hold_on_gate_3(session: Session) -> str:
    """Return why phase 3 may not begin, "" if nothing holds it: onboarding is to be adjusted first (KP-2)."""
    found = [one for one in await list_open(session, "onboarding") if one.key.startswith(f"{KEY}:")]
    return found[0].why if found else ""
