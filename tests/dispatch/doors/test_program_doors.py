"""Programs dispatch with a token of their own, by JSON or MCP, through the same pipeline; ids are the person's own."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from tests.dispatch.doors.conftest import BASE, Knocker

from colleague.identity.tokens import create_token

pytestmark = pytest.mark.anyio


async def token(knocker: Knocker, who: str = "ana", *permissions: str) -> dict[str, str]:
    house = knocker.home.house
    async with house.database.transaction() as session:
        actor = knocker.home.people[who]
        text = await create_token(
            session, actor, "t", permissions or ("own:dispatch:use", "own:tasks:use"), days=1, ledger=house.ledger,
            clock=knocker.clock,
        )  # fmt: skip
    return {"Authorization": f"Bearer {text}"}


async def rpc(knocker: Knocker, method: str, params: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    sent = {
        "Accept": "application/json, text/event-stream", "Content-Type": "application/json",
        "MCP-Protocol-Version": "2025-06-18", **headers,
    }  # fmt: skip
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return await knocker.client.post("/mcp", json=body, headers=sent)


async def use(knocker: Knocker, tool: str, arguments: dict[str, Any], headers: dict[str, str]) -> Any:
    answer = await rpc(knocker, "tools/call", {"name": tool, "arguments": arguments}, headers)
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    text = result["content"][0]["text"]
    return text if result.get("isError") else json.loads(text)


async def test_the_api_hands_on_what_the_owner_of_the_token_says(knocker: Knocker) -> None:
    headers = await token(knocker)
    tries = [
        knocker.client.post("/api/v1/dispatch", json={"text": "brief acme", "id": "client-1"}, headers=headers)
        for _ in range(5)
    ]
    answers = await asyncio.gather(*tries)
    assert {a.status_code for a in answers} == {200}
    told = {"state": "started", "text": "Started: a brief on Acme & Co.", "message": "message_1", "task": "task_1"}
    assert [a.json() for a in answers] == [told] * 5
    (message,) = knocker.pipeline.messages
    assert (message.channel, message.person, message.sender) == ("api", knocker.home.people["ana"].id, "")


async def test_an_id_of_somebody_else_is_another_message(knocker: Knocker) -> None:
    for who in ("ana", "ben"):
        said = {"text": "brief acme", "id": "client-1"}
        await knocker.client.post("/api/v1/dispatch", json=said, headers=await token(knocker, who))
    assert len(knocker.pipeline.messages) == 2


async def test_without_the_right_or_a_fitting_text_nothing_happens(knocker: Knocker) -> None:
    said: dict[str, Any] = {"text": "brief acme"}
    post = knocker.client.post
    assert (await post("/api/v1/dispatch", json=said)).status_code == 401
    narrow = await token(knocker, "ana", "own:tasks:use")
    assert (await post("/api/v1/dispatch", json=said, headers=narrow)).status_code == 403
    headers = await token(knocker)
    bad = [{}, {"text": ""}, {"text": "x" * 8001}, {"text": "x", "id": "no"}, {"text": "x", "id": "a b c d e f"}, [], 5]
    for body in bad:
        assert (await post("/api/v1/dispatch", json=body, headers=headers)).status_code == 422
    assert knocker.pipeline.calls == 0
    knocker.pipeline.broken = True
    broken = await post("/api/v1/dispatch", json=said, headers=headers)
    assert broken.status_code == 503
    assert "Nothing was done" in broken.json()["message"]


async def test_the_api_takes_what_no_database_can_hold(knocker: Knocker) -> None:
    answer = await knocker.client.post(
        "/api/v1/dispatch", content=b'{"text": "a\\u0000b\\ud800c"}',
        headers={**await token(knocker), "Content-Type": "application/json"},
    )  # fmt: skip
    assert answer.status_code in (200, 422)
    assert all("\x00" not in m.text and m.text.encode() for m in knocker.pipeline.messages)


async def test_an_mcp_client_finds_four_tools(knocker: Knocker) -> None:
    headers = await token(knocker)
    said = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    assert (await rpc(knocker, "initialize", said, headers)).json()["result"]["serverInfo"]["name"] == "colleague"
    tools = (await rpc(knocker, "tools/list", {}, headers)).json()["result"]["tools"]
    assert [t["name"] for t in tools] == ["list_triggers", "dispatch", "get_task", "answer"]
    assert [t["annotations"]["readOnlyHint"] for t in tools] == [True, False, True, False]
    assert (await use(knocker, "list_triggers", {}, headers))["triggers"][0]["name"] == "brief"


async def test_an_mcp_client_dispatches_once(knocker: Knocker) -> None:
    headers = await token(knocker)
    for _ in range(3):
        found = await use(knocker, "dispatch", {"text": "brief acme", "id": "client-12"}, headers)
        assert (found["state"], found["task"]) == ("started", "task_1")
    (message,) = knocker.pipeline.messages
    assert (message.channel, message.person) == ("mcp", knocker.home.people["ana"].id)


async def test_an_mcp_client_hears_why_not(knocker: Knocker) -> None:
    headers = await token(knocker)
    assert "do not fit" in await use(knocker, "dispatch", {"text": 5}, headers)
    assert "do not fit" in await use(knocker, "dispatch", {"text": "x", "person": "ben"}, headers)
    assert await use(knocker, "approve", {}, headers) == "There is no such tool."
    assert "task" in (await use(knocker, "get_task", {"task": "task_0"}, headers)).lower()
    assert "task" in (await use(knocker, "answer", {"task": "task_0", "call": "c", "text": "x"}, headers)).lower()
    knocker.pipeline.broken = True
    assert "Nothing was done" in await use(knocker, "dispatch", {"text": "x"}, headers)


async def test_an_mcp_client_sees_only_what_its_person_sees(knocker: Knocker) -> None:
    from colleague.tasks.start import start

    house = knocker.home.house
    task = await start(knocker.home.people["ana"], "A brief", (), parts=house.parts, settings=house.settings)
    found = await use(knocker, "get_task", {"task": task}, await token(knocker))
    assert (found["task"], found["state"], found["question"]) == (task, "queued", None)
    assert found["link"] == f"{BASE}/tasks/{task}"
    refused = await use(knocker, "get_task", {"task": task}, await token(knocker, "ben"))
    assert isinstance(refused, str)
    assert task not in refused


async def test_mcp_needs_a_token_and_no_foreign_page(knocker: Knocker) -> None:
    headers = await token(knocker)
    assert (await rpc(knocker, "tools/list", {}, {})).status_code == 401
    assert (await rpc(knocker, "tools/list", {}, {"Authorization": "Bearer clg_x"})).status_code == 401
    assert (await rpc(knocker, "tools/list", {}, {"Cookie": "colleague=x"})).status_code == 401
    assert (await rpc(knocker, "tools/list", {}, {**headers, "Origin": "https://evil.example"})).status_code == 403
    assert (await rpc(knocker, "tools/list", {}, {**headers, "Host": "evil.example"})).status_code == 421
    assert (await rpc(knocker, "tools/list", {}, {**headers, "Origin": BASE})).status_code == 200
    assert (await rpc(knocker, "tools/list", {"x": "y" * 200_000}, headers)).status_code == 413
    for body in (b"", b"{", b"[]", b"[" * 50_000, b"null", b"\xff", b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}'):
        sent = {**headers, "Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        assert (await knocker.client.post("/mcp", content=body, headers=sent)).status_code < 500
    assert (await knocker.client.get("/mcp", headers=headers)).status_code == 405
