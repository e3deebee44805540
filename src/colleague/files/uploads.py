"""Files a person gives to a task: checked, read in a confined child process, classed, stored once."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import column, select, table

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.screen import Blocked, BlockedPath, BlockedType, NotInspectable, screen
from colleague.files.classify import NOBODY, UNKNOWN, UNOPENED, class_of_path, classed, reason, why_so_high
from colleague.files.forget import release
from colleague.files.tables import FileRow
from colleague.identity.actor import Actor
from colleague.kit.blobs import get_blob, put_blob
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.documents.guard import DocumentEncrypted
from colleague.kit.documents.model import Document
from colleague.kit.documents.read import read_document
from colleague.kit.errors import Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.policy.governance import current_governance
from colleague.policy.inputs import narrowed
from colleague.policy.model import DataClass, Governance, Integrity, Label

MAX_FILES = 20
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
    """«{name}» counts as {found} ({why}); nothing above {permitted} may reach the agent here (rule {rule}). Leave it
    out, or ask an administrator which classes the governance document permits."""


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


async def take_in(
    name: str, content: bytes, *, limit: int, governance: Governance, permitted: DataClass | None = None
) -> Upload:
    """Check and read one uploaded file, outside of any transaction.

    `permitted` is the highest class for this person, where it is lower than the organisation's. Raises FileTooLarge,
    FileBlocked, ClassTooHigh (SC-2: before any model call) or a reader's error.
    """
    path, name = name, clean_name(name)
    if len(content) > limit:
        raise FileTooLarge(name=name, limit=limit // 1_000_000)
    try:
        await asyncio.to_thread(screen, path, content, blocked=Blocked.of(governance))
    except (BlockedPath, BlockedType, NotInspectable) as fault:
        raise FileBlocked(**{**fault.details, "name": name, "why": fault.message, "rule": fault.rule}) from None
    permitted = governance.highest_input if permitted is None else permitted
    label = Label(Integrity.UNTRUSTED, UNKNOWN, sources=frozenset({name}), reasons=frozenset({reason(UNKNOWN, NOBODY)}))
    folders, pattern = class_of_path(path.replace("\\", "/"), governance)
    if pattern:  # A folder that was uploaded whole names its files with their folders.
        why = reason(folders, f"the path rule {pattern}, for {name}")
        label = label.join(Label(data_class=folders, reasons=frozenset({why})))
    try:
        document = await read_document(content, name)
    except DocumentEncrypted as fault:
        if permitted < UNOPENED:
            raise _too_high(
                name, UNOPENED, "it is protected: nobody can see what is in it", governance, permitted
            ) from fault
        raise DocumentEncrypted(f"«{name}»: {fault.message}") from fault
    except Invalid as fault:
        # The reader does not know which of several files it was given: the person must.
        raise type(fault)(f"«{name}»: {fault.message}") from fault
    text = "\n".join([b.text or "\t".join(" ".join(r) for r in b.rows) for b in document.blocks])
    label = classed(label, text, governance, sensitivity=document.sensitivity_label)
    if label.data_class > permitted:
        raise _too_high(name, label.data_class, why_so_high(label), governance, permitted)
    return Upload(name, content, document, label)


def _too_high(name: str, found: DataClass, why: str, governance: Governance, permitted: DataClass) -> ClassTooHigh:
    return ClassTooHigh(
        name=name, found=found.name.lower(), why=why, rule=rule_of(found, governance), permitted=permitted.name.lower()
    )


def rule_of(found: DataClass, governance: Governance) -> str:
    """Return the rule that keeps `found` out: that of the organisation, else that of a team or skill."""
    return "highest-input" if found > governance.highest_input else "permitted-input"


async def admit(
    actor: Actor, files: Iterable[tuple[str, bytes]], *, workflows: Iterable[str] = (), database: Database,
    ledger: Ledger, limit: int,
) -> list[Upload]:  # fmt: skip
    """Check and read files (name, content) that `actor` gives: by what is permitted to their teams with these skills.

    What is refused for its class or kind is put on record (SC-2), in a transaction of its own. Raises as `take_in`.
    """
    async with database.transaction() as session:
        governance = await current_governance(session)
    permitted = narrowed(governance, actor.teams, workflows).highest_input
    try:
        return [
            await take_in(name, content, limit=limit, governance=governance, permitted=permitted)
            for name, content in files
        ]
    except (ClassTooHigh, FileBlocked) as refused:
        facts = {"code": refused.code, "permitted": permitted.name.lower()}
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
        reasons=sorted(upload.label.reasons),
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
    return Label(
        Integrity.UNTRUSTED, DataClass(file.data_class), frozenset(file.categories), frozenset({file.name}),
        frozenset(file.reasons),
    )  # fmt: skip
