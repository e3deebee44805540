"""Retention by night: what nobody touched for as long as the setting says goes for good, with a certificate (DA-2).

Each task goes in a transaction of its own, through the same deed as when its owner deletes it, and is counted in the
run's row in that transaction: a run that was killed is taken up by the next one, and nothing is counted twice.
"""

from collections import Counter
from datetime import timedelta

from sqlalchemy import delete, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.signer import Signer
from colleague.channels.tables import NoticeRow
from colleague.compliance.certificate import certify
from colleague.compliance.holds import follow_departments
from colleague.compliance.tables import RetentionRunRow
from colleague.dispatch.receive.forget import forget_words
from colleague.holds.cover import KeptByHold, covering, standing_still
from colleague.identity.actor import SYSTEM
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session, advisory_lock
from colleague.kit.ids import new_id
from colleague.policy.governance import current_governance
from colleague.policy.standards.retention import days_of
from colleague.support.forget import forget_tickets
from colleague.tasks.halt import halt
from colleague.tasks.keeping.delete import take_away
from colleague.tasks.keeping.until import going_before, keeping_of
from colleague.tasks.model import ENDED, PARKED
from colleague.tasks.tables import RunRow, TaskRow

KIND, LOCK = "retention", 727_101
WHY = "Nobody touched it for as long as the organisation keeps such tasks."


class _AtWork(Exception):
    """Raised inside, so that nothing of a task is stopped whose sub-agent is in the middle of something."""


async def sweep(*, database: Database, ledger: Ledger, clock: Clock, signer: Signer) -> str:
    """Delete what is due now, and return the id of the run, whose certificate then stands."""
    async with database.transaction() as session:
        await follow_departments(session, ledger=ledger)
        run = await _begin(session, clock)
    # Looked at anew by each that runs; what went is counted where it went.
    kept: Counter[str] = Counter()
    place = None
    while True:
        async with database.transaction() as session:
            governance = await current_governance(session)
            due, place = await going_before(session, clock.now(), governance, after=place)
        for one in due:
            async with database.transaction() as session:
                if not await _goes_on(session, run):
                    return run
                counted = await _take(session, one.task, ledger=ledger, clock=clock)
                await _count(session, run, counted, kept)
        if place is None:
            break
    async with database.transaction() as session:
        if not await _goes_on(session, run):
            return run
        for counted, number in (await _words(session, clock)).items():
            await _count(session, run, counted, kept, number)
    async with database.transaction() as session:
        await _end(session, run, kept, ledger=ledger, clock=clock, signer=signer)
    return run


async def _begin(session: Session, clock: Clock) -> str:
    await advisory_lock(session, LOCK)
    row = await session.scalar(select(RetentionRunRow).where(RetentionRunRow.ended_at.is_(None)))
    if row is None:
        governance = await current_governance(session)
        days = [f"{surface}={number}" for surface, number in days_of(governance.retention).items()]
        row = RetentionRunRow(
            id=new_id("retain"), began_at=clock.now(), retention=days, kept_by_law=list(governance.kept_by_law),
            counts={"deleted": {}, "kept": {}}, certificate="",
        )  # fmt: skip
        session.add(row)
    return row.id


async def _goes_on(session: Session, run: str) -> bool:
    """Say whether the run has not ended, and hold it: what goes after its certificate belongs to the next one."""
    row = await session.get_one(RetentionRunRow, run, with_for_update=True, populate_existing=True)
    return row.ended_at is None


async def _take(session: Session, task_id: str, *, ledger: Ledger, clock: Clock) -> str:
    """Delete one task if it is due at this moment; return its count: «deleted/…», «kept/…», or neither: ""."""
    await standing_still(session)
    query = select(RunRow).where(RunRow.task_id == task_id).order_by(RunRow.id).with_for_update()
    runs = (await session.scalars(query.execution_options(populate_existing=True))).all()
    task = await session.get(TaskRow, task_id, populate_existing=True)
    keeping = await keeping_of(session, task_id, await current_governance(session))
    if task is None or keeping is None:
        return ""
    surface, rule = keeping.surface, keeping.until.rule
    if keeping.until.at > clock.now():
        return "" if rule.startswith(f"{surface}=") else f"kept/by law: {rule}"
    try:
        async with session.begin_nested():
            for run in runs:
                if run.state in PARKED and not run.parent_run:
                    await halt(session, SYSTEM, task, run, WHY, ledger=ledger, clock=clock)
            if any(run.state not in ENDED for run in runs):
                raise _AtWork
            why = {"why": "retention", "rule": rule}
            await take_away(session, SYSTEM, task, [run.id for run in runs], ledger=ledger, why=why)
    except KeptByHold:
        return "kept/legal hold"
    except _AtWork:
        return "kept/at work"
    return f"deleted/{surface}"


async def _words(session: Session, clock: Clock) -> dict[str, int]:
    """Take away what belongs to no task: words of messages that became none, notices, tickets. Return the counts."""
    await standing_still(session)
    now, days = clock.now(), days_of((await current_governance(session)).retention)
    before = {surface: now - timedelta(days=number) for surface, number in days.items()}
    counted = {"deleted/messages": await forget_words(session, before["dispatch"])}
    old = NoticeRow.created_at <= before["tasks"]
    held = await _held(session, set(await session.scalars(select(NoticeRow.person_id).where(old).distinct())))
    gone = delete(NoticeRow).where(old, NoticeRow.person_id.not_in(held)).returning(NoticeRow.id)
    counted["deleted/notices"] = len((await session.scalars(gone)).all())
    tickets, kept = await forget_tickets(session, before["tickets"])
    return {**counted, "deleted/tickets": tickets, "kept/legal hold": kept}


async def _held(session: Session, people: set[str]) -> set[str]:
    return {person for _, person in await covering(session, people=people)}


async def _count(session: Session, run: str, counted: str, kept: Counter[str], number: int = 1) -> None:
    side, _, name = counted.partition("/")
    if side == "kept" and number:
        kept[name] += number
    if side != "deleted" or not number:
        return
    row = await session.get_one(RetentionRunRow, run, with_for_update=True, populate_existing=True)
    gone = row.counts["deleted"]
    row.counts = {**row.counts, "deleted": {**gone, name: gone.get(name, 0) + number}}


async def _end(session: Session, run: str, kept: Counter[str], *, ledger: Ledger, clock: Clock, signer: Signer) -> None:
    row = await session.get_one(RetentionRunRow, run, with_for_update=True, populate_existing=True)
    if row.ended_at is not None:
        return
    row.ended_at, row.counts = clock.now(), {**row.counts, "kept": dict(kept)}
    body = {
        "run": run, "began_at": row.began_at.isoformat(), "ended_at": row.ended_at.isoformat(),
        "retention": row.retention, "kept_by_law": row.kept_by_law, **row.counts,
    }  # fmt: skip
    row.certificate = certify(signer, KIND, body)
    facts = {**row.counts, "retention": row.retention, "certificate": digest(row.certificate)}
    await ledger.record(session, Event("retention.ended", "system", subject=run, data=facts))
