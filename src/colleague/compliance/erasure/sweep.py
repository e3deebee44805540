"""Take the words that name an erased person out of what others keep: every text and JSON column of every table.

Left alone: what is signed, frozen or bound by a hash, and indexes and bytes of the organisation's own files.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import String, Table, text
from sqlalchemy.dialects.postgresql import JSONB

from colleague.compliance.look import every_table, table_of
from colleague.compliance.places import ERASED, OF_TASKS
from colleague.holds.cover import standing_still
from colleague.kit.db import Session
from colleague.tasks.keeping.held import holds_on_tasks

KEPT: Final = (
    "adoption_frozen", "blobs", "configuration_applied", "governance_documents", "governance_proposals",
    "governance_versions",
    "ledger_checkpoints", "ledger_entries", "ledger_forwards", "ledger_subject_keys", "legal_hold_covers",
    "legal_holds", "library_documents", "library_passages", "library_places",
    "library_sets", "mcp_servers", "mcp_tools", "output_versions", "people",
    "programme_moves", "provisioned_people", "channel_addresses", "readouts", "retention_runs",
    "skill_packages", "sso_links", "tool_states",
)  # fmt: skip
_COLUMNS_KEPT: Final = {("erasures", "certificate"), ("erasures", "sealed")}
# Whose words are in the index of search.
_INDEXED: Final = ("steps", "outputs")


def swept() -> list[str]:
    """Return the names of the tables that are looked through."""
    return sorted(name for name, table in every_table().items() if name not in KEPT and _columns(table))


def _columns(table: Table) -> list[tuple[str, bool]]:
    """Return the columns that may hold words, and whether they are JSON."""
    return [
        (column.name, isinstance(column.type, JSONB))
        for column in table.columns
        if isinstance(column.type, String | JSONB) and not column.primary_key and not column.foreign_keys
        and (table.name, column.name) not in _COLUMNS_KEPT
    ]  # fmt: skip


def pattern_of(words: Sequence[str]) -> str:
    """Return an expression of PostgreSQL that matches each of `words` standing by itself, whatever the case."""
    each = [re.sub(r"(\\ )+", "[[:space:]]+", re.escape(word)) for word in sorted(words, key=len, reverse=True)]
    # In JSON a line break is written \\n: its letter is no part of the word after it.
    return rf"(?:(?<!\w)|(?<=\\[nrt]))(?:{'|'.join(each)})(?!\w)"


async def sweep_table(session: Session, name: str, words: Sequence[str]) -> int:
    """Take `words` out of every row of a table and return how many rows held one. What a legal hold covers stays."""
    table = table_of(name)
    columns = _columns(table)
    asked: dict[str, Any] = {"words": pattern_of(words), "erased": ERASED}
    hits = "(" + " OR ".join(f'"{column}"::text ~* :words' for column, _ in columns) + ")"
    if name in OF_TASKS:
        await standing_still(session)
        found = list(await session.scalars(text(f'SELECT DISTINCT {_task_of(name)} FROM "{name}" WHERE {hits}'), asked))
        asked["held"] = list(await holds_on_tasks(session, [task for task in found if task]))
        hits += f" AND NOT coalesce({_task_of(name)} = ANY(:held), false)"
    sets = ", ".join(
        f'"{column}" = regexp_replace("{column}"::text, :words, :erased, \'gi\')' + ("::jsonb" if is_json else "")
        for column, is_json in columns
    )
    returned = _task_of(name) if name in _INDEXED else "1"
    changed = list(await session.scalars(text(f'UPDATE "{name}" SET {sets} WHERE {hits} RETURNING {returned}'), asked))
    if changed and name in _INDEXED:
        # The index is made anew from the words as they are now, by the job that keeps it.
        tasks = {"tasks": sorted(set(changed))}
        await session.execute(text("DELETE FROM task_words WHERE task_id = ANY(:tasks)"), tasks)
        again = "DELETE FROM task_indexed WHERE run_id IN (SELECT id FROM runs WHERE task_id = ANY(:tasks))"
        await session.execute(text(again), tasks)
    return len(changed)


def _task_of(name: str) -> str:
    """Return the task that a row of `name` hangs on, as SQL."""
    column, kind = OF_TASKS[name]
    whose = {
        "task": f'"{name}"."{column}"',
        "run": f'(SELECT r.task_id FROM runs r WHERE r.id = "{name}"."{column}")',
        "output": f'(SELECT o.task_id FROM outputs o WHERE o.id = "{name}"."{column}")',
    }
    return whose[kind]
