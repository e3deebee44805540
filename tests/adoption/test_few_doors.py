"""What every door tells of some weeks, taken together by somebody who knows who is in which group: of nobody alone."""

import random
from typing import Any

import pytest
from tests.adoption.conftest import Programme
from tests.adoption.test_few import Sets, found_out
from tests.adoption.test_frozen import freeze, rows

from colleague.adoption.away import mark_away
from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.week import facts_of
from colleague.adoption.frozen import recheck as checks
from colleague.adoption.kpis.activity import seats_in
from colleague.adoption.tables import FrozenRow
from colleague.adoption.weeks import Week
from colleague.audit.event import Event
from colleague.identity.people import add_member, create_person, create_team, remove_member, set_department

pytestmark = pytest.mark.anyio
KINDS = ("department", "team", "onboarded")
Told = dict[tuple[str, str, str], dict[str, Any]]


async def lived(programme: Programme, dice: random.Random) -> dict[str, dict[str, frozenset[str]]]:
    """Let sixteen people work for four weeks, change groups meanwhile, and freeze each week as it is due.

    Returns, by week, who was active, had runs, and was away.
    """
    owner, told = programme.home.people["owner"], {"ledger": programme.house.ledger}
    people = [one.id for _, one in sorted(programme.home.people.items())]
    for n in range(10):
        people.append(await programme.do(create_person, owner, f"n{n}@aldermoor.example", f"N {n}", **programme.told))
    teams = [await programme.do(create_team, owner, f"T{n}", **told) for n in range(3)]
    members: dict[str, set[str]] = {team: set() for team in teams}
    programme.clock.advance(days=14)
    found = {}
    for number in range(4):
        for person in people if number == 0 else dice.sample(people, 2):
            await programme.do(set_department, owner, person, dice.choice(["Sales", "Sales", "Legal"]), **told)
        for team in teams:
            for person in people if number == 0 else dice.sample(people, 1):
                if person in members[team]:
                    await programme.do(remove_member, owner, team, person, **told)
                elif number or dice.random() < 0.6:
                    await programme.do(add_member, owner, team, person, **told)
                    members[team].add(person)
                    continue
                members[team].discard(person)
        week = str((await programme.do(read_calendar)).week(programme.clock.now()))
        active, ran, away = (frozenset(dice.sample(people, n)) for n in (10, 8, 3))
        async with programme.house.database.transaction() as session:
            for event in events(week, active, ran):
                await programme.house.ledger.record(session, event)
            for person in sorted(away):
                await mark_away(session, programme.lead, person, week, **programme.told)
        found[week] = {"active": active | ran, "completion": ran, "away": away}
        programme.clock.advance(days=7)
        await freeze(programme)
    programme.clock.advance(days=14)
    await freeze(programme)
    return found


def events(week: str, active: frozenset[str], ran: frozenset[str]) -> list[Event]:
    did = [Event("task.steered", person, subject="x") for person in sorted(active)]
    for person in sorted(ran):
        run = f"{week}{person}"
        did.append(Event("task.delegated", person, subject=run, run=run))
        for verb in ("run.started", "skill.used", "run.completed"):
            did.append(Event(verb, person, subject="x", run=run, data={"name": "policy-qa"}))
    return did


async def told_by_the_api(programme: Programme) -> tuple[Told, dict[str, Any]]:
    found: Told = {}
    async with programme.client(programme.lead, "org:adoption:read") as client:
        for one in (await client.get("/api/v1/adoption/weeks")).json()["weeks"]:
            found["organisation", "", one["week"]] = one
        for kind in KINDS:
            for line in (await client.get(f"/api/v1/adoption/groups/{kind}")).json():
                found |= {(kind, line["name"], one["week"]): one for one in line["weeks"]}
        return found, (await client.get("/api/v1/adoption/curves")).json()


async def groups_then(programme: Programme) -> dict[tuple[str, str, str], frozenset[str]]:
    """Return who of each group had a seat in each week that is frozen."""
    kept = [row for row in await rows(programme) if row.part == "activity"]
    calendar = await programme.do(read_calendar)
    found = {}
    for week in sorted({row.week for row in kept}):
        there = (await programme.do(facts_of, calendar, [Week.read(week)]))[Week.read(week)].seats
        seated = frozenset(seat.person for seat in seats_in(there, Week.read(week), calendar))
        for row in kept:
            if row.week == week:
                found[row.kind, row.name, week] = seated & frozenset(row.members) if row.members else seated
    return found


def known(told: Told, sets: dict[Any, frozenset[str]], did: dict[str, frozenset[str]], week: str) -> dict[str, Sets]:
    """Return of which people the numbers of a week are that are told, by what they count."""
    found: dict[str, list[frozenset[str]]] = {"active": [], "sessions": [], "completion": [], "breadth": []}
    for key, people in sets.items():
        one = told[key]
        if key[2] != week or one["suppressed"]:
            continue
        assert one["wau"]["n"] == len(people)
        found["active"].append(people)
        if one["adjusted"]:
            assert one["adjusted"]["n"] == len(people - did["away"])
            found["active"].append(people - did["away"])
        for part, of in (("sessions", "active"), ("breadth", "active"), ("completion", "completion")):
            if one[part]:
                assert one[part]["n"] == len(people & did[of])
                found[part].append(people & did[of])
    return dict(found)


async def test_nobody_is_found_out_by_all_that_is_told(programme: Programme) -> None:
    did = await lived(programme, random.Random(7))
    told, curves = await told_by_the_api(programme)
    sets = await groups_then(programme)
    people = sorted(frozenset().union(*sets.values()))
    assert len(people) == 16
    careless, withheld, shown = 0, 0, 0
    for week, of in did.items():
        for part, found in known(told, sets, of, week).items():
            assert found_out(found, people) is None, (week, part)
        every = [one for (_, _, at), one in sets.items() if at == week and len(one) >= 5]
        careless += found_out(every, people) is not None
        groups = [told[key] for key in sets if key[2] == week and key[0] != "organisation" and len(sets[key]) >= 5]
        withheld += sum(one["suppressed"] or bool(one["few"]) for one in groups)
        shown += sum(not one["suppressed"] for one in groups)
    # It is not that nothing is told, nor that nothing had to be withheld.
    assert (careless > 0, withheld > 0, shown > 6) == (True, True, True)
    for kind, name in {key[:2] for key in sets if key[0] != "organisation"}:
        before: frozenset[str] | None = None
        for week in sorted(did):
            now = sets.get((kind, name, week), frozenset())
            if (kind, name, week) not in sets or told[kind, name, week]["suppressed"]:
                continue
            if before is not None and min(len(before), len(now)) < 10:
                assert len(before ^ now) not in (1, 2, 3, 4), (name, week)
            before = now
    # A curve tells what the weeks tell, and no other number of the same people.
    for curve in curves["curves"]:
        kept = {key[2]: one for key, one in told.items() if key[:2] == ("onboarded", curve["onboarded"])}
        said = {one["wau"]["value"] for one in kept.values() if one["wau"]}
        assert {share["value"] for share in curve["shares"] if share} <= said
    await _stays_by_night(programme, told)


async def _stays_by_night(programme: Programme, told: Told) -> None:
    """The nightly check decides nothing anew, unless somebody changed in the database what was decided."""
    assert (await checks.recheck(programme.house.database, **programme.told)).corrected == {}
    assert (await told_by_the_api(programme))[0] == told
    key = next(
        key for key, one in sorted(told.items()) if one["suppressed"] and one["version"] and one["seats"] is None
    )
    async with programme.house.database.transaction() as session:
        found = [one for one in await rows(programme) if (one.kind, one.name, one.week) == key]
        for one in found:
            (await session.get_one(FrozenRow, (*key, one.part, one.version))).hidden = False
    assert key[2] in (await checks.recheck(programme.house.database, **programme.told)).corrected
    again = (await told_by_the_api(programme))[0]
    assert again[key]["suppressed"]
    async with programme.client(programme.lead, "org:adoption:read") as client:
        page = (await client.get(f"/adoption?by={key[0]}&name={key[1]}")).text
    assert "Withheld: fewer than five people could be found by subtraction" in page


async def test_five_then_six_are_not_told_beside_each_other(programme: Programme) -> None:
    """Neither the week that runs nor, once it is frozen, that week; twelve weeks later they are told again."""
    owner, told = programme.home.people["owner"], {"ledger": programme.house.ledger}
    people = [one.id for _, one in sorted(programme.home.people.items())]
    for n in range(5):
        people.append(await programme.do(create_person, owner, f"n{n}@aldermoor.example", f"N {n}", **programme.told))
    small = await programme.do(create_team, owner, "Small", **told)
    for person in people[-5:]:
        await programme.do(add_member, owner, small, person, **told)
    programme.clock.advance(days=14)
    for person in people:
        await programme.record("task.steered", person)
    programme.clock.advance(days=14)
    await freeze(programme)
    await programme.do(add_member, owner, small, people[0], **told)

    async def weeks() -> list[dict[str, Any]]:
        async with programme.client(programme.lead, "org:adoption:read") as client:
            return (await client.get("/api/v1/adoption/groups/team?name=Small&count=5")).json()[0]["weeks"]  # type: ignore[no-any-return]

    def stands(found: list[dict[str, Any]]) -> list[tuple[Any, bool, bool]]:
        return [(one["seats"], one["frozen"], one["suppressed"]) for one in found]

    running, late, *before = stands(await weeks())
    assert (running, late) == ((None, False, True), (None, False, True))
    assert before[:2] == [(5, True, False)] * 2
    programme.clock.advance(days=14)
    await freeze(programme)
    assert stands(await weeks())[2:] == [(None, True, True), (None, True, True), (5, True, False)]
    programme.clock.advance(days=7 * 12)
    await freeze(programme)
    assert stands(await weeks())[2:] == [(6, True, False)] * 3


async def test_of_an_open_week_nothing_is_told_that_is_withheld_once_it_is_frozen(programme: Programme) -> None:
    """Six of seven in a department are not away, and nobody else: beside the department, that is the seventh."""
    owner, told = programme.home.people["owner"], {"ledger": programme.house.ledger}
    legal = [one.id for _, one in sorted(programme.home.people.items()) if one.id != owner.id]
    sales = [owner.id]
    for n in range(6):
        sales.append(await programme.do(create_person, owner, f"n{n}@aldermoor.example", f"N {n}", **programme.told))
    for name, people in (("Sales", sales), ("Legal", legal)):
        for person in people:
            await programme.do(set_department, owner, person, name, **told)
    programme.clock.advance(days=14)
    week = str((await programme.do(read_calendar)).week(programme.clock.now()))
    for person in (owner.id, *legal):
        await programme.do(mark_away, programme.lead, person, week, **programme.told)
    for person in sales:
        await programme.do(programme.house.ledger.record, Event("task.steered", person, subject="x"))
    await programme.rolled()
    seen = []
    for days in (0, 28):
        programme.clock.advance(days=days)
        await freeze(programme)
        found, _ = await told_by_the_api(programme)
        assert not found["department", "Sales", week]["suppressed"]
        seen.append(found["organisation", "", week])
    assert [one["version"] for one in seen] == [0, 1]
    assert [(one["active"], one["seats"], one["adjusted"]) for one in seen] == [(7, 12, None)] * 2
