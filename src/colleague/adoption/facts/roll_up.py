"""Roll the ledger up, each entry once: who acted in which session, who had a seat, how runs ended (B-1 to B-6).

Killed in between it goes on where it stood; a second process waits. A session's number is given as its action is
written, from the person's last action alone (B-4); what is told of later than it happened finds its neighbours.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.facts.tables import ActionRow, LastRow, PlaceRow, RunFactRow, SeatRow
from colleague.adoption.facts.verbs import ASSIGNED, ELSEWHERE, ENDS, INPUTS, REMOVED, as_happened, kind_of, moment
from colleague.adoption.kpis.activity import same_session
from colleague.adoption.model import AD_HOC
from colleague.audit.read import Fact, following
from colleague.identity.directory import names_of
from colleague.kit.db import Database, Session, advisory_lock

LOCK, PLACE, AT_ONCE = 727_070, "ledger", 500
OLDEST: Final = timedelta(days=30)


async def roll_up(database: Database, *, at_once: int = AT_ONCE) -> int:
    """Take in the next sealed entries and return how many there were; 0 when all are in."""
    async with database.transaction() as session:
        await advisory_lock(session, LOCK)
        place = await session.get(PlaceRow, PLACE, populate_existing=True)
        facts = await following(session, place.seq if place else 0, limit=at_once)
        if not facts:
            return 0
        people = set(await names_of(session, {p for fact in facts for p in (fact.actor, fact.subject)}))
        for fact in facts:
            await _take_in(session, fact, people)
        upto = facts[-1].seq + 1
        row = insert(PlaceRow).values(name=PLACE, seq=upto)
        await session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"seq": upto}))
        return len(facts)


async def _take_in(session: Session, fact: Fact, people: set[str]) -> None:
    fact = as_happened(fact)
    if fact.verb in ASSIGNED and fact.subject in people:
        await _assigned(session, fact)
    elif fact.verb in REMOVED:
        await _open_seats(session, fact, removed_at=fact.at)
    elif fact.verb == "sign_in.succeeded":
        await _accepted(session, fact)
    elif fact.verb == "task.delegated" and fact.actor in people:
        await _begun(session, fact)
    elif fact.verb in INPUTS:
        await _input(session, fact)
    elif fact.verb in ELSEWHERE:
        if fact.run and fact.actor in people:
            await _elsewhere(session, fact)
    elif fact.verb in ("run.started", "skill.used", "output.reviewed", "output.taken") or fact.verb in ENDS:
        await _run(session, fact)
    kind = kind_of(fact.verb, fact.actor, fact.data)
    if kind and fact.actor in people:
        await _acted(session, fact, kind)


async def _acted(session: Session, fact: Fact, kind: str) -> None:
    last = await session.get(LastRow, fact.actor)
    if last is not None and fact.at < last.at:
        await _acted_before(session, fact, kind, last)
        return
    goes_on = last is not None and same_session(last.at, fact.at)
    number = last.session if last is not None and goes_on else fact.seq
    session.add(ActionRow(seq=fact.seq, person_id=fact.actor, at=fact.at, kind=kind, session=number))
    if last is None:
        session.add(LastRow(person_id=fact.actor, at=fact.at, session=number))
    else:
        last.at, last.session = fact.at, number
    await session.flush()


async def _acted_before(session: Session, fact: Fact, kind: str, last: LastRow) -> None:
    """Put in an action that is told of after a later one: it may lengthen a session, begin one, or join two.

    A session has the number of its earliest action, so that it belongs to the week it started in.
    """
    mine = select(ActionRow.at, ActionRow.session).where(ActionRow.person_id == fact.actor)
    before = mine.where(ActionRow.at <= fact.at).order_by(ActionRow.at.desc(), ActionRow.seq.desc()).limit(1)
    after = mine.where(ActionRow.at > fact.at).order_by(ActionRow.at, ActionRow.seq).limit(1)
    earlier, later = (await session.execute(before)).first(), (await session.execute(after)).first()
    number = earlier.session if earlier is not None and same_session(earlier.at, fact.at) else fact.seq
    session.add(ActionRow(seq=fact.seq, person_id=fact.actor, at=fact.at, kind=kind, session=number))
    await session.flush()
    if later is not None and same_session(fact.at, later.at) and later.session != number:
        joined = (ActionRow.person_id == fact.actor, ActionRow.session == later.session)
        await session.execute(update(ActionRow).where(*joined).values(session=number))
        if last.session == later.session:
            last.session = number
            await session.flush()


async def _assigned(session: Session, fact: Fact) -> None:
    seated = select(SeatRow.seq).where(SeatRow.person_id == fact.subject, SeatRow.removed_at.is_(None))
    if await session.scalar(seated) is None:
        session.add(SeatRow(seq=fact.seq, person_id=fact.subject, assigned_at=fact.at))
        await session.flush()


async def _open_seats(session: Session, fact: Fact, **values: object) -> None:
    mine = (SeatRow.person_id == fact.subject, SeatRow.removed_at.is_(None))
    await session.execute(update(SeatRow).where(*mine).values(**values))


async def _accepted(session: Session, fact: Fact) -> None:
    mine = (SeatRow.person_id == fact.subject, SeatRow.removed_at.is_(None), SeatRow.accepted_at.is_(None))
    await session.execute(update(SeatRow).where(*mine).values(accepted_at=fact.at))


async def _begun(session: Session, fact: Fact) -> None:
    values = {
        "run_id": fact.run, "task_id": fact.subject, "person_id": fact.actor,
        "channel": str(fact.data.get("channel", "")), "workflow": AD_HOC, "asked_at": fact.at, "end": "open",
        "seq": fact.seq,
    }  # fmt: skip
    await session.execute(insert(RunFactRow).values(values).on_conflict_do_nothing())


async def _input(session: Session, fact: Fact) -> None:
    """What was received from away, or was due by the clock, was there before the task was begun (B-8)."""
    at = moment(fact.data.get(INPUTS[fact.verb]))
    task = fact.data.get("task")
    if at is None or not isinstance(task, str) or not task:
        return
    rows = await session.scalars(select(RunFactRow).where(RunFactRow.task_id == task))
    for row in rows:
        # A sender's clock may be wrong: nothing is received after it was acted on, nor longer ago than it is kept.
        if row.asked_at - OLDEST <= at <= row.asked_at:
            row.input_at, row.seq = at, fact.seq
    await session.flush()


async def _elsewhere(session: Session, fact: Fact) -> None:
    """What one prompt came to elsewhere is a run: told of in any order, by whichever of its events comes first."""
    row = await session.get(RunFactRow, fact.run)
    if row is None:
        row = RunFactRow(
            run_id=fact.run, task_id=fact.run, person_id=fact.actor, channel=str(fact.data["channel"]),
            workflow=AD_HOC, asked_at=fact.at, started_at=fact.at, end="open", ended_at=None, verdict="",
        )  # fmt: skip
        session.add(row)
    elif row.person_id != fact.actor:
        return
    row.asked_at = row.started_at = min(row.asked_at, fact.at)
    row.seq = fact.seq
    if fact.verb == "telemetry.skill_used":
        row.workflow = str(fact.data.get("name") or row.workflow)
    if (end := ELSEWHERE[fact.verb]) and (row.ended_at is None or fact.at >= row.ended_at):
        row.end, row.ended_at = end, fact.at
    await session.flush()


async def _run(session: Session, fact: Fact) -> None:
    row = await session.get(RunFactRow, fact.run)
    if row is None:
        return  # A sub-agent, or a run of before: its task's own run is what counts.
    row.seq = fact.seq
    match fact.verb:
        case "output.taken":
            row.taken_at = row.taken_at or fact.at
        case "output.reviewed":
            accepted = bool(fact.data.get("accepted"))
            row.verdict, row.verdict_at = ("accepted" if accepted else "rejected"), fact.at
            row.taken_at = row.taken_at or (fact.at if accepted else None)
        case "run.started":
            row.started_at = row.started_at or fact.at
        case "skill.used":
            row.workflow = str(fact.data.get("name") or fact.subject)
        case _:
            row.end, row.ended_at = ENDS[fact.verb], fact.at
    await session.flush()
