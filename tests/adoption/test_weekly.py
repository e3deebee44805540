"""A week is told of groups as of all: together, hatched in holidays, hidden where few people could be found out."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.adoption.conftest import Programme

from colleague.adoption.away import mark_away
from colleague.adoption.calendar import Holiday, add_holidays, read_calendar
from colleague.adoption.figures import Numbers, read_numbers
from colleague.adoption.groups import NoSuchGroup
from colleague.adoption.kpis.activity import Frequency
from colleague.adoption.kpis.intervals import Estimate
from colleague.adoption.kpis.work import Breadth, Completion
from colleague.adoption.weekly import lines
from colleague.adoption.weeks import Week
from colleague.identity.people import add_member, create_team, remove_member

pytestmark = pytest.mark.anyio


async def test_groups_are_told_by_the_same_facts(programme: Programme) -> None:
    home, house, told = programme.home, programme.house, {"ledger": programme.house.ledger}
    async with house.database.transaction() as session:
        owner = home.people["owner"]
        await remove_member(session, owner, home.team, owner.id, **told)
        small = await create_team(session, owner, "Small & <few>", **told)
        await add_member(session, owner, small, home.people["ana"].id, **told)
        whole = await create_team(session, owner, "Whole", **told)
        for one in home.people.values():
            await add_member(session, owner, whole, one.id, **told)
    programme.clock.advance(days=7)
    for who in ("ana", "ben", "rita"):
        await programme.record("task.steered", who)
    await programme.rolled()
    groups = house.groups
    found = await programme.do(lines, programme.lead, groups, kind="team", clock=programme.clock, count=1)
    by_name = {one.name: one.weeks[0] for one in found}
    # «Bids» is everybody but the owner: both together would tell of the owner.
    assert {name: (w.people, w.suppressed, w.hidden) for name, w in by_name.items()} == {
        "Bids": (5, True, True), "Small & <few>": (1, True, False), "Whole": (6, False, False),
    }  # fmt: skip
    assert by_name["Whole"].wau is not None
    assert by_name["Whole"].wau.value == 0.5
    with pytest.raises(NoSuchGroup):
        await programme.do(lines, programme.lead, groups, kind="person", clock=programme.clock)
    async with programme.client(programme.lead, "org:adoption:read") as client:
        told_of = {one["name"]: one["weeks"][0] for one in (await client.get("/api/v1/adoption/groups/team")).json()}
        assert told_of["Bids"]["seats"] is None
        assert (told_of["Bids"]["wau"], told_of["Bids"]["active"]) == (None, None)
        assert (await client.get("/api/v1/adoption/groups/person")).status_code == 404
        assert (await client.get("/api/v1/adoption/groups/team?name=%00x")).status_code == 404
        page = (await client.get("/adoption?by=team")).text
        assert "Small &amp; &lt;few&gt;" in page
        assert "50 %" in (await client.get("/adoption?by=team&name=Whole")).text
        for kind in ("department", "cohort", "onboarded"):
            assert (await client.get(f"/adoption?by={kind}")).status_code == 200
    async with programme.client(home.people["ana"], "own:tasks:use") as client:
        assert (await client.get("/adoption?by=team")).status_code == 403


async def test_what_says_something_of_few_of_a_week_is_left_out(programme: Programme) -> None:
    """Three of six are active, and one is away: neither their sessions are told, nor who of the others was active."""
    home = programme.home
    programme.clock.advance(days=7)
    week = str((await programme.do(read_calendar)).week(programme.clock.now()))
    for who in ("ana", "ben", "rita"):
        await programme.record("task.steered", who)
    await programme.do(mark_away, programme.lead, home.people["ben"].id, week, **programme.told)
    await programme.rolled()
    async with programme.client(programme.lead, "org:adoption:read") as client:
        told = (await client.get("/api/v1/adoption/weeks?count=1")).json()["weeks"][0]
        page = (await client.get("/adoption")).text
    assert (told["seats"], told["active"], told["wau"]["value"]) == (6, 3, 0.5)
    assert told["few"] == ["adjusted", "breadth", "completion", "sessions", "tenured"]
    assert {told[name] for name in told["few"]} == {None}
    assert page.count("fewer than five people could be found") == 3
    assert "fewer than five away or there: withheld" in page
    assert "who were not away" not in page


def share(n: int) -> Estimate:
    return Estimate(0.5, 0.2, 0.8, n)


def broad(n: int) -> Breadth:
    return Breadth(2, 0.5, 1, 2.0, n)


USE = Frequency(4, 4, 0.2, 9)
ALL = Numbers(
    Week(2026, 3), True, False, 20, 9, 20, share(20), share(20), USE, Completion(share(30), {}), broad(9), broad(9)
)


@pytest.mark.parametrize(
    ("one", "few"),
    [
        (ALL, ()),
        (replace(ALL, active=4), ("breadth", "completion", "sessions", "tenured")),
        (replace(ALL, active=0, frequency=None, breadth=None, tenured=None), ()),
        (replace(ALL, adjusted=share(19)), ("adjusted",)),
        (replace(ALL, adjusted=share(15)), ()),
        (replace(ALL, adjusted=share(4)), ("adjusted",)),
        (replace(ALL, tenured=broad(1)), ("tenured",)),
        (replace(ALL, tenured=broad(5)), ("tenured",)),
        (replace(ALL, active=10, breadth=broad(10), tenured=broad(5)), ()),
    ],
)
def test_parts_of_a_week_that_are_told(one: Numbers, few: tuple[str, ...]) -> None:
    told, said = one.told(), one.to_json()
    assert told.few == told.told().few == few
    assert said["few"] == list(few)
    for name in ("adjusted", "sessions", "completion", "breadth", "tenured"):
        assert (said[name] is None) == (name in few or one.stored()[name] is None)
    assert read_numbers(one.week, one.stored(), one.stored()["completion"], version=0, completed=False) == one


async def test_a_week_of_holidays_is_hatched(programme: Programme) -> None:
    monday = (await programme.do(read_calendar)).week(programme.clock.now()).next().monday
    days = [Holiday(monday + timedelta(days=n), "Closed") for n in range(3)]
    await programme.do(add_holidays, programme.lead, days, **programme.told)
    programme.clock.advance(days=14)
    await programme.rolled()
    async with programme.client(programme.lead, "org:adoption:read") as client:
        page = (await client.get("/adoption")).text
        weeks = (await client.get("/api/v1/adoption/weeks?count=2")).json()["weeks"]
    assert [week["skipped"] for week in weeks] == [False, True]
    assert "cl-hatched" in page
