"""Search gives the newest tasks in which the words stand, whichever way they are found: the same as looking at all."""

from typing import Any

import pytest
from sqlalchemy import text

from colleague.tasks.keeping.search import PAGE, Filters, search_tasks

pytestmark = pytest.mark.anyio
TASKS, FREQUENT = 430, 6_000
FILL = """
INSERT INTO tasks (id, person_id, title, goal, channel, created_at)
SELECT format('task_%s', lpad(n::text, 6, '0')), CASE WHEN n = 0 THEN :other ELSE :me END, 'T' || n, 'G', 'page', now()
FROM generate_series(0, :tasks) n;
INSERT INTO runs (id, task_id, state, segment, fence, next_seq, model, plan, label, budget, spent, tools,
                  stop_requested, paused_by, from_run, from_seq, waiting_for, why, answer, partial, hand_over,
                  parent_run, parent_call,
                  created_at, last_event_at)
SELECT replace(id, 'task', 'run'), id, 'completed', 1, 1, 1, 'm', '{}', '{}', '{}', '{}', '{}', false,
       '', '', 0, '', '', '', false, '', '', '', now(), now() FROM tasks WHERE id LIKE 'task_0%';
INSERT INTO task_words (task_id, kind, ref, number, part, words)
SELECT id, 'turn', replace(id, 'task', 'run'), k, 0, to_tsvector('english', CASE WHEN k = 0 THEN 'everywhere'
  WHEN substr(id, 6)::int % k = 0 THEN 'each' || k || CASE WHEN k = 150 THEN ' widespread' ELSE '' END ELSE 'x' END)
FROM tasks, unnest(ARRAY[0, 2, 7, 11, 150]) k WHERE id LIKE 'task_0%' AND id <> 'task_000000';
INSERT INTO task_words (task_id, kind, ref, number, part, words)
SELECT 'task_000000', 'turn', 'run_000000', n, 0, to_tsvector('english', 'widespread elsewhere')
FROM generate_series(1, :frequent) n;
ANALYZE task_words
"""


@pytest.fixture
async def full(desk: Any) -> Any:
    values = {
        "me": desk.home.people["ana"].id, "other": desk.home.people["ben"].id, "tasks": TASKS, "frequent": FREQUENT,
    }  # fmt: skip
    async with desk.house.database.transaction() as session:
        for statement in FILL.split(";\n"):
            await session.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
    return desk


async def everything(desk: Any, query: str) -> list[int]:
    """Every hit of a search, page by page."""
    found: list[int] = []
    before = ""
    while True:
        async with desk.house.database.transaction() as session:
            page = await search_tasks(
                session, desk.home.people["ana"], query, Filters(), language="english", before=before
            )
        assert len(page.hits) <= PAGE
        found += [int(hit.id.removeprefix("task_")) for hit in page.hits]
        if not page.before:
            return found
        before = page.before


async def test_every_way_finds_the_same_as_looking_at_all(full: Any) -> None:
    for query, stands in {
        "everywhere": lambda n: True,
        "each7": lambda n: n % 7 == 0,
        "each150": lambda n: n % 150 == 0,
        "each7 each11": lambda n: n % 77 == 0,
        "everywhere each150": lambda n: n % 150 == 0,
        "each2 -each7": lambda n: n % 2 == 0 and n % 7,
        "each150 -each2": lambda n: False,
        "widespread": lambda n: n % 150 == 0,  # frequent, but not with this person
        "widespread each150 everywhere": lambda n: n % 150 == 0,
        "elsewhere": lambda n: False,
        "nowhere": lambda n: False,
    }.items():
        expected = [n for n in range(TASKS, 0, -1) if stands(n)]
        assert await everything(full, query) == expected, query


async def test_filters_hold_on_every_way(full: Any) -> None:
    async with full.house.database.transaction() as session:
        marked = "INSERT INTO task_marks (task_id, person_id, archived_at) VALUES ('task_000300', :me, now())"
        await session.execute(text(marked), {"me": full.home.people["ana"].id})
    for filters, expected in (
        (Filters(archived="without"), [150]),
        (Filters(archived="only"), [300]),
        (Filters(pinned=True), []),
    ):
        async with full.house.database.transaction() as session:
            ana = full.home.people["ana"]
            found = await search_tasks(session, ana, "each150 widespread", filters, language="english")
        assert [int(hit.id.removeprefix("task_")) for hit in found.hits] == expected
