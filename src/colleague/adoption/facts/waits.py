"""How long runs waited for a person to decide, a row for each question: shown apart from the work (B-8)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.facts.tables import RunFactRow, WaitRow
from colleague.adoption.facts.verbs import ASKED, ENDED
from colleague.adoption.kpis.waiting import Span
from colleague.audit.read import Fact
from colleague.kit.db import Session

# (run, asked, ended), by the id of the question.
Waits = dict[str, tuple[str, datetime, datetime | None]]


async def waits(
    session: Session, since: datetime, until: datetime, *, skills: Sequence[str]
) -> dict[str, list[Span]]:  # fmt: skip
    """Return from when to when questions of a run were open, by run, of the runs of `skills` (in full or short) that
    were asked for, or taken, in a period. None as its end: it is open still.
    """
    short = func.reverse(func.split_part(func.reverse(RunFactRow.workflow), ":", 1))
    query = select(WaitRow.run_id, WaitRow.asked_at, WaitRow.ended_at)
    query = query.join(RunFactRow, RunFactRow.run_id == WaitRow.run_id)
    query = query.where(or_(RunFactRow.asked_at >= since, RunFactRow.taken_at >= since), RunFactRow.asked_at < until)
    query = query.where(RunFactRow.workflow.in_(skills) | short.in_(skills)).order_by(WaitRow.asked_at)
    found: dict[str, list[Span]] = {}
    for run, asked, ended in await session.execute(query):
        found.setdefault(run, []).append((asked, ended))
    return found


async def write_waits(session: Session, facts: Iterable[Fact]) -> None:
    """Write down the questions that the next entries ask, and end those that they end."""
    fresh: Waits = {}
    ends: dict[str, datetime] = {}
    for fact in facts:
        if fact.verb == ASKED or fact.subject in fresh:
            take_wait(fresh, fact)
        elif fact.verb in ENDED:
            ends.setdefault(fact.subject, fact.at)
    if fresh:
        await session.execute(insert(WaitRow).on_conflict_do_nothing(), _rows(fresh))
    query = select(WaitRow).where(WaitRow.approval_id.in_(sorted(ends)), WaitRow.ended_at.is_(None))
    for row in await session.scalars(query) if ends else ():
        row.ended_at = ends[row.approval_id]
    await session.flush()


def take_wait(told: Waits, fact: Fact) -> None:
    """Take the next entry into what the ledger tells of questions: each is asked once, and ends once."""
    if fact.verb == ASKED and fact.run:
        told.setdefault(fact.subject, (fact.run, fact.at, None))
    elif fact.verb in ENDED and fact.subject in told and told[fact.subject][2] is None:
        told[fact.subject] = (*told[fact.subject][:2], fact.at)


async def mend_waits(session: Session, told: Waits) -> int:
    """Compare all rows with what the ledger tells, write anew what differs and return how many."""
    query = select(WaitRow.approval_id, WaitRow.run_id, WaitRow.asked_at, WaitRow.ended_at)
    there: Waits = {one: (run, asked, ended) for one, run, asked, ended in await session.execute(query)}
    wrong = {one for one in there.keys() | told.keys() if there.get(one) != told.get(one)}
    if wrong:
        await session.execute(delete(WaitRow).where(WaitRow.approval_id.in_(sorted(wrong))))
        if rows := _rows({one: told[one] for one in sorted(wrong) if one in told}):
            await session.execute(insert(WaitRow), rows)
    return len(wrong)


def _rows(told: Waits) -> list[dict[str, object]]:
    return [
        {"approval_id": one, "run_id": run, "asked_at": asked, "ended_at": ended}
        for one, (run, asked, ended) in told.items()
    ]  # fmt: skip
