"""The catalogue lists what is in use with who answers for it and who reviewed it, and a pilot begins with no other."""

from typing import Any

import pytest
from tests.rollout.test_surface import Pilot, pilot  # noqa: F401

from colleague.governance.posture.look import posture_of
from colleague.identity.people import set_active
from colleague.plugins.overlap.measure import Thing, overlap, overlaps, telling
from colleague.plugins.packages import switch_skill
from colleague.plugins.shipped import shipped_skills
from colleague.plugins.store import usable_skills
from colleague.rollout.begin import start_gate
from colleague.rollout.model import Criterion

LIST, REVIEWS = "/api/v1/catalogue", "/api/v1/catalogue/reviews"
REACH = frozenset({"read_document", "write_document"})
PRICE = Thing("a:price", "meeting_prep", REACH, telling("Compares prices and terms of several offers in a table"))


@pytest.mark.parametrize(
    ("other", "share"),
    [
        (Thing("b", "meeting_prep", REACH, telling("Compares the prices of offers")), 1.0),
        (Thing("b", "meeting_prep", None, telling("Comparing terms, prices, holidays and offices")), 0.6),
        (Thing("b", "contract_review", REACH, PRICE.words), None),
        (Thing("b", "meeting_prep", frozenset(), PRICE.words), None),
        (Thing("b", "meeting_prep", frozenset({"web_fetch", "mail_send"}), PRICE.words), None),
        (Thing("b", "meeting_prep", REACH, telling("Summarises minutes of meetings for the board")), None),
        (Thing("b", "meeting_prep", REACH, telling("Prices offers")), None),
    ],
)
def test_two_overlap_by_category_reach_and_words(other: Thing, share: float | None) -> None:
    found = overlap(PRICE, other)
    assert (found and found.share) == share
    assert overlaps(PRICE, [PRICE]) == ()
    if found:
        assert "same category (meeting prep)" in found.why
        assert "price" in found.why


def test_the_skills_that_ship_do_different_things() -> None:
    from colleague.plugins.overlap.measure import thing_of

    things = [thing_of(one) for one in shipped_skills()]
    assert [(t.name, o) for t in things for o in overlaps(t, things)] == []


async def gate(pilot: Pilot) -> Criterion:  # noqa: F811
    house = pilot.home.house
    async with house.database.transaction() as session:
        judged = await start_gate(session, reach=house.reach, clock=house.clock)
    return next(one for one in judged.criteria if one.id == "catalogue")


async def findings(pilot: Pilot) -> list[str]:  # noqa: F811
    house = pilot.home.house
    async with house.database.transaction() as session:
        found = await posture_of(session, pilot.home.people["owner"], house.looking)
    return [f.words for r in found.results if r.check.id == "catalogue-reviewed" for f in r.findings]


@pytest.mark.anyio
async def test_what_is_in_use_is_listed_reviewed_and_runs_out(pilot: Pilot) -> None:  # noqa: F811
    home, house = pilot.home, pilot.home.house
    owner, ben = await pilot.door.enter("owner"), await pilot.door.enter("ben")
    assert (await gate(pilot)).holds, "only what ships is in use"
    assert (await pilot.open("folder", ["Bids"])).status_code == 201
    assert (await pilot.decide(*await pilot.skills("bids", "price"))).status_code == 200

    async def entries() -> dict[str, Any]:
        return {one["name"]: one for one in (await owner.get(LIST)).json()}

    there = await entries()
    folder, price, shipped = there["folder"], there["bids:price"], there["everyone:policy-qa"]
    assert folder["faults"] == ["nobody answers for it", "nobody has reviewed it as it is now"]
    assert (folder["teams"], folder["phase"], folder["runs"]) == (["Bids"], 1, 0)
    ana, admin = home.people["ana"].id, home.people["owner"].id
    today = house.clock.now().date().isoformat()
    assert (price["owner"], price["reviewed_by"], price["reviewed_on"], price["faults"]) == (ana, admin, today, [])
    assert (shipped["shipped"], shipped["faults"]) == (True, [])
    stands = await gate(pilot)
    assert not stands.holds
    assert stands.value.endswith("folder: nobody answers for it and nobody has reviewed it as it is now")
    assert await findings(pilot) == ["Shared folder: nobody answers for it and nobody has reviewed it as it is now."]
    guard = next(g for g in (await owner.get("/api/v1/programme")).json()["guards"] if "plugins" in g["mistake"])
    assert (guard["holds"], guard["rows"]) == (False, "/catalogue")
    # Somebody else than who answers for it reviews it, exactly as it is.
    review = {"kind": "connector", "name": "folder", "version": folder["version"], "owner": "ben@aldermoor.example"}
    assert (await ben.get(LIST)).status_code == 403
    for client, wrong, status in (
        (ben, {}, 403), (owner, {"version": "0" * 64}, 409), (owner, {"owner": "owner@aldermoor.example"}, 403),
        (owner, {"owner": "nobody@aldermoor.example"}, 422), (owner, {"name": "mail"}, 404),
        (owner, {"kind": "x"}, 422),
    ):  # fmt: skip
        assert (await client.post(REVIEWS, json=review | wrong)).status_code == status, wrong
    assert "Nobody answers for it" in (await owner.get("/catalogue")).text
    assert (await owner.post("/catalogue/reviews", data=review)).status_code == 303
    assert (await gate(pilot)).holds
    assert await findings(pilot) == []
    guard = next(g for g in (await owner.get("/api/v1/programme")).json()["guards"] if "plugins" in g["mistake"])
    assert guard["holds"]
    # Another decision on a tool makes another thing of it.
    word = {"state": "blocked"}
    assert (await owner.put("/api/v1/connectors/folder/tools/folder_delete", json=word)).status_code < 300
    assert (await entries())["folder"]["faults"] == ["nobody has reviewed it as it is now"]
    newer = (await entries())["folder"]["version"]
    assert (await owner.post(REVIEWS, json=review | {"version": newer})).status_code == 204
    # What does the same is shown to whoever reviews it.
    double = await pilot.skills("again", "price")
    assert "Overlaps with bids:price" in (await owner.get("/skills/" + double[0] + "/again:price")).text
    async with house.database.transaction() as session:
        await set_active(
            session, home.people["owner"], home.people["ben"].id, active=False, ledger=house.ledger, clock=house.clock
        )
    assert (await entries())["folder"]["faults"] == ["who answers for it is not active any more"]
    # A year later the review is over: it is said, and nothing is switched off.
    house.clock.advance(days=365)
    owner = await pilot.door.enter("owner")
    there = await entries()
    assert [fault[:19] for fault in there["bids:price"]["faults"]] == ["its review was over"]
    assert there["bids:price"]["unused"]
    assert not (await gate(pilot)).holds
    assert "unused for 90 days" in (await owner.get("/catalogue")).text
    async with house.database.transaction() as session:
        assert "bids:price" in {one.name for one in await usable_skills(session, ana, [home.team])}


@pytest.mark.anyio
async def test_an_empty_catalogue_begins_no_pilot(pilot: Pilot) -> None:  # noqa: F811
    house = pilot.home.house
    async with house.database.transaction() as session:
        for one in shipped_skills():
            await switch_skill(
                session, pilot.home.people["owner"], one.name, on=False, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
    stands = await gate(pilot)
    assert (stands.holds, stands.value) == (False, "nothing is in use: switch a skill on")
