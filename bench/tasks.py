"""What governing costs: a call beside one durable commit, a step beside bare pydantic-ai, runs a second, a decision.

The database is the embedded one as it ships: every commit waits for the disk.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic_ai import Agent, UsageLimits
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from sqlalchemy import insert, text

from colleague.agent.messages import Call, Message, Turn
from colleague.connectors.connector import Result
from colleague.connectors.tables import GrantRow
from colleague.identity.tables import MembershipRow, PersonRow, TeamRow
from colleague.kit import embedded, log
from colleague.kit.queue import RUNS, Job, enqueue
from colleague.policy.facts import request_of
from colleague.policy.model import Governance
from colleague.tasks.calls import beside
from colleague.tasks.calls.weigh import Scales
from colleague.tasks.start import start
from colleague.tasks.store import get_task, lock_run, run_value
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, furnish, open_connector
from colleague.testing.llm import ScriptedLlm
from colleague.testing.worker import work

Row = tuple[str, float, str, str]
PEOPLE, TEAMS, GRANTS = 5000, 100, 3492
READS, TURNS, ROUNDS = 16, 3, 5
RUNS_AT_ONCE, CALLS = 40, 5
SLOW = 0.1
SCRIPT = ScriptedLlm(name="play")


def reads(count: int, turn: int) -> Turn:
    """Return a turn with `count` reads, none like another."""
    return Turn(
        calls=tuple(Call("c", "fake_read", {"shelf": "bids", "note": f"n{turn * 100 + n}"}) for n in range(count))
    )


async def furnished(folder: Path) -> TestHouse:
    """Return a house on a database that waits for the disk."""
    notes = {"bids": {f"n{n}": f"Note {n}." for n in range(5000)}}
    home = await furnish(
        embedded.start(folder), folder, connectors=[FakeConnector(notes)], models={"play": SCRIPT},
        model="play",
    )  # fmt: skip
    await open_connector(home, "fake", ["*"], config={}, may_write=True)
    return home


async def hand_over(home: TestHouse, count: int = 1) -> list[str]:
    """Hand over tasks; return their ids."""
    house = home.house
    return [
        await start(home.people["ana"], f"Read {n}", [], parts=house.parts, settings=house.settings)
        for n in range(count)
    ]


async def timed(deed: Callable[[], Awaitable[Any]], times: int) -> float:
    """Return the median milliseconds of `deed`."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        await deed()
        found.append((time.perf_counter() - began) * 1000)
    return statistics.median(found)


async def governed_call(home: TestHouse) -> list[Row]:
    """Wall time of a call that is allowed: found, weighed, on record, made, concluded."""
    house = home.house
    async with house.database.transaction() as session:
        await session.execute(text("CREATE TABLE IF NOT EXISTS anchor (n int)"))

    async def commit() -> None:
        async with house.database.transaction() as session:
            await session.execute(text("INSERT INTO anchor VALUES (1)"))

    SCRIPT.play(*(reads(READS, n) for n in range(TURNS)), Turn("Read."))
    await hand_over(home)
    await work(house)
    found, anchors = [], []
    for _ in range(ROUNDS):
        await hand_over(home)
        anchors.append(await timed(commit, 30))
        began = time.perf_counter()
        await work(house)
        found.append((time.perf_counter() - began) * 1000 / (READS * TURNS))
    call, anchor = statistics.median(found), statistics.median(anchors)
    return [("governed call, all of it", call, "ms", f"one durable commit {anchor:.2f} ms; {call / anchor:.1f} times")]


async def agent_step(home: TestHouse) -> list[Row]:
    """CPU of a step (a model turn with one governed call) beside the same in bare pydantic-ai, without any record."""
    steps = 30
    SCRIPT.play(*(reads(1, n) for n in range(steps)), Turn("Read."))
    ours = []
    for _ in range(ROUNDS):
        await hand_over(home)
        began = time.process_time()
        await work(home.house)
        ours.append((time.process_time() - began) * 1000 / steps)

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        done = sum(isinstance(m, ModelResponse) for m in messages)
        part = ToolCallPart("read", {"shelf": "bids", "note": f"n{done}"}) if done < steps else TextPart("Read.")
        return ModelResponse(parts=[part])

    agent = Agent(FunctionModel(answer))

    @agent.tool_plain
    def read(shelf: str, note: str) -> str:
        return f"Note {note}."

    bare = []
    for _ in range(ROUNDS):
        began = time.process_time()
        await agent.run("Read.", usage_limits=UsageLimits(request_limit=None))
        bare.append((time.process_time() - began) * 1000 / steps)
    step, anchor = statistics.median(ours), statistics.median(bare)
    return [("agent step, CPU", step, "ms", f"bare pydantic-ai, no policy, no record, in memory {anchor:.2f} ms")]


async def runs_a_second(home: TestHouse) -> list[Row]:
    """Whole runs of five calls through the real queue, eight at a time, in one worker."""
    house = home.house
    SCRIPT.play(*(reads(1, n) for n in range(CALLS)), Turn("Read."))
    found, anchors = [], []

    async def nothing(n: int) -> None:
        return None

    house.queue.add("bench.nothing", nothing, queue=RUNS)
    for _ in range(3):
        async with house.database.transaction() as session:
            for n in range(RUNS_AT_ONCE * 5):
                await enqueue(session, Job("bench.nothing", {"n": n}, RUNS))
        began = time.perf_counter()
        await house.queue.run(concurrency=8, queues=[RUNS], wait=False, signals=False)
        anchors.append(RUNS_AT_ONCE * 5 / (time.perf_counter() - began))
        await hand_over(home, RUNS_AT_ONCE)
        began = time.perf_counter()
        await house.queue.run(concurrency=8, queues=[RUNS], wait=False, signals=False)
        found.append(RUNS_AT_ONCE / (time.perf_counter() - began))
    empty = f"empty jobs through the same queue {statistics.median(anchors):.0f} a second"
    return [("runs of 5 calls, 8 at once, one worker", statistics.median(found), "a second", empty)]


async def grow(home: TestHouse) -> None:
    """Make the house large: 5,000 people in 100 teams, 3,492 grants; Ana is in three teams."""
    house = home.house
    async with house.database.transaction() as session:
        now = house.clock.now()
        people = [{"id": f"person_{n}", "email": f"p{n}@aldermoor.example", "name": f"P {n}", "active": True,
                   "created_at": now} for n in range(PEOPLE)]  # fmt: skip
        await session.execute(insert(PersonRow), people)
        await session.execute(insert(TeamRow), [{"id": f"team_{n}", "name": f"Team {n}"} for n in range(TEAMS)])
        members = [{"team_id": f"team_{n % TEAMS}", "person_id": f"person_{n}"} for n in range(PEOPLE)]
        members += [{"team_id": f"team_{n}", "person_id": home.people["ana"].id} for n in range(2)]
        await session.execute(insert(MembershipRow), members)
        opened = {"connector": "fake", "may_write": False, "ceiling": 2, "place_class": 2, "trusted": False,
                  "reason": "", "granted_by": home.people["owner"].id, "granted_at": now}  # fmt: skip
        grants = [
            {"id": f"grant_{n}", "team_id": f"team_{n % TEAMS}", "places": [f"shelf{n}"], **opened}
            for n in range(GRANTS)
        ]
        await session.execute(insert(GrantRow), grants)


async def decision(home: TestHouse) -> list[Row]:
    """CPU of a decision in a large house: policy alone, and with all that is read for it."""
    house = home.house
    SCRIPT.play(reads(1, 0), Turn("Read."))
    (task,) = await hand_over(home)
    async with house.database.transaction() as session:
        run_id = await session.scalar(text("SELECT id FROM runs WHERE task_id = :task"), {"task": task})
        row = await lock_run(session, str(run_id))
        run = run_value(row, await get_task(session, task), "Ana")
    scales = Scales(run, house.parts)
    messages: list[Message] = []
    arguments = {"to": "p77@aldermoor.example", "text": "Hello"}
    weighed = await scales.weigh("fake_send", arguments, messages)
    whole = []
    for _ in range(60):
        began = time.process_time()
        await scales.weigh("fake_send", arguments, messages)
        whole.append((time.process_time() - began) * 1000)
    ask, governance = weighed.question, Governance(internal_domains=("aldermoor.example",))
    request = request_of(ask, governance)
    alone, bare = [], []
    for _ in range(200):
        began = time.process_time()
        house.engine.decide(ask, governance)
        alone.append((time.process_time() - began) * 1000)
        began = time.process_time()
        house.engine._evaluate(request)
        bare.append((time.process_time() - began) * 1000)
    once = statistics.median(bare)
    scopes = len(ask.scopes)
    plain = replace(ask, scopes=ask.scopes[:1])
    small = []
    for _ in range(200):
        began = time.process_time()
        house.engine.decide(plain, governance)
        small.append((time.process_time() - began) * 1000)
    return [
        (f"decision, CPU ({PEOPLE:,} people, {GRANTS:,} grants, {scopes} of them this person's)",
         statistics.median(alone), "ms", f"one bare Cedar evaluation of the same {once:.2f} ms"),
        ("the same with one grant", statistics.median(small), "ms", "how much the person's own grants weigh"),
        ("the same with all that is read for it", statistics.median(whole), "ms CPU", "database, toolbox, provenance"),
    ]  # fmt: skip


class SlowShelves(FakeConnector):
    """Shelves behind a slow line: a read takes at least a tenth of a second."""

    async def call(self, tool: str, arguments: Any, access: Any) -> Result:
        await asyncio.sleep(SLOW)
        return await super().call(tool, arguments, access)


async def slow_reads(home: TestHouse) -> list[Row]:
    """Wall time of a turn with sixteen slow reads: beside each other, and one after another."""
    house = home.house
    SCRIPT.play(reads(READS, 0), Turn("Read."))
    usual, found = beside.AT_ONCE, {}
    for at_once in (usual, 1):
        beside.AT_ONCE = at_once
        times = []
        for _ in range(3):
            await hand_over(home)
            began = time.perf_counter()
            await work(house)
            times.append((time.perf_counter() - began) * 1000)
        found[at_once] = statistics.median(times)
    beside.AT_ONCE = usual
    alone = f"one after another {found[1]:,.0f} ms, {found[1] / found[usual]:.1f} times; the reads themselves "
    alone += f"{READS * SLOW * 1000:,.0f} ms"
    return [(f"a turn with {READS} reads of {SLOW * 1000:.0f} ms, {usual} at once", found[usual], "ms", alone)]


async def all_of_it() -> list[Row]:
    log.setup(level="ERROR")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = await furnished(Path(folder))
        rows = [*await governed_call(home), *await agent_step(home), *await runs_a_second(home)]
        await grow(home)
        rows += await decision(home)
        home.house.registry.get("fake").__class__ = SlowShelves
        rows += await slow_reads(home)
        await home.house.close()
    return rows


def bench() -> list[Row]:
    """Return rows of (what, value, unit, anchor of the same run)."""
    return asyncio.run(all_of_it())
