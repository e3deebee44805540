"""Workers that keep time are killed -9 again and again, mostly between claim and start: each slot starts once."""

import asyncio
import multiprocessing
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.dispatch.schedules.conftest import DAILY

from colleague.agent.messages import Turn
from colleague.dispatch.schedules.make import activate, create_schedule
from colleague.testing.chaos import QUICK
from colleague.testing.connector import FakeConnector
from colleague.testing.house import furnish, past_the_pilot
from colleague.testing.llm import ScriptedLlm
from colleague.testing.timekeeper import keep_time

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SCHEDULES, WORKERS, LIMIT = 60, 2, 600
STATES = text("SELECT state, count(*) FROM schedule_slots GROUP BY state")


async def test_killed_between_claim_and_start(database_url: str, tmp_path: Path) -> None:
    llm = ScriptedLlm(Turn("Done."), name="play")
    home = await furnish(
        database_url, tmp_path, connectors=[FakeConnector()], models={"play": llm}, model="play", **QUICK
    )
    await past_the_pilot(home)
    house, ana, chance = home.house, home.people["ana"], random.Random(5)
    fork = multiprocessing.get_context("forkserver")
    fork.set_forkserver_preload(["colleague.testing.timekeeper"])
    workers: list[Any] = []
    kills = {"claimed": 0, "at random": 0}
    try:
        async with house.database.transaction() as session:
            for n in range(SCHEDULES):
                order = replace(DAILY, name=f"Number {n}", cron="0 3 * * *", catch_up="once")
                await activate(
                    session, ana, await create_schedule(session, ana, order, parts=house.scheduling),
                    parts=house.scheduling,
                )  # fmt: skip
            due = "UPDATE schedules SET next_at = date_trunc('minute', now()) - random() * interval '1 minute'"
            await session.execute(text(due))
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            workers = [w for w in workers if w.is_alive()]
            while len(workers) < WORKERS:
                workers.append(fork.Process(target=keep_time, args=(database_url, str(tmp_path))))
                workers[-1].start()
            await asyncio.sleep(0.1)
            async with house.database.transaction() as session:
                states = dict((await session.execute(STATES)).all())
            if states.get("started") == SCHEDULES:
                break
            if states.get("claimed") and kills["claimed"] < 6 and chance.random() < 0.5:
                workers[0].kill()
                kills["claimed"] += 1
            elif chance.random() < 0.05:
                chance.choice(workers).kill()
                kills["at random"] += 1
        async with house.database.transaction() as session:
            found = dict((await session.execute(STATES)).all())
            tasks = await session.scalar(text("SELECT count(*) FROM tasks"))
            named = await session.scalar(text("SELECT count(DISTINCT task_id) FROM schedule_slots"))
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
        await house.close()
    assert found == {"started": SCHEDULES}
    assert (tasks, named) == (SCHEDULES, SCHEDULES)
    assert kills["claimed"] >= 3, kills
