"""The door for programs: the same deeds with the same refusals, in words, and never more than the token allows."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from colleague.agent.messages import Turn
from colleague.identity.tokens import create_token
from colleague.testing.llm import call
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
DANA = "dana@aldermoor.example"
SEND = call("fake_send", to=DANA, text="Hello")
OWN = ["own:tasks:use", "own:approvals:answer"]


@pytest.fixture
async def door(desk: Any) -> AsyncIterator[Any]:
    """Return a function that gives a client for somebody with some permissions."""
    app = create_app(desk.house.by_type(), settings=desk.house.settings, lifespan=None)  # type: ignore[arg-type]
    clients = []

    async def client(who: str = "ana", permissions: list[str] | None = None, **headers: str) -> httpx.AsyncClient:
        async with desk.house.database.transaction() as session:
            token = await create_token(
                session, desk.home.people[who], "test", permissions or OWN, days=1, ledger=desk.house.ledger,
                clock=desk.clock,
            )  # fmt: skip
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers = {"authorization": f"Bearer {token}"} | headers
        made = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers)
        clients.append(made)
        return made

    yield client
    for made in clients:
        await made.aclose()


async def test_a_task_from_the_first_word_to_the_sent_mail(desk: Any, door: Any) -> None:
    ana = await door()
    desk.llm.play(call("list_files"), SEND, Turn("Sent."))
    made = await ana.post("/api/v1/tasks", data={"goal": "Greet Dana"}, files={"files": ("n.txt", b"A note.")})
    assert made.status_code == 201
    assert (made.json()["state"], made.json()["files"][0]["name"]) == ("queued", "n.txt")
    task = f"/api/v1/tasks/{made.json()['id']}"
    await desk.work()
    shown = (await ana.get(task)).json()
    assert shown["state"] == "needs approval"
    card = (await ana.get(f"/api/v1/approvals/{shown['waiting_for']}")).json()
    stale = await ana.post(f"/api/v1/approvals/{card['id']}/answer", json={"verdict": "approved", "digest": "0" * 64})
    assert (stale.status_code, stale.json()["code"]) == (409, "NotAsShown")
    yes = {"verdict": "approved", "digest": card["digest"]}
    assert (await ana.post(f"/api/v1/approvals/{card['id']}/answer", json=yes)).status_code == 200
    again = await ana.post(f"/api/v1/approvals/{card['id']}/answer", json=yes)
    assert (again.status_code, again.json()["code"]) == (409, "AlreadyDecided")
    assert "Ana Ruiz" in again.json()["message"]
    await desk.work()
    shown = (await ana.get(task)).json()
    assert (shown["state"], shown["answer"]) == ("completed", "Sent.")
    assert [c["state"] for c in shown["calls"]] == ["done", "done"]
    assert len(desk.fake.effects) == 1
    desk.llm.play(Turn(), Turn(), Turn(), Turn("And again."))
    assert (await ana.post(f"{task}/messages", json={"text": "Once more"})).json()["state"] == "queued"
    stopped = await ana.post(f"{task}/stop")
    assert stopped.json()["state"] == "stopped"
    assert (await ana.post(f"{task}/stop")).json()["code"] == "AlreadyEnded"
    assert (await ana.post(f"{task}/retry")).status_code == 409


async def test_a_question_is_answered_once(desk: Any, door: Any) -> None:
    ana = await door()
    task = await desk.run(call("ask_person", question="Which?"), Turn("Thanks."))
    question = (await ana.get(f"/api/v1/tasks/{task}")).json()["waiting_for"]
    path = f"/api/v1/tasks/{task}/answers"
    assert (await ana.post(path, json={"call": question, "text": ""})).status_code == 422
    assert (await ana.post(path, json={"call": "nothing", "text": "x"})).json()["code"] == "NothingAsked"
    assert (await ana.post(path, json={"call": question, "text": "This one"})).json()["state"] == "queued"
    assert (await ana.post(path, json={"call": question, "text": "That one"})).status_code == 409
    await desk.work()
    assert (await ana.get(f"/api/v1/tasks/{task}")).json()["answer"] == "Thanks."


async def test_what_is_not_yours_does_not_exist(desk: Any, door: Any) -> None:
    task = await desk.run(SEND, Turn("Sent."))
    ben, looker = await door("ben"), await door("tom", ["own:tasks:use"])
    card = (await desk.asked(task)).id
    for path in (
        f"/api/v1/tasks/{task}",
        f"/api/v1/tasks/{task}x",
        f"/api/v1/approvals/{card}",
        "/api/v1/outputs/x/content",
    ):
        assert (await ben.get(path)).status_code == 404, path
    for what, body in (
        ("messages", {"text": "x"}),
        ("stop", None),
        ("retry", None),
        ("answers", {"call": "x", "text": "x"}),
    ):
        refused = await ben.post(f"/api/v1/tasks/{task}/{what}", json=body)
        assert refused.status_code in (403, 404), what
        assert task not in refused.json()["message"]
    assert (await ben.get("/api/v1/tasks", params={"everyone": True})).status_code == 403
    assert (await looker.get("/api/v1/tasks")).json() == []
    assert await desk.state(task) == "needs approval"


async def test_a_token_gives_no_more_than_it_says(desk: Any, door: Any) -> None:
    narrow = await door("ana", ["own:approvals:answer"])
    refused = await narrow.post("/api/v1/tasks", data={"goal": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "PermissionMissing")
    assert "own:tasks:use" in refused.json()["message"]
    for value in ("Bearer ", "Bearer clg_nonsense", "Basic YTpi", "Bearer " + "x" * 5000):
        nobody = await door("ana", None, authorization=value)
        assert (await nobody.get("/api/v1/tasks")).status_code == 401


@pytest.mark.parametrize(
    ("fields", "files"),
    [
        ({}, None),
        ({"goal": ""}, None),
        ({"goal": " \x00 "}, None),
        ({"goal": "a" * 9000}, None),
        ({"goal": "x"}, {"files": ("empty.pdf", b"")}),
        ({"goal": "x"}, {"files": ("a.exe", b"MZ" + b"\x00" * 300)}),
        ({"goal": "x"}, {"files": ("a.pdf", b"%PDF-1.7 and nothing else")}),
    ],
)
async def test_what_cannot_be_used_is_refused_in_words_and_leaves_nothing(
    desk: Any, door: Any, fields: dict[str, str], files: Any
) -> None:
    ana = await door()
    refused = await ana.post("/api/v1/tasks", data=fields, files=files)
    assert refused.status_code in (413, 422)
    assert len(refused.json()["message"]) > 10
    assert (await ana.get("/api/v1/tasks")).json() == []
    assert await desk.work() == 0


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"text": 3}', b'{"text": "\\ud800"}', b'{"text": "' + b"a" * 9000 + b'"}']
)
async def test_a_body_that_is_none(desk: Any, door: Any, body: bytes) -> None:
    ana = await door(**{"content-type": "application/json"})
    task = await desk.run(Turn("x"))
    refused = await ana.post(f"/api/v1/tasks/{task}/messages", content=body)
    assert refused.status_code in (400, 413, 422)
    assert refused.json()["message"]
    assert await desk.state(task) == "completed"
