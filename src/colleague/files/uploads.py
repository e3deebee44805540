"""Files a person gives to a task: checked, read in a confined child process, classed, stored once."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import column, select, table

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.screen import Blocked, BlockedPath, BlockedType, NotInspectable, screen
from colleague.files.forget import release
from colleague.files.tables import FileRow
from colleague.identity.actor import Actor
from colleague.kit.blobs import get_blob, put_blob
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.documents.model import Document
from colleague.kit.documents.read import read_document
from colleague.kit.errors import Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.policy.detect import Detected, class_of_text
from colleague.policy.governance import current_governance
from colleague.policy.inputs import narrowed
from colleague.policy.model import DataClass, Governance, Integrity, Label

MAX_FILES = 20
DEFAULT_CLASS = DataClass.CONFIDENTIAL
# Rows of floors above, by name: which project a task is in, and who is a member of it.
_TASKS = table("tasks", column("id"), column("person_id"), column("project_id"))
_SKILLS = table("skill_packages", column("files"))
_MEMBERS = table("project_members", column("project_id"), column("person_id"))


class FileNotThere(NotFound):
    """There is no such file in this task."""


class FileTooLarge(Invalid):
    """«{name}» is larger than {limit} MB."""


class FileBlocked(Invalid):
    """«{name}» is not let in: {why}"""


class ClassTooHigh(Invalid):
    """«{name}» counts as {found} ({why}); the organisation lets nothing above {permitted} reach the agent."""


class TooManyFiles(Invalid):
    """A task takes at most 20 files."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in: checked and read, not yet stored."""

    name: str
    content: bytes
    document: Document
    label: Label


def clean_name(name: str) -> str:
    """Return the last part of `name` without control characters, at most 150 characters; never empty."""
    base = PurePosixPath(name.replace("\\", "/")).name
    return "".join(c for c in base if c.isprintable()).strip(" .")[:150] or "file"


def class_of_label(labels: str, governance: Governance) -> DataClass:
    """Return the class that a file's sensitivity labels stand for; a label nobody has mapped counts as confidential."""
    known = dict(entry.split("=", 1) for entry in governance.label_classes)
    classes = [DataClass[known[g].upper()] if g in known else DataClass.CONFIDENTIAL for g in labels.split()]
    return max(classes, default=DataClass.PUBLIC)


def _why(detected: Detected, labelled: DataClass, data_class: DataClass) -> str:
    if labelled == data_class:
        return "its sensitivity label"
    return ", ".join(sorted(detected.categories)) or "nobody has said otherwise"


async def take_in(name: str, content: bytes, *, limit: int, governance: Governance) -> Upload:
    """Check and read one uploaded file, outside of any transaction.

    Raises FileTooLarge, FileBlocked, ClassTooHigh (SC-2: before any model call) or a reader's error.
    """
    path, name = name, clean_name(name)
    if len(content) > limit:
        raise FileTooLarge(name=name, limit=limit // 1_000_000)
    try:
        await asyncio.to_thread(screen, path, content, blocked=Blocked.of(governance))
    except (BlockedPath, BlockedType, NotInspectable) as fault:
        raise FileBlocked(**{**fault.details, "name": name, "why": fault.message, "rule": fault.rule}) from None
    try:
        document = await read_document(content, name)
    except Invalid as fault:
        # The reader does not know which of several files it was given: the person must.
        raise type(fault)(f"«{name}»: {fault.message}") from fault
    text = "\n".join([b.text or "\t".join(" ".join(r) for r in b.rows) for b in document.blocks])
    detected = class_of_text(text)
    labelled = class_of_label(document.sensitivity_label, governance)
    # Detectors and labels only raise a class, they never lower it.
    data_class = max(DEFAULT_CLASS, detected.data_class, labelled)
    if data_class > governance.highest_input:
        raise ClassTooHigh(
            name=name,
            found=data_class.name.lower(),
            why=_why(detected, labelled, data_class),
            permitted=governance.highest_input.name.lower(),
        )
    label = Label(Integrity.UNTRUSTED, data_class, detected.categories, frozenset({name}))
    return Upload(name, content, document, label)


async def admit(
    actor: Actor, files: Iterable[tuple[str, bytes]], *, workflows: Iterable[str] = (), database: Database,
    ledger: Ledger, limit: int,
) -> list[Upload]:  # fmt: skip
    """Check and read files (name, content) that `actor` gives: by what is permitted to their teams with these skills.

    What is refused for its class or kind is put on record (SC-2), in a transaction of its own. Raises as `take_in`.
    """
    async with database.transaction() as session:
        governance = narrowed(await current_governance(session), actor.teams, workflows)
    try:
        return [await take_in(name, content, limit=limit, governance=governance) for name, content in files]
    except (ClassTooHigh, FileBlocked) as refused:
        facts = {"code": refused.code, "permitted": governance.highest_input.name.lower()}
        facts |= {k: str(v) for k, v in refused.details.items() if k in ("found", "kind", "rule", "pattern")}
        async with database.transaction() as session:
            await ledger.record(session, Event("file.refused", actor.id, data=facts))
        raise


async def add_file(
    session: Session, actor: Actor, task_id: str, upload: Upload, *, project: str | None = None, ledger: Ledger,
    clock: Clock,
) -> str:  # fmt: skip
    """Store a checked file with its task (or, with `task_id` "", with `project`) and return its id."""
    sha256 = await put_blob(session, upload.content)
    row = FileRow(
        id=new_id("file"), task_id=task_id or None, project_id=project, name=upload.name,
        media_type=upload.document.media_type,
        size=len(upload.content), sha256=sha256, pages=upload.document.pages, unit=upload.document.unit,
        data_class=int(upload.label.data_class), categories=sorted(upload.label.categories),
        document=upload.document.to_json(), created_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    facts = {
        "task": task_id, "project": project or "", "sha256": sha256, "size": row.size,
        "class": upload.label.data_class.name.lower(),
    }  # fmt: skip
    await ledger.record(session, Event("file.added", actor.id, subject=row.id, data=facts))
    return row.id


async def list_files(session: Session, task_id: str) -> Sequence[FileRow]:
    """Return the files of a task in the order they were given; those of its project come after its own.

    INVARIANT: a project's files are there only while the task's person is a member of the project.
    """
    shared = (
        select(_TASKS.c.project_id)
        .join(_MEMBERS, (_MEMBERS.c.project_id == _TASKS.c.project_id) & (_MEMBERS.c.person_id == _TASKS.c.person_id))
        .where(_TASKS.c.id == task_id)
    )
    query = select(FileRow).where((FileRow.task_id == task_id) | FileRow.project_id.in_(shared))
    return (await session.scalars(query.order_by(FileRow.project_id.nulls_first(), FileRow.id))).all()


async def delete_file(session: Session, file: FileRow) -> None:
    """Forget a file, and its bytes if nothing else holds the same."""
    await session.delete(file)
    await session.flush()
    await release(session, [file.sha256])


async def get_file(session: Session, task_id: str, file: str) -> FileRow:
    """Return a file of this task by id, or by name if that is unambiguous; FileNotThere otherwise.

    The task's own file stands before one of its project with the same name.
    """
    rows = [f for f in await list_files(session, task_id) if file in (f.id, f.name)]
    rows = [f for f in rows if f.task_id] or rows
    if len(rows) != 1:
        raise FileNotThere
    return rows[0]


async def file_content(session: Session, task_id: str, file: str) -> tuple[FileRow, bytes]:
    """Return a file of this task and its bytes."""
    row = await get_file(session, task_id, file)
    return row, await get_blob(session, row.sha256)


def label_of(file: FileRow) -> Label:
    """Return what is known of the file's text: nobody in the house wrote it, so it is untrusted."""
    return Label(Integrity.UNTRUSTED, DataClass(file.data_class), frozenset(file.categories), frozenset({file.name}))
