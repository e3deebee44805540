"""Whoever speaks to a task is named: on its page, to programs, in the terminal; older steps stay readable."""

from typing import Any

import pytest
from sqlalchemy import select

from colleague.agent.messages import Said, Turn, from_json
from colleague.tasks.delegate import answer_question, tell
from colleague.tasks.tables import StepRow
from colleague.tasks.timeline import timeline
from colleague.tasks.together.share import share
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio


async def test_each_of_two_people_is_named_for_what_they_said(desk: Any) -> None:
    task = await desk.run(call("ask_person", question="Which?"), Turn("Done."), goal="Greet Dana.")
    ana, ben = desk.home.people["ana"].id, desk.home.people["ben"].id
    await desk.do(share, task, "Ben", "driver")
    await desk.do(tell, task, "Keep it short.", who="ben")
    await desk.do(answer_question, task, (await desk.see(task)).run.waiting_for, "The second", who="ben")
    await desk.work()
    view = await desk.see(task)
    entries = timeline(view.steps, view.calls_by_model_id, {}, {})
    assert [(e.text, e.by) for e in entries if e.kind == "person"] == [("Greet Dana.", ana), ("Keep it short.", ben)]
    assert [e.by for e in entries if e.kind == "call"] == [ben], "and who answered the question"
    assert view.people == {ana: "Ana Ruiz", ben: "Ben Carter"}
    async with desk.door("ana") as client:
        said = (await client.get(f"/api/v1/tasks/{task}")).json()["said"]
    assert [(s["name"], s["by"], s["text"]) for s in said] == [
        ("Ana Ruiz", ana, "Greet Dana."), ("Ben Carter", ben, "Keep it short."),
    ]  # fmt: skip


async def test_words_saved_before_their_author_was_kept_still_read(desk: Any) -> None:
    task = await desk.run(call("fake_read", shelf="bids", note="price"), Turn("It is 420."))
    async with desk.house.database.transaction() as session:
        run = (await desk.see(task)).run.id
        for row in await session.scalars(select(StepRow).where(StepRow.run_id == run, StepRow.kind == "said")):
            row.body = {k: v for k, v in row.body.items() if k in ("type", "v", "who", "text")}
    view = await desk.see(task)
    assert from_json(view.said[0].body) == Said("person", "Do it.")
    assert timeline(view.steps, view.calls_by_model_id, {}, {})[0].by == ""
    await desk.do(tell, task, "And again.")
    await desk.work()
    assert await desk.state(task) == "completed"
    async with desk.door("ana") as client:
        said = (await client.get(f"/api/v1/tasks/{task}")).json()["said"]
    assert [s["name"] for s in said] == ["", "Ana Ruiz"]
