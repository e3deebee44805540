"""Words of tasks for search: taken from what is said, done and written, a moment after it is kept.

Only words and where they stand are in the index, and each row hangs on its task: what is deleted is gone from it.
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from colleague.files.tables import OutputRow, OutputVersionRow
from colleague.kit.db import Session
from colleague.kit.log import get_log
from colleague.tasks.model import Step
from colleague.tasks.parts import Parts
from colleague.tasks.store import steps_after
from colleague.tasks.tables import IndexedRow, RunRow, TaskRow, WordsRow

log = get_log("index")

# A part is what an excerpt is cut from. Parts overlap, so that a phrase on the border is found.
PART, OVERLAP, PARTS, ROUND = 16_000, 200, 32, 500

_INSERT = text("""
INSERT INTO task_words (task_id, kind, ref, number, part, words)
VALUES (:task, :kind, :ref, :number, :part, to_tsvector(CAST(:language AS regconfig), :text))
ON CONFLICT DO NOTHING
""")
_BEHIND = text("""
SELECT r.id FROM runs r LEFT JOIN task_indexed i ON i.run_id = r.id
WHERE r.next_seq - 1 > coalesce(i.seq, 0) OR i.language <> :language
ORDER BY r.last_event_at DESC LIMIT :most
""")


def parts_of(text_: str) -> list[str]:
    """Return a text in the parts it is indexed by; what is beyond 500,000 characters is not."""
    plain = "".join(c if c.isprintable() or c in "\n\t" else " " for c in text_[: PART * PARTS])
    return [plain[max(at - OVERLAP, 0) : at + PART] for at in range(0, max(len(plain), 1), PART)]


def text_of(step: Step) -> str:
    """Return what is searched of a step: words of people, the model's words, what calls brought; not the rules."""
    if step.kind == "said":
        return str(step.body["text"]) if step.body.get("who") == "person" else ""
    return str(step.body.get("text") or "") if step.kind in ("turn", "outcome") else ""


def text_of_output(name: str, draft: dict[str, Any]) -> str:
    """Return the name of an output and its text, as far as it is kept as text."""
    # Cut like a host name, «costs.xlsx» is one word: by itself «costs» would not find it.
    lines = [name, " ".join(re.split(r"[._-]+", name.rpartition(".")[0])), str(draft.get("title") or "")]
    for block in draft.get("blocks") or ():
        lines.append(str(block.get("text") or ""))
        lines += [" · ".join(map(str, row)) for row in block.get("rows") or ()]
    return "\n".join(line for line in lines if line)


async def behind(session: Session, language: str, most: int = ROUND) -> list[str]:
    """Return the runs whose newest words are not in the index, those that changed last first."""
    return list(await session.scalars(_BEHIND, {"language": language, "most": most}))


async def index_run(session: Session, run_id: str, language: str) -> None:
    """Bring the words of one run up to date, and those of the outputs of its task."""
    fresh = insert(IndexedRow).values(run_id=run_id, seq=0, language=language).on_conflict_do_nothing()
    await session.execute(fresh)
    known = await session.get_one(IndexedRow, run_id, with_for_update=True, populate_existing=True)
    run = await session.get_one(RunRow, run_id)
    if known.language != language:
        old = (WordsRow.ref == run_id) | (WordsRow.kind == "output")
        await session.execute(delete(WordsRow).where(WordsRow.task_id == run.task_id, old))
        known.seq, known.language = 0, language
    rows: list[dict[str, Any]] = []
    for step in await steps_after(session, run_id, known.seq):
        # What people said to a task stands in its own run; a sub-agent has copies.
        words = "" if run.parent_run and step.kind == "said" else text_of(step)
        rows += _rows(run.task_id, step.kind, run_id, step.seq, words, language)
        known.seq = step.seq
    written = select(WordsRow.ref, WordsRow.number).where(WordsRow.task_id == run.task_id, WordsRow.kind == "output")
    there = {(ref, number) for ref, number in await session.execute(written)}
    made = (
        select(OutputRow.id, OutputRow.name, OutputVersionRow.version, OutputVersionRow.draft)
        .join(OutputVersionRow, OutputVersionRow.output_id == OutputRow.id)
        .where(OutputRow.task_id == run.task_id)
    )
    for output, name, version, draft in await session.execute(made):
        if (output, version) not in there:
            rows += _rows(run.task_id, "output", output, version, text_of_output(name, draft), language)
    if rows:
        await session.execute(_INSERT, rows)


def _rows(task: str, kind: str, ref: str, number: int, text_: str, language: str) -> list[dict[str, Any]]:
    if not text_.strip():
        return []
    return [
        {"task": task, "kind": kind, "ref": ref, "number": number, "part": n, "text": part, "language": language}
        for n, part in enumerate(parts_of(text_))
    ]


async def catch_up(*, parts: Parts, runs: Sequence[str] | None = None) -> int:
    """Index `runs`, or those that are behind; return how many were done. A run deleted meanwhile is passed over."""
    language = parts.library.language
    if runs is None:
        async with parts.database.transaction() as session:
            runs = await behind(session, language)
    done = 0
    for run in runs:
        try:
            async with parts.database.transaction() as session:
                if await session.scalar(select(RunRow.id).join(TaskRow).where(RunRow.id == run)) is None:
                    continue
                await index_run(session, run, language)
            done += 1
        except IntegrityError:
            log.info("run is gone", run=run)
    return done
