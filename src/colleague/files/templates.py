"""Masters of the organisation: .docx and .pptx files whose styles and layouts what is written takes on (R5)."""

import asyncio
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from sqlalchemy import func, select, update

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.tables import TemplateRow
from colleague.identity.actor import Actor
from colleague.kit.blobs import get_blob, put_blob
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.documents.guard import guard
from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.read import read_document
from colleague.kit.documents.sniff import DOCX, PPTX, sniff
from colleague.kit.documents.write.formats import write
from colleague.kit.errors import Conflict, Invalid, NotFound

LIMIT = 20_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_OUTSIDE = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*TargetMode\s*=\s*[\"']External[\"'][^>]*>")
_FORMATS = {DOCX: "docx", PPTX: "pptx"}
_ENDINGS = {"docx": DOCX, "pptx": PPTX, DOCX: DOCX, PPTX: PPTX}


class BadTemplate(Invalid):
    """This file cannot be a template: {why}."""


class TemplateNotThere(NotFound):
    """There is no {format} template «{name}». {there}"""


class OtherFormat(Conflict):
    """The template «{name}» is a {format}: its versions stay of one format."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be a template: made by `check_template` only."""

    format: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Template:
    """A template in use: which version, and its bytes."""

    name: str
    version: int
    sha256: str
    content: bytes


async def check_template(content: bytes) -> Checked:
    """Look at an uploaded master as at any file, and try it out; BadTemplate, or what reading it raises.

    Refused are macros, controls, embedded files, and parts that are loaded from elsewhere when the file is opened.
    A .dotx or .potx becomes the plain file of its kind.
    """
    if len(content) > LIMIT:
        raise BadTemplate(why="it is larger than 20 MB")
    kind = sniff(content, "")
    if kind not in _FORMATS:
        raise BadTemplate(why="it is neither a .docx nor a .pptx file")
    guard(content, kind)
    content = await asyncio.to_thread(_plain, content)
    await read_document(content, f"template.{_FORMATS[kind]}")
    try:
        trial, _ = await asyncio.to_thread(write, _TRIAL, _FORMATS[kind], content)
        await read_document(trial, f"trial.{_FORMATS[kind]}")
    except Invalid:
        raise
    except Exception as error:
        # Whatever the office libraries raise on a master that they cannot write with.
        raise BadTemplate(why="nothing can be written with it; save it once more in your office") from error
    return Checked(_FORMATS[kind], content)


_TRIAL = Draft("Trial", (
    Block("heading", "One", 1), Block("heading", "Two", 2), Block("paragraph", "Words."), Block("item", "Point", 1),
    Block("table", rows=(("A", "B"), ("1", "2"))),
))  # fmt: skip


def _plain(content: bytes) -> bytes:
    """Return the package without what makes it a template file; BadTemplate if it holds what may run or load."""
    with zipfile.ZipFile(BytesIO(content)) as package:
        for name in package.namelist():
            low = name.lower()
            if low.endswith("vbaproject.bin") or "/activex/" in low or "/embeddings/" in low:
                raise BadTemplate(why="it holds macros, controls or embedded files")
            outside = _OUTSIDE.findall(package.read(name)) if low.endswith(".rels") else []
            if [r for r in outside if b"/hyperlink" not in r]:
                raise BadTemplate(why="it loads parts from elsewhere")
        types = package.read("[Content_Types].xml")
        if b"macroEnabled" in types:
            raise BadTemplate(why="it is a file for macros; save it without")
        fresh = types.replace(b"wordprocessingml.template.main+xml", b"wordprocessingml.document.main+xml")
        fresh = fresh.replace(b"presentationml.template.main+xml", b"presentationml.presentation.main+xml")
        if fresh == types:
            return content
        out = BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as changed:
            for part in package.infolist():
                changed.writestr(part, fresh if part.filename == "[Content_Types].xml" else package.read(part))
        return out.getvalue()


async def add_template(
    session: Session, actor: Actor, name: str, checked: Checked, *, standard: bool, ledger: Ledger, clock: Clock
) -> TemplateRow:
    """Store the next version of the template `name`; `standard` makes it the one that is used unless named."""
    actor.require("org:settings:manage")
    name = name.strip().casefold().replace(" ", "-")
    if not _NAME.fullmatch(name):
        raise BadTemplate(why="its name needs small letters, digits and hyphens, at most 40")
    newest = await _newest(session, name)
    if newest is not None and newest.format != checked.format:
        raise OtherFormat(name=name, format=newest.format)
    row = TemplateRow(
        name=name, version=newest.version + 1 if newest else 1, format=checked.format, size=len(checked.content),
        sha256=await put_blob(session, checked.content), stored_by=actor.id, stored_at=clock.now(),
        standard=standard or bool(newest and newest.standard and newest.withdrawn_at is None),
    )  # fmt: skip
    if row.standard:
        await _no_standard(session, checked.format)
    session.add(row)
    facts = {"version": row.version, "format": row.format, "sha256": row.sha256, "standard": row.standard}
    await ledger.record(session, Event("template.added", actor.id, subject=name, data=facts))
    return row


async def choose_template(session: Session, actor: Actor, name: str, *, standard: bool, ledger: Ledger) -> None:
    """Make the newest version of a template the standard of its format, or let it no longer be."""
    actor.require("org:settings:manage")
    row = await _present(session, name)
    if standard:
        await _no_standard(session, row.format)
    row.standard = standard
    facts = {"version": row.version, "standard": standard}
    await ledger.record(session, Event("template.chosen", actor.id, subject=name, data=facts))


async def withdraw_template(session: Session, actor: Actor, name: str, *, ledger: Ledger, clock: Clock) -> None:
    """Let a template no longer be used. What was written with it stays, and its bytes with that."""
    actor.require("org:settings:manage")
    await _present(session, name)
    change = update(TemplateRow).where(TemplateRow.name == name, TemplateRow.withdrawn_at.is_(None))
    await session.execute(change.values(withdrawn_at=clock.now(), standard=False))
    await ledger.record(session, Event("template.withdrawn", actor.id, subject=name, data={}))


async def list_templates(session: Session) -> Sequence[TemplateRow]:
    """Return the newest version of each template in use, by name."""
    newest = select(TemplateRow.name, func.max(TemplateRow.version)).group_by(TemplateRow.name).subquery()
    query = select(TemplateRow).join(
        newest, (newest.c[0] == TemplateRow.name) & (newest.c[1] == TemplateRow.version)
    ).where(TemplateRow.withdrawn_at.is_(None))  # fmt: skip
    return (await session.scalars(query.order_by(TemplateRow.name))).all()


async def find_template(session: Session, format_name: str, name: str = "") -> Template | None:
    """Return the template to write with: the named one, or the standard one, if there is one.

    Raises TemplateNotThere, which says what there is.
    """
    kind = _FORMATS.get(_ENDINGS.get(format_name, ""), "")
    rows = [r for r in await list_templates(session) if r.format == kind]
    row = next((r for r in rows if (r.name == name if name else r.standard)), None)
    if row is None and name:
        there = f"There are: {', '.join(r.name for r in rows)}." if rows else "There are none."
        raise TemplateNotThere(format=format_name[:10], name=name[:40], there=there)
    return None if row is None else Template(row.name, row.version, row.sha256, await get_blob(session, row.sha256))


async def template_content(session: Session, name: str) -> tuple[TemplateRow, bytes]:
    """Return the newest version of a template in use, and its bytes; TemplateNotThere."""
    row = await _present(session, name)
    return row, await get_blob(session, row.sha256)


async def _newest(session: Session, name: str) -> TemplateRow | None:
    query = select(TemplateRow).where(TemplateRow.name == name).order_by(TemplateRow.version.desc()).limit(1)
    return (await session.scalars(query.with_for_update())).first()


async def _present(session: Session, name: str) -> TemplateRow:
    row = await _newest(session, name)
    if row is None or row.withdrawn_at is not None:
        raise TemplateNotThere(format="", name=name[:40], there="")
    return row


async def _no_standard(session: Session, format_name: str) -> None:
    await session.execute(update(TemplateRow).where(TemplateRow.format == format_name).values(standard=False))
