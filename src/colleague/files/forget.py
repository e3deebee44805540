"""The true end of files: rows of a task, and bytes that nobody owns any more."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Text, cast, column, delete, func, select, table
from sqlalchemy.dialects.postgresql import JSONB

from colleague.files.tables import FileRow, OutputRow, OutputVersionRow, ReadingRow, TemplateRow
from colleague.kit.blobs import delete_blobs, lock_blobs
from colleague.kit.db import Session

# A row of a neighbour on this floor, by name: `files` maps paths to hashes.
_SKILLS = table("skill_packages", column("files", JSONB))


@dataclass(frozen=True, slots=True)
class Gone:
    """How many files, outputs and readings a task had, and how many contents went with them."""

    files: int = 0
    outputs: int = 0
    readings: int = 0
    contents: int = 0


async def release(session: Session, hashes: Iterable[str]) -> int:
    """Forget those of `hashes` that no file, output, template or skill holds any more; return how many."""
    held = await lock_blobs(session, hashes)
    if not held:
        return 0
    owned: set[str] = set()
    for owner in (FileRow.sha256, OutputVersionRow.sha256, TemplateRow.sha256):
        owned |= set(await session.scalars(select(owner).where(owner.in_(held))))
    of_drafts = OutputVersionRow.draft["template"]["sha256"].astext
    owned |= set(await session.scalars(select(of_drafts).where(of_drafts.in_(held))))
    packages = func.jsonb_each_text(_SKILLS.c.files).table_valued("key", "value")
    value = cast(packages.c.value, Text)
    owned |= set(await session.scalars(select(value).select_from(_SKILLS).join(packages, value.in_(held))))
    free = [sha256 for sha256 in held if sha256 not in owned]
    await delete_blobs(session, free)
    return len(free)


async def count_files(session: Session, task: str) -> Gone:
    """Return what `forget_files` would take away; contents are not counted before."""
    counts = [
        await session.scalar(select(func.count()).where(row.task_id == task)) or 0
        for row in (FileRow, OutputRow, ReadingRow)
    ]
    return Gone(*counts)


async def forget_files(session: Session, task: str) -> Gone:
    """Delete a task's own files, outputs with all versions, and readings; bytes too, unless somebody else holds them.

    Files of its project are the project's: they stay.
    """
    gone = await count_files(session, task)
    outputs = select(OutputRow.id).where(OutputRow.task_id == task)
    made = OutputVersionRow.output_id.in_(outputs)
    hashes = set(await session.scalars(select(FileRow.sha256).where(FileRow.task_id == task)))
    hashes |= set(await session.scalars(select(OutputVersionRow.sha256).where(made)))
    await session.execute(delete(OutputVersionRow).where(made))
    await session.execute(delete(OutputRow).where(OutputRow.task_id == task))
    await session.execute(delete(ReadingRow).where(ReadingRow.task_id == task))
    await session.execute(delete(FileRow).where(FileRow.task_id == task))
    return Gone(gone.files, gone.outputs, gone.readings, await release(session, hashes))
