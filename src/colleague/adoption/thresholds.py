"""The thresholds of the programme that numbers alone decide (KP-1, KP-2). Pure, but for what opens an item."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from colleague.adoption.calendar import read_calendars
from colleague.adoption.figures import Numbers
from colleague.adoption.frozen.kept import judged_weeks
from colleague.adoption.items import Item, is_known, last_of, open_item
from colleague.adoption.kpis.intervals import Estimate
from colleague.adoption.weeks import Calendar, Week, week_of
from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Session

ENOUGH, TOO_LOW = 0.65, 0.40
WEEK_KP1, WEEK_KP2 = 8, 6
KEY: Final = "kp-2"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a threshold says: `holds` is None while its week is not there. `why` in words; `week`: which it was."""

    holds: bool | None
    why: str
    week: str = ""
    share: Estimate | None = None

    @property
    def said(self) -> str:
        """Return it in a line."""
        return f"{'not known yet' if self.holds is None else 'reached' if self.holds else 'not reached'}. {self.why}"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def by_programme_week(weeks: Mapping[Week, Numbers], started: date, calendar: Calendar) -> dict[int, Numbers]:
    """Return frozen weeks by their number in the phase that began on `started` (B-0)."""
    found = {calendar.programme_week(week, started): one for week, one in weeks.items() if one.frozen}
    return {k: one for k, one in sorted(found.items()) if k >= 1}


def kp1(weeks: Mapping[int, Numbers], *, closed_in: int | None = None) -> Verdict:
    """Say whether week 8 of the expansion reached 65 % weekly active (KP-1).

    `closed_in`: its last complete week, once the expansion is over: after week 6 or 7 that week speaks (C-9), before
    week 6 none does. For a week of holidays speaks the next that counts, of a closed phase the last.
    """
    words = "65 % weekly active or more"
    if closed_in is not None:
        weeks = {k: one for k, one in weeks.items() if k <= closed_in}
    told = [k for k, one in weeks.items() if k >= WEEK_KP1 and _counts(one)]
    if closed_in is None or (closed_in > WEEK_KP1 and (told or closed_in not in weeks)):
        return _at(weeks, WEEK_KP1, lambda value: value >= ENOUGH, words)
    if closed_in < WEEK_KP2:
        return Verdict(None, f"The expansion was left after {closed_in} weeks: week 8 was never reached.")
    last = [one for _, one in sorted(weeks.items()) if _counts(one)]
    if closed_in not in weeks or not last or last[-1].wau is None:
        return Verdict(None, f"Week {closed_in} is not frozen yet.")
    return _verdict(last[-1], last[-1].wau.value >= ENOUGH, words)


def kp2(weeks: Mapping[int, Numbers]) -> Verdict:
    """Say whether week 6 of the expansion reached 40 % (KP-2): below it, onboarding is adjusted before phase 3."""
    return _at(weeks, WEEK_KP2, lambda value: value >= TOO_LOW, "40 % weekly active or more")


def recovered(weeks: Mapping[int, Numbers]) -> bool:
    """Say whether the newest week that counts, after the one that was judged for week 6, reached 40 % (KP-2)."""
    told = [one for k, one in sorted(weeks.items()) if k >= WEEK_KP2 and _counts(one)]
    return len(told) > 1 and told[-1].wau is not None and told[-1].wau.value >= TOO_LOW


def beside(one: Numbers) -> str:
    """Return what stands beside a week's activity: completion, breadth, time; each said to be unknown where it is."""
    rate, time = one.completion, one.time.reduction if one.time else None
    weak = " (indicative)" if one.time and one.time.strength != "readout" else ""
    return ", ".join((
        f"completion {100 * rate.rate.value:.0f} % (n {rate.rate.n})" if rate else "completion not known yet",
        f"breadth {one.breadth.median:g} (n {one.breadth.n})" if one.breadth else "breadth not known yet",
        f"{100 * time:.0f} % less time{weak}" if time is not None else "time to output not measured",
        *([f"version {one.version} of the week"] if one.version > 1 else []),
    ))  # fmt: skip


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
        f"{one.week}: {100 * share.value:.0f} % ({100 * low:.0f} to {100 * high:.0f} %, n {share.n}); needed: {words}; "
        f"{beside(one)}."
    )
    return Verdict(holds, told, str(one.week), share)


async def watch_expansion(session: Session, started: date, *, ledger: Ledger, clock: Clock) -> Verdict:
    """Look at week 6 of the expansion that began on `started`; below 40 % an onboarding item is opened, once for the
    phase. `held_back` tells what it keeps shut.
    """
    verdict, key = await week_six(session, started, clock=clock), f"{KEY}:{started.isoformat()}"
    if verdict.holds is False and not await is_known(session, key):
        why = f"{verdict.why} Adjust onboarding before phase 3; close this with what was changed."
        await open_item(session, key, "onboarding", "programme", why, ledger=ledger, clock=clock)
    return verdict


async def week_six(session: Session, started: date, *, clock: Clock) -> Verdict:
    """Return what week 6 of the expansion that began on `started` says."""
    return kp2((await _weeks_of(session, started, clock=clock))[0])


async def week_eight(session: Session, started: date, closed: date | None, *, clock: Clock) -> Verdict:
    """Return what week 8 says of the expansion that began on `started` and, unless None, was left on `closed`."""
    weeks, calendar = await _weeks_of(session, started, clock=clock)
    last = calendar.programme_week(week_of(closed), started) - 1 if closed else None
    return kp1(weeks, closed_in=last if last is None else max(last, 0))


async def _weeks_of(session: Session, started: date, *, clock: Clock) -> tuple[dict[int, Numbers], Calendar]:
    calendar = (await read_calendars(session)).organisation
    first = week_of(started)
    weeks = await judged_weeks(session, first, max(first, calendar.week(clock.now())), calendar)
    return by_programme_week(weeks, started, calendar), calendar


async def held_back(session: Session, started: date, *, clock: Clock) -> tuple[str, Item | None]:
    """Return why phase 3 may not begin after the expansion that began on `started`, and the item that was closed since.

    "" if nothing holds it. An item that was closed with what was changed lifts the hold once the newest week after the
    sixth reached 40 %. Until then the caller knows whether somebody else stands for it: closing it alone adjusts
    nothing (KP-2).
    """
    found = await last_of(session, f"{KEY}:{started.isoformat()}")
    if found is not None and found.state == "closed":
        weeks, _ = await _weeks_of(session, started, clock=clock)
        return ("", None) if recovered(weeks) else (found.why, found)
    if found is not None:
        return found.why, None
    # The morning's watch may not have come by yet.
    verdict = await week_six(session, started, clock=clock)
    return verdict.why if verdict.holds is False else "", None
