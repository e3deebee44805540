"""What is approved for champions first is theirs alone, takes nothing from others, and is opened by another."""

from datetime import timedelta

import pytest
from tests.plugins.test_skills import TIDY, Door, add, door, home, names, sha_of  # noqa: F401

from colleague.identity.actor import SYSTEM
from colleague.identity.people import assign_role, remove_role
from colleague.plugins.hold import set_hold
from colleague.plugins.store import usable_skills
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio


async def used(home: TestHouse, who: str) -> str:  # noqa: F811
    """Return the text of the skill that somebody would use now, "" for none."""
    async with home.house.database.transaction() as session:
        found = await usable_skills(session, home.people[who].id, [home.team])
    texts = [one.skill.body for one in found if one.name == "tidy:tidy"]
    assert len(texts) < 2
    return texts[0] if texts else ""


async def test_champions_first_then_everybody(home: TestHouse, door: Door) -> None:  # noqa: F811
    async with home.house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["rita"].id, "champion", ledger=home.house.ledger, decided=True)
    ana, ben, rita, owner = [await door.enter(who) for who in ("ana", "ben", "rita", "owner")]
    first = await add(ana)
    await ana.post(f"/api/v1/skills/{first}/submit")
    word = {"approve": True, "sha256": await sha_of(ana, first), "category": "meeting_prep"}
    early = word | {"teams": ["role:champion"]}
    assert (await owner.post(f"/api/v1/skills/{first}/decide", json=early)).status_code == 200
    assert "tidy:tidy" in await names(rita)
    assert "tidy:tidy" not in await names(ben)
    assert (await ben.get(f"/skills/{first}/tidy:tidy")).status_code == 404
    assert ">early</span>" in (await rita.get("/skills")).text
    assert [bool(await used(home, who)) for who in ("rita", "ana", "ben", "owner")] == [True, True, False, False]
    pin = {"sha256": word["sha256"]}
    assert (await rita.post(f"/api/v1/skills/{first}/open", json=pin)).status_code == 403
    assert (await owner.post(f"/api/v1/skills/{first}/open", json={"sha256": "0" * 64})).status_code == 409
    assert (await owner.post(f"/skills/{first}/tidy:tidy/open", data=pin)).status_code == 303
    assert (await owner.post(f"/api/v1/skills/{first}/open", json=pin)).status_code == 409
    assert "tidy:tidy" in await names(ben)
    # The next version goes to champions first: everybody else keeps the one before.
    second = await add(ana, TIDY + b"More.\n")
    await ana.post(f"/api/v1/skills/{second}/submit")
    early |= {"sha256": await sha_of(ana, second)}
    assert (await owner.post(f"/api/v1/skills/{second}/decide", json=early)).status_code == 200
    assert "More." in await used(home, "rita")
    assert "More." not in await used(home, "ben")
    assert await used(home, "ben")
    async with home.house.database.transaction() as session:
        await remove_role(session, SYSTEM, home.people["rita"].id, "champion", ledger=home.house.ledger, decided=True)
    assert "More." not in await used(home, "rita")
    assert (await owner.post(f"/api/v1/skills/{second}/open", json={"sha256": early["sha256"]})).status_code == 200
    assert "More." in await used(home, "ben")


async def test_nobody_opens_their_own(home: TestHouse, door: Door) -> None:  # noqa: F811
    async with home.house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["ana"].id, "administrator", ledger=home.house.ledger)
    ana, owner = await door.enter("ana"), await door.enter("owner")
    package = await add(owner)
    await owner.post(f"/api/v1/skills/{package}/submit")
    sha = await sha_of(owner, package)
    word = {"approve": True, "sha256": sha, "category": "meeting_prep", "teams": ["role:champion"]}
    assert (await ana.post(f"/api/v1/skills/{package}/decide", json=word)).status_code == 200
    assert (await owner.post(f"/api/v1/skills/{package}/open", json={"sha256": sha})).status_code == 403
    assert (await ana.post(f"/api/v1/skills/{package}/open", json={"sha256": sha})).status_code == 200


async def test_while_the_catalogue_is_held_nothing_new_comes_in_by_either_door(
    home: TestHouse,  # noqa: F811
    door: Door,  # noqa: F811
    clock: TestClock,
) -> None:
    """PH-8: neither an approval nor what champions have had early."""
    async with home.house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["rita"].id, "champion", ledger=home.house.ledger, decided=True)
    ana, ben, owner = [await door.enter(who) for who in ("ana", "ben", "owner")]
    early, new = await add(ana), await add(ben, TIDY + b"More.\n")
    for client, package in ((ana, early), (ben, new)):
        await client.post(f"/api/v1/skills/{package}/submit")
    word = {"approve": True, "sha256": await sha_of(ana, early), "category": "meeting_prep"}
    answer = await owner.post(f"/api/v1/skills/{early}/decide", json=word | {"teams": ["role:champion"]})
    assert answer.status_code == 200
    other = word | {"sha256": await sha_of(ben, new)}
    due = home.house.clock.now() + timedelta(hours=1)
    async with home.house.database.transaction() as session:
        await set_hold(session, SYSTEM, "A review is due.", since=due, ledger=home.house.ledger, clock=home.house.clock)
    pin = {"sha256": word["sha256"]}

    async def tried() -> list[int]:
        """Return what each door answers."""
        answers = [
            await owner.post(f"/api/v1/skills/{new}/decide", json=other),
            await owner.post(f"/api/v1/skills/{early}/open", json=pin),
            await owner.post(f"/skills/{early}/tidy:tidy/open", data=pin),
        ]
        assert all("A review is due." in one.text for one in answers if one.status_code == 409)
        return [one.status_code for one in answers]

    clock.advance(hours=1)  # It was set before: it holds from its instant on.
    assert await tried() == [409, 409, 409]
    later = due + timedelta(minutes=1)
    async with home.house.database.transaction() as session:
        await set_hold(
            session, SYSTEM, "A review is due.", since=later, ledger=home.house.ledger, clock=home.house.clock
        )  # fmt: skip
    assert (await owner.post(f"/api/v1/skills/{early}/open", json=pin)).status_code == 200
    assert (await owner.post(f"/api/v1/skills/{new}/decide", json=other)).status_code == 200
