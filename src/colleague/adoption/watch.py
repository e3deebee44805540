"""What the numbers open by themselves: a use case to redesign, a measurement to check. Never a training item (AD-7)."""

from collections.abc import Sequence
from typing import Final

from colleague.adoption.items import is_known, open_item
from colleague.adoption.kpis.work import Completion, completion_of
from colleague.adoption.model import RunFact
from colleague.adoption.validation import runs_by_case, validations
from colleague.adoption.weeks import Calendar, Week
from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.usecases.measured import cases_by_run

FEW_WEEKS: Final = 4


async def watch_completion(
    session: Session, week: Week, ran: Sequence[RunFact], calendar: Calendar, *, ledger: Ledger, clock: Clock
) -> list[str]:  # fmt: skip
    """Open a redesign item for each use case whose completion is too low in a mature week, and return which are new.

    Below 60 % with thirty runs or more, or the upper bound below 60 % with fewer; where the week says nothing, the four
    weeks that end with it are asked (B-6).
    """
    opened, cases = [], await cases_by_run(session)
    runs = runs_by_case(cases, ran)
    for case in cases.all:
        if case.state != "live":
            continue
        mine = runs.get(case.id, [])
        for weeks in (1, FEW_WEEKS):
            found = completion_of(_within(mine, week.next(1 - weeks), week, calendar), calendar, now=clock.now())
            if found is None or not found.redesign:
                continue
            if await open_item(
                session, f"redesign:{case.id}", "redesign", f"use_case:{case.id}",
                _words(case.name, found, week, weeks), ledger=ledger, clock=clock,
            ):  # fmt: skip
                opened.append(case.id)
            break
    return opened


def _within(ran: Sequence[RunFact], first: Week, last: Week, calendar: Calendar) -> list[RunFact]:
    start, end = calendar.start(first), calendar.end(last)
    return [run for run in ran if start <= run.started_at < end]


def _words(name: str, found: Completion, week: Week, weeks: int) -> str:
    rate = found.rate
    told = f"{100 * rate.value:.0f} % of {rate.n} runs"
    if rate.low is not None and rate.high is not None:
        told += f" ({100 * rate.low:.0f} to {100 * rate.high:.0f} %)"
    reasons = ", ".join(f"{why} {n}" for why, n in sorted(found.reasons.items(), key=lambda one: (-one[1], one[0])))
    when = f"of {week}" if weeks == 1 else f"of the {weeks} weeks up to {week}"
    return (
        f"«{name}»: {told} {when} were completed; why the others were not: {reasons}. Redesign the use case, train "
        "nobody for it."
    )


async def check_measurements(database: Database, *, ledger: Ledger, clock: Clock) -> list[str]:
    """Open an item for each reduction outside 20 to 80 %, once for each version of a card (KP-6); say which."""
    opened = []
    async with database.transaction() as session:
        for one in await validations(session, clock=clock):
            key = f"measurement:{one.case.id}:{one.case.version}"
            if one.time is None or one.time.share is None or not one.time.odd or await is_known(session, key):
                continue
            why = (
                f"«{one.case.name}»: {100 * one.time.share.value:.0f} % less time. 40 to 60 % are typical: check "
                "how it was measured, before and after, and say here what you found."
            )
            about = f"use_case:{one.case.id}"
            if await open_item(session, key, "measurement", about, why, ledger=ledger, clock=clock):
                opened.append(one.case.id)
    return opened
