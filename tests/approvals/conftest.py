"""Questions put by hand, without a task, and a house whose people answer them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from colleague.approvals.answer import answer
from colleague.approvals.ask import ask
from colleague.approvals.tables import ApprovalRow
from colleague.audit.tables import EntryRow
from colleague.connectors.connector import Preview
from colleague.identity.people import remove_role
from colleague.kit.canonical import digest
from colleague.kit.ids import new_id
from colleague.kit.queue import RUNS, Job
from colleague.policy.model import Decision, Effect, Label, Ruling, Tier
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish

_JOBS = text("SELECT count(*) FROM procrastinate_jobs WHERE queueing_lock = :key")


@dataclass
class Inbox:
    """The house, its clock, and a hand that asks, answers and looks."""

    home: TestHouse
    clock: TestClock

    @property
    def house(self) -> Any:
        return self.home.house

    async def put(self, *, approver: str = "user", requester: str = "ana", away: bool = False) -> ApprovalRow:
        """Put a question and return its row."""
        run, call = new_id("run"), new_id("call")
        async with self.house.database.transaction() as session:
            question = await ask(
                session, run=run, call=call, requester=self.home.people[requester].id, tool="fake_send",
                title="Send a note", tier=Tier.COMMUNICATE, digest=digest([run, call]), preview=Preview("Send a note"),
                decision=Decision(Effect.ASK, (Ruling("r", Effect.ASK, "Because."),), approver), doubts=(),
                external=(), label=Label(), then=Job("tasks.resume", {"run": run}, RUNS, key=f"{run}.1", lock=run),
                ledger=self.house.ledger, clock=self.clock, away=away,
            )  # fmt: skip
        return await self.row(question)

    async def row(self, question: str) -> ApprovalRow:
        async with self.house.database.transaction() as session:
            return await session.get_one(ApprovalRow, question)

    async def answer(
        self, row: ApprovalRow, verdict: Any = "approved", *, who: str = "ana", shown: str = "", reason: str = ""
    ) -> None:
        async with self.house.database.transaction() as session:
            await answer(
                session, self.home.people[who], row.id, verdict, digest=shown or row.digest, reason=reason,
                ledger=self.house.ledger, clock=self.clock,
            )  # fmt: skip

    async def jobs(self, row: ApprovalRow) -> int:
        """Return how many jobs wait to go on with the run."""
        async with self.house.database.transaction() as session:
            return int((await session.execute(_JOBS, {"key": f"{row.run_id}.1"})).scalar_one())

    async def verbs(self, row: ApprovalRow) -> list[str]:
        async with self.house.database.transaction() as session:
            query = select(EntryRow.verb).where(EntryRow.subject == row.id).order_by(EntryRow.id)
            return list(await session.scalars(query))


@pytest.fixture
async def inbox(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Inbox]:
    home = await furnish(database_url, tmp_path, connectors=(), clock=clock)
    async with home.house.database.transaction() as session:
        # An auditor reads everything and answers nothing.
        await remove_role(session, home.people["owner"], home.people["tom"].id, "member", ledger=home.house.ledger)
        from colleague.identity.directory import actor_of

        home.people["tom"] = await actor_of(session, person_id=home.people["tom"].id, via="page")  # type: ignore[index]
    yield Inbox(home, clock)
    await home.house.close()
