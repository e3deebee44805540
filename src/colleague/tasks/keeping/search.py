"""Search one's own tasks, and those shared with one, in everything that was said, done and written in them.

Every word that is asked for stands somewhere in the task; "quoted words" stand side by side; -word stands nowhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ARRAY, String, bindparam, select, text, tuple_

from colleague.files.tables import OutputRow, OutputVersionRow
from colleague.identity.actor import Actor
from colleague.kit.canonical import storable
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.tasks.keeping.index import parts_of, text_of, text_of_output
from colleague.tasks.keeping.newest import Terms, newest
from colleague.tasks.model import State, Step
from colleague.tasks.store import SHOWN_STATE
from colleague.tasks.tables import CallRow, RunRow, StepRow

PAGE, LIMIT, TERMS, EXCERPTS = 20, 300, 8, 2
WHERE: Final[dict[str, str]] = {
    "said": "words of a person", "turn": "words of Colleague", "outcome": "what a tool brought", "output": "a result",
}  # fmt: skip
_OPEN, _CLOSE = "\x02", "\x03"
_TERM = re.compile(r'(-?)"([^"]*)"|(-?)(\S+)')


class SearchTooLong(Invalid):
    """A search has at most 300 characters and 8 words."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search. `archived`: also (any), only, or without what lies in the archive."""

    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    project: str = ""
    pinned: bool = False
    archived: Literal["any", "only", "without"] = "any"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a task in which the words stand: what it is, where it opens, its text in pieces (text, is a hit)."""

    where: str
    link: str
    pieces: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """Return the excerpt without marks."""
        return "".join(piece for piece, _ in self.pieces)


@dataclass(frozen=True, slots=True)
class Hit:
    """A task that was found."""

    id: str
    title: str
    person: str
    state: State
    created_at: datetime
    last_event_at: datetime
    pinned: bool
    archived: bool
    excerpts: tuple[Excerpt, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found, newest task first; `before` leads on, "" if there is no more."""

    hits: tuple[Hit, ...] = ()
    before: str = ""


async def search_tasks(
    session: Session, actor: Actor, query: str, filters: Filters = Filters(), *, language: str, before: str = "",
) -> Found:  # fmt: skip
    """Return tasks of the actor's own and shared ones in which every word of `query` stands, or all without words.

    Words that say nothing (stop words) are passed over. Raises SearchTooLong, PermissionMissing.
    """
    actor.require("own:tasks:use")
    asked = await _terms(session, query, language)
    if query.strip() and not asked.wanted:
        return Found()
    values: dict[str, Any] = {
        "me": actor.id, "before": before, "state": filters.state or "", "since": filters.since,
        "until": filters.until, "project": filters.project,
    }  # fmt: skip
    tasks = _TASKS + (" AND m.pinned_at IS NOT NULL" if filters.pinned else "") + _ARCHIVED[filters.archived]
    rows = await newest(session, tasks, values, asked, most=PAGE + 1)
    shown = rows[:PAGE]
    excerpts = await _excerpts(session, [r.id for r in shown], asked.wanted, language)
    hits = tuple(
        Hit(r.id, r.title, r.person_id, State(r.state), r.created_at, r.last_event_at, r.pinned, r.archived,
            tuple(excerpts.get(r.id, ())))
        for r in shown
    )  # fmt: skip
    return Found(hits, shown[-1].id if len(rows) > PAGE else "")


_TASKS = f"""
SELECT t.id, t.title, t.person_id, t.created_at, r.state, r.last_event_at,
       m.pinned_at IS NOT NULL AS pinned, m.archived_at IS NOT NULL AS archived
FROM tasks t
CROSS JOIN LATERAL (
  SELECT o.last_event_at, {SHOWN_STATE} AS state FROM runs o
  WHERE o.task_id = t.id AND o.parent_run = '' ORDER BY o.id DESC LIMIT 1
) r
LEFT JOIN task_marks m ON m.task_id = t.id AND m.person_id = :me
WHERE (t.person_id = :me OR t.id IN (SELECT task_id FROM task_shares WHERE person_id = :me))
  AND (:before = '' OR t.id < :before) AND (:state = '' OR r.state = :state)
  AND (CAST(:since AS timestamptz) IS NULL OR t.created_at >= :since)
  AND (CAST(:until AS timestamptz) IS NULL OR t.created_at < :until)
  AND (:project = '' OR t.project_id = :project)
"""
_ARCHIVED: Final = {
    "any": "", "only": " AND m.archived_at IS NOT NULL", "without": " AND m.archived_at IS NULL",
}  # fmt: skip


async def _terms(session: Session, query: str, language: str) -> Terms:
    """Return the parts of a query as tsquery texts; the database itself folds them, so nothing in it is an operator."""
    plain = re.sub(r"[\x00-\x1f]+", " ", str(storable(query))).strip()
    found = [(a or b, (c or d).strip()) for a, c, b, d in _TERM.findall(plain)]
    found = [(sign, word) for sign, word in found if word.strip('"')]
    if len(plain) > LIMIT or len(found) > TERMS:
        raise SearchTooLong
    asked = Terms()
    for sign, word in found:
        folded = await session.scalar(_FOLD, {"language": language, "word": word})
        if folded:
            (asked.unwanted if sign else asked.wanted).append(folded)
    return asked


_FOLD = text("SELECT CAST(phraseto_tsquery(CAST(:language AS regconfig), :word) AS text)")
_BEST = text("""
SELECT task_id, kind, ref, number, part FROM (
  SELECT w.*, row_number() OVER (PARTITION BY task_id ORDER BY ts_rank(words, CAST(:any AS tsquery)) DESC, number, part)
  FROM task_words w WHERE task_id = ANY(:tasks) AND words @@ CAST(:any AS tsquery)
) best WHERE row_number <= :most ORDER BY task_id, row_number
""").bindparams(bindparam("tasks", type_=ARRAY(String)))
_HEADLINES = text("""
SELECT ts_headline(CAST(:language AS regconfig), given.part, CAST(:any AS tsquery), :options)
FROM unnest(CAST(:texts AS text[])) WITH ORDINALITY AS given(part, n) ORDER BY n
""").bindparams(bindparam("texts", type_=ARRAY(String)))
_OPTIONS = f'StartSel={_OPEN}, StopSel={_CLOSE}, MaxFragments=2, MaxWords=24, MinWords=8, FragmentDelimiter=" … "'


async def _excerpts(
    session: Session, tasks: Sequence[str], wanted: Sequence[str], language: str
) -> dict[str, list[Excerpt]]:
    """Return the best pieces of each task, read where they are kept, with the words marked."""
    if not tasks or not wanted:
        return {}
    any_ = " | ".join(f"({term})" for term in wanted)
    best = (await session.execute(_BEST, {"tasks": list(tasks), "any": any_, "most": EXCERPTS})).all()
    texts, links = await _read(session, best)
    there = [(row, texts[row.ref, row.number]) for row in best if (row.ref, row.number) in texts]
    given = [(parts_of(whole)[row.part : row.part + 1] or [""])[0] for row, whole in there]
    values = {"language": language, "any": any_, "texts": given, "options": _OPTIONS}
    lines = list(await session.scalars(_HEADLINES, values)) if given else []
    found: dict[str, list[Excerpt]] = {}
    for (row, _), line in zip(there, lines, strict=True):
        excerpt = Excerpt(WHERE[row.kind], links[row.ref, row.number], pieces_of(line))
        found.setdefault(row.task_id, []).append(excerpt)
    return found


async def _read(session: Session, best: Sequence[Any]) -> tuple[dict[tuple[str, int], str], dict[tuple[str, int], str]]:
    """Return the whole texts and the links of pieces, by (ref, number)."""
    texts: dict[tuple[str, int], str] = {}
    links: dict[tuple[str, int], str] = {}
    steps = {(r.ref, r.number): r.task_id for r in best if r.kind != "output"}
    calls: dict[tuple[str, int], tuple[str, str]] = {}
    for row in await session.scalars(select(StepRow).where(tuple_(StepRow.run_id, StepRow.seq).in_(steps))):
        at = (row.run_id, row.seq)
        texts[at] = text_of(Step(row.seq, row.kind, row.body, row.at))
        links[at] = f"/tasks/{steps[at]}#s-{row.seq}"
        if row.kind == "outcome":
            calls[at] = (row.run_id, str(row.body["call_id"]))
    of_calls = select(CallRow.run_id, CallRow.model_call_id, CallRow.id)
    of_calls = of_calls.where(tuple_(CallRow.run_id, CallRow.model_call_id).in_(list(calls.values())))
    known = {(run, model_id): call for run, model_id, call in await session.execute(of_calls)}
    for at, key in calls.items():
        links[at] = f"/tasks/{steps[at]}" + (f"#{known[key]}" if key in known else "")
    # The words of a sub-agent stand under the call that started it.
    own = select(RunRow.id, RunRow.parent_call).where(RunRow.id.in_({run for run, _ in steps}))
    under = await session.execute(own.where(RunRow.parent_call != ""))
    started = {str(run): str(call) for run, call in under}
    links |= {at: f"/tasks/{steps[at]}#{started[at[0]]}" for at in list(links) if at[0] in started}
    outputs = [(r.ref, r.number) for r in best if r.kind == "output"]
    made = select(OutputRow.id, OutputRow.name, OutputVersionRow.version, OutputVersionRow.draft)
    made = made.join(OutputVersionRow, OutputVersionRow.output_id == OutputRow.id)
    chosen = tuple_(OutputVersionRow.output_id, OutputVersionRow.version).in_(outputs)
    for output, name, version, draft in await session.execute(made.where(chosen)):
        texts[output, version] = text_of_output(name, draft)
        links[output, version] = f"/outputs/{output}?version={version}"
    return texts, links


def pieces_of(line: str) -> tuple[tuple[str, bool], ...]:
    """Return a marked line as pieces (text, is a hit): who shows it escapes the text, the marks are no part of it."""
    pieces: list[tuple[str, bool]] = []
    for n, part in enumerate(line.split(_OPEN)):
        hit, closed, rest = part.partition(_CLOSE)
        if n and closed:
            pieces += [(hit, True), (rest, False)]
        else:
            pieces.append((part, False))
    return tuple((" ".join(piece.split("\n")), hit) for piece, hit in pieces if piece)
