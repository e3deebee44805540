"""The newest tasks in which words stand, without looking at more than is needed.

A word of every task is found in the first few that are looked at; a rare one by the index of words. The index alone
would read every piece in which a frequent word stands, of everybody's tasks, to give twenty of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ARRAY, String, bindparam, text

from colleague.kit.db import Session

NEAR, STRIDE, FREQUENT = 100, 1_000, 5_000


@dataclass(slots=True)
class Terms:
    """The parts of a search, as tsquery texts: what stands in the task, and what does not."""

    wanted: list[str] = field(default_factory=list)
    unwanted: list[str] = field(default_factory=list)


async def newest(
    session: Session, tasks: str, values: Mapping[str, Any], terms: Terms, *, most: int
) -> list[Any]:  # fmt: skip
    """Return the first `most` rows of `tasks`, newest first, in which the terms stand.

    `tasks` is a statement over tasks `t` (id below `:before`, "" for all) that ends in its conditions. First the newest
    tasks are looked at one by one. Then, if a wanted term stands in few pieces, the index finds the others; if all of
    them are frequent, it goes on one by one: that ends with the tasks of the person.
    """
    if not terms.wanted:
        return await _rows(session, tasks, values, most)
    found: list[Any] = []
    near, before, rare = NEAR, str(values["before"]), None
    while True:
        rows = await _rows(session, tasks, {**values, "before": before}, near)
        found += await _fitting(session, rows, terms, most - len(found))
        if len(found) >= most or len(rows) < near:
            return found
        before, near = rows[-1].id, STRIDE
        if rare is None and (rare := await _rare(session, terms.wanted)):
            return found + await _by_index(session, tasks, {**values, "before": before}, terms, rare, most - len(found))


async def _rows(session: Session, tasks: str, values: Mapping[str, Any], most: int) -> list[Any]:
    return list(
        (await session.execute(text(f"{tasks} ORDER BY t.id DESC LIMIT :most"), {**values, "most": most})).all()
    )


async def _fitting(session: Session, rows: Sequence[Any], terms: Terms, most: int) -> list[Any]:
    """Return the first `most` of `rows` in which the terms stand."""
    conditions, values = _stands(terms.wanted, terms.unwanted)
    query = text(
        "SELECT t.id FROM unnest(CAST(:ids AS text[])) WITH ORDINALITY AS t(id, n) "
        f"WHERE {' AND '.join(conditions)} ORDER BY t.n LIMIT :most"
    ).bindparams(bindparam("ids", type_=ARRAY(String)))
    fit = set(await session.scalars(query, {**values, "ids": [r.id for r in rows], "most": most}))
    return [row for row in rows if row.id in fit]


async def _rare(session: Session, wanted: Sequence[str]) -> list[str]:
    """Return the terms that stand in few pieces of anybody's tasks, as the database estimates: it looks at nothing."""
    plans = [await session.scalar(_ESTIMATE, {"term": term}) for term in wanted]
    return [t for t, plan in zip(wanted, plans, strict=True) if plan[0]["Plan"]["Plan Rows"] <= FREQUENT]


async def _by_index(
    session: Session, tasks: str, values: Mapping[str, Any], terms: Terms, rare: Sequence[str], most: int
) -> list[Any]:
    """Return the first `most` rows of `tasks` in which the terms stand: the index says where the `rare` ones do."""
    held = [set(await session.scalars(_HOLDING, {"term": term})) for term in rare]
    ids = sorted(set.intersection(*held))
    rows = await _rows(session, f"{tasks} AND t.id = ANY(CAST(:ids AS text[]))", {**values, "ids": ids}, len(ids))
    others = Terms([term for term in terms.wanted if term not in rare], terms.unwanted)
    return await _fitting(session, rows, others, most) if others.wanted or others.unwanted else rows[:most]


_HOLDING: Final = text("SELECT DISTINCT w.task_id FROM task_words w WHERE w.words @@ CAST(:term AS tsquery)")
_ESTIMATE: Final = text("EXPLAIN (FORMAT JSON) SELECT 1 FROM task_words w WHERE w.words @@ CAST(:term AS tsquery)")


def _stands(wanted: Sequence[str], unwanted: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Return conditions on a task `t`, each looked at in the pieces of that task.

    OFFSET keeps the planner from anything else: joining all pieces with the word, or the index of words for each task.
    """
    conditions, values = [], {}
    for name, terms, word in (("w", wanted, "EXISTS"), ("u", unwanted, "NOT EXISTS")):
        for n, term in enumerate(terms):
            own = "SELECT p.words FROM task_words p WHERE p.task_id = t.id OFFSET 0"
            conditions.append(f"{word} (SELECT 1 FROM ({own}) w WHERE w.words @@ CAST(:{name}{n} AS tsquery) OFFSET 0)")
            values[f"{name}{n}"] = term
    return conditions, values
