"""A house that works on tasks and whose texts, Slack messages and mails go to fakes on this machine."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from colleague.agent.messages import Turn
from colleague.dispatch.deliver.promise import promise
from colleague.dispatch.deliver.tables import ResultRow
from colleague.policy.model import DataClass, Label
from colleague.tasks.start import start
from colleague.tasks.tables import RunRow
from colleague.testing.addresses import bind
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.llm import Play, ScriptedLlm
from colleague.testing.mailbox import MailSink
from colleague.testing.messengers import TEAM, Messengers
from colleague.testing.worker import work

NUMBER = "+447911123456"


@dataclass
class Post:
    """Ana's tasks, and where their results go."""

    home: TestHouse
    llm: ScriptedLlm
    messengers: Messengers
    mail: MailSink

    @property
    def house(self) -> Any:
        return self.home.house

    @property
    def ana(self) -> str:
        return self.home.people["ana"].id

    async def run(self, *script: Turn | Play) -> str:
        """Hand a task over and work until it has ended; nothing was promised yet."""
        self.llm.play(*script)
        task = await start(
            self.home.people["ana"], "Do it.", [], parts=self.house.parts, settings=self.house.settings
        )  # fmt: skip
        await work(self.house)
        return task

    async def promise(self, task: str, target: str, **more: str) -> bool:
        async with self.house.database.transaction() as session:
            return await promise(
                session, task, self.ana, target, ledger=self.house.ledger, clock=self.house.clock, **more
            )

    async def rests_on(self, task: str, data_class: str, *categories: str) -> None:
        """Let the task have read something of this class."""
        label = Label(data_class=DataClass[data_class.upper()], categories=frozenset(categories)).to_json()
        async with self.house.database.transaction() as session:
            await session.execute(update(RunRow).where(RunRow.task_id == task).values(label=label))

    async def work(self) -> None:
        await work(self.house, queue="deliveries")

    async def row(self, task: str, target: str) -> ResultRow:
        async with self.house.database.transaction() as session:
            query = select(ResultRow).where(ResultRow.task_id == task, ResultRow.target == target)
            return (await session.scalars(query)).one()

    async def deliver(self, task: str, target: str, **more: str) -> ResultRow:
        """Promise, work, and return what became of it."""
        await self.promise(task, target, **more)
        await self.work()
        return await self.row(task, target)


@pytest.fixture
async def post(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Post]:
    llm = ScriptedLlm(name="play")
    with Messengers().serving() as messengers:
        async with MailSink() as sink:
            home = await furnish(
                database_url, tmp_path, connectors=(), models={"play": llm}, model="play", clock=clock,
                smtp_url=sink.url, mail_from="Colleague <colleague@aldermoor.example>", **messengers.settings(),
            )  # fmt: skip
            async with home.house.database.transaction() as session:
                await bind(session, home.people["ana"].id, "sms", NUMBER, at=clock.now())
                await bind(session, home.people["ana"].id, "slack", f"{TEAM}:U0ANA", at=clock.now())
            yield Post(home, llm, messengers, sink)
            await home.house.close()
