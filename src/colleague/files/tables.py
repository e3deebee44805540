"""Rows of files: what people gave to a task, and the versions of what came out."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class FileRow(Base):
    """A file that a person gave to a task, or to a project (all its tasks have it).

    Content is in blobs; `document` is what was read from it.
    """

    __tablename__ = "files"

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str | None] = mapped_column(ForeignKey("tasks.id"), index=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    pages: Mapped[int]
    unit: Mapped[str]
    data_class: Mapped[int]
    categories: Mapped[list[str]]
    reasons: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class OutputRow(Base):
    """Something the agent made: always a draft until its review standard is met (OH-1)."""

    __tablename__ = "outputs"

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), index=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    name: Mapped[str]
    category: Mapped[str]
    versions: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class OutputVersionRow(Base):
    """One version of an output. `review`: draft, reviewed or rejected."""

    __tablename__ = "output_versions"

    output_id: Mapped[str] = mapped_column(ForeignKey("outputs.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(index=True)
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    draft: Mapped[dict[str, Any]]
    label: Mapped[dict[str, Any]]
    made_from: Mapped[list[str]]
    review: Mapped[str] = mapped_column(default="draft")
    reviewed_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


class TemplateRow(Base):
    """One version of a master of the organisation (docx or pptx), pinned by its hash. `standard`: used unless named."""

    __tablename__ = "templates"

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    format: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    standard: Mapped[bool] = mapped_column(default=False)
    stored_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    stored_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class ReadingRow(Base):
    """What a call read from a connector, as the model saw it: the parts read, and the hash of the whole source."""

    __tablename__ = "readings"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), index=True)
    tool: Mapped[str]
    place: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    sha256: Mapped[str]
    document: Mapped[dict[str, Any]]
    label: Mapped[dict[str, Any]]
    read_at: Mapped[datetime]
