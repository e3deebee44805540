"""Every number of every week and department, counted again in plain SQL from the sealed ledger: equal."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from tests.adoption.sql.compare import Key, compared, counted_again, differ, of_people
from tests.rollout.simulate.conftest import stage

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import seats
from colleague.adoption.facts.roll_up import roll_up
from colleague.adoption.figures import Numbers
from colleague.adoption.frozen.freeze import freeze_next
from colleague.adoption.frozen.kept import newest_rows, numbers_of
from colleague.adoption.frozen.recheck import recheck
from colleague.adoption.people.first_week import LOOKED_BACK, first_week, savings_of_first_weeks
from colleague.adoption.tables import AbsenceRow, HolidayRow
from colleague.adoption.weeks import week_of
from colleague.audit.event import Event
from colleague.audit.many import record_many
from colleague.audit.seal import seal
from colleague.identity.actor import SYSTEM
from colleague.kit.ids import new_id
from colleague.policy.tables import GovernanceRow
from colleague.rollout.champions.suggest import signals
from colleague.rollout.simulate.model import Scenario
from colleague.rollout.simulate.parts import Parts
from colleague.rollout.simulate.play import play
from colleague.rollout.tickets.trend import Week as TicketWeek
from colleague.rollout.tickets.weekly import read_weeks
from colleague.usecases.model import Card
from colleague.usecases.store import list_use_cases
from colleague.usecases.tables import CardRow, ObservationRow, UseCaseRow

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
WEEKS, KINDS = 13, ("organisation", "department")
QUARTER = Scenario(
    people=56, weeks=WEEKS, cases=3, phases=(3, 20, 20), skips=True, stall=0.15, never=0.05, completion=0.8, seed=4
)


def odd_runs(people: Sequence[str], monday: datetime) -> list[tuple[datetime, Event]]:
    """Return what no simulation plays: other tries, a draft, a stop, a week's silence, who is excluded."""
    made: list[tuple[float, Event]] = []

    def begin(n: int, run: str, *, name: str = "everyone:odd", approved: bool = True, hours: float = 0) -> None:
        made.append((hours, Event("task.delegated", people[n], subject=f"task_{n}", run=run, data={"channel": "page"})))
        made.append((hours, Event("run.started", "agent", subject=run, run=run)))
        facts = {"name": name, "approved": approved}
        made.append((hours + 0.1, Event("skill.used", "agent", subject=name, run=run, data=facts)))

    def tell(hours: float, verb: str, run: str, who: str = "agent", **data: object) -> None:
        made.append((hours, Event(verb, who, subject=run, run=run, data=data)))

    begin(0, "odd_0")
    tell(2, "run.stopped", "odd_0", people[0], aside=True)
    tell(2, "task.tried_again", "odd_0b", people[0], **{"from": "odd_0", "step": 3})
    tell(2, "run.started", "odd_0b")
    tell(3, "run.completed", "odd_0b")
    tell(4, "output.taken", "odd_0b", people[0])
    begin(1, "odd_1", name="mine:draft", approved=False)
    tell(1, "run.completed", "odd_1")
    begin(2, "odd_2")
    tell(24 * 5, "approval.reminded", "odd_2", "system")
    tell(24 * 8, "run.completed", "odd_2")
    begin(3, "odd_3")
    tell(1, "task.stopped", "odd_3", people[3], reason="user left")
    begin(4, "odd_4")
    tell(1, "run.completed", "odd_4")
    tell(2, "output.taken", "odd_4", people[4])
    tell(3, "task.tried_again", "odd_4b", people[4], **{"from": "odd_4", "step": 3})
    tell(4, "run.completed", "odd_4b")
    for n, name in enumerate(("everyone:odd", "odd")):
        begin(5, f"odd_5{n}", name=name, hours=n)
        tell(n + 0.5, "run.completed", f"odd_5{n}")
    begin(5, "odd_52", hours=5)
    tell(5.5, "run.completed", "odd_52", partial=True, empty=True)
    for n, hours in ((6, 0), (7, 0)):
        made.append((hours, Event("person.excluded", "system", subject=people[n], data={"seat": True})))
        begin(n, f"odd_{n}", hours=1)
        tell(2, "run.completed", f"odd_{n}")
    made.append((24, Event("person.included", "system", subject=people[7], data={"seat": True})))
    made.append((25, Event("sign_in.succeeded", people[7], subject=people[7])))
    begin(7, "odd_7b", hours=26)
    tell(27, "run.completed", "odd_7b")
    return sorted(((monday + timedelta(hours=at), event) for at, event in made), key=lambda one: one[0])


def told_late(people: Sequence[str], monday: datetime) -> list[tuple[datetime, Event]]:
    """Return what reaches over weeks: a second seat, words taken back, input from away, and another agent's events, in
    no order; of people ten to fifteen.
    """
    one, two, three, four, five, six = people
    made: list[tuple[float, Event]] = []

    def tell(hours: float, verb: str, who: str, subject: str = "", run: str = "", **data: object) -> None:
        made.append((hours, Event(verb, who, subject=subject or run, run=run, data=data)))

    def elsewhere(hours: float, verb: str, person: str, run: str, happened: float, **data: object) -> None:
        at = (monday + timedelta(hours=happened)).isoformat()
        made.append((hours, Event(f"telemetry.{verb}", "source_1", subject=person, run=run, data={"at": at, **data})))

    def work(hours: float, person: str, run: str, **data: object) -> None:
        tell(hours, "task.delegated", person, f"task_{run}", run, **{"channel": "page", **data})
        tell(hours, "run.started", "agent", "", run)
        tell(hours + 0.1, "skill.used", "agent", "", run, name="everyone:late")
        tell(hours + 0.5, "run.completed", "agent", "", run)

    # Asked for before the twelve weeks, at work ever since, and done within them.
    tell(-24 * 82, "task.delegated", three, "task_long", "late_30", channel="page")
    tell(-24 * 82, "skill.used", "agent", "", "late_30", name="everyone:long")
    for days in range(78, 0, -6):
        tell(-24 * days, "task.steered", three, "task_long", "late_30")
    tell(3, "run.completed", "agent", "", "late_30")
    tell(1, "seat.taken_back", people[0], one)
    tell(2, "sign_in.succeeded", one, one)
    tell(30, "seat.given", people[0], one)
    tell(31, "seat.given", people[0], one)
    tell(32, "sign_in.succeeded", one, one)
    work(33, one, "late_1")
    for n, verdicts in enumerate(((False, True), (True, False), (False,))):
        work(5 + n, two, f"late_2{n}")
        for later, accepted in enumerate(verdicts):
            tell(7 + n + later, "output.reviewed", two, "", f"late_2{n}", accepted=accepted)
    # Verdicts are of outputs: one that stands rejected is not made good by another, nor after a week, nor undone by an
    # older version.
    for n, reviews in enumerate((
        ((1, "a", 1, False), (2, "b", 1, True)), ((1, "a", 1, False), (2, "a", 2, True), (3, "b", 1, True)),
        ((1, "a", 1, False), (24 * 7.5, "a", 2, True)), ((1, "a", 2, True), (2, "a", 1, False)),
    )):  # fmt: skip
        work(5 + n, two, f"late_5{n}")
        for hours, output, version, accepted in reviews:
            facts = {"version": version, "accepted": accepted}
            tell(6 + n + hours, "output.reviewed", two, output, f"late_5{n}", **facts)
    work(9, three, "late_3", channel="schedule", via="schedule")
    work(9, four, "late_4")
    # What was delivered is asked more of: it stays delivered, whatever comes of that.
    for n, verb in enumerate(("run.completed", "run.failed", "task.stopped")):
        work(10 + n, four, f"late_4{n}")
        tell(20 + n, "task.steered", four, "", f"late_4{n}")
        tell(24 * 8 + n, verb, "agent", "", f"late_4{n}")
    work(14, four, "late_43")
    tell(20, "task.steered", four, "", "late_43")
    tell(21, "run.stopped", four, "", "late_43", aside=True)
    for n, (verb, hours) in enumerate((("dispatch.started", -50), ("schedule.started", 8), ("dispatch.started", 20))):
        key = "at" if verb == "schedule.started" else "trigger_timestamp"
        at = (monday + timedelta(hours=hours)).isoformat()
        tell(10 + n, verb, "system", **{"task": "task_late_4", key: at})
    tell(14, "output.taken", four, "", "late_4")
    # Told on Tuesday of Monday and the week before, the later event first.
    elsewhere(28, "answered", five, "source_1:a", 3)
    elsewhere(28.1, "prompted", five, "source_1:a", -6)
    elsewhere(28.2, "skill_used", five, "source_1:a", 1, name="late")
    elsewhere(28.3, "failed", five, "source_1:a", 2)
    elsewhere(28.4, "decided", six, "source_1:a", 2.5)
    elsewhere(28.5, "prompted", five, "source_1:b", 2.2)
    elsewhere(28.6, "failed", five, "source_1:b", 2.3)
    elsewhere(28.7, "skill_used", five, "source_1:b", 2.25, name="everyone:other")
    # A skill that nobody published here, after one that is; a fleet that tells no ends.
    elsewhere(28.75, "skill_used", five, "source_1:a", 2.7, name="theirs", approved=False)
    elsewhere(28.76, "prompted", five, "source_1:d", 2.8)
    elsewhere(28.77, "skill_used", five, "source_1:d", 2.8, name="late")
    elsewhere(28.78, "answered", five, "source_1:e", 2.9)
    elsewhere(28.79, "skill_used", five, "source_1:e", 2.9, name="theirs", approved=False)
    elsewhere(28.8, "prompted", six, "source_1:c", 4, via="headless")
    elsewhere(28.9, "answered", six, "source_1:c", 4.1)
    return sorted(((monday + timedelta(hours=at), event) for at, event in made), key=lambda one: one[0])


def taken_weeks_later(people: Sequence[str], monday: datetime, skill: str) -> list[tuple[datetime, Event]]:
    """Return work that was asked for and delivered before the twelve weeks, and first taken in their last one: it is
    in their time, and in no number of what was begun or finished in them.
    """
    begun, taken = monday - timedelta(weeks=12, days=4), monday - timedelta(days=2)
    made: list[tuple[datetime, Event]] = []
    for n, who in enumerate(people):
        run, asked = f"slow_{n}", begun + timedelta(minutes=n)
        made += [
            (asked, Event("task.delegated", who, subject=f"task_{run}", run=run, data={"channel": "page"})),
            (asked, Event("skill.used", "agent", subject=run, run=run, data={"name": skill, "approved": True})),
            (asked + timedelta(hours=1), Event("run.completed", "agent", subject=run, run=run)),
            (taken + timedelta(minutes=n), Event("output.taken", who, subject=run, run=run, data={"via": "page"})),
        ]
    return sorted(made, key=lambda one: one[0])


HOLIDAYS = (
    (WEEKS - 1, 0, ""), (WEEKS - 2, 1, "Sales"), (WEEKS - 2, 2, ""), (WEEKS - 3, 0, ""), (WEEKS - 3, 3, ""),
    (WEEKS - 3, 4, "Finance"), (WEEKS - 5, 5, ""), (WEEKS, 4, "Sales"),
)  # fmt: skip


async def odd_week(parts: Parts) -> None:
    """Let people with seats do in the week after the simulation what it does not play, name holidays and weeks away of
    weeks that were frozen before, and take all of it in.
    """
    monday = datetime.combine(QUARTER.begin, datetime.min.time(), tzinfo=UTC) + timedelta(weeks=WEEKS)
    parts.clock.to(monday + timedelta(days=9))
    async with parts.database.transaction() as session:
        people = sorted(one.person for one in await seats(session) if one.removed_at is None)
        # The first twelve are seen: of them the ninth and tenth do nothing.
        looks = [(monday + timedelta(hours=8), Event("sign_in.succeeded", who, subject=who)) for who in people[:12]]
        await record_many(session, [*looks, *odd_runs(people[:8], monday + timedelta(hours=9))])
        await record_many(session, told_late(people[10:16], monday + timedelta(hours=10)))
        skill = max((one.id, one.card.skill) for one in await list_use_cases(session) if one.live_at)[1]
        begun = monday - timedelta(weeks=WEEKS - 1)
        early = sorted({one.person for one in await seats(session) if one.assigned_at < begun and not one.removed_at})
        await record_many(session, taken_weeks_later(early[:12], monday, skill))
        for week, day, department in HOLIDAYS:
            on = QUARTER.begin + timedelta(weeks=week, days=day)
            session.add(
                HolidayRow(on=on, department=department, name="Closed", by=people[0], at=parts.clock.now())
            )  # fmt: skip
        # One use case is launched in the middle only: what was asked for before is none of it.
        launched = update(UseCaseRow).where(UseCaseRow.id == select(func.min(UseCaseRow.id)).scalar_subquery())
        await session.execute(launched.values(live_at=monday - timedelta(weeks=6)))
        for n, person in enumerate(people):
            for week in range(WEEKS - 5, WEEKS + 1):
                if (n + week) % 4 == 0:
                    row = AbsenceRow(
                        person_id=person, week=str(week_of(QUARTER.begin).next(week)), by=person, at=monday
                    )
                    session.add(row)
    await other_cards(parts, people[0])
    while await seal(parts.database, signer=parts.signer, sink=None, clock=parts.clock):
        pass
    while await roll_up(parts.database):
        pass


async def other_cards(parts: Parts, by: str) -> None:
    """Let a skill have had cards of departments too, one of which ended, and another one a card that goes on from what
    ended: each run is one card's, and who goes on has the baseline of before.
    """
    begun = datetime.combine(QUARTER.begin, datetime.min.time(), tzinfo=UTC)
    async with parts.database.transaction() as session:
        one, two = [case for case in await list_use_cases(session) if case.live_at][:2]
        for played in (one, two):
            # Everybody is in the team of its ritual: without it is its department's.
            row = await session.get_one(CardRow, (played.id, played.version))
            row.card = row.card | {"ritual": None}
        ended = await session.get_one(UseCaseRow, two.id)
        ended.state, ended.retired_at = "retired", begun + timedelta(weeks=8)
        for department, skill, since, until in (
            ("Sales", one.card.skill, 5, 0), ("Operations", one.card.skill, 6, 9), ("Sales", two.card.skill, 8, 0),
        ):  # fmt: skip
            card = Card(f"Another {since}", department=department, skill=skill, owner=by)
            case, at = new_id("uc"), begun + timedelta(weeks=since, days=1)
            session.add(UseCaseRow(
                id=case, name=card.name, state="retired" if until else "live", version=1, created_at=at, live_at=at,
                new_capability="", retired_why="", retired_at=begun + timedelta(weeks=until) if until else None,
            ))  # fmt: skip
            await session.flush()
            session.add(CardRow(use_case_id=case, version=1, card=card.to_json(), by=by, at=at))
            session.add_all([
                ObservationRow(
                    id=new_id("obs"), use_case_id=case, version=1, person_id=by, minutes=500 + m, on=at.date(),
                    how="timed", note="", by=by, at=at, withdrawn_why="",
                )
                for m in range(12)
            ])  # fmt: skip


async def by_product(parts: Parts) -> tuple[dict[Key, Numbers], dict[str, TicketWeek]]:
    """Return what the product keeps of every week and group, whole: frozen now where it was not yet."""
    while await freeze_next(parts.database, parts.groups, ledger=parts.ledger, clock=parts.clock):
        pass
    checked = await recheck(parts.database, ledger=parts.ledger, clock=parts.clock)
    assert not checked.mended
    assert len(checked.corrected) >= 3
    async with parts.database.transaction() as session:
        kept = await newest_rows(session, week_of(QUARTER.begin), week_of(QUARTER.begin).next(WEEKS))
        tickets = {week.name: week for week in (await read_weeks(session, clock=parts.clock)).weeks}
    return {key: one for key, one in numbers_of(kept).items() if key[0] in KINDS}, tickets


async def play_elsewhere(parts: Parts) -> None:
    """Play the quarter, from its second week on in Los Angeles: where a week begins Europe's Monday morning, and clocks
    are moved in March.
    """
    async for line in play(parts, QUARTER):
        if line.number == 1:
            async with parts.database.transaction() as session:
                row = (await session.scalars(select(GovernanceRow).order_by(GovernanceRow.version.desc()))).first()
                assert row is not None
                settings = {**row.settings, "time_zone": "America/Los_Angeles"}
                at = parts.clock.now()
                session.add(
                    GovernanceRow(version=row.version + 1, settings=settings, changed_by="system", changed_at=at)
                )  # fmt: skip


async def equal_of_people(parts: Parts, url: str) -> None:
    """Hold what champions are suggested by, savings of first weeks and who came back to the same in plain SQL."""
    now = parts.clock.now()
    rows = await asyncio.to_thread(of_people, url, now)
    async with parts.database.transaction() as session:
        calendar = await read_calendar(session)
        told = await signals(session, calendar, now)
        saved = await savings_of_first_weeks(session, calendar, now - LOOKED_BACK, now)
        split = await first_week(session, SYSTEM, clock=parts.clock)
    assert {row["person"] for row in rows["signals"]} == {one for one, said in told.items() if any(said)}
    for row in rows["signals"]:
        mine = told[row["person"]]
        assert (row["kinds"], row["completed"], row["started"]) == mine[1:]
        assert not differ(row["sessions"], mine[0])
    assert len(rows["signals"]) > 30
    assert max(row["kinds"] for row in rows["signals"]) >= 3
    assert {row["person"] for row in rows["first"]} == saved.keys()
    assert not [row for row in rows["first"] if differ(row["saved"], saved[row["person"]])]
    assert {row["saved"] > 0 for row in rows["first"]} == {True, False}
    arms = {row["saved"]: (row["people"], row["back"]) for row in rows["split"]}
    for arm, one in ((True, split.saved), (False, split.others)):
        assert one is not None
        assert (one.n, round(one.value * one.n)) == arms[arm]


async def test_a_quarter_counted_again_in_sql_is_equal(database_url: str, tmp_path: Path) -> None:
    async with stage(database_url, tmp_path) as (_, parts):
        await play_elsewhere(parts)
        await odd_week(parts)
        parts.clock.to(parts.clock.now() + timedelta(days=7))
        product, tickets = await by_product(parts)
        rows = await asyncio.to_thread(counted_again, database_url)
        await equal_of_people(parts, database_url)
    same, wrong = compared(rows, product)
    assert not wrong, wrong[:3]
    assert same > 3000
    whole = {str(week_of(row["starts"].date())): row for row in rows if row["kind"] == "organisation"}
    assert len(whole.keys() & tickets.keys()) >= 10
    for week in whole.keys() & tickets.keys():
        assert whole[week]["tickets"] == tickets[week].tickets
        assert tickets[week].rate is None or not differ(whole[week]["ticket_rate"], tickets[week].rate)
    assert sum(row["tickets"] for row in whole.values()) > 10
    assert max(row["cases"] or 0 for row in rows) >= 4
    odd = whole[str(week_of(QUARTER.begin).next(WEEKS))]
    # Of odd_runs 7, 9 and 6: who tries again, does the same kind twice, counts again; not the stop, what was left, what
    # came to nothing, nor who is excluded. Of told_late 5, 15 and 10: no schedule's doing, nor what stands rejected.
    assert (odd["active"], odd["passive"], odd["started"], odd["completed"]) == (12, 2, 24, 16)
    # All of it is there: departments, weeks that are skipped, few people of a week, people away.
    assert len({name for kind, name, _ in product if kind == "department"}) == 8
    for name in ("skipped", "few_active", "few_adjusted"):
        assert {bool(row[name]) for row in rows} == {True, False}
    assert any(one.adjusted and one.wau and one.adjusted.n < one.wau.n - 4 for one in product.values())
