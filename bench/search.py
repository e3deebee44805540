"""Search in one's own tasks: 10,000 of one person among 30,000, beside counting the same rows without the index."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from colleague.kit import embedded, log
from colleague.kit.db import Database
from colleague.tasks.keeping.search import Filters, search_tasks
from colleague.testing.house import TestHouse, furnish

Row = tuple[str, float, str, str]
TASKS, STEPS = 10_000, 12
FILL = """
INSERT INTO tasks (id, person_id, title, goal, channel, created_at)
SELECT format('task_%s', lpad(n::text, 6, '0')), CASE WHEN n % 3 = 0 THEN :me ELSE :other END, 'Task ' || n, 'G',
       'page', now()
FROM generate_series(1, :tasks * 3) n;
INSERT INTO runs (id, task_id, state, segment, fence, next_seq, model, plan, label, budget, spent, tools,
                  stop_requested, paused_by, from_run, from_seq, waiting_for, why, answer, partial, hand_over,
                  parent_run, parent_call,
                  created_at, last_event_at)
SELECT replace(id, 'task', 'run'), id, 'completed', 1, 1, :steps + 1, 'm', '{}', '{}', '{}', '{}', '{}', false,
       '', '', 0, '', '', '', false, '', '', '', now(), now() FROM tasks;
INSERT INTO steps (run_id, seq, kind, body, at)
SELECT r.id, s, 'outcome', jsonb_build_object('call_id', 'c', 'text',
  (SELECT string_agg('word' || (abs(hashint8(hashtext(r.id)::int8 * 31 + s * 977 + k)) % 20000)::text, ' ')
   FROM generate_series(1, 120) k) || ' common ' || CASE WHEN s = 3 AND r.id LIKE '%77' THEN 'needle' ELSE '' END
   || CASE WHEN right(r.id, 6)::int % 3 <> 0 THEN ' elsewhere' ELSE '' END),
  now()
FROM runs r, generate_series(1, :steps) s;
INSERT INTO task_words (task_id, kind, ref, number, part, words)
SELECT replace(run_id, 'run', 'task'), kind, run_id, seq, 0, to_tsvector('english', body ->> 'text') FROM steps
"""
QUERIES = (
    ("a rare word", "needle"), ("a word of every task", "common"), ("two words", "needle common"),
    ("a word of every task but one's own", "elsewhere"),
    ("a word that is nowhere", "zanzibar"), ("no word, newest first", ""),
)  # fmt: skip


async def timed(home: TestHouse, query: str) -> float:
    """Return the median milliseconds of a page of what is found, excerpts and all."""
    times = []
    for _ in range(7):
        began = time.perf_counter()
        async with home.house.database.transaction() as session:
            await search_tasks(session, home.people["ana"], query, Filters(), language="english")
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def scan(database: Database) -> float:
    """Return the milliseconds of looking for the rare word in the texts themselves, without an index."""
    began = time.perf_counter()
    async with database.transaction() as session:
        await session.scalar(text("SELECT count(*) FROM steps WHERE body ->> 'text' ILIKE '%needle%'"))
    return (time.perf_counter() - began) * 1000


async def all_of_it() -> list[Row]:
    log.setup(level="ERROR")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = await furnish(embedded.start(Path(folder)), Path(folder))
        values = {
            "me": home.people["ana"].id, "other": home.people["ben"].id, "tasks": TASKS, "steps": STEPS,
        }  # fmt: skip
        async with home.house.database.transaction() as session:
            for statement in FILL.split(";\n"):
                await session.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
        async with home.house.database.engine.connect() as bare:
            await (await bare.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))
        anchor = await scan(home.house.database)
        rows: list[Row] = []
        for what, query in QUERIES:
            found = await timed(home, query)
            rows.append((f"search, {what}", found, "ms", f"a scan of all texts for one word {anchor:.0f} ms"))
        await home.house.close()
    return rows


def bench() -> list[Row]:
    """Return rows of (what, value, unit, anchor of the same run)."""
    return asyncio.run(all_of_it())
