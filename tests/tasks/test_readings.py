"""A citation opens what the model saw, whatever became of the source since; documents are written with care."""

import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from colleague.agent.messages import Turn
from colleague.connectors.folder.connector import FolderConnector
from colleague.files.outputs import list_outputs, output_content
from colleague.files.readings import get_reading, keep_reading, list_readings
from colleague.kit.documents.model import Block, Document
from colleague.policy.model import Label
from colleague.tasks.start import start
from colleague.testing.house import TestHouse, furnish, open_connector
from colleague.testing.llm import ScriptedLlm, call
from colleague.testing.worker import work
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
PATH = "Policies/travel.md"
OLD, NEW = b"# Travel policy\n\nEconomy only.\n", b"# Travel policy\n\nBusiness class for all.\n"


class Room:
    """Ana, a shared folder, and a model that plays a script."""

    def __init__(self, home: TestHouse, llm: ScriptedLlm, root: Path) -> None:
        self.home, self.llm, self.root = home, llm, root

    async def run(self, *script: Any, who: str = "ana") -> str:
        self.llm.play(*script)
        house = self.home.house
        task = await start(
            self.home.people[who], "What does the policy say?", [], parts=house.parts, settings=house.settings
        )
        await work(house)
        return task

    async def page(self, path: str, who: str = "ana") -> httpx.Response:
        app = create_app(self.home.house.by_type(), settings=self.home.house.settings, lifespan=None)
        base = "http://127.0.0.1:8080"
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
        async with httpx.AsyncClient(transport=transport, base_url=base, headers={"Origin": base}) as client:
            await client.post("/sign-in/demo", data={"person": f"{who}@aldermoor.example"})
            return await client.get(path)

    async def readings(self, task: str) -> Any:
        async with self.home.house.database.transaction() as session:
            return await list_readings(session, task)


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[Room]:
    root = tmp_path / "shared"
    (root / "Policies").mkdir(parents=True)
    (root / PATH).write_bytes(OLD)
    llm = ScriptedLlm(name="play")
    home = await furnish(
        database_url, tmp_path, connectors=[FolderConnector()], models={"play": llm}, model="play", demo=True
    )
    await open_connector(home, "folder", ["Policies"], config={"root": str(root)})
    yield Room(home, llm, root)
    await home.house.close()


READ = call("folder_read", path=PATH)


async def test_a_citation_leads_to_what_was_read_and_says_when_it_was_different_later(room: Room) -> None:
    first = await room.run(READ, Turn(f"Economy only ({PATH}, line 3)."))
    (row,) = await room.readings(first)
    assert (row.place, row.sha256) == (PATH, hashlib.sha256(OLD).hexdigest())
    address = f"/tasks/{first}/readings/{row.call_id}"
    assert f'<a href="{address}#line-3">{PATH}, line 3</a>' in (await room.page(f"/tasks/{first}")).text
    assert "is different by now" not in (await room.page(address)).text
    (room.root / PATH).write_bytes(NEW)
    second = await room.run(READ, Turn("Business."))
    page = (await room.page(address)).text
    assert "Economy only." in page
    assert "Business class" not in page
    assert "The source is different by now" in page
    assert hashlib.sha256(NEW).hexdigest()[:12] in page
    (later,) = await room.readings(second)
    assert "Business class" in (await room.page(f"/tasks/{second}/readings/{later.call_id}")).text


async def test_a_reading_is_seen_by_who_sees_its_task_only(room: Room) -> None:
    task = await room.run(READ, Turn("Economy."))
    other = await room.run(READ, Turn("Economy."), who="ben")
    (row,) = await room.readings(task)
    (his,) = await room.readings(other)
    assert (await room.page(f"/tasks/{task}/readings/{row.call_id}", "ben")).status_code == 404
    assert (await room.page(f"/tasks/{task}/readings/{his.call_id}")).status_code == 404  # not of this task
    assert (await room.page(f"/tasks/{task}/readings/{row.call_id}", "tom")).status_code == 200  # sees every task


async def test_foreign_data_that_only_looks_like_a_document_breaks_nothing_and_large_ones_are_cut(room: Room) -> None:
    task = await room.run(READ, Turn("Economy."))
    (row,) = await room.readings(task)
    house, now = room.home.house, row.read_at
    whole = Document("T", "text/plain", "lines", 1, (Block("paragraph", "x"),)).to_json()
    for tool, odd in (
        ("fake_read", {"document": 1}), ("fake_read", {"document": {}}), ("fake_read", {"document": {"blocks": [1]}}),
        ("fake_read", {}), ("mcp__a__b", {"document": whole}), ("read_document", {"document": whole, "file": "f"}),
    ):  # fmt: skip
        async with house.database.transaction() as session:
            await keep_reading(session, task, "call_x", tool, {}, odd, Label(), now)
    assert len(await room.readings(task)) == 1
    big = Document("Big", "text/plain", "lines", 1, tuple(Block("paragraph", "x" * 1_000_000) for _ in range(9)))
    async with house.database.transaction() as session:
        await session.delete(await get_reading(session, task, row.call_id))
        await session.flush()
        await keep_reading(session, task, row.call_id, "folder_read", {}, {"document": big.to_json()}, Label(), now)
    (cut,) = await room.readings(task)
    assert len(cut.document["blocks"]) == 3
    assert "Only the first 3 parts" in (await room.page(f"/tasks/{task}/readings/{row.call_id}")).text


SHEETS = [
    {"kind": "heading", "text": "Costs", "level": 1},
    {"kind": "table", "rows": [["Item", "EUR"], ["Rent", "1200"], ["Power", "300.5"], ["Total", "=SUM(B2:B3)"]]},
    {"kind": "chart", "text": "Where it goes", "chart": {"kind": "pie"}},
]  # fmt: skip


async def test_a_workbook_is_live_and_a_typed_total_comes_back_to_the_model(room: Room) -> None:
    good = call("write_document", name="costs", format="xlsx", title="Costs", blocks=SHEETS, formulas=True)
    rows = [["Item", "EUR"], ["Rent", "1200"], ["Power", "300.5"], ["Total", "1500.5"]]
    bad = call("write_document", name="bad", format="xlsx", title="Costs", blocks=[{"kind": "table", "rows": rows}])
    none = call("write_document", name="no", format="pptx", title="T", blocks=[{"kind": "chart", "text": "C"}])
    unknown = call("write_document", name="no", format="docx", title="T", blocks=[], template="nope")
    task = await room.run(good, bad, none, unknown, Turn("Written."))
    house = room.home.house
    async with house.database.transaction() as session:
        made = {o.name: (o, await output_content(session, v)) for o, v in await list_outputs(session, task)}
    assert set(made) == {"costs.xlsx", "bad.xlsx"}
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(made["costs.xlsx"][1])).get_sheet_by_name("Costs").to_python()
    assert sheet[3] == ["Total", 1500.5]
    page = (await room.page(f"/outputs/{made['costs.xlsx'][0].id}")).text
    assert "<svg" in page
    assert "1500.5" in page
    shown = (await room.page(f"/tasks/{task}")).text
    assert "To put right: Table!B4 is a total typed as a number: write =SUM(B2:B3)." in shown
    assert "there is no table before it" in shown
    assert "There is no docx template" in shown
