"""A worker is killed -9 while it sends a result: another finds it, nothing is sent twice, its person is told."""

import asyncio
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from sqlalchemy import select

from colleague.agent.messages import Turn
from colleague.channels.tables import NoticeRow

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


def worker(post: Any) -> "subprocess.Popen[bytes]":
    quick = {"COLLEAGUE_HEARTBEAT_SECONDS": "0.5", "COLLEAGUE_STALLED_SECONDS": "3", "COLLEAGUE_MODEL": "extractive"}
    environment = post.house.settings.environment() | quick
    return subprocess.Popen([sys.executable, "-m", "colleague.cli.main", "worker"], env=environment)


async def test_killed_while_sending_it_is_not_sent_again(post: Any) -> None:
    task = await post.run(Turn("The price is 420."))
    arrived = threading.Event()

    def hold() -> None:
        """Let the first message hang at the provider, long enough to kill who sent it."""
        if not arrived.is_set():
            arrived.set()
            time.sleep(3)

    post.messengers.first = hold
    await post.promise(task, "sms")
    first = worker(post)
    try:
        assert await asyncio.to_thread(arrived.wait, 300)
        first.kill()
        first.wait()
        assert (await post.row(task, "sms")).state == "sending"
    finally:
        first.kill()
    second = worker(post)
    try:
        for _ in range(1500):
            if (await post.row(task, "sms")).state != "sending":
                break
            await asyncio.sleep(0.2)
    finally:
        second.kill()
        second.wait()
    row = await post.row(task, "sms")
    assert (row.state, row.attempts) == ("unknown", 1)
    assert len(post.messengers.texts) == 1
    async with post.house.database.transaction() as session:
        titles = list(await session.scalars(select(NoticeRow.title).where(NoticeRow.person_id == post.ana)))
    assert titles == ["A result may not have arrived"]
