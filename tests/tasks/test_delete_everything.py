"""Deleting a task takes away what it kept of elsewhere: readings, undos, offers, proposals, summaries, search words."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from tests.tasks.conftest import Desk
from tests.tasks.test_delete import CANARY, do, look
from tests.tasks.test_summary import GOAL, PRICE, _play, small  # noqa: F401

from colleague.agent.messages import Turn
from colleague.audit.tables import EntryRow
from colleague.connectors.folder.connector import FolderConnector
from colleague.policy.engine import Engine
from colleague.projects.manage import create_project, set_member, switch_memory
from colleague.tasks.changes.undo import undo_change
from colleague.tasks.delegate import stop
from colleague.tasks.keeping.delete import STAYS, delete_task
from colleague.tasks.keeping.index import catch_up
from colleague.tasks.start import start
from colleague.tasks.tables import RunRow
from colleague.tasks.together.hand_over import offer
from colleague.testing.clock import TestClock
from colleague.testing.house import furnish, open_connector
from colleague.testing.llm import ScriptedLlm, call

pytestmark = pytest.mark.anyio
PATH = f"Bids/{CANARY}.md"
BEFORE = f"The {CANARY} closes on 4 May.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    (folder / "Bids").mkdir(parents=True)
    (folder / PATH).write_text(BEFORE)
    return folder


@pytest.fixture
async def desk(database_url: str, tmp_path: Path, root: Path, clock: TestClock) -> AsyncIterator[Desk]:
    llm = ScriptedLlm(name="play")
    home = await furnish(
        database_url, tmp_path, connectors=[FolderConnector()], models={"play": llm}, model="play", clock=clock,
        engine=Engine(),
    )  # fmt: skip
    grant = await open_connector(home, "folder", ["*"], config={"root": str(root)}, may_write=True)
    yield Desk(home, None, llm, clock, grant)  # type: ignore[arg-type]
    await home.house.close()


async def in_project(desk: Desk) -> str:
    """A task that read, changed, put back, proposed, asked and was offered, with the word in all of it."""
    house, people = desk.house, desk.home.people
    more = {"ledger": house.ledger, "clock": house.clock}
    async with house.database.transaction() as session:
        project = await create_project(session, people["ana"], "Harbour City", **more)
        await set_member(session, people["ana"], project, people["ben"].email, "member", **more)
        await switch_memory(session, people["ana"], project, on=True, ledger=house.ledger)
    desk.llm.play(
        call("folder_read", path=PATH), call("propose_note", text=f"Of {CANARY}.", why=CANARY),
        call("folder_write", path=PATH, content=f"New {CANARY}", replace=True),
        call("folder_delete", path=PATH), call("ask_person", question=f"Which {CANARY}?", choices=[CANARY]),
    )  # fmt: skip
    task = await start(
        people["ana"], f"Look after {CANARY}.", [], parts=house.parts, settings=house.settings, project=project
    )
    await desk.work()
    await desk.answer(task, "approved")
    await desk.work()
    await desk.answer(task, "denied", reason=f"Not {CANARY}")
    await desk.work()
    async with house.database.transaction() as session:
        await offer(session, people["ana"], task, "Ben", note=f"Please see {CANARY}", parts=house.parts)
    await undo_change(people["ana"], task, "folder", PATH, parts=house.parts)
    await catch_up(parts=house.parts)
    return task


async def test_what_was_read_changed_put_back_proposed_and_offered_is_gone(desk: Desk, root: Path) -> None:
    task = await in_project(desk)
    assert (root / PATH).read_text() == BEFORE
    before = await look(desk)
    expected = {
        "readings",
        "file_undos",
        "project_proposals",
        "task_hand_overs",
        "task_words",
        "approvals",
        "calls",
        "notices",
    }
    assert {f"public.{name}" for name in expected} <= set(before), before
    await do(desk, stop, "ana", task)
    await do(desk, delete_task, "ana", task, sure=True)
    assert await look(desk) == []
    async with desk.house.database.transaction() as session:
        verbs = set(await session.scalars(select(EntryRow.verb)))
        assert await session.scalar(text("SELECT count(*) FROM file_undos")) == 0
    assert {"change.undone", "task.deleted"} <= verbs, "the record keeps that it was"
    # What stays elsewhere is said: the file itself, and the copies beside it that undo needs.
    assert (root / PATH).read_text() == BEFORE
    assert any("before a change" in line and "30 days" in line for line in STAYS)


async def test_summaries_of_a_long_run_are_gone(small: Any) -> None:  # noqa: F811
    _play(small, [], [Turn(f"The end, {PRICE}.")])
    task = await small.run(goal=GOAL)
    await catch_up(parts=small.house.parts)
    assert "public.steps" in await look(small, PRICE)
    async with small.house.database.transaction() as session:
        kinds = await session.scalar(text("SELECT count(*) FROM steps WHERE kind = 'summary'"))
        used = await session.scalar(text("SELECT count(*) FROM model_usage"))
    assert kinds > 2
    await do(small, delete_task, "ana", task, sure=True)
    assert await look(small, PRICE) == []
    async with small.house.database.transaction() as session:
        assert await session.scalar(select(RunRow.id)) is None
        assert await session.scalar(text("SELECT count(*) FROM model_usage")) == used > 0, "numbers stay, for the bill"
