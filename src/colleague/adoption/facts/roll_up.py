"""Roll the ledger up, each entry once: who acted in which session, who had a seat, how runs ended (B-1 to B-6).

Killed in between it goes on where it stood; a second process waits. A session's number is given as its action is
written, from the person's last action alone (B-4); what is told of later than it happened finds its neighbours. Entries
are folded in memory, a few thousand at a time: what they touch is read once before, and written once after.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.facts.looks import write_looks
from colleague.adoption.facts.tables import ActionRow, LastRow, PlaceRow, RunFactRow, SeatRow
from colleague.adoption.facts.verbs import (
    AGAIN,
    ELSEWHERE,
    ENDS,
    EXCLUDED,
    INCLUDED,
    INPUTS,
    REMOVED,
    SETTLED,
    SUBAGENT,
    as_happened,
    assigns,
    end_of,
    held_by,
    kind_of,
    moment,
    of_root,
    published,
    version_of,
)
from colleague.adoption.facts.waits import write_waits
from colleague.adoption.kpis.activity import same_session
from colleague.adoption.model import AD_HOC, SILENT
from colleague.audit.read import Fact, following, runs_of
from colleague.identity.directory import names_of
from colleague.kit.db import Database, Session, advisory_lock

LOCK, PLACE, AT_ONCE = 727_070, "ledger", 2000
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
        asking = {fact.run for fact in facts if fact.run and fact.verb.startswith("approval.")}
        roots = await runs_of(session, SUBAGENT, asking)
        facts = [of_root(as_happened(fact), roots) for fact in facts]
        batch = await _read(session, facts, people)
        batch.excluded.update(place.excluded if place else ())
        for fact in facts:
            if kind := batch.take(fact):
                await batch.write(session)
                await _acted_before(session, fact, kind, batch.last[fact.actor])
        await batch.write(session)
        await write_looks(session, facts, people)
        await write_waits(session, facts)
        upto = facts[-1].seq + 1
        values = {"seq": upto, "excluded": sorted(batch.excluded)}
        row = insert(PlaceRow).values(name=PLACE, **values)
        await session.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))
        return len(facts)


async def _read(session: Session, facts: Sequence[Fact], people: set[str]) -> "_Batch":
    """Return a batch with every row that the entries can touch."""
    actors = {fact.actor for fact in facts} & people
    seated = {fact.subject for fact in facts} & people
    numbers = {fact.run for fact in facts if fact.run}
    numbers |= {old for fact in facts if fact.verb == AGAIN and isinstance(old := fact.data.get("from"), str)}
    tasks = {task for fact in facts if fact.verb in INPUTS and isinstance(task := fact.data.get("task"), str)}
    last = await session.scalars(select(LastRow).where(LastRow.person_id.in_(sorted(actors))))
    held = await session.scalars(
        select(SeatRow).where(SeatRow.person_id.in_(sorted(seated)), SeatRow.removed_at.is_(None))
    )
    wanted = or_(RunFactRow.run_id.in_(sorted(numbers)), RunFactRow.task_id.in_(sorted(tasks)))
    batch = _Batch(people, {row.person_id: row for row in last}, {row.person_id: row for row in held})
    batch.know(await session.scalars(select(RunFactRow).where(wanted)))
    return batch


@dataclass
class _Batch:
    """What the entries so far have made of the rows. `held`: the open seat of a person.

    `excluded`: who counts nowhere.
    """

    people: set[str]
    last: dict[str, LastRow]
    held: dict[str, SeatRow]
    runs: dict[str, RunFactRow] = field(default_factory=dict)
    of_task: dict[str, list[RunFactRow]] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    fresh: list[SeatRow | RunFactRow | LastRow] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)

    def know(self, rows: Iterable[RunFactRow]) -> None:
        """Remember runs by their own number and by their task's."""
        for row in rows:
            self.runs[row.run_id] = row
            self.of_task.setdefault(row.task_id, []).append(row)

    def take(self, fact: Fact) -> str:
        """Take in the next entry; return the kind of an action that is told of after a later one, for then its
        neighbours have to be looked at, "" for anything else."""
        held = self.held.get(fact.subject)
        if fact.verb == EXCLUDED:
            self.excluded.add(fact.subject)
        elif fact.verb == INCLUDED:
            self.excluded.discard(fact.subject)
        counts = fact.actor in self.people and fact.actor not in self.excluded
        if assigns(fact) and fact.subject in self.people - self.excluded and held is None:
            self.held[fact.subject] = row = SeatRow(seq=fact.seq, person_id=fact.subject, assigned_at=fact.at)
            self.fresh.append(row)
        elif fact.verb in REMOVED and held is not None:
            held.removed_at = fact.at
            del self.held[fact.subject]
        elif fact.verb == "sign_in.succeeded" and held is not None:
            held.accepted_at = held.accepted_at or fact.at
        elif fact.verb == "task.delegated" and counts:
            self._begun(fact)
        elif fact.verb == AGAIN and counts:
            self._again(fact)
        elif fact.verb in INPUTS:
            self._input(fact)
        elif fact.verb in ELSEWHERE and fact.run and counts:
            self._elsewhere(fact)
        elif fact.run in self.runs:
            # Else it is a sub-agent's, or of a run of before: its task's own run is what counts.
            _run(self.runs[fact.run], fact)
        kind = kind_of(fact.verb, fact.actor, fact.data)
        if not kind or not counts:
            return ""
        last = self.last.get(fact.actor)
        if last is not None and fact.at < last.at:
            return kind
        self._acted(fact, kind, last)
        return ""

    def _acted(self, fact: Fact, kind: str, last: LastRow | None) -> None:
        number = last.session if last is not None and same_session(last.at, fact.at) else fact.seq
        self.actions.append(
            {"seq": fact.seq, "person_id": fact.actor, "at": fact.at, "kind": kind, "session": number}
        )  # fmt: skip
        if last is None:
            self.last[fact.actor] = row = LastRow(person_id=fact.actor, at=fact.at, session=number)
            self.fresh.append(row)
        else:
            last.at, last.session = fact.at, number

    def _begun(self, fact: Fact) -> None:
        if fact.run in self.runs:
            return
        row = RunFactRow(
            run_id=fact.run, task_id=fact.subject, person_id=fact.actor, channel=str(fact.data.get("channel", "")),
            workflow=AD_HOC, asked_at=fact.at, end="open", verdict="", seq=fact.seq, active_at=fact.at, reason="",
            reviews={}, reviewed=0, passed=0,
        )  # fmt: skip
        self.know([row])
        self.fresh.append(row)

    def _again(self, fact: Fact) -> None:
        """Another try is a run of its own, of the same person and work; its input is as old as the one's before it,
        unless that one was taken: then it had what it was for.
        """
        old = self.runs.get(str(fact.data.get("from", "")))
        self._begun(fact)
        row = self.runs[fact.run]
        if old is None or row.seq != fact.seq:
            return
        row.person_id, row.channel, row.workflow = old.person_id, old.channel, old.workflow
        row.input_at = None if old.taken_at else old.input_at or old.asked_at

    def _input(self, fact: Fact) -> None:
        """What was received from away, or was due by the clock, was there before the task was begun (B-8)."""
        at, task = moment(fact.data.get(INPUTS[fact.verb])), fact.data.get("task")
        for row in self.of_task.get(task, ()) if at is not None and isinstance(task, str) and task else ():
            # A sender's clock may be wrong: nothing is received after it was acted on, nor longer ago than it is kept.
            if at is not None and row.asked_at - OLDEST <= at <= row.asked_at:
                row.input_at, row.seq = at, fact.seq

    def _elsewhere(self, fact: Fact) -> None:
        """What one prompt came to elsewhere is a run: told of in any order, by whichever of its events comes first."""
        row = self.runs.get(fact.run)
        if row is None:
            row = RunFactRow(
                run_id=fact.run, task_id=fact.run, person_id=fact.actor, channel=str(fact.data["channel"]),
                workflow=AD_HOC, asked_at=fact.at, started_at=fact.at, end="open", verdict="", reason="",
                reviews={}, reviewed=0, passed=0,
            )  # fmt: skip
            self.know([row])
            self.fresh.append(row)
        elif row.person_id != fact.actor:
            return
        row.asked_at = row.started_at = min(row.asked_at, fact.at)
        row.seq = fact.seq
        if fact.verb == "telemetry.skill_used" and published(fact):
            row.workflow = str(fact.data.get("name") or row.workflow)
        if (end := ELSEWHERE[fact.verb]) and (row.ended_at is None or fact.at >= row.ended_at):
            row.end, row.ended_at = end, fact.at

    async def write(self, session: Session) -> None:
        """Write everything that is new or changed."""
        session.add_all(self.fresh)
        await session.flush()
        if self.actions:
            await session.execute(insert(ActionRow), self.actions)
        self.fresh, self.actions = [], []


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


def _run(row: RunFactRow, fact: Fact) -> None:
    # INVARIANT: who left it for seven days abandoned it, whatever comes of it later (B-6); what the product does by
    # itself, as reminding somebody of a question, is nothing that happens in it.
    if row.end == "open" and row.active_at is not None:
        if fact.at >= row.active_at + SILENT:
            row.end, row.ended_at, row.seq = "abandoned", row.active_at + SILENT, fact.seq
        elif fact.actor != "system":
            row.active_at = max(row.active_at, fact.at)
    # INVARIANT: what was delivered counts as it stood then, whatever a person asks of the same run later (B-6).
    settled = row.end in SETTLED
    if not settled and (why := held_by(fact, row.reason)) != row.reason:
        row.reason, row.seq = why, fact.seq
    match fact.verb:
        case "output.taken":
            row.taken_at, row.seq = row.taken_at or fact.at, fact.seq
        case "output.reviewed":
            _reviewed(row, fact)
        case "run.started":
            row.started_at, row.seq = row.started_at or fact.at, fact.seq
        case "skill.used" if published(fact):
            row.workflow, row.seq = str(fact.data.get("name") or fact.subject), fact.seq
        case verb if verb in ENDS and not settled:
            row.end, row.ended_at, row.seq = end_of(fact), fact.at, fact.seq


def _reviewed(row: RunFactRow, fact: Fact) -> None:
    """Take in a review: it is of one version of one output, and the newest reviewed version counts (B-9)."""
    accepted, own, version = bool(fact.data.get("accepted")), bool(fact.data.get("self")), version_of(fact)
    if version >= row.reviews.get(fact.subject, [version])[0]:
        row.reviews = {**row.reviews, fact.subject: [version, accepted, own]}
    found = [(passed, mine) for _, passed, mine in row.reviews.values()]
    # A yes to one's own work is no quality check; a no is (B-9).
    row.reviewed, row.passed = len(found) - found.count((True, True)), found.count((True, False))
    # INVARIANT: seven days after the delivery it is told whether it was rejected, and what is reviewed later, is not.
    if row.end != "delivered" or row.ended_at is None or fact.at <= row.ended_at + SILENT:
        row.verdict = "accepted" if all(passed for passed, _ in found) else "rejected"
    row.seq = fact.seq
    row.taken_at = row.taken_at or (fact.at if accepted else None)
