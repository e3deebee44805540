"""A pilot has three skills of the organisation's own and one source of data, whichever door asks; its sponsor accepts
more, with a reason that stays on record."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.plugins.test_skills import Door

from colleague.connectors.accounts import enable_connector
from colleague.connectors.folder.connector import FolderConnector
from colleague.connectors.grants import list_grants
from colleague.identity.actor import SYSTEM
from colleague.identity.directory import actor_of
from colleague.identity.people import assign_role, set_department
from colleague.policy.governance import ByProgrammeOnly, change_governance
from colleague.rollout.define import name_programme
from colleague.rollout.readout.collect import _overrides
from colleague.testing.clock import TestClock
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, agreed, furnish

pytestmark = pytest.mark.anyio
WHY = "The bids team cannot work without the second share."


@dataclass
class Pilot:
    """A house before its pilot: Rita sponsors, Dana leads, the doors are open."""

    home: TestHouse
    door: Door

    async def skills(self, name: str, *folders: str, who: str = "ana") -> tuple[str, str]:
        """Hand in a package with a skill in each folder; return its id and hash."""
        client = await self.door.enter(who)
        text = "---\nname: {0}\ndescription: Compares {0} and deadlines of several tenders in a table.\n---\nDo."
        files = [("files", (f"{name}/skills/{f}/SKILL.md", text.format(f).encode())) for f in folders]
        manifest = ("files", (f"{name}/.claude-plugin/plugin.json", f'{{"name": "{name}"}}'.encode()))
        answer = await client.post("/api/v1/skills", files=[*files, manifest])
        assert answer.status_code == 201, answer.text
        package = answer.json()["package"]
        await client.post(f"/api/v1/skills/{package}/submit")
        told = (await client.get(f"/api/v1/skills/{package}/{name}:{folders[0]}")).json()
        return package, str(told["sha256"])

    async def decide(self, package: str, sha: str) -> httpx.Response:
        owner = await self.door.enter("owner")
        word = {"approve": True, "sha256": sha, "category": "meeting_prep"}
        return await owner.post(f"/api/v1/skills/{package}/decide", json=word)

    async def open(self, connector: str, places: list[str], **more: Any) -> httpx.Response:
        owner = await self.door.enter("owner")
        body = {"team": self.home.team, "places": places, **more}
        return await owner.post(f"/api/v1/connectors/{connector}/grants", json=body)


@pytest.fixture
async def pilot(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Pilot]:
    (tmp_path / "share" / "Bids").mkdir(parents=True)
    home = await furnish(
        database_url, tmp_path, demo=True, clock=clock, connectors=[FakeConnector(), FolderConnector(clock=clock)],
    )  # fmt: skip
    house = home.house
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["dana"].id, "programme_lead", ledger=house.ledger)
        await set_department(session, home.people["owner"], home.people["rita"].id, "Bids", ledger=house.ledger)
        for kind, config in (("fake", {}), ("folder", {"root": str(tmp_path / "share")})):
            await enable_connector(
                session, home.people["owner"], house.registry, kind, config, ledger=house.ledger, secrets=house.secrets,
                clock=clock,
            )  # fmt: skip
    pilot = Pilot(home, Door(home))
    yield pilot
    await pilot.door.close()
    await house.close()


async def test_the_fourth_skill_is_refused_at_every_door(pilot: Pilot) -> None:
    owner, home = await pilot.door.enter("owner"), pilot.home
    assert (await pilot.decide(*await pilot.skills("bids", "price", "terms", "plan"))).status_code == 200
    one = await pilot.skills("more", "note")
    refused = await pilot.decide(*one)
    assert refused.status_code == 403
    assert "has 3 skills of its own at most, and there would be 4: there are bids:plan" in refused.text
    assert "have the sponsor accept more" in refused.text
    # The deed was taken back whole; a page says the same.
    assert "waits" in (await owner.get(f"/skills/{one[0]}/more:note")).text
    # A newer version of what is there is no fourth, unless it brings one.
    newer = await pilot.skills("bids", "price", "terms", "quote")
    assert (await pilot.decide(*newer)).status_code == 200
    here = {"bids:quote": newer[0]}
    assert (await pilot.decide(*await pilot.skills("bids", "price", "terms", "plan", "quote"))).status_code == 403

    # One is switched off: there is room, and then none to switch it on again.
    async def switch(name: str, on: bool) -> int:
        package = "shipped" if name.startswith("everyone") else here[name]
        return (await owner.put(f"/api/v1/skills/{package}/{name}/switch", json={"on": on})).status_code

    assert await switch("bids:quote", False) < 300
    assert (await pilot.decide(*one)).status_code == 200
    assert await switch("bids:quote", True) == 403
    assert await switch("everyone:policy-qa", False) < 300
    assert await switch("everyone:policy-qa", True) < 300
    # Past the pilot there is no such limit.
    async with home.house.database.transaction() as session:
        changes = {"phase": "expansion"}
        await agreed(session, home.people["owner"], changes, ledger=home.house.ledger, clock=home.house.clock)
    assert await switch("bids:quote", True) < 300


async def test_the_sponsor_accepts_a_second_source_and_it_stays_on_record(pilot: Pilot) -> None:
    house, people = pilot.home.house, pilot.home.people
    owner, dana, rita = [await pilot.door.enter(who) for who in ("owner", "dana", "rita")]
    assert (await pilot.open("folder", ["Bids"])).status_code == 201
    assert (await pilot.open("folder", ["Bids"], may_write=True)).status_code == 201
    refused = await pilot.open("fake", ["bids"])
    assert refused.status_code == 403
    assert "has 1 connector to a source of data at most, and there would be 2: there is Shared folder" in refused.text
    # What only sends is no source; what it would read, opened later, makes it one.
    sends = {"fake_read": "block"}
    answer = await pilot.open("fake", ["bids"], tools=sends)
    assert answer.status_code == 201
    only = f"/api/v1/connectors/fake/grants/{answer.json()['id']}"
    assert (await owner.put(only, json={"team": pilot.home.team, "places": ["bids"]})).status_code == 403
    assert (await owner.put(only, json={"team": pilot.home.team, "places": ["x"], "tools": sends})).status_code == 200
    # Whoever asks alone does not widen it, nor does a settings change.
    more = {"what": "connectors", "most": 2, "why": WHY}
    assert (await dana.post("/api/v1/programme/surface", json=more)).status_code == 409, "nobody is the sponsor"
    with pytest.raises(ByProgrammeOnly):
        async with house.database.transaction() as session:
            await change_governance(
                session, people["owner"], {"pilot_surface": ["connectors=9"]}, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
    async with house.database.transaction() as session:
        lead = await actor_of(session, person_id=people["dana"].id, via="page")
        await name_programme(
            session, lead, sponsor="rita@aldermoor.example", lead="dana@aldermoor.example",
            goal="Bids go out in half the time.", ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
    for wrong in ({"most": 1}, {"what": "seats"}, {"why": "Because."}):
        assert (await dana.post("/api/v1/programme/surface", json=more | wrong)).status_code == 422, wrong
    assert (await rita.post("/api/v1/programme/surface", json=more)).status_code == 403
    answer = await dana.post("/programme/surface", data={k: str(v) for k, v in more.items()})
    assert answer.status_code == 303
    row = (await dana.get("/api/v1/programme")).json()["waiting"]
    assert (row["kind"], row["seats"], row["why"]) == ("connectors", 2, WHY)
    confirm = f"/api/v1/programme/moves/{row['id']}/confirm"
    for other in (dana, owner):
        assert (await other.post(confirm, json={"digest": row["digest"]})).status_code == 403
    assert (await rita.post(confirm, json={"digest": row["digest"]})).status_code == 409, "no owner has confirmed her"
    named = {"sponsor": people["rita"].id}
    assert (await owner.post("/api/v1/programme/sponsor/confirm", json=named)).status_code == 200
    assert "Up to 2 connectors in the pilot" in (await rita.get("/programme")).text
    assert (await rita.post(confirm, json={"digest": row["digest"]})).status_code == 200
    assert (await pilot.open("fake", ["bids"])).status_code == 201
    told = (await rita.get("/api/v1/programme")).json()
    connectors = next(one for one in told["surface"] if one["what"] == "connectors")
    assert (connectors["names"], connectors["most"], connectors["usual"], connectors["over"]) == (
        ["Fake shelves", "Shared folder"], 2, 1, False,
    )  # fmt: skip
    page = (await rita.get("/programme")).text
    assert "2 of 2, 1 without what the sponsor accepted" in page
    assert told["started"] is False
    # What is over the limit afterwards stays, and is shown.
    async with house.database.transaction() as session:
        await agreed(session, people["owner"], {"pilot_surface": []}, ledger=house.ledger, clock=house.clock)
        held = await list_grants(session, clock=house.clock)
        override = (await _overrides(session, {people["rita"].id: "Rita"}, house.reach))[0]
    assert (override.what, override.why) == ("Up to 2 connectors to a source of data in the pilot, which has 1", WHY)
    assert len(held) == 4
    assert "They were here before and stay" in (await rita.get("/programme")).text
    assert (await pilot.open("fake", ["rest"])).status_code == 201, "no third source"
