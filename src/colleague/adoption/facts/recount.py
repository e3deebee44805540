"""The facts counted again from the first entry of the ledger, by other means than the roll-up: its self-check (B-0).

Pure but for the two functions at the end: one compares with the rows and mends them, under the roll-up's lock.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.facts.looks import mend_looks
from colleague.adoption.facts.roll_up import LOCK, OLDEST, PLACE
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
from colleague.adoption.facts.waits import Waits, mend_waits, take_wait
from colleague.adoption.model import AD_HOC, SILENT
from colleague.audit.read import Fact, following
from colleague.identity.directory import names_of
from colleague.kit.db import Database, Session, advisory_lock

AT_ONCE = 5000
# (person, assigned, accepted, removed) and (person, at, kind), by the number of their entry.
SeatTuple = tuple[str, datetime, datetime | None, datetime | None]
ActionTuple = tuple[str, datetime, str]
# The number of a session is that of its earliest action; a session ends where the next action is over thirty minutes
# away (B-4). By windows over all actions, where the roll-up looks at neighbours.
SESSIONS = text("""
    WITH marked AS (
        SELECT seq, person_id, at,
            CASE WHEN at - lag(at) OVER (PARTITION BY person_id ORDER BY at, seq) <= interval '30 minutes'
            THEN 0 ELSE 1 END AS begins
        FROM adoption_actions
    ), counted AS (
        SELECT seq, person_id, at, sum(begins) OVER (PARTITION BY person_id ORDER BY at, seq) AS nth FROM marked
    ), numbered AS (
        SELECT seq, first_value(seq) OVER (PARTITION BY person_id, nth ORDER BY at, seq) AS number FROM counted
    )
    UPDATE adoption_actions a SET session = n.number FROM numbered n
    WHERE n.seq = a.seq AND a.session <> n.number RETURNING a.seq
""")
LASTS = text("""
    SELECT DISTINCT ON (person_id) person_id, at, session FROM adoption_actions ORDER BY person_id, at DESC, seq DESC
""")


@dataclass
class Count:
    """What the ledger says so far."""

    seats: dict[int, SeatTuple] = field(default_factory=dict)
    open_seat: dict[str, int] = field(default_factory=dict)
    runs: dict[str, dict[str, object]] = field(default_factory=dict)
    of_task: dict[str, list[str]] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    roots: dict[str, str] = field(default_factory=dict)
    reviews: dict[str, list[tuple[str, int, int, bool, bool]]] = field(default_factory=dict)

    def take(self, fact: Fact, people: set[str]) -> ActionTuple | None:
        """Take in the next entry, and return the intentional action it tells of, if any."""
        if fact.verb == SUBAGENT:
            self.roots[fact.subject] = fact.run
        fact = of_root(as_happened(fact), self.roots)
        if fact.verb in (EXCLUDED, INCLUDED):
            (self.excluded.add if fact.verb == EXCLUDED else self.excluded.discard)(fact.subject)
        people = people - self.excluded if self.excluded else people
        self._seat(fact, people)
        if fact.verb in ("task.delegated", AGAIN) and fact.actor in people and fact.run not in self.runs:
            self.runs[fact.run] = self._begun(fact)
            self.of_task.setdefault(fact.subject, []).append(fact.run)
        elif fact.verb in INPUTS:
            self._input(fact)
        elif fact.verb in ELSEWHERE:
            if fact.run and fact.actor in people:
                self._elsewhere(fact)
        else:
            self._run(fact)
        kind = kind_of(fact.verb, fact.actor, fact.data)
        if not kind or fact.actor not in people:
            return None
        return fact.actor, fact.at, kind

    def _begun(self, fact: Fact) -> dict[str, object]:
        run: dict[str, object] = {
            "task_id": fact.subject, "person_id": fact.actor, "channel": str(fact.data.get("channel", "")),
            "workflow": AD_HOC, "asked_at": fact.at, "started_at": None, "end": "open", "ended_at": None,
            "input_at": None, "taken_at": None, "verdict": "", "reviews": {}, "reviewed": 0, "passed": 0,
            "seq": fact.seq, "active_at": fact.at, "reason": "",
        }  # fmt: skip
        before = self.runs.get(str(fact.data.get("from", ""))) if fact.verb == AGAIN else None
        if before is not None:
            run |= {name: before[name] for name in ("person_id", "channel", "workflow")}
            if before["taken_at"] is None:
                run["input_at"] = before["input_at"] or before["asked_at"]
        return run

    def _seat(self, fact: Fact, people: set[str]) -> None:
        held = self.open_seat.get(fact.subject)
        if assigns(fact) and fact.subject in people and held is None:
            self.seats[fact.seq] = (fact.subject, fact.at, None, None)
            self.open_seat[fact.subject] = fact.seq
        elif held is not None and fact.verb in REMOVED:
            self.seats[held] = (*self.seats[held][:3], fact.at)
            del self.open_seat[fact.subject]
        elif held is not None and fact.verb == "sign_in.succeeded" and self.seats[held][2] is None:
            person, assigned, _, removed = self.seats[held]
            self.seats[held] = (person, assigned, fact.at, removed)

    def _input(self, fact: Fact) -> None:
        at, task = moment(fact.data.get(INPUTS[fact.verb])), fact.data.get("task")
        for run in self.of_task.get(task, ()) if isinstance(task, str) and at is not None else ():
            asked = self.runs[run]["asked_at"]
            if isinstance(asked, datetime) and at is not None and asked - OLDEST <= at <= asked:
                self.runs[run] |= {"input_at": at, "seq": fact.seq}

    def _elsewhere(self, fact: Fact) -> None:
        run = self.runs.setdefault(fact.run, {
            "task_id": fact.run, "person_id": fact.actor, "channel": fact.data["channel"], "workflow": AD_HOC,
            "asked_at": fact.at, "end": "open", "ended_at": None, "input_at": None, "taken_at": None, "verdict": "",
            "reviews": {}, "reviewed": 0, "passed": 0, "active_at": None, "reason": "",
        })  # fmt: skip
        if run["person_id"] != fact.actor:
            return
        times, end = [at for at in (run["asked_at"], fact.at) if isinstance(at, datetime)], ELSEWHERE[fact.verb]
        run |= {"asked_at": min(times), "started_at": min(times), "seq": fact.seq}
        if fact.verb == "telemetry.skill_used" and published(fact) and fact.data.get("name"):
            run["workflow"] = str(fact.data["name"])
        ended = run["ended_at"]
        if end and not (isinstance(ended, datetime) and ended > fact.at):
            run |= {"end": end, "ended_at": fact.at}

    def _run(self, fact: Fact) -> None:
        run = self.runs.get(fact.run)
        if run is None:
            return
        change: dict[str, object] = {}
        since = run["active_at"]
        if run["end"] == "open" and isinstance(since, datetime):
            if fact.at - since >= SILENT:
                run |= {"end": "abandoned", "ended_at": since + SILENT, "seq": fact.seq}
            elif fact.actor != "system" and fact.at > since:
                run["active_at"] = fact.at
        settled = run["end"] in SETTLED
        why = str(run["reason"]) if settled else held_by(fact, str(run["reason"]))
        if why != run["reason"]:
            run |= {"reason": why, "seq": fact.seq}
        if fact.verb == "run.started":
            change = {"started_at": run["started_at"] or fact.at}
        elif fact.verb == "skill.used" and published(fact):
            change = {"workflow": str(fact.data.get("name") or fact.subject)}
        elif fact.verb in ENDS and not settled:
            change = {"end": end_of(fact), "ended_at": fact.at}
        elif fact.verb == "output.taken":
            change = {"taken_at": run["taken_at"] or fact.at}
        elif fact.verb == "output.reviewed":
            change = self._review(fact, run)
        if change:
            run |= change | {"seq": fact.seq}

    def _review(self, fact: Fact, run: dict[str, object]) -> dict[str, object]:
        """Count the outputs of a run anew from every review of it so far: the highest version of each, the last of it.

        A verdict that is told after seven days from the delivery changes what was accepted, not what was rejected.
        """
        told = self.reviews.setdefault(fact.run, [])
        accepted = bool(fact.data.get("accepted"))
        told.append((fact.subject, version_of(fact), fact.seq, accepted, bool(fact.data.get("self"))))
        newest = {output: [version, passed, own] for output, version, _, passed, own in sorted(told)}
        wrong = [output for output, (_, passed, _) in newest.items() if not passed]
        checked = [passed for _, passed, own in newest.values() if not (passed and own)]
        change: dict[str, object] = {
            "reviews": newest, "reviewed": len(checked), "passed": sum(checked), "taken_at": run["taken_at"],
        }  # fmt: skip
        if run["taken_at"] is None and accepted:
            change["taken_at"] = fact.at
        ended = run["ended_at"] if run["end"] == "delivered" else None
        if not (isinstance(ended, datetime) and fact.at - ended > SILENT):
            change["verdict"] = "rejected" if wrong else "accepted"
        return change


@dataclass(frozen=True, slots=True)
class Difference:
    """How many rows of each kind were not what the ledger says, by table; they are by now."""

    actions: int = 0
    seats: int = 0
    runs: int = 0
    looks: int = 0
    waits: int = 0

    def __bool__(self) -> bool:
        """Say whether there was any."""
        return bool(self.actions or self.seats or self.runs or self.looks or self.waits)


async def recount(database: Database) -> Difference:
    """Count everything again that was rolled up, mend what differs, and return how much that was."""
    async with database.transaction() as session:
        await advisory_lock(session, LOCK)
        place = await session.get(PlaceRow, PLACE, populate_existing=True)
        upto, count, seq = (place.seq if place else 0), Count(), 0
        wrong: set[int] = set()
        looks, waits = 0, Waits()
        while seq < upto:
            facts = await following(session, seq, limit=min(AT_ONCE, upto - seq))
            if not facts:
                break
            people = set(await names_of(session, {p for fact in facts for p in (fact.actor, fact.subject)}))
            told = {fact.seq: did for fact in facts if (did := count.take(fact, people)) is not None}
            after = facts[-1].seq + 1
            wrong |= await _mend_actions(session, told, seq, after)
            looks += await mend_looks(session, facts, people, seq, after)
            for fact in facts:
                take_wait(waits, of_root(fact, count.roots))
            seq = after
        wrong |= set(await session.scalars(SESSIONS))
        actions = len(wrong) + await _mend_last(session)
        seats = await _mend_seats(session, count)
        if place is not None and place.excluded != (told_out := sorted(count.excluded)):
            place.excluded, seats = told_out, seats + 1
        runs = await _mend_runs(session, count)
        return Difference(actions, seats, runs, looks, await mend_waits(session, waits))


async def _mend_actions(session: Session, told: dict[int, ActionTuple], since: int, until: int) -> set[int]:
    query = select(ActionRow.seq, ActionRow.person_id, ActionRow.at, ActionRow.kind)
    rows = await session.execute(query.where(ActionRow.seq >= since, ActionRow.seq < until))
    there = {seq: (person, at, kind) for seq, person, at, kind in rows}
    wrong = [seq for seq in there.keys() | told.keys() if there.get(seq) != told.get(seq)]
    if wrong:
        await session.execute(delete(ActionRow).where(ActionRow.seq.in_(wrong)))
        names = ("person_id", "at", "kind")
        # Each a session of its own until all are there.
        if fresh := [{"seq": n, "session": n, **dict(zip(names, told[n], strict=True))} for n in wrong if n in told]:
            await session.execute(insert(ActionRow), fresh)
    return set(wrong)


async def _mend_last(session: Session) -> int:
    told = {person: (at, number) for person, at, number in await session.execute(LASTS)}
    rows = await session.execute(select(LastRow.person_id, LastRow.at, LastRow.session))
    there = {person: (at, number) for person, at, number in rows}
    wrong = [p for p in there.keys() | told.keys() if there.get(p) != told.get(p)]
    if wrong:
        await session.execute(delete(LastRow).where(LastRow.person_id.in_(wrong)))
        if fresh := [{"person_id": p, "at": told[p][0], "session": told[p][1]} for p in wrong if p in told]:
            await session.execute(insert(LastRow), fresh)
    return len(wrong)


async def _mend_seats(session: Session, count: Count) -> int:
    columns = (SeatRow.seq, SeatRow.person_id, SeatRow.assigned_at, SeatRow.accepted_at, SeatRow.removed_at)
    there = {row[0]: tuple(row[1:]) for row in await session.execute(select(*columns))}
    wrong = [seq for seq in there.keys() | count.seats.keys() if there.get(seq) != count.seats.get(seq)]
    if wrong:
        await session.execute(delete(SeatRow).where(SeatRow.seq.in_(wrong)))
        names = ("person_id", "assigned_at", "accepted_at", "removed_at")
        told = [{"seq": s, **dict(zip(names, count.seats[s], strict=True))} for s in wrong if s in count.seats]
        if told:
            await session.execute(insert(SeatRow), told)
    return len(wrong)


async def _mend_runs(session: Session, count: Count) -> int:
    names = [c.name for c in RunFactRow.__table__.columns if c.name != "run_id"]
    query = select(RunFactRow.run_id, *(getattr(RunFactRow, name) for name in names))
    there = {row[0]: dict(zip(names, row[1:], strict=True)) for row in await session.execute(query)}
    wrong = [run for run in there.keys() | count.runs.keys() if there.get(run) != count.runs.get(run)]
    if wrong:
        await session.execute(delete(RunFactRow).where(RunFactRow.run_id.in_(wrong)))
        if told := [{"run_id": run, **count.runs[run]} for run in wrong if run in count.runs]:
            await session.execute(insert(RunFactRow), told)
    return len(wrong)
