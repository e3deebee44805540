"""What a device sends again is done once: also at the same time, never with other content, never for another person."""

import asyncio

import pytest
from sqlalchemy import func, select
from tests.tasks.conftest import Desk

from colleague.agent.messages import Turn
from colleague.kit.once import KEPT, OnceRow, forget_old_keys
from colleague.tasks.tables import TaskRow
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
KEY = {"Idempotency-Key": "0f8fad5b-d9cb-469f-a165-70867728950e"}


async def tasks(desk: Desk) -> int:
    async with desk.house.database.transaction() as session:
        return int(await session.scalar(select(func.count()).select_from(TaskRow)) or 0)


async def said(desk: Desk, task: str) -> list[str]:
    return [s.body["text"] for s in (await desk.see(task)).said]


async def test_a_task_sent_five_times_at_once_is_one_task(desk: Desk) -> None:
    async with desk.door("ana") as door:
        send = [door.post("/api/v1/tasks", data={"goal": "Say hello."}, headers=KEY) for _ in range(5)]
        answers = await asyncio.gather(*send)
        assert {a.status_code for a in answers} == {201}, [a.text for a in answers]
        assert len({a.json()["id"] for a in answers}) == 1
        assert await tasks(desk) == 1
        # The page's door and the program's door know the same keys.
        page = await door.post("/tasks", data={"goal": "Say hello."}, headers=KEY)
        assert page.headers["location"].endswith(answers[0].json()["id"])
        script = await door.post("/tasks", data={"goal": "Say hello."}, headers={**KEY, "Accept": "application/json"})
        assert script.json() == {"to": page.headers["location"]}
        # Without a key each is a task of its own.
        await door.post("/api/v1/tasks", data={"goal": "Say hello."})
        assert await tasks(desk) == 2


async def test_a_key_with_other_content_is_refused(desk: Desk) -> None:
    async with desk.door("ana") as door:
        note = {"files": ("a.txt", b"One.", "text/plain")}
        first = await door.post("/api/v1/tasks", data={"goal": "Read it."}, files=note, headers=KEY)
        assert first.status_code == 201
        for data, files in (
            ({"goal": "Read it twice."}, note), ({"goal": "Read it."}, {"files": ("a.txt", b"Two.", "text/plain")}),
            ({"goal": "Read it."}, {"files": ("b.txt", b"One.", "text/plain")}),
        ):  # fmt: skip
            other = await door.post("/api/v1/tasks", data=data, files=files, headers=KEY)
            assert other.status_code == 409
            assert other.json()["code"] == "OtherContent"
        said_there = await door.post(f"/api/v1/tasks/{first.json()['id']}/messages", json={"text": "x"}, headers=KEY)
        assert said_there.status_code == 409
        assert await tasks(desk) == 1


async def test_a_refused_one_may_be_sent_again(desk: Desk) -> None:
    async with desk.door("ana") as door:
        assert (await door.post("/api/v1/tasks", data={"goal": " "}, headers=KEY)).status_code == 422
        assert (await door.post("/api/v1/tasks", data={"goal": "Say hello."}, headers=KEY)).status_code == 201


async def test_words_and_answers_arrive_once(desk: Desk) -> None:
    task = await desk.run(call("ask_person", question="Which one?", choices=["A", "B"]), Turn("Thanks."))
    view = await desk.see(task)
    waiting = view.run.waiting_for
    async with desk.door("ana") as door:
        there = f"/api/v1/tasks/{task}"
        spoken = await asyncio.gather(
            *(door.post(f"{there}/messages", json={"text": "Mind the budget. @ben"}, headers=KEY) for _ in range(4))
        )
        assert {a.status_code for a in spoken} == {200}
        assert all(a.json()["mentions"] == spoken[0].json()["mentions"] for a in spoken)
        assert (await said(desk, task)).count("Mind the budget. @ben") == 1

        key = {"Idempotency-Key": "answer-0123456789"}
        send = [door.post(f"{there}/answers", json={"call": waiting, "text": "B"}, headers=key) for _ in range(4)]
        assert {a.status_code for a in await asyncio.gather(*send)} == {200}
        # Another answer under another key comes too late, and says so.
        late = await door.post(f"{there}/answers", json={"call": waiting, "text": "A"})
        assert late.status_code == 409


async def test_nothing_is_sent_in_the_name_of_another_person(desk: Desk) -> None:
    async with desk.door("ana") as ana, desk.door("ben") as ben:
        hers = {**KEY, "Colleague-Person": desk.home.people["ana"].id}
        refused = await ben.post("/api/v1/tasks", data={"goal": "Say hello."}, headers=hers)
        assert refused.status_code == 403
        assert refused.json()["code"] == "OtherPerson"
        assert (await ana.post("/api/v1/tasks", data={"goal": "Say hello."}, headers=hers)).status_code == 201
        # The same key of another person is another key.
        his = await ben.post("/api/v1/tasks", data={"goal": "Say hello."}, headers=KEY)
        assert his.status_code == 201
        assert await tasks(desk) == 2


@pytest.mark.parametrize(
    "key", ["short", "x" * 81, "spaces are not for keys", "ünïcode-0123456789".encode().hex() + "!"]
)
async def test_a_key_that_is_none_is_refused(desk: Desk, key: str) -> None:
    async with desk.door("ana") as door:
        answer = await door.post("/api/v1/tasks", data={"goal": "Say hello."}, headers={"Idempotency-Key": key})
        assert (answer.status_code, answer.json()["code"]) == (422, "BadKey")


async def test_keys_are_forgotten_after_seven_days(desk: Desk) -> None:
    async with desk.door("ana") as door:
        await door.post("/api/v1/tasks", data={"goal": "Say hello."}, headers=KEY)
    for days, left in ((0, 1), (KEPT.days, 1), (1, 0)):
        desk.clock.advance(days=days)
        async with desk.house.database.transaction() as session:
            await forget_old_keys(session, clock=desk.clock)
            assert await session.scalar(select(func.count()).select_from(OnceRow)) == left
