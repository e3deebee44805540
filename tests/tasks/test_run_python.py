"""A program runs in the sandbox on copies of named files; what it writes are drafts; without one it is refused."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from colleague.agent.messages import Turn
from colleague.files.outputs import keep_output, output_content
from colleague.files.reviews.decide import review_output
from colleague.files.tables import OutputRow, OutputVersionRow
from colleague.policy.model import Integrity, Label
from colleague.tasks.making.run_code import LIMITS
from colleague.testing.house import furnish
from colleague.testing.llm import ScriptedLlm, call
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
SALES = ("sales.csv", b"region,amount\nnorth,100\nsouth,250\n")
SUM = """
import csv, json
rows = list(csv.DictReader(open('../inputs/sales.csv')))
total = sum(int(r['amount']) for r in rows)
print('total', total)
open('total.json', 'w').write(json.dumps({'total': total}))
"""


async def outputs(desk: Any, task: str) -> list[tuple[OutputRow, OutputVersionRow, bytes]]:
    async with desk.house.database.transaction() as session:
        query = (
            select(OutputRow, OutputVersionRow)
            .join(OutputVersionRow, OutputVersionRow.output_id == OutputRow.id)
            .where(OutputRow.task_id == task)
            .order_by(OutputRow.name, OutputVersionRow.version)
        )
        return [(o, v, await output_content(session, v)) for o, v in await session.execute(query)]


async def test_a_program_reads_what_it_names_prints_and_writes_drafts(desk: Any) -> None:
    task = await desk.run(call("run_python", code=SUM, files=["sales.csv"]), Turn("350."), files=[SALES])
    (told,) = await desk.outcomes(task)
    assert told == "total 350\n\nWritten as drafts: total.json."
    ((row, version, content),) = await outputs(desk, task)
    assert (row.name, version.review, content) == ("total.json", "draft", b'{"total": 350}')
    verbs = await desk.verbs(task)
    assert verbs.index("call.decided") < verbs.index("output.written") < verbs.index("call.completed")


async def test_what_it_says_carries_the_class_of_what_it_read_and_vouches_for_nothing(desk: Any) -> None:
    task = await desk.run(call("run_python", code=SUM, files=["sales.csv"]), files=[SALES])
    view = await desk.see(task)
    label = Label.from_json(view.run.label)
    ((_, version, _),) = await outputs(desk, task)
    assert label.integrity is Integrity.UNTRUSTED
    assert "sales.csv" in label.sources
    assert Label.from_json(version.label) == label
    assert version.made_from == ["sales.csv"]


async def test_an_address_that_a_program_printed_is_not_known_for_that(desk: Any) -> None:
    task = await desk.run(
        call("run_python", code="print('eve@evil.example')"), call("fake_send", to="eve@evil.example", text="x")
    )
    assert await desk.state(task) == "needs approval"
    assert not desk.fake.calls


async def test_files_that_are_not_named_are_not_there(desk: Any) -> None:
    code = "import os; print(os.listdir('../inputs'), sorted(os.environ))"
    task = await desk.run(call("run_python", code=code), files=[SALES])
    (told,) = await desk.outcomes(task)
    assert told.startswith("[] ")
    assert "COLLEAGUE" not in told


async def test_an_unknown_file_is_refused_in_words(desk: Any) -> None:
    task = await desk.run(call("run_python", code="print(1)", files=["other.csv"]), files=[SALES])
    assert await desk.outcomes(task) == ["There is no such file in this task."]


async def test_an_output_of_the_task_can_be_read_by_the_next_program(desk: Any) -> None:
    first = call("run_python", code="open('a.txt', 'w').write('one')")
    second = call("run_python", code="print(open('../inputs/a.txt').read())", files=["a.txt"])
    task = await desk.run(first, second)
    assert (await desk.outcomes(task))[1] == "one"


async def test_a_program_that_fails_says_why_and_keeps_nothing(desk: Any) -> None:
    task = await desk.run(call("run_python", code="open('half.txt', 'w').write('x')\nprint('here')\n1 / 0"))
    (told,) = await desk.outcomes(task)
    assert told.startswith("The program failed (exit 1). Nothing was kept.\n\nhere\n\nMessages:\nTraceback")
    assert told.endswith("ZeroDivisionError: division by zero")
    assert await outputs(desk, task) == []


async def test_a_limit_that_is_passed_is_named(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setattr("colleague.tasks.making.run_code.LIMITS", replace(LIMITS, wall_seconds=0.5))
    task = await desk.run(call("run_python", code="import time; time.sleep(30)"))
    assert await desk.outcomes(task) == [
        "The program was ended: it went past the limit of wall time. Nothing was kept."
    ]


async def test_links_programs_and_too_many_files_are_not_kept(desk: Any) -> None:
    code = (
        "import os\nos.symlink('/etc/passwd', 'a_link')\nopen('b_tool', 'w').write('#!/bin/sh\\n')\n"
        "os.makedirs('deep/er')\nopen('deep/er/c.txt', 'w').write('c')\nopen('.hidden', 'w').write('h')\n"
        "for n in range(20): open(f'f{n:02}.txt', 'w').write('f')"
    )
    task = await desk.run(call("run_python", code=code))
    names = [row.name for row, _, _ in await outputs(desk, task)]
    assert 8 <= len(names) <= 10
    assert not {"a_link", "b_tool", ".hidden"} & set(names)
    (told,) = await desk.outcomes(task)
    assert "Not kept: " in told
    assert "a_link" in told


async def test_printed_text_is_bounded(desk: Any) -> None:
    task = await desk.run(call("run_python", code="print('x' * 50_000)"))
    (told,) = await desk.outcomes(task)
    assert told.endswith("[30001 more characters were printed]")
    assert len(told) < 21_000


async def test_a_worker_killed_in_the_middle_repeats_it_and_keeps_one_version(desk: Any) -> None:
    code = f"import time; time.sleep(3)\n{SUM}"
    task = await desk.start(call("run_python", code=code, files=["sales.csv"]), Turn("350."), files=[SALES])
    async with desk.house.database.transaction() as session:
        job = (await session.execute(text("SELECT task_name, args FROM procrastinate_jobs"))).one()
    worker = asyncio.create_task(desk.work())
    while not [c for c in (await desk.see(task)).calls if c.state == "intended"]:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    worker.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await worker
    assert (await desk.see(task)).calls[0].state == "intended"
    await desk.house.queue.tasks[job.task_name](**job.args)
    view = await desk.see(task)
    assert view.run.state == "completed"
    assert (await desk.outcomes(task))[0].startswith("total 350")
    assert len(await outputs(desk, task)) == 1
    assert "call.repeated" in await desk.verbs(task)


async def test_the_same_call_keeps_a_name_once(desk: Any) -> None:
    task = await desk.run(call("run_python", code=SUM, files=["sales.csv"]), files=[SALES])
    ((row, version, content),) = await outputs(desk, task)
    for _ in range(2):
        async with desk.house.database.transaction() as session:
            kept = await keep_output(
                session, row.run_id, task, version.call_id, content, name=row.name, media_type="text/plain",
                kind=row.category, label=Label(), made_from=[], ledger=desk.house.ledger, clock=desk.clock,
            )  # fmt: skip
            assert kept.version == 1
    assert len(await outputs(desk, task)) == 1


async def test_a_review_leaves_the_file_as_it_is(desk: Any) -> None:
    task = await desk.run(call("run_python", code="open('a.csv', 'w').write('a,b\\n1,2\\n')"))
    ((row, version, content),) = await outputs(desk, task)
    async with desk.house.database.transaction() as session:
        await review_output(
            session, desk.home.people["ana"], desk.home.people["ana"].id, row.id, version.version, accept=True,
            note="", ledger=desk.house.ledger, clock=desk.clock,
        )  # fmt: skip
    ((_, after, same),) = await outputs(desk, task)
    assert (after.review, same) == ("reviewed", content)


async def test_without_a_sandbox_it_is_refused_with_the_reason(database_url: str, tmp_path: Path) -> None:
    llm = ScriptedLlm(call("run_python", code="open('x', 'w').write('x')"), name="play")
    home = await furnish(database_url, tmp_path, connectors=[], models={"play": llm}, model="play", sandbox="off")
    from colleague.tasks.sight import view_task
    from colleague.tasks.start import start

    task = await start(home.people["ana"], "Count.", [], parts=home.house.parts, settings=home.house.settings)
    await work(home.house)
    async with home.house.database.transaction() as session:
        view = await view_task(session, home.people["owner"], task)
        assert await session.scalar(select(OutputVersionRow)) is None
    (told,) = [s.body["text"] for s in view.steps if s.kind == "outcome"]
    assert told == "Code is refused: it is switched off (COLLEAGUE_SANDBOX=off)."
    await home.house.close()


async def test_the_usual_data_libraries_work_inside(desk: Any) -> None:
    code = (
        "import numpy as np, pandas as pd\n"
        "frame = pd.read_csv('../inputs/sales.csv')\n"
        "print(int(frame.amount.sum()), float(np.mean(frame.amount)))\n"
        "with pd.ExcelWriter('sums.xlsx', engine='xlsxwriter') as book:\n"
        "    frame.groupby('region').sum().to_excel(book)\n"
        "print(pd.read_excel('sums.xlsx', engine='calamine').shape)"
    )
    task = await desk.run(call("run_python", code=code, files=["sales.csv"]), files=[SALES])
    (told,) = await desk.outcomes(task)
    assert told == "350 175.0\n(2, 2)\n\nWritten as drafts: sums.xlsx."


async def test_a_chart_is_kept_and_its_page_says_that_it_has_no_preview(desk: Any) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.savefig('chart.png')"
    task = await desk.run(call("run_python", code=code))
    ((row, version, content),) = await outputs(desk, task)
    assert (row.name, version.media_type) == ("chart.png", "image/png")
    assert content.startswith(b"\x89PNG")
