"""What an erasure takes away, looked at before: counted by kind, and bound by a digest over every row of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, Final

from sqlalchemy import Table, text

import colleague
from colleague.compliance.places import OF_TASKS, PLACES
from colleague.kit.canonical import digest
from colleague.kit.db import Base, Session

TASKS: Final = "tasks with everything in them"
PROJECTS: Final = "projects that nobody else is in"
_MINE: Final = {
    "task": "SELECT id FROM tasks WHERE person_id = :person",
    "run": "SELECT r.id FROM runs r JOIN tasks t ON t.id = r.task_id WHERE t.person_id = :person",
    "output": "SELECT o.id FROM outputs o JOIN tasks t ON t.id = o.task_id WHERE t.person_id = :person",
}
ALONE: Final = """SELECT m.project_id FROM project_members m WHERE m.person_id = :person AND NOT EXISTS
    (SELECT 1 FROM project_members o WHERE o.project_id = m.project_id AND o.person_id <> :person)"""


@dataclass(frozen=True, slots=True)
class Look:
    """`goes`, `emptied` and `stays`: rows by kind. `digest`: of exactly the rows that go and are emptied."""

    goes: Mapping[str, int]
    emptied: Mapping[str, int]
    stays: Mapping[str, int]
    digest: str

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as JSON."""
        return {"goes": dict(self.goes), "emptied": dict(self.emptied), "stays": dict(self.stays)}


@cache
def every_table() -> Mapping[str, Table]:
    """Return every table of the house by its name, those too that nobody in this process has used yet."""
    for module in walk_packages(colleague.__path__, "colleague."):
        if module.name.endswith(".tables"):
            import_module(module.name)
    return Base.metadata.tables


def table_of(name: str) -> Table:
    """Return a table of the house by its name."""
    return every_table()[name]


def of_task(name: str) -> str:
    """Return the condition on the rows of `name` that hang on a task of `:person`."""
    column, kind = OF_TASKS[name]
    return f'"{column}" IN ({_MINE[kind]})'


async def look_at(session: Session, person_id: str) -> Look:
    """Look at what is held about a person and return what an erasure would do to it. Nothing is changed."""
    counted: dict[str, dict[str, int]] = {"goes": {}, "emptied": {}, "stays": {}}
    marks = []
    for place in PLACES:
        where = place.where
        if place.fate == "emptied" and place.table == "steps":
            # Their own tasks go whole.
            where += f" AND NOT ({of_task('steps')})"
        count, mark = await _rows(session, place.table, where, person_id)
        if count:
            kinds = counted[place.fate]
            kinds[place.kind] = kinds.get(place.kind, 0) + count
        if place.fate != "stays":
            marks.append([place.table, place.fate, mark])
    for kind, table, where in ((TASKS, "tasks", of_task("tasks")), (PROJECTS, "projects", f"id IN ({ALONE})")):
        count, mark = await _rows(session, table, where, person_id)
        if count:
            counted["goes"][kind] = count
        marks.append([table, "goes", mark])
    goes, emptied, stays = (dict(sorted(counted[fate].items())) for fate in ("goes", "emptied", "stays"))
    return Look(goes, emptied, stays, digest([person_id, marks]))


async def _rows(session: Session, table: str, where: str, person_id: str) -> tuple[int, str]:
    """Return how many rows there are, and a hash of their keys."""
    keys = ", ".join(f'"{column.name}"' for column in table_of(table).primary_key)
    query = f"SELECT count(*), md5(coalesce(string_agg(k, ',' ORDER BY k), '')) FROM (SELECT ROW({keys})::text AS k"
    found = (await session.execute(text(f'{query} FROM "{table}" WHERE {where}) AS rows'), {"person": person_id})).one()
    return int(found[0]), str(found[1])
