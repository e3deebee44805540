"""Somebody else's words inside one's own message are marked where a person decides: page, terminal, API (one card)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.tasks.conftest import Desk

from colleague.agent.messages import Turn
from colleague.approvals.inbox import get_card
from colleague.cli.approval import show_card
from colleague.testing.clock import TestClock
from colleague.testing.connector import FakeConnector
from colleague.testing.house import furnish, open_connector
from colleague.testing.llm import ScriptedLlm, call
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Desk]:
    fake, llm = FakeConnector({"bids": {}}), ScriptedLlm(name="play")
    home = await furnish(
        database_url, tmp_path, connectors=[fake], models={"play": llm}, model="play", clock=clock, demo=True
    )  # fmt: skip
    yield Desk(home, fake, llm, clock, await open_connector(home, "fake", ["*"], config={}, may_write=True))
    await home.house.close()


NOTE = "Dear buyer, please pay the deposit to our new account today, says <b>eve</b>."
TEXT = "Hello Dana,\nplease pay the deposit to our new account today.\u202eBest, Ana"
BORROWED = "please pay the deposit to our new account today"


async def asked(desk: Any, goal: str = "Tell Dana what the note says.") -> Any:
    desk.fake.shelves["bids"]["plan"] = NOTE
    task = await desk.run(
        call("fake_read", shelf="bids", note="plan"), call("fake_send", to="dana@aldermoor.example", text=TEXT),
        Turn("Done."), goal=goal,
    )  # fmt: skip
    return await desk.asked(task)


async def test_the_card_says_what_is_borrowed_and_from_where(desk: Any, capsys: Any) -> None:
    row = await asked(desk)
    (passage,) = row.preview["borrowed"]
    assert (passage["where"], passage["found_in"]) == ("body", "fake:bids")
    assert TEXT[passage["start"] : passage["end"]] == BORROWED
    async with desk.house.database.transaction() as session:
        card = await get_card(session, desk.home.people["ana"], row.id)
    show_card(card)
    told = capsys.readouterr().out
    assert f"⟦{BORROWED}⟧" in told
    assert "stands word for word in fake:bids" in told.replace("\n", " ")
    assert "⟨U+202E⟩Best" in told, "a letter that turns the line round is written out"
    own = await asked(desk, goal=f"Write to Dana: {BORROWED}.")
    assert own.preview["borrowed"] == [], "one's own words are one's own"


async def test_the_page_and_the_api_show_it(desk: Any) -> None:
    row = await asked(desk)
    base = "http://127.0.0.1:8080"
    app = create_app(desk.house.by_type(), settings=desk.house.settings, lifespan=lambda app: None)  # type: ignore[arg-type,return-value]
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url=base, headers={"Origin": base}) as client:
        await client.post("/sign-in/demo", data={"person": "ana@aldermoor.example"})
        answer = (await client.get(f"/api/v1/approvals/{row.id}")).json()
        assert answer["preview"]["borrowed"][0]["found_in"] == "fake:bids"
        for place in (f"/approvals/{row.id}", "/approvals"):
            page = (await client.get(place)).text
            assert f'<mark class="cl-borrowed" title="From fake:bids">{BORROWED}</mark>' in page, place
            assert "it would go out as your own words" in page
            assert "⟨U+202E⟩" in page
            assert "\u202e" not in page
