"""Every night all that was frozen is computed anew from the ledger; what differs becomes another version, with why.

A difference that later entries, holidays, absences or baselines explain is a correction. One that nothing explains is
an alarm: an item is open until somebody has looked, and the ledger tells of it (B-0).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import and_, func, or_, select

from colleague.adoption.calendar import read_calendars
from colleague.adoption.facts.read import standing_at
from colleague.adoption.facts.recount import Difference, recount
from colleague.adoption.facts.tables import ActionRow, LookRow, RunFactRow
from colleague.adoption.facts.week import facts_of
from colleague.adoption.figures import TENURE
from colleague.adoption.frozen.freeze import BACK, LOCK, Basis, Row, basis_of, keep, members_of_rows, rows_of
from colleague.adoption.frozen.kept import decisions, last_told, newest_rows
from colleague.adoption.frozen.tickets import LATER, TICKETS, moved_since
from colleague.adoption.items import open_item
from colleague.adoption.tables import FrozenRow
from colleague.adoption.weeks import Calendar, Week
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.kit.canonical import canonical
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session, advisory_lock, beside

CHANGED: Final = {
    "rules": "An update counts the same facts by other rules.",
    "calendar": "Holidays were changed.", "away": "Weeks away were marked later.",
    "cases": "A use case of a skill, or its baseline, was changed.",
}  # fmt: skip
LATE: Final = "Entries of the week came late."
TOUCHED: Final = "The numbers in the database were not those that were frozen."
MENDED: Final = "The facts were not what the ledger says, and were written anew."
UNEXPLAINED: Final = "Computed anew it differs, and nothing that was told later explains it."
ADDED: Final = frozenset({"passive", "few", "time.strength", "time.people", "time.alone", "time.quiet"})
ALARMS: Final = frozenset({TOUCHED, MENDED, UNEXPLAINED})


@dataclass(frozen=True, slots=True)
class Checked:
    """What a night found: rows of facts that were mended, weeks that were looked at, and those that were corrected."""

    mended: Difference
    weeks: int
    corrected: dict[str, str]


async def recheck(database: Database, *, ledger: Ledger, clock: Clock) -> Checked:
    """Count the facts again, then compute each frozen week of the last year anew, one after another.

    Killed in between, the next night does the rest: each week is one transaction, and is not corrected twice.
    """
    mended = await recount(database)
    async with database.transaction() as session:
        if mended:
            facts = asdict(mended)
            await ledger.record(session, Event("facts.mended", "system", data=facts))
            await open_item(session, "facts", "alarm", "programme", MENDED, ledger=ledger, clock=clock)
        last = (await read_calendars(session)).organisation.week(clock.now())
        query = (
            select(FrozenRow.week).distinct().where(FrozenRow.week >= str(last.next(-BACK))).order_by(FrozenRow.week)
        )
        weeks = [Week.read(week) for week in await session.scalars(query)]
    corrected = {}
    for week in weeks:
        async with database.transaction() as session:
            if reason := await _check(session, week, mended=bool(mended), ledger=ledger, clock=clock):
                corrected[str(week)] = reason
    return Checked(mended, len(weeks), corrected)


async def _check(session: Session, week: Week, *, mended: bool, ledger: Ledger, clock: Clock) -> str:
    """Compute a week anew and keep what differs as the next version; return why, "" if nothing differs."""
    await advisory_lock(session, LOCK)
    calendars = await read_calendars(session)
    kept = await newest_rows(session, week, week)
    by = members_of_rows(kept.values())
    facts = (await facts_of(session, calendars.organisation, [week], by))[week]
    # What was decided stays; what was changed in the database was not decided.
    sound = {key: row for key, row in kept.items() if _row(row).sha256(row.basis) == row.sha256}
    last, told = await last_told(session, week), decisions(sound)
    fresh = await beside(session, rows_of, by, facts, week, calendars, clock, last, told)
    touched = len(sound) < len(kept)
    wrong, olds = [], []
    for row in fresh:
        old = kept.get((row.kind, row.name, str(week), row.part))
        if old is not None and (not _same(row, old) or old not in sound.values()):
            wrong.append(row)
            olds.append(old)
    if not wrong:
        return ""
    _, upto = await standing_at(session)
    basis = basis_of(facts, week, calendars, upto)
    if touched or mended:
        why = TOUCHED if touched else MENDED
    else:
        late, desk = await _late(session, week, calendars.organisation), False
        if since := [row.at for row in olds if row.part == TICKETS]:
            desk = await moved_since(session, min(since), clock.now() + timedelta(seconds=1))
        why = _why(olds, basis, late, members_of_rows(kept.values()), desk=desk)
    after = {(k, n, p): row.version for (k, n, _, p), row in kept.items()}
    await keep(session, week, wrong, basis, why, after, verb=_verb(why), ledger=ledger, clock=clock)
    if why in ALARMS:
        words = f"The numbers of {week} were corrected: {why[0].lower()}{why[1:]}"
        await open_item(session, f"deviation:{week}", "alarm", "programme", words, ledger=ledger, clock=clock)
    return why


def _row(old: FrozenRow) -> Row:
    part: Any = old.part
    return Row(old.kind, old.name, part, old.figures, old.members, old.hidden)


def _same(row: Row, old: FrozenRow) -> bool:
    return canonical(_as_then(row.figures, old.figures)) == canonical(old.figures) and row.hidden == old.hidden


def _as_then(now: Any, then: Any, at: str = "") -> Any:
    """Return numbers without what was not counted yet when the week was frozen: that is no difference."""
    if not isinstance(now, Mapping) or not isinstance(then, Mapping):
        return now
    return {
        name: _as_then(value, then.get(name), f"{at}{name}.")
        for name, value in now.items() if name in then or f"{at}{name}" not in ADDED
    }  # fmt: skip


def _why(
    olds: Sequence[FrozenRow], basis: Basis, late: Mapping[str, int],
    groups: Mapping[str, Mapping[str, frozenset[str]]], *, desk: bool = False,
) -> str:  # fmt: skip
    """Return why rows differ from what was kept: each of them has to be explained, by what it rests on itself.

    `desk`: tickets were imported or sorted since, which explains tickets and nothing else.
    """
    told = set[str]()
    for old in olds:
        if old.part == TICKETS:
            if not desk:
                return UNEXPLAINED
            told.add(LATER)
            continue
        now, people = basis(old.kind, old.name), groups.get(old.kind, {}).get(old.name)
        since = int(old.basis.get("upto", 0))
        mine = {words for name, words in CHANGED.items() if old.basis.get(name) != now[name]}
        if any(seq >= since for person, seq in late.items() if people is None or person in people):
            mine.add(LATE)
        if not mine:
            return UNEXPLAINED
        told |= mine
    return " ".join(words for words in (*CHANGED.values(), LATE, LATER) if words in told)


def _verb(why: str) -> str:
    """Return what the ledger calls a correction: what tickets alone, or an update alone, explain is told apart from
    what people did, and by itself makes no proposal of a gate stale (rollout/evidence.py).
    """
    if why == LATER:
        return "week.tickets_corrected"
    return "week.recounted" if why in (CHANGED["rules"], f"{CHANGED['rules']} {LATER}") else "week.corrected"


async def _late(session: Session, week: Week, calendar: Calendar) -> dict[str, int]:
    """Return the newest entry about each person that tells of the twelve weeks that `week` rests on."""
    start, end = calendar.start(week.next(1 - TENURE)), calendar.end(week)
    found: dict[str, int] = {}
    ran = (RunFactRow.asked_at, RunFactRow.started_at, RunFactRow.ended_at, RunFactRow.taken_at)
    for table, moments in ((ActionRow, (ActionRow.at,)), (LookRow, (LookRow.at,)), (RunFactRow, ran)):
        query = select(table.person_id, func.max(table.seq)).group_by(table.person_id)
        query = query.where(or_(*(and_(at >= start, at < end) for at in moments)))
        for person, seq in await session.execute(query):
            found[person] = max(seq, found.get(person, 0))
    return found
