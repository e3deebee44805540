"""One's own list: pinned first, archived out of the way, and every word of one's tasks found again, nobody else's."""

from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from colleague.agent.messages import Turn
from colleague.identity.tokens import create_token
from colleague.tasks.delegate import tell
from colleague.tasks.keeping.delete import delete_task
from colleague.tasks.keeping.index import catch_up, parts_of
from colleague.tasks.keeping.marks import TooManyPins, mark
from colleague.tasks.keeping.search import Filters, Found, SearchTooLong, pieces_of, search_tasks
from colleague.tasks.model import State
from colleague.tasks.store import TaskNotFound, list_tasks
from colleague.tasks.tables import MarkRow, WordsRow
from colleague.tasks.together.share import share, unshare
from colleague.testing.llm import call
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
BLOCKS = [{"kind": "paragraph", "text": "The ferry leaves at noon <b>sharp</b>."}]
WRITE = call("write_document", name="timetable", format="docx", title="Times", blocks=BLOCKS)


async def do(desk: Any, deed: Any, who: str, *things: Any, **more: Any) -> Any:
    async with desk.house.database.transaction() as session:
        person = desk.home.people[who]
        return await deed(session, person, *things, **more, ledger=desk.house.ledger, clock=desk.clock)


async def find(desk: Any, who: str, words: str, language: str = "english", before: str = "", **narrowed: Any) -> Found:
    async with desk.house.database.transaction() as session:
        return await search_tasks(
            session, desk.home.people[who], words, Filters(**narrowed), language=language, before=before
        )


async def ids(desk: Any, who: str, words: str, **narrowed: Any) -> list[str]:
    return [hit.id for hit in (await find(desk, who, words, **narrowed)).hits]


async def listed(desk: Any, who: str, **more: Any) -> list[str]:
    async with desk.house.database.transaction() as session:
        return [t.id for t in await list_tasks(session, person=desk.home.people[who].id, **more)]


async def test_pins_and_the_archive_are_ones_own(desk: Any) -> None:
    first, second = await desk.run(Turn("Done.")), await desk.run(Turn("Done."))
    await do(desk, share, "ana", first, "Ben", "viewer")
    await do(desk, mark, "ana", first, "pin")
    await do(desk, mark, "ana", first, "pin")
    assert await listed(desk, "ana", pinned=True) == [first]
    assert await listed(desk, "ana", pinned=False) == [second]
    await do(desk, mark, "ana", first, "archive")
    assert await listed(desk, "ana") == [second]
    assert await listed(desk, "ana", archived=True) == [first]
    assert await listed(desk, "ana", pinned=True) == []
    assert await listed(desk, "ben") == [first], "Ben's list is his own"
    await do(desk, mark, "ana", first, "restore")
    assert await listed(desk, "ana") == [second, first]
    with pytest.raises(TaskNotFound):
        await do(desk, mark, "dana", first, "pin")
    verbs = {"task.pinned", "task.archived", "task.restored"}
    async with desk.house.database.transaction() as session:
        query = text("SELECT verb, count(*) FROM ledger_entries WHERE verb LIKE 'task.%' GROUP BY verb")
        counts = dict((await session.execute(query)).all())
    assert {v: counts.get(v) for v in verbs} == dict.fromkeys(verbs, 1)


async def test_pins_have_an_end(desk: Any) -> None:
    task = await desk.run(Turn("Done."))
    async with desk.house.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO tasks (id, person_id, title, goal, channel, created_at) "
                "SELECT 'task_' || n, :me, 'T', 'T', 'page', now() FROM generate_series(1, 50) n"
            ),
            {"me": desk.home.people["ana"].id},
        )
        now = desk.clock.now()
        for n in range(1, 51):
            session.add(MarkRow(person_id=desk.home.people["ana"].id, task_id=f"task_{n}", pinned_at=now))
    with pytest.raises(TooManyPins):
        await do(desk, mark, "ana", task, "pin")


async def test_every_word_of_a_task_is_found_where_it_stands(desk: Any) -> None:
    read = call("fake_read", shelf="bids", note="price")
    task = await desk.run(WRITE, read, Turn("I wrote the **schedule** down."), goal="Plan the journeys to Zanzibar")
    await do(desk, tell, "ana", task, "Mind the luggage")
    await desk.work()
    for words, where in (
        ("zanzibar journey", "words of a person"), ("luggage", "words of a person"), ("schedule", "words of Colleague"),
        ("420", "what a tool brought"), ("timetable", "a result"), ('"leaves at noon"', "a result"),
    ):  # fmt: skip
        found = await find(desk, "ana", words)
        assert [hit.id for hit in found.hits] == [task], words
        assert where in {e.where for e in found.hits[0].excerpts}, words
    # Words of one search may stand in different places of the task; each must stand somewhere.
    assert await ids(desk, "ana", "zanzibar ferry luggage") == [task]
    assert await ids(desk, "ana", "zanzibar helicopter") == []
    assert await ids(desk, "ana", "zanzibar -ferry") == []
    assert await ids(desk, "ana", '"noon leaves"') == []
    assert await ids(desk, "ana", "the") == [], "a word that says nothing finds nothing, not everything"
    excerpt = (await find(desk, "ana", "ferry")).hits[0].excerpts[0]
    assert ("ferry", True) in excerpt.pieces
    assert "<b>" not in excerpt.text
    assert excerpt.link.startswith("/outputs/")


async def test_only_ones_own_and_shared_tasks(desk: Any) -> None:
    task = await desk.run(Turn("Done."), goal="Plan the journey to Zanzibar")
    assert await ids(desk, "ben", "zanzibar") == []
    assert await ids(desk, "owner", "zanzibar") == [], "whoever may see all tasks finds their own here"
    await do(desk, share, "ana", task, "Ben", "viewer")
    assert await ids(desk, "ben", "zanzibar") == [task]
    await do(desk, unshare, "ana", task, desk.home.people["ben"].id)
    assert await ids(desk, "ben", "zanzibar") == []


async def test_filters_and_pages(desk: Any) -> None:
    tasks = [await desk.run(Turn("Done."), goal=f"Trip {n}") for n in range(23)]
    await do(desk, mark, "ana", tasks[0], "archive")
    await do(desk, mark, "ana", tasks[1], "pin")
    first = await find(desk, "ana", "trip")
    assert [h.id for h in first.hits] == tasks[:2:-1]
    second = await find(desk, "ana", "trip", before=first.before)
    assert [h.id for h in second.hits] == tasks[2::-1]
    assert second.before == ""
    assert await ids(desk, "ana", "trip", archived="only") == [tasks[0]]
    assert tasks[0] not in await ids(desk, "ana", "", archived="without")
    assert await ids(desk, "ana", "trip", pinned=True) == [tasks[1]]
    assert await ids(desk, "ana", "trip", state=State.FAILED) == []
    assert await ids(desk, "ana", "trip", until=desk.clock.now().replace(year=2000)) == []
    assert len(await ids(desk, "ana", "", since=desk.clock.now().replace(year=2000))) == 20
    assert await ids(desk, "ana", "trip", project="proj_x") == []


async def test_hostile_searches_are_answered_in_words(desk: Any) -> None:
    await desk.run(Turn("Done."), goal="It's 50% of a:b & (c | !d) \\ <-> 'x'")
    for words in ("a:b & !c", "') OR 1=1 --", "\\", "'", '"', '"" -', "-", "<->", "50%", "\x00ferry", "x" * 290, "!!"):
        await find(desk, "ana", words)
    assert len(await ids(desk, "ana", "50%")) == 1
    for words in ("x" * 301, " ".join("abcdefghi")):
        with pytest.raises(SearchTooLong):
            await find(desk, "ana", words)


async def test_the_index_follows_its_texts(desk: Any) -> None:
    long_ = "word " * 4000 + "needle " + "word " * 4000
    task = await desk.run(Turn(long_), goal="Zanzibar")
    hit = (await find(desk, "ana", "needle")).hits[0]
    assert ("needle", True) in hit.excerpts[0].pieces, "cut from its own part of a long text"
    # In another language everything is folded anew.
    assert (await find(desk, "ana", "needles", language="simple")).hits == ()
    async with desk.house.database.transaction() as session:
        count = await session.scalar(select(func.count()).select_from(WordsRow))
        await session.execute(text("UPDATE task_indexed SET language = 'german'"))
    assert await catch_up(parts=desk.house.parts) == 1
    assert await catch_up(parts=desk.house.parts) == 0
    async with desk.house.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(WordsRow)) == count
    await do(desk, delete_task, "ana", task, sure=True)
    async with desk.house.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(WordsRow)) == 0
    assert await catch_up(parts=desk.house.parts, runs=[hit.id]) == 0


def test_pieces() -> None:
    assert pieces_of("a \x02b\x03 c\x02d\x03") == (("a ", False), ("b", True), (" c", False), ("d", True))
    assert "".join(p for p, _ in pieces_of("no\x02close")) == "noclose"
    assert parts_of("") == [""]
    assert len(parts_of("x" * 40_000)) == 3


async def test_the_doors(desk: Any) -> None:
    task = await desk.run(WRITE, Turn("Done."), goal="Ask <script>alert(1)</script> of Zanzibar")
    running = await desk.start(Turn("Done."))
    app = create_app(desk.house.by_type(), settings=desk.house.settings, lifespan=None)
    async with desk.house.database.transaction() as session:
        token = await create_token(
            session, desk.home.people["ana"], "t", ["own:tasks:use"], days=1, ledger=desk.house.ledger,
            clock=desk.clock,
        )  # fmt: skip
    transport = httpx.ASGITransport(app=app)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as ana:
        api = "/api/v1/tasks"
        found = (await ana.get(f"{api}/search", params={"q": "ferry", "state": "completed"})).json()
        assert [t["id"] for t in found["tasks"]] == [task]
        assert ["ferry", True] in found["tasks"][0]["excerpts"][0]["pieces"]
        assert (await ana.get(f"{api}/search", params={"q": "a", "state": "odd"})).status_code == 422
        assert (await ana.get(f"{api}/search", params={"q": "a b c d e f g h i"})).status_code == 422
        assert (await ana.post(f"{api}/{task}/marks", json={"what": "pin"})).json() == {
            "pinned": True, "archived": False,
        }  # fmt: skip
        assert [t["id"] for t in (await ana.get(api, params={"pinned": True})).json()] == [task]
        told = (await ana.get(f"{api}/{task}/deletion")).json()
        assert any("results" in line for line in told["goes"])
        assert (await ana.delete(f"{api}/{running}", params={"sure": True})).json()["code"] == "StopFirst"
        assert (await ana.delete(f"{api}/{task}")).json()["code"] == "NotConfirmed"
        assert (await ana.delete(f"{api}/{task}", params={"sure": True})).status_code == 204
        assert (await ana.get(f"{api}/{task}")).status_code == 404
