"""A week is told of groups as of all: together, hatched in holidays, hidden where few people could be found out."""

from datetime import timedelta

import pytest
from tests.adoption.conftest import Programme

from colleague.adoption.calendar import Holiday, add_holidays, read_calendar
from colleague.adoption.weekly import NoSuchGroup, lines
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
