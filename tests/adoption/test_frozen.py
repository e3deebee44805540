"""A week stands 72 hours after its end; what comes later is another version with its reason; what nobody can explain
is an alarm. Killed or raced, each week is frozen once.
"""

import asyncio
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from tests.adoption.conftest import Programme

from colleague.adoption.away import mark_away
from colleague.adoption.calendar import Holiday, add_holidays, read_calendar, remove_holiday
from colleague.adoption.facts.recount import Difference, recount
from colleague.adoption.facts.tables import ActionRow, LastRow, LookRow, RunFactRow, SeatRow, WaitRow
from colleague.adoption.frozen import freeze as freezing
from colleague.adoption.frozen import recheck as checks
from colleague.adoption.frozen.freeze import freeze_next
from colleague.adoption.frozen.kept import frozen_weeks, judged_weeks
from colleague.adoption.frozen.recheck import recheck
from colleague.adoption.items import list_items
from colleague.adoption.tables import FrozenRow
from colleague.adoption.weekly import lines, numbers
from colleague.adoption.weeks import Calendar, Week
from colleague.audit.event import Event
from colleague.identity.people import add_member, create_team, set_department
from colleague.testing.clock import TestClock

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Killed(Exception):
    """The process is killed."""


async def freeze(programme: Programme) -> list[str]:
    found = []
    house = programme.house
    await programme.rolled()
    while week := await freeze_next(house.database, house.groups, **programme.told):
        found.append(week)
    return found


async def rows(programme: Programme) -> list[FrozenRow]:
    query = select(FrozenRow).order_by(
        FrozenRow.week, FrozenRow.kind, FrozenRow.name, FrozenRow.part, FrozenRow.version
    )
    async with programme.house.database.transaction() as session:
        return list(await session.scalars(query))


async def lived(programme: Programme, *, weeks: int = 1) -> Week:
    """Let three people work in each of some weeks, and return the first of them: the one after the seats were given."""
    first = (await programme.do(read_calendar)).week(programme.clock.now()).next()
    for _ in range(weeks):
        programme.clock.advance(days=7)
        for who in ("ana", "ben", "rita"):
            await programme.record("task.steered", who)
    return first


async def test_a_week_is_frozen_after_72_hours_and_its_completion_after_seven_days(programme: Programme) -> None:
    week = await lived(programme)
    # Tuesday noon; the week ends in five and a half days.
    programme.clock.advance(days=8, hours=11)
    assert str(week) not in await freeze(programme)
    assert (await programme.do(numbers, programme.lead, programme.house.groups, clock=programme.clock))[1].version == 0
    programme.clock.advance(hours=2)
    assert await freeze(programme) == [str(week)]
    assert await freeze(programme) == []
    kept = await programme.do(frozen_weeks, week, week)
    assert kept[week].wau is not None
    assert (kept[week].wau.value, kept[week].version, kept[week].completed) == (0.5, 1, False)
    programme.clock.advance(days=4)
    assert str(week) in await freeze(programme)
    assert (await programme.do(frozen_weeks, week, week))[week].completed
    assert {(r.kind, r.part) for r in await rows(programme) if r.week == str(week)} == {
        ("organisation", "activity"), ("organisation", "completion"), ("organisation", "tickets"),
        ("team", "activity"), ("team", "completion"),
    }  # fmt: skip


async def test_no_week_is_made_one_of_holidays_afterwards(programme: Programme) -> None:
    """What is told of it follows the calendar; what gates judge does not."""
    week = await lived(programme, weeks=2)
    zone = (await programme.do(read_calendar)).zone
    ahead = [Holiday(week.next().monday + timedelta(days=n), "Fair") for n in range(3)]
    await programme.do(add_holidays, programme.lead, ahead, ledger=programme.house.ledger, clock=TestClock(
        datetime.combine(week.monday, time(12), tzinfo=UTC)
    ))  # fmt: skip
    programme.clock.advance(days=12)
    await freeze(programme)
    late = [Holiday(week.monday + timedelta(days=n), "Bad week") for n in range(3)]
    await programme.do(add_holidays, programme.lead, late, **programme.told)
    for one in ahead:
        await programme.do(remove_holiday, programme.lead, one.on, ledger=programme.house.ledger)
    await recheck(programme.house.database, **programme.told)
    told = await programme.do(frozen_weeks, week, week.next())
    assert [one.skipped for one in told.values()] == [True, False]
    judged = await programme.do(judged_weeks, week, week.next(), Calendar(zone))
    assert [one.skipped for one in judged.values()] == [False, True]
    # Nor is it judged better than it was when it was frozen.
    *_, old = [r for r in await rows(programme) if (r.kind, r.week, r.part) == ("organisation", str(week), "activity")]
    better = {**old.figures, "active": old.figures["seats"]}
    async with programme.house.database.transaction() as session:
        session.add(FrozenRow(
            kind=old.kind, name=old.name, week=old.week, part=old.part, figures=better, basis=old.basis, sha256="",
            version=old.version + 1, members=[], hidden=False, reason="Late.", at=old.at,
        ))  # fmt: skip
    assert (await programme.do(frozen_weeks, week, week))[week].active == old.figures["seats"]
    again = (await programme.do(judged_weeks, week, week, Calendar(zone)))[week]
    assert again.wau is not None
    assert (again.active, again.wau.value) == (old.figures["active"], 0.5)


async def test_two_at_once_and_a_killed_one_freeze_each_week_once(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(programme, weeks=3)
    programme.clock.advance(days=30)
    await programme.rolled()
    record = programme.house.ledger.record

    async def dying(session: Any, event: Event) -> None:
        raise Killed

    monkeypatch.setattr(programme.house.ledger, "record", dying)
    with pytest.raises(Killed):
        await freeze_next(programme.house.database, programme.house.groups, **programme.told)
    monkeypatch.setattr(programme.house.ledger, "record", record)
    assert await rows(programme) == []
    await asyncio.gather(*(freeze(programme) for _ in range(3)))
    kept = await rows(programme)
    assert {row.version for row in kept} == {1}
    assert len({(r.kind, r.name, r.week, r.part) for r in kept}) == len(kept)
    async with programme.house.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(FrozenRow)) == len(kept)


async def test_nothing_changed_nothing_is_written(programme: Programme) -> None:
    await lived(programme, weeks=2)
    programme.clock.advance(days=30)
    await freeze(programme)
    before = len(await rows(programme))
    checked = await recheck(programme.house.database, **programme.told)
    assert (bool(checked.mended), checked.corrected, len(await rows(programme))) == (False, {}, before)
    assert checked.weeks >= 2


async def test_who_was_in_a_group_then_is_in_it_for_that_week(programme: Programme) -> None:
    owner = programme.home.people["owner"]
    whole = await programme.do(create_team, owner, "Whole", ledger=programme.house.ledger)
    for one in programme.home.people.values():
        await programme.do(add_member, owner, whole, one.id, ledger=programme.house.ledger)
    week = await lived(programme)
    programme.clock.advance(days=30)
    await freeze(programme)
    async with programme.house.database.transaction() as session:
        await session.execute(delete_members(whole, programme.home.people["ana"].id))
    assert (await recheck(programme.house.database, **programme.told)).corrected == {}
    found = await programme.do(
        lines, programme.lead, programme.house.groups, kind="team", name="Whole", clock=programme.clock
    )
    told = {one.week: one for one in found[0].weeks}
    assert (told[week].people, told[week].version) == (6, 1)
    assert told[found[0].weeks[0].week].people == 5


def delete_members(team: str, person: str) -> Any:
    from colleague.identity.tables import MembershipRow

    return delete(MembershipRow).where(MembershipRow.team_id == team, MembershipRow.person_id == person)


async def late(programme: Programme, week: Week) -> None:
    """An entry of the week that is sealed only now."""
    at = programme.clock.now()
    programme.clock.advance(seconds=((await programme.do(read_calendar)).end(week) - at).total_seconds() - 3600)
    await programme.record("task.steered", "tom")
    programme.clock.advance(seconds=(at - programme.clock.now()).total_seconds())
    await programme.rolled()


async def holidays(programme: Programme, week: Week) -> None:
    await programme.do(add_holidays, programme.lead, [Holiday(week.monday, "Founders")], **programme.told)


async def absent(programme: Programme, week: Week) -> None:
    await programme.do(mark_away, programme.lead, programme.home.people["dana"].id, str(week), **programme.told)


@pytest.mark.parametrize(
    ("change", "why"),
    [(late, checks.LATE), (holidays, checks.CHANGED["calendar"]), (absent, checks.CHANGED["away"])],
)
async def test_what_is_told_later_is_another_version_with_its_reason(
    programme: Programme, change: Any, why: str
) -> None:
    week = await lived(programme)
    programme.clock.advance(days=30)
    await freeze(programme)
    before = {(r.kind, r.name, r.part): r.figures for r in await rows(programme) if r.week == str(week)}
    await change(programme, week)
    checked = await recheck(programme.house.database, **programme.told)
    assert checked.corrected == {str(week): why}
    kept = [r for r in await rows(programme) if r.week == str(week)]
    assert all(r.figures == before[r.kind, r.name, r.part] for r in kept if r.version == 1)
    newest = next(r for r in kept if r.kind == "organisation" and r.version == 2)
    assert (newest.part, newest.reason) == ("activity", why)
    assert (await recheck(programme.house.database, **programme.told)).corrected == {}
    # What explains itself is no alarm.
    assert await programme.do(list_items, programme.lead, state="open") == []


async def test_each_group_is_explained_by_its_own_calendar_and_its_own_people(programme: Programme) -> None:
    """A department's holiday explains its numbers; what came late of others, or of another time, explains nothing."""
    people, owner = programme.home.people, programme.home.people["owner"]
    for who, one in people.items():
        department = "Else" if who == "tom" else "Sales"
        await programme.do(set_department, owner, one.id, department, ledger=programme.house.ledger)
    week = await lived(programme)
    programme.clock.advance(days=120)
    await freeze(programme)
    alone = [Holiday(week.monday, "Fair", "Sales")]
    await programme.do(add_holidays, programme.lead, alone, **programme.told)
    checked = await recheck(programme.house.database, **programme.told)
    assert checked.corrected == {str(week): checks.CHANGED["calendar"]}
    changed = [(r.kind, r.name) for r in await rows(programme) if r.week == str(week) and r.version == 2]
    assert changed == [("department", "Sales")]
    assert await programme.do(list_items, programme.lead, state="open") == []
    # Of Sales nothing came late but what is of another time; of everybody together something did.
    await programme.record("task.steered", "ana")
    await late(programme, week)
    old = next(r for r in await rows(programme) if (r.name, r.week, r.version) == ("Sales", str(week), 2))
    why = checks._why([old], lambda *_: old.basis, *await heard(programme, week))
    assert why == checks.UNEXPLAINED
    whole = next(r for r in await rows(programme) if (r.kind, r.week) == ("organisation", str(week)))
    assert checks._why([whole], lambda *_: whole.basis, *await heard(programme, week)) == checks.LATE


async def heard(programme: Programme, week: Week) -> Any:
    calendar = await programme.do(read_calendar)
    found = await programme.do(checks._late, week, calendar)
    return found, freezing.members_of_rows(r for r in await rows(programme) if r.week == str(week))


async def test_an_update_that_counts_by_other_rules_is_a_reason_and_no_alarm(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    for why, verb in (
        (checks.CHANGED["rules"], "week.recounted"), (f"{checks.CHANGED['rules']} {checks.LATER}", "week.recounted"),
        (f"{checks.CHANGED['rules']} {checks.LATE}", "week.corrected"), (checks.UNEXPLAINED, "week.corrected"),
    ):  # fmt: skip
        assert checks._verb(why) == verb
    week = await lived(programme)
    programme.clock.advance(days=30)
    with monkeypatch.context() as before:
        before.setattr(freezing, "RULES", freezing.RULES - 1)
        await freeze(programme)
    # Something has to differ; counted by the same rules, a holiday alone would be why.
    await holidays(programme, week)
    checked = await recheck(programme.house.database, **programme.told)
    assert checked.corrected[str(week)] == f"{checks.CHANGED['rules']} {checks.CHANGED['calendar']}"
    assert await programme.do(list_items, programme.lead, state="open") == []


async def test_numbers_that_were_touched_are_an_alarm(programme: Programme) -> None:
    week = await lived(programme)
    programme.clock.advance(days=30)
    await freeze(programme)
    async with programme.house.database.transaction() as session:
        mine = (FrozenRow.week == str(week), FrozenRow.kind == "organisation", FrozenRow.part == "activity")
        row = await session.scalar(select(FrozenRow).where(*mine))
        assert row is not None
        await session.execute(update(FrozenRow).where(*mine).values(figures={**row.figures, "active": 6}))
    checked = await recheck(programme.house.database, **programme.told)
    assert checked.corrected == {str(week): checks.TOUCHED}
    (item,) = await programme.do(list_items, programme.lead, state="open")
    assert (item.kind, item.about) == ("alarm", "programme")
    assert str(week) in item.why
    kept = (await programme.do(frozen_weeks, week, week))[week]
    assert (kept.active, kept.version) == (3, 2)
    async with programme.client(programme.lead, "org:adoption:read") as client:
        assert "version 2" in (await client.get("/adoption")).text


@pytest.mark.parametrize(
    "harm",
    [
        delete(ActionRow).where(ActionRow.kind == "say"), update(ActionRow).values(session=1),
        update(SeatRow).values(removed_at=None, accepted_at=None), delete(SeatRow), delete(LastRow),
        update(RunFactRow).values(end="failed"), delete(RunFactRow), delete(LookRow), update(LookRow).values(at=NOW),
        delete(WaitRow), update(WaitRow).values(ended_at=None),
    ],
)  # fmt: skip
async def test_facts_that_are_not_what_the_ledger_says_are_mended_and_told(programme: Programme, harm: Any) -> None:
    ana = programme.home.people["ana"].id
    await programme.do(programme.house.ledger.record, Event("task.delegated", ana, subject="t1", run="r1"))
    for verb in ("run.started", "skill.used", "run.completed", "output.reviewed"):
        await programme.record(verb, "ana", run="r1", name="policy-qa", accepted=True)
    await programme.do(programme.house.ledger.record, Event("sign_in.succeeded", ana, subject=ana, person=ana))
    for verb in ("approval.asked", "approval.approved", "approval.withdrawn"):
        await programme.record(verb, subject="q1", run="r1")
        programme.clock.advance(minutes=5)
    await programme.record("dispatch.started", task="t1", trigger_timestamp=programme.clock.now().isoformat())
    await lived(programme)
    programme.clock.advance(days=30)
    await freeze(programme)
    database = programme.house.database
    assert await recount(database) == Difference()
    before = [row.figures for row in await rows(programme)]
    async with database.transaction() as session:
        await session.execute(harm)
    checked = await recheck(database, **programme.told)
    assert checked.mended
    assert checked.corrected == {}
    assert [row.figures for row in await rows(programme)] == before
    assert [one.why for one in await programme.do(list_items, programme.lead)] == [checks.MENDED]
    assert await recount(database) == Difference()


async def test_what_was_not_counted_when_a_week_was_frozen_is_no_correction(programme: Programme) -> None:
    week = await lived(programme)
    programme.clock.advance(days=30)
    await freeze(programme)
    async with programme.house.database.transaction() as session:
        for row in await session.scalars(select(FrozenRow).where(FrozenRow.part == "activity")):
            row.figures = {name: value for name, value in row.figures.items() if name != "passive"}
            row.sha256 = checks._row(row).sha256(row.basis)
    assert (await recheck(programme.house.database, **programme.told)).corrected == {}
    found = await programme.do(frozen_weeks, week, week)
    assert (found[week].passive, found[week].active, found[week].version) == (None, 3, 1)
    async with programme.client(programme.lead, "org:adoption:read") as client:
        assert (await client.get("/adoption")).status_code == 200


async def test_weeks_of_before_are_caught_up_and_one_below_five_people_says_nothing(programme: Programme) -> None:
    await lived(programme, weeks=4)
    programme.clock.advance(days=60)
    await freeze(programme)
    found = await programme.do(numbers, programme.lead, programme.house.groups, clock=programme.clock, count=14)
    assert [one.version for one in found].count(1) >= 10
    assert all(a.week == b.week.next() for a, b in pairwise(found))
    team = await programme.do(lines, programme.lead, programme.house.groups, kind="team", clock=programme.clock)
    assert [w.week for w in team[0].weeks] == [w.week for w in found[:12]]
