"""A hundred runs while workers are killed and frozen: every run ends or asks, no mail goes twice, none is lost.

The workers are real processes, the mails go through the real connector to a real SMTP server on loopback. Workers are
killed -9 at random and exactly between the server's taking a mail and their hearing of it; one is frozen in the middle
of a mail, long enough to count as dead, and thawed.
"""

import asyncio
import contextlib
import multiprocessing
import random
import re
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select, text

from colleague.approvals.answer import answer
from colleague.approvals.tables import ApprovalRow
from colleague.connectors.accounts import connect_account
from colleague.connectors.mail.connector import MailConnector
from colleague.kit.errors import Conflict
from colleague.tasks.start import start
from colleague.testing.chaos import CHAOS, MAIL_SECONDS, QUICK, work
from colleague.testing.house import TestHouse, furnish, open_connector
from colleague.testing.mailbox import MailSink

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

RUNS, WORKERS, LIMIT = 100, 2, 900
AFTER_SEND = (9, 23, 41, 58, 77, 92)
FREEZE_AT = 30


class Pack:
    """The worker processes: killed, frozen, replaced. Forked from one that has imported everything already."""

    def __init__(self, url: str, folder: Path) -> None:
        self._fork = multiprocessing.get_context("forkserver")
        self._fork.set_forkserver_preload(["colleague.testing.chaos"])
        self._where = (url, str(folder))
        self.workers: list[Any] = []
        self.frozen: dict[int, float] = {}
        self.counts: Counter[str] = Counter()

    def fill(self) -> None:
        """Start what is missing."""
        self.workers = [p for p in self.workers if p.is_alive()]
        while len(self.workers) - len(self.frozen) < WORKERS:
            process = self._fork.Process(target=work, args=self._where)
            process.start()
            self.workers.append(process)

    def kill(self, pid: int, why: str) -> None:
        for process in self.workers:
            if process.pid == pid and process.is_alive() and pid not in self.frozen:
                process.kill()
                self.counts[why] += 1

    def kill_one(self, chance: random.Random) -> None:
        free = [p.pid for p in self.workers if p.pid not in self.frozen]
        self.kill(chance.choice(free), "killed at random")

    def holder(self, port: int) -> int:
        """Return the process that has this end of a connection; 0 if it is gone already."""
        for process in self.workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                if any(c.laddr.port == port for c in psutil.Process(process.pid).net_connections("tcp")):
                    return int(process.pid)
        return 0

    def freeze(self, pid: int) -> None:
        psutil.Process(pid).send_signal(signal.SIGSTOP)
        self.frozen[pid] = time.monotonic()
        self.counts["frozen"] += 1

    def thaw(self) -> None:
        """Let those go on that were silent for more than twice the time after which they count as dead."""
        for pid, at in tuple(self.frozen.items()):
            if time.monotonic() - at > 7:
                psutil.Process(pid).send_signal(signal.SIGCONT)
                del self.frozen[pid]
                self.counts["thawed"] += 1

    def end(self) -> None:
        for process in self.workers:
            process.kill()
            process.join()


def _numbers(sink: MailSink) -> list[str]:
    return [re.findall(r"Number (\d+)", str(k.message["Subject"]))[0] for k in sink.kept]


async def _answer_all(home: TestHouse, sink: MailSink, counts: Counter[str]) -> None:
    """Be the people: approve mails; where it is unknown whether one was sent, look and decide."""
    house = home.house
    async with house.database.transaction() as session:
        rows = (await session.scalars(select(ApprovalRow).where(ApprovalRow.state == "asked").limit(20))).all()
    for row in rows:
        verdict: Any = "approved"
        if row.why["rulings"][0]["rule"] == "unknown-outcome":
            counts["asked whether it was sent"] += 1
            number = re.findall(r"Number (\d+)", str(row.preview))[0]
            verdict = "denied" if number in _numbers(sink) else "approved"
        try:
            async with house.database.transaction() as session:
                await answer(
                    session, home.people["ana"], row.id, verdict, digest=row.digest, ledger=house.ledger,
                    clock=house.clock,
                )  # fmt: skip
        except Conflict:
            counts["answered too late"] += 1


async def _states(home: TestHouse) -> tuple[Counter[str], int]:
    """Return how many runs are in which state, and the number of steps that were saved."""
    async with home.house.database.transaction() as session:
        states = Counter(dict((await session.execute(text("SELECT state, count(*) FROM runs GROUP BY state"))).all()))
        return states, int(await session.scalar(text("SELECT count(*) FROM steps")) or 0)


async def test_chaos(database_url: str, tmp_path: Path) -> None:
    chance = random.Random(7)
    pack = Pack(database_url, tmp_path)
    async with MailSink(user="ana@aldermoor.example", password="pw") as sink:
        mail = MailConnector(seconds=MAIL_SECONDS)
        home = await furnish(database_url, tmp_path, connectors=[mail], models={"chaos": CHAOS}, model="chaos", **QUICK)
        house, ana = home.house, home.people["ana"]
        await open_connector(home, "mail", ["*"], config={"smtp_url": sink.url}, may_write=True)
        async with house.database.transaction() as session:
            await connect_account(
                session, ana, house.registry, "mail", {"address": "ana@aldermoor.example", "password": "pw"},
                ledger=house.ledger, secrets=house.secrets, clock=house.clock,
            )  # fmt: skip
        left = list(AFTER_SEND)

        def on_data(port: int) -> None:
            if len(sink.kept) >= FREEZE_AT and not pack.counts["frozen"] and (pid := pack.holder(port)):
                pack.freeze(pid)

        def on_taken(port: int) -> None:
            if left and len(sink.kept) >= left[0] and (pid := pack.holder(port)):
                pack.kill(pid, "killed after a send")
                left.pop(0)

        sink.on_data, sink.on_taken = on_data, on_taken
        for number in range(RUNS):
            await start(ana, f"Mail number {number} to Dana", [], parts=house.parts, settings=house.settings)
        began = time.monotonic()
        next_kill = RUNS * 2 + 40
        seen: Any = None
        rest, longest = began, 0.0
        try:
            while time.monotonic() - began < LIMIT:
                pack.fill()
                pack.thaw()
                await _answer_all(home, sink, pack.counts)
                states, steps = await _states(home)
                if (steps, states) != seen:
                    seen, rest = (steps, states), time.monotonic()
                longest = max(longest, time.monotonic() - rest)
                if steps > next_kill:
                    pack.kill_one(chance)
                    next_kill = steps + chance.randint(40, 140)
                if states["completed"] == RUNS:
                    break
                await asyncio.sleep(0.1)
        finally:
            pack.end()
        numbers = Counter(_numbers(sink))
        ids = Counter(str(k.message["Message-ID"]) for k in sink.kept)
        async with house.database.transaction() as session:
            query = "SELECT verb, count(*) FROM ledger_entries WHERE run <> '' GROUP BY verb"
            verbs = Counter(dict((await session.execute(text(query))).all()))
            query = "SELECT state, count(*) FROM calls WHERE tool = 'mail_send' GROUP BY state"
            calls = dict((await session.execute(text(query))).all())
        print(
            f"\n{RUNS} runs in {time.monotonic() - began:.0f} s: {dict(states)}; {dict(pack.counts)}; "
            f"taken over {verbs['run.taken_over']}, repeated {verbs['call.repeated']}, "
            f"unknown {verbs['call.unknown']}; "
            f"{len(sink.kept)} mails, {len(numbers)} different; calls {calls}; {steps} steps; "
            f"longest rest {longest:.0f} s"
        )
        await house.close()
    assert states == {"completed": RUNS}
    assert [n for n, count in numbers.items() if count > 1] == [], "sent twice"
    # A machine too busy to reach the server in two seconds says so: surely not sent, and the task is told.
    not_sent = int(calls.get("failed", 0))
    assert len(numbers) + not_sent == RUNS, "lost"
    assert not_sent <= RUNS // 20
    assert max(ids.values()) == 1
    assert pack.counts["killed after a send"] == len(AFTER_SEND)
    assert pack.counts["thawed"] == 1
    assert pack.counts["killed at random"] >= 5
    assert verbs["call.unknown"] >= len(AFTER_SEND)
    assert verbs["call.decided"] >= verbs["call.completed"] >= RUNS * 4 - verbs["call.unknown"]
