"""A deleted task is gone: none of its words is left in any table or blob; the ledger still verifies."""

import asyncio
import io
import zipfile
from typing import Any

import pytest
from sqlalchemy import select, text

from colleague.agent.messages import Turn
from colleague.approvals.tables import ApprovalRow
from colleague.audit.seal import seal
from colleague.audit.tables import EntryRow
from colleague.audit.verify import verify_database
from colleague.files.reviews.decide import review_output
from colleague.kit.blobs import BlobRow
from colleague.models.spoken import say
from colleague.models.tables import UsageRow
from colleague.tasks.delegate import stop, tell
from colleague.tasks.keeping.delete import NotConfirmed, NotYoursToDelete, StopFirst, delete_task, going
from colleague.tasks.keeping.index import catch_up
from colleague.tasks.keeping.marks import mark
from colleague.tasks.store import TaskNotFound
from colleague.tasks.together.share import share
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
CANARY = "quetzalcanary"


async def do(desk: Any, deed: Any, who: str, *things: Any, **more: Any) -> Any:
    async with desk.house.database.transaction() as session:
        return await deed(
            session, desk.home.people[who], *things, **more, ledger=desk.house.ledger, clock=desk.clock
        )  # fmt: skip


async def look(desk: Any, word: str = CANARY) -> list[str]:
    """Return every table (and blob, unpacked) in which the word stands."""
    found = []
    async with desk.house.database.transaction() as session:
        names = await session.scalars(
            text("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'")
        )
        for name in names:
            there = text(f"SELECT count(*) FROM {name} AS r WHERE r::text ILIKE :word OR r::text ILIKE :hex")
            marks = {"word": f"%{word}%", "hex": f"%{word.encode().hex()}%"}
            if await session.scalar(there, marks):
                found.append(str(name))
        for content in await session.scalars(select(BlobRow.content)):
            if content[:2] == b"PK" and any(
                word.encode() in zipfile.ZipFile(io.BytesIO(content)).read(n)
                for n in zipfile.ZipFile(io.BytesIO(content)).namelist()
            ):
                found.append("blobs, unpacked")
    return sorted(set(found))


WRITE = call(
    "write_document", name=f"{CANARY}.docx", format="docx", title=CANARY, blocks=[{"kind": "paragraph", "text": CANARY}]
)
SEND = call("fake_send", to="dana@aldermoor.example", text=f"Hello {CANARY}")
READ = call("fake_read", shelf="bids", note=CANARY)
FILE = (f"{CANARY}.md", f"# {CANARY}\n\nThe price is 420.".encode())


async def full_task(desk: Any) -> str:
    """A task with the word in everything that a task can hold, stopped while it asks."""
    desk.fake.shelves["bids"][CANARY] = f"A note of {CANARY}"
    read = call("read_document", file=FILE[0])
    task = await desk.run(WRITE, READ, read, SEND, Turn("x"), goal=f"Write of {CANARY}", files=[FILE])
    await do(desk, share, "ana", task, "Ben", "viewer")
    await do(desk, mark, "ben", task, "pin")
    await do(desk, tell, "ana", task, f"More of {CANARY}")
    run = (await desk.see(task)).run.id
    async with desk.house.database.transaction() as session:
        await say(session, run, f"Saying {CANARY}", clock=desk.clock)
        session.add(
            UsageRow(
                id="use_1",
                at=desk.clock.now(),
                run_id=run,
                person_id=desk.home.people["ana"].id,
                teams=[],
                provider="p",
                model="m",
                input_tokens=7,
                output_tokens=1,
                cached_tokens=0,
                stored_tokens=0,
            )
        )
    await catch_up(parts=desk.house.parts)
    return str(task)


async def test_no_word_of_it_is_left_and_the_ledger_verifies(desk: Any) -> None:
    task = await full_task(desk)
    with pytest.raises(StopFirst):
        await do(desk, delete_task, "ana", task, sure=True)
    await do(desk, stop, "ana", task)
    before = await look(desk)
    expected = {
        "tasks", "runs", "steps", "calls", "approvals", "files", "outputs", "output_versions", "notices", "task_words",
        "model_spoken", "blobs",
    }  # fmt: skip
    assert {f"public.{name}" for name in expected} <= set(before)
    assert "blobs, unpacked" in before
    async with desk.house.database.transaction() as session:
        gone = await going(session, desk.home.people["ana"], task)
    assert (gone.questions, gone.files, gone.outputs) == (1, 1, 1)
    with pytest.raises(NotConfirmed):
        await do(desk, delete_task, "ana", task, sure=False)
    await do(desk, delete_task, "ana", task, sure=True)
    assert await look(desk) == []
    for who in ("ana", "ben", "owner"):
        with pytest.raises(TaskNotFound):
            await do_see(desk, who, task)
    async with desk.house.database.transaction() as session:
        entry = await session.scalar(select(EntryRow).where(EntryRow.verb == "task.deleted"))
        delegated = await session.scalar(select(EntryRow).where(EntryRow.subject == task).order_by(EntryRow.id))
        used = await session.scalar(text("SELECT sum(input_tokens) FROM model_usage"))
        # A frozen worker that thaws brings nothing back.
        await say(session, gone_run(delegated), f"Saying {CANARY}", clock=desk.clock)
    assert entry.subject == task
    assert delegated.verb == "task.delegated"
    assert used == 7, "the bill keeps its numbers"
    assert await look(desk) == []
    await seal(desk.house.database, signer=desk.house.signer, sink=None, clock=desk.clock)
    report = await verify_database(desk.house.database, desk.house.signer.public)
    assert report.ok, report.sentence
    assert report.verified > 10
    assert await desk.work() >= 0, "jobs that are left find nothing to do"


def gone_run(entry: Any) -> str:
    return str(entry.run)


async def do_see(desk: Any, who: str, task: str) -> None:
    async with desk.house.database.transaction() as session:
        await going(session, desk.home.people[who], task)


async def test_whose_it_is_not_may_not_and_learns_nothing(desk: Any) -> None:
    task = await desk.run(Turn("Done."))
    await do(desk, share, "ana", task, "Ben", "driver")
    for who, refusal in (("ben", NotYoursToDelete), ("owner", NotYoursToDelete), ("dana", TaskNotFound)):
        with pytest.raises(refusal):
            await do(desk, delete_task, who, task, sure=True)
    assert await desk.state(task) == "completed"


async def test_bytes_that_somebody_else_holds_stay(desk: Any) -> None:
    first = await desk.run(Turn("Done."), files=[FILE])
    other = await desk.run(Turn("Done."), files=[FILE], who="ben")
    await do(desk, delete_task, "ana", first, sure=True)
    assert "public.blobs" in await look(desk)
    await do(desk, delete_task, "ben", other, sure=True)
    assert await look(desk) == []


async def test_a_reviewed_output_leaves_no_draft_behind(desk: Any) -> None:
    task = await desk.run(WRITE, Turn("Done."))
    view = await desk.see(task)
    output, version = view.outputs[0]
    ana = desk.home.people["ana"]
    await do(desk, review_output, "ana", ana.id, output.id, version.version, accept=True, note=CANARY)
    await do(desk, delete_task, "ana", task, sure=True)
    assert await look(desk) == []


async def test_deleted_twice_at_once_it_is_deleted_once(desk: Any) -> None:
    task = await desk.run(Turn("Done."))
    both = await asyncio.gather(
        *(do(desk, delete_task, "ana", task, sure=True) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one) for one in both if one) == [TaskNotFound]
    async with desk.house.database.transaction() as session:
        entries = await session.scalars(select(EntryRow.id).where(EntryRow.verb == "task.deleted"))
        assert len(entries.all()) == 1
        assert await session.scalar(select(ApprovalRow.id)) is None
