"""A sub-agent's steps are folded under the call that started it; search, undo, usage and sight know them."""

from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from colleague.agent.messages import Call, Turn, Usage
from colleague.models.need import need_of
from colleague.models.think import Answer
from colleague.policy.model import DataClass, Label
from colleague.tasks.keeping.index import catch_up
from colleague.tasks.subagents.family import read_together
from colleague.testing.llm import call
from colleague.testing.team import cast, start

pytestmark = pytest.mark.anyio
READ = call("fake_read", shelf="bids", note="price")
SEND = call("fake_send", to="dana@aldermoor.example", text="Hello")


async def _page(desk: Any, task: str) -> LexborHTMLParser:
    async with desk.door("ana") as client:
        answer = await client.get(f"/tasks/{task}")
        assert answer.status_code == 200, answer.text
        return LexborHTMLParser(answer.text)


async def test_the_page_folds_their_steps_and_shows_what_they_ask(desk: Any) -> None:
    cast(desk.llm, start("<b>one</b>", "two"), **{"<b>one</b>": [READ, SEND], "two": [READ, Turn("It is 420.")]})
    task = await desk.run(goal="Write to dana@aldermoor.example.")
    page = await _page(desk, task)
    assert "needs approval" in page.css_first(".cl-head").text()
    first, second = page.css(".cl-story > details.cl-call")
    assert first.css_first(".cl-call-object").text() == "<b>one</b>"
    assert first.css_first(".cl-call-state").text() == "needs approval"
    assert second.css_first(".cl-call-state").text() == "completed"
    assert [d.css_first(".cl-call-title").text() for d in first.css(".cl-sub details")] == ["fake_read", "fake_send"]
    assert "completed" in second.css_first(".cl-sub .cl-row-sub").text()
    cards = page.css(".cl-story > .cl-card-asked")
    assert [c.attributes["id"] for c in cards] == [(await desk.asked(task)).id], "not folded away"
    ids = [e.attributes["id"] for e in page.css("[id]")]
    assert len(ids) == len(set(ids))
    await desk.answer(task, "approved")
    await desk.work()
    page = await _page(desk, task)
    assert "It is 420." in page.css(".cl-story > details.cl-call")[1].text()
    assert "Has read: internal · fake:bids" in page.css_first(".cl-rail").text()
    assert "7 model turns" in page.css_first(".cl-rail").text()


async def test_one_that_could_not_be_started_says_why(desk: Any) -> None:
    odd = Turn(calls=(Call("a", "start_subagent", {}), Call("b", "start_subagent", {"goal": "g", "tools": ["none"]})))
    cast(desk.llm, odd)
    task = await desk.run()
    first, second = (await _page(desk, task)).css(".cl-story > details.cl-call")
    assert "The arguments do not fit" in first.text()
    assert "Only with: none" in second.text()
    assert "«none» is not among those it can be given" in second.text()
    assert not (await desk.see(task)).subagents


async def test_a_search_finds_their_words_where_they_stand_and_the_persons_words_once(desk: Any) -> None:
    cast(desk.llm, start("one"), one=[READ, Turn("Zanzibar is far.")])
    task = await desk.run(goal="Find Timbuktu.")
    await catch_up(parts=desk.house.parts)
    call_id = (await desk.see(task)).calls[0].id
    async with desk.door("ana") as client:
        found = (await client.get("/api/v1/tasks/search", params={"q": "zanzibar"})).json()
        own = (await client.get("/api/v1/tasks/search", params={"q": "timbuktu"})).json()
    links = {e["link"] for hit in found["tasks"] for e in hit["excerpts"]}
    assert links == {f"/tasks/{task}#{call_id}"}
    assert len(own["tasks"][0]["excerpts"]) == 1


async def test_what_they_use_is_the_usage_of_the_task(desk: Any) -> None:
    cast(desk.llm, start("one"), one=[READ])
    task = await desk.run()
    view = await desk.see(task)
    async with desk.house.database.transaction() as session:
        child = view.subagents[0].run
        need = await need_of(
            session, child.id, view.task.person_id, "g", "play", Label(), charged_to=child.parent_run
        )  # fmt: skip
        answer = Answer(Turn("x", usage=Usage(7, 3)), "provider", "model", 12)
        await desk.house.parts.models.settle(session, need, answer)
    used = (await desk.see(task)).used
    assert (used.micros, used.input_tokens, used.output_tokens) == (12, 7, 3)


async def test_what_a_sub_agent_has_read_counts_for_sight_before_its_report_is_in(desk: Any) -> None:
    cast(desk.llm, start("one"), one=[READ, SEND])
    task = await desk.run()
    view = await desk.see(task)
    assert (view.state, view.run.label["sources"]) == ("needs approval", [])
    async with desk.house.database.transaction() as session:
        read = await read_together(session, view.run)
    assert (read.data_class, read.sources) == (DataClass.INTERNAL, frozenset({"fake:bids"}))
