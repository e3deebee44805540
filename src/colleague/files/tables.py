"""Rows of files: what people gave to a task, and the versions of what came out."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, UniqueConstraint
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
    """One version of an output. `review`: draft, reviewed or rejected.

    `self_reviewed`: by the person it was made for; `second_look`: "", wanted, agreed or disagreed.
    """

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
    self_reviewed: Mapped[bool] = mapped_column(default=False, server_default="false")
    second_look: Mapped[str] = mapped_column(default="", server_default="")
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


def _of_version() -> ForeignKeyConstraint:
    names = ["output_id", "version"]
    return ForeignKeyConstraint(names, [f"output_versions.{name}" for name in names], ondelete="CASCADE")


class TakenRow(Base):
    """When a person last took a version of an output."""

    __tablename__ = "output_takings"
    __table_args__ = (_of_version(),)

    output_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    at: Mapped[datetime]


class OutputReviewRow(Base):
    """One person's look at one version. `kind`: review or second look; `verdict` "" while it is only opened.

    Verdicts: accepted, rejected; agreed, disagreed. `seconds`: from the first opening of the page to the decision, as
    the server measured it; none where nothing was opened. `sha256_after` differs where a draft mark was taken away.
    """

    __tablename__ = "output_reviews"
    __table_args__ = (
        _of_version(),
        UniqueConstraint("output_id", "version", "kind", "person_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    output_id: Mapped[str]
    version: Mapped[int]
    kind: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    opened_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    seconds: Mapped[int | None]
    verdict: Mapped[str] = mapped_column(default="")
    checklist: Mapped[list[str]] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(default="")
    sha256_before: Mapped[str] = mapped_column(default="")
    sha256_after: Mapped[str] = mapped_column(default="")


class DeclassificationRow(Base):
    """A named person lowered the class of exactly these bytes. `reasons`: what they saw had given the higher class."""

    __tablename__ = "output_declassifications"
    __table_args__ = (_of_version(),)

    id: Mapped[str] = mapped_column(primary_key=True)
    output_id: Mapped[str] = mapped_column(index=True)
    version: Mapped[int]
    sha256: Mapped[str]
    from_class: Mapped[int]
    to_class: Mapped[int]
    reason: Mapped[str]
    reasons: Mapped[list[str]]
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
