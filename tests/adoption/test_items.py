"""An item is open once for each key, about work and never about a person, and closed with what was done."""

import asyncio

import pytest
from tests.adoption.conftest import Programme

from colleague.adoption.items import AlreadyClosed, BadItem, NoSuchItem, close_item, list_items, open_item
from colleague.identity.actor import PermissionMissing
from colleague.usecases.around import BadText

pytestmark = pytest.mark.anyio
WHY = "Completion was 41 % (30–53 %) of 60 runs."


async def test_it_is_opened_once_also_by_several_at_once_and_again_after_it_was_closed(programme: Programme) -> None:
    one = ("redesign:rfp", "redesign", "use_case:rfp", WHY)
    new = await asyncio.gather(*(programme.do(open_item, *one, **programme.told) for _ in range(5)))
    assert sorted(new) == [False] * 4 + [True]
    (found,) = await programme.do(list_items, programme.lead, state="open")
    with pytest.raises(PermissionMissing):
        await programme.do(close_item, programme.home.people["ana"], found.id, "Done", **programme.told)
    with pytest.raises(PermissionMissing):
        await programme.do(list_items, programme.home.people["ana"])
    for nothing in (" \n ", "\u3164\u2800", "..."):
        with pytest.raises(BadText):
            await programme.do(close_item, programme.lead, found.id, nothing, **programme.told)
    await programme.do(close_item, programme.lead, found.id, "Split in two.", **programme.told)
    with pytest.raises(AlreadyClosed):
        await programme.do(close_item, programme.lead, found.id, "Again", **programme.told)
    for unknown in ("", "item_x", found.id[:-1] + "0", "\x00"):
        with pytest.raises(NoSuchItem):
            await programme.do(close_item, programme.lead, unknown, "Done", **programme.told)
    assert await programme.do(open_item, *one, **programme.told)
    assert len(await programme.do(list_items, programme.lead, state="open")) == 1


async def test_many_are_opened_over_one_connection(programme: Programme) -> None:
    # After ten times the server plans a statement without its values: the rule of the index must stand in its words.
    house = programme.home.house
    async with house.database.transaction() as session:
        for number in range(30):
            about = f"connector:kind-{number // 2}"
            new = await open_item(session, f"tickets:{about}", "ticket", about, WHY, **programme.told)
            assert new is (number % 2 == 0)


@pytest.mark.parametrize(
    ("key", "kind", "about"),
    [("k", "redesign", "person:ana"), ("k", "redesign", "people"), ("k", "training", "programme"),
     ("", "alarm", "programme"), ("k", "alarm", "")],
)  # fmt: skip
async def test_it_is_about_no_person_and_of_a_known_kind(programme: Programme, key: str, kind: str, about: str) -> None:
    with pytest.raises(BadItem):
        await programme.do(open_item, key, kind, about, WHY, **programme.told)


async def test_the_doors_of_items(programme: Programme) -> None:
    await programme.do(open_item, "a", "alarm", "programme", "<b>Weekly active below 20 %</b>", **programme.told)
    async with programme.client(programme.lead, "org:programme:manage", "org:programme:read") as client:
        (one,) = (await client.get("/api/v1/adoption/items?state=open")).json()
        page = (await client.get("/adoption/items")).text
        assert "&lt;b&gt;Weekly active" in page
        close = f"/api/v1/adoption/items/{one['id']}/close"
        assert (await client.post(close, json={"outcome": ""})).status_code == 422
        assert (await client.post(close, json={"outcome": "x" * 3000})).status_code == 422
        assert (await client.post(close, json={"outcome": "Looked into."})).status_code == 204
        assert (await client.post(f"/adoption/items/{one['id']}/close", data={"outcome": "x"})).status_code == 409
        assert "Looked into." in (await client.get("/adoption/items")).text
        assert (await client.get("/api/v1/adoption/items?state=lost")).status_code == 422
    async with programme.client(programme.home.people["ana"], "own:tasks:use") as client:
        assert (await client.get("/adoption/items")).status_code == 403
