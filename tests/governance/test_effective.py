"""«May Ana send this outside? Why not? Since when? By whom?»: the same engine answers, and nothing happens."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.tasks.conftest import Desk
from tests.web.conftest import BASE

from colleague.agent.messages import Turn
from colleague.connectors.grants import Terms, change_grant, grant, revoke
from colleague.connectors.tiers import decide_tool
from colleague.governance.effective.may import Answer, NotYours, UnknownTool, Wish, may, overview
from colleague.identity.directory import PersonNotFound
from colleague.identity.sessions import open_session
from colleague.policy.governance import change_governance
from colleague.policy.model import DataClass, Effect, ToolWord
from colleague.testing.llm import call
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio


async def ask(desk: Desk, tool: str, who: str = "ana", by: str = "owner", **wish: Any) -> Answer:
    house, people = desk.house, desk.home.people
    async with house.database.transaction() as session:
        return await may(
            session, people[by], people[who].id, Wish(tool, **wish), registry=house.registry, engine=house.engine,
            clock=desk.clock,
        )  # fmt: skip


async def test_why_since_when_and_by_whom(desk: Desk) -> None:
    house, owner = desk.house, desk.home.people["owner"]
    read = await ask(desk, "fake_read", place="bids")
    assert read.decision.effect is Effect.ALLOW
    (source,) = read.sources
    assert (source.rule, source.by) == ("granted-read", owner.id)
    assert source.words.startswith("The team Bids may read and change everything (fake), up to")
    assert source.at == desk.clock.now()
    outside = await ask(desk, "fake_send", recipients=("eve@evil.example",))
    assert outside.decision.effect is Effect.ASK
    words = {s.rule: s for s in outside.sources}
    assert words["communicate-external"].words == "Mail domains of the organisation: aldermoor.example."
    assert words["communicate-external"].by == owner.id
    phone = await ask(desk, "fake_send", recipients=("dana@aldermoor.example",), channel="dispatch")
    assert phone.decision.effect is Effect.DENY
    (source,) = phone.sources
    assert (source.by, source.at) == ("", None)
    assert source.words == "Highest tier away from the desk: read. The strict default of the product."
    desk.clock.advance(days=1)
    async with house.database.transaction() as session:
        await change_governance(session, owner, {"highest_external": "public"}, ledger=house.ledger, clock=desk.clock)
    late = await ask(desk, "fake_send", recipients=("eve@evil.example",), data_class=DataClass.INTERNAL)
    (source,) = late.sources
    assert (source.rule, source.at) == ("highest-external", desk.clock.now())


async def test_what_was_read_and_where_a_value_comes_from(desk: Desk) -> None:
    restricted = await ask(desk, "fake_send", recipients=("eve@evil.example",), data_class=DataClass.RESTRICTED)
    assert "restricted-never-leaves" in {r.rule for r in restricted.decision.rulings}
    assert {s.words for s in restricted.sources if s.rule == "restricted-never-leaves"} == {
        "A rule of the product: nobody can switch it off."
    }
    doubtful = await ask(desk, "fake_send", recipients=("eve@evil.example",), untrusted=True, doubtful=True)
    assert "unknown-origin" in {r.rule for r in doubtful.decision.rulings}


async def test_nothing_given_a_grant_that_ended_a_word_for_a_tool_and_a_tool_that_is_blocked(desk: Desk) -> None:
    house, owner = desk.house, desk.home.people["owner"]
    more = {"ledger": house.ledger, "clock": desk.clock}
    async with house.database.transaction() as session:
        await revoke(session, owner, desk.grant, **more)
    nothing = await ask(desk, "fake_read", place="bids")
    assert [r.rule for r in nothing.decision.rulings] == ["no-permit"]
    assert nothing.sources == []
    async with house.database.transaction() as session:
        opened = await grant(
            session, owner, house.registry, "fake", desk.home.team, ["bids"], **more,
            expires_at=desk.clock.now() + timedelta(days=1),
        )  # fmt: skip
    assert (await ask(desk, "fake_read", place="bids")).decision.effect is Effect.ALLOW
    assert (await ask(desk, "fake_read", place="other")).decision.effect is Effect.DENY
    desk.clock.advance(days=2)
    ended = await ask(desk, "fake_read", place="bids")
    assert [r.rule for r in ended.decision.rulings] == ["grant-ended"]
    assert "until" in ended.sources[0].words
    terms = Terms(["bids"], tools={"fake_read": ToolWord.BLOCK})
    async with house.database.transaction() as session:
        await change_grant(session, owner, house.registry, opened.id, terms, **more)
    assert [r.rule for r in (await ask(desk, "fake_read", place="bids")).decision.rulings] == ["grant-blocks-tool"]
    async with house.database.transaction() as session:
        await change_grant(session, owner, house.registry, opened.id, Terms(["bids"]), **more)
        await decide_tool(session, owner, house.registry, "fake_read", "blocked", **more)
    blocked = await ask(desk, "fake_read", place="bids")
    (source,) = blocked.sources
    assert (source.rule, source.words, source.by) == ("tool-approved", "The tool is blocked.", owner.id)


@pytest.mark.parametrize(
    ("tool", "arguments", "wish"),
    [
        ("fake_read", {"shelf": "bids", "note": "price"}, {"place": "bids"}),
        ("fake_send", {"to": "dana@aldermoor.example", "text": "Hi"}, {"recipients": ("dana@aldermoor.example",)}),
        ("fake_send", {"to": "eve@evil.example", "text": "Hi"}, {"recipients": ("eve@evil.example",)}),
        ("fake_write", {"shelf": "bids", "note": "new", "text": "x"}, {"place": "bids"}),
    ],
)
async def test_the_answer_is_what_a_task_then_gets(
    desk: Desk,
    tool: str,
    arguments: dict[str, Any],
    wish: dict[str, Any],
) -> None:
    said = await ask(desk, tool, **wish)
    goal = f"Do it: {' '.join(map(str, arguments.values()))}"
    task = await desk.run(call(tool, **arguments), Turn("Done."), goal=goal)
    (row,) = (await desk.see(task)).calls
    assert row.decision["effect"] == said.decision.effect.name.lower()
    assert {r["rule"] for r in row.decision["rulings"]} == {r.rule for r in said.decision.rulings}


async def test_who_may_look(desk: Desk) -> None:
    house, people = desk.house, desk.home.people
    assert (await ask(desk, "fake_read", by="ana")).person == people["ana"].id
    with pytest.raises(NotYours):
        await ask(desk, "fake_read", who="ben", by="ana")
    assert (await ask(desk, "fake_read", who="ben", by="tom")).person == people["ben"].id
    with pytest.raises(UnknownTool):
        await ask(desk, "no_such_tool")
    async with house.database.transaction() as session:
        with pytest.raises(PersonNotFound):
            await overview(
                session, people["owner"], "person_nobody", registry=house.registry, engine=house.engine,
                clock=desk.clock,
            )  # fmt: skip


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[Callable[[str], Any]]:
    house, clients = desk.house, []
    app = create_app(house.by_type(), settings=house.settings, lifespan=None)

    async def enter(who: str) -> httpx.AsyncClient:
        async with house.database.transaction() as session:
            cookie = await open_session(
                session, desk.home.people[who].id, how="password", device="t", ledger=house.ledger, clock=desk.clock
            )
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url=BASE,
            cookies={"colleague": cookie}, headers={"Origin": BASE},
        )  # fmt: skip
        clients.append(client)
        return client

    yield enter
    for client in clients:
        await client.aclose()


async def test_pages_and_programs(desk: Desk, browser: Callable[[str], Any]) -> None:
    owner, ana = await browser("owner"), await browser("ana")
    mine = await ana.get("/policies/effective")
    assert mine.status_code == 200, mine.text
    assert "What the agent may do for you" in mine.text
    assert "Somebody else, by mail address" not in mine.text
    query = {
        "person": "ana@aldermoor.example",
        "tool": "fake_send",
        "to": "eve@evil.example",
        "data_class": "confidential",
    }
    page = await owner.get("/policies/effective", params={**query, "person": "ana@aldermoor.example"})
    assert "What the agent may do for Ana Ruiz" in page.text
    assert "This may not happen." in page.text
    assert "Highest class that may leave the organisation: internal" in page.text
    assert (
        await ana.get("/policies/effective", params={**query, "person": "ben@aldermoor.example"})
    ).status_code == 403
    assert (await owner.get("/policies/effective?person=nobody@aldermoor.example")).status_code == 404
    assert (await owner.get("/policies/effective?tool=nonsense")).status_code == 404
    said = (await owner.post("/api/v1/policy/effective", json={"tool": "fake_read", "place": "bids"})).json()
    assert said["effect"] == "allow"
    assert said["sources"][0]["rule"] == "granted-read"
    listed = (await ana.get("/api/v1/policy/effective")).json()
    assert {t["tool"] for t in listed["tools"]} == {"fake_read", "fake_send", "fake_write"}
    assert (await ana.get(f"/api/v1/policy/effective?person={desk.home.people['ben'].id}")).status_code == 403
