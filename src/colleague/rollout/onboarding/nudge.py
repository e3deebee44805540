"""Nudges: after a stall, a word on the day of a person's own ritual, at most once a week, until they are back (R85).

They go to the person by the channels they chose, and to nobody else: no manager is told who was nudged.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.away import weeks_away
from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import active_people
from colleague.adoption.weeks import Calendar
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.directory import mails_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.cohorts.model import Member
from colleague.rollout.onboarding.tables import NudgeRow, QuietRow
from colleague.rollout.onboarding.watch import began_in, stalled_weeks
from colleague.usecases.model import WEEKDAYS
from colleague.usecases.rituals import Tied, standing_cases

Tell = Callable[[Session, str, str, str, str], Awaitable[object]]
EVERY: Final = timedelta(days=7)
MOST: Final = 4
LINK: Final = "/first-month"


@dataclass(frozen=True, slots=True)
class Words:
    """What a nudge says."""

    title: str
    text: str


def words(case: Tied | None) -> Words:
    """Return the words of a nudge for who begins with `case`. Pure."""
    ritual = case.ritual if case else None
    if case is None or ritual is None:
        return Words(
            "One small task this week?",
            "Hand over one piece of work that comes again each week. Ten minutes are enough to see whether it helps."
            " You find where you stand, and can switch these notes off, under Your first month.",
        )
    return Words(
        f"Today: {ritual.artefact}, with a head start"[:200],
        f"«{case.name}» fits this {ritual.weekday} of {ritual.team}: Your first month opens the task with the words to"
        " begin with. If something got in the way last time, one line in its friction log changes it for everybody. You"
        " can switch these notes off there.",
    )


def is_day(case: Tied | None, today: date, calendar: Calendar) -> bool:
    """Say whether `today` is the day of somebody's ritual: Monday without one; never a holiday. Pure."""
    ritual = case.ritual if case else None
    day = WEEKDAYS.index(ritual.weekday) if ritual else 0
    return today.weekday() == day and today not in calendar.holidays


async def nudge(session: Session, *, tell: Tell, ledger: Ledger, clock: Clock) -> int:
    """Send the nudges that are due today, and return how many.

    Due: somebody of a stalled onboarding week, active account, no intentional action for seven days, did not ask for
    quiet, is not marked away, was not nudged for seven days and fewer than four times in all; and today is the day of
    their ritual.
    """
    calendar, now = await read_calendar(session), clock.now()
    today = now.astimezone(ZoneInfo(calendar.zone)).date()
    weeks = await stalled_weeks(session)
    members = [
        one for cohort, people in await began_in(session, calendar) if str(cohort.week) in weeks for one in people
    ]
    if not members:
        return 0
    cases = {one.id: one for one in await standing_cases(session)}
    due = [one for one in members if is_day(cases.get(one.use_case), today, calendar)]
    here = await mails_of(session, [one.person for one in due])
    out = await active_people(session, now - EVERY, now) | frozenset(await session.scalars(select(QuietRow.person_id)))
    out |= {one for one, weeks in (await weeks_away(session)).items() if str(calendar.week(now)) in weeks}
    sent = 0
    for one in due:
        if one.person in here and one.person not in out:
            case = cases.get(one.use_case)
            sent += await _send(session, one, case, str(calendar.week(now)), now, tell=tell, ledger=ledger)
    return sent


async def _send(
    session: Session, one: Member, case: Tied | None, week: str, now: datetime, *, tell: Tell, ledger: Ledger
) -> bool:
    before = select(func.count(), func.max(NudgeRow.at)).where(NudgeRow.person_id == one.person)
    count, last = (await session.execute(before)).one()
    # Six days and a bit: the job of the same weekday may run some minutes earlier than last week's.
    if count >= MOST or (last is not None and now - last < EVERY - timedelta(hours=12)):
        return False
    row = insert(NudgeRow).values(
        person_id=one.person, week=week, use_case_id=case.id if case else None, at=now
    )  # fmt: skip
    # Two workers: one of them writes the row, and only that one tells.
    if await session.scalar(row.on_conflict_do_nothing().returning(NudgeRow.person_id)) is None:
        return False
    said = words(case)
    await tell(session, one.person, said.title, said.text, LINK)
    facts = {"week": week, "use_case": case.id if case else ""}
    # Never to whom: that somebody was quiet for a week is no entry of theirs (B-12).
    await ledger.record(session, Event("nudge.sent", "system", subject=week, data=facts))
    return True
