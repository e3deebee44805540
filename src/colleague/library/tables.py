"""Rows of the library: sets, the places in them, indexed documents and their passages."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class SetRow(Base):
    """A named set. With a project it is its members'; without, it is for those whose teams reach a place in it.

    `files` says that it holds the files of its project.
    """

    __tablename__ = "library_sets"

    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    files: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    indexed_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(default="")


class SetPlaceRow(Base):
    """A granted place in a set."""

    __tablename__ = "library_places"

    set_id: Mapped[str] = mapped_column(ForeignKey("library_sets.id", ondelete="CASCADE"), primary_key=True)
    connector: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)


class DocumentRow(Base):
    """One document of a set as it was when indexed. `tokens`: who may read it (`grant:ID`, `project:ID`).

    `stamp` changes cheaply when the source does; `sha256` is of the bytes that were read.
    """

    __tablename__ = "library_documents"
    __table_args__ = (UniqueConstraint("set_id", "connector", "path"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    set_id: Mapped[str] = mapped_column(ForeignKey("library_sets.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[str | None] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), index=True)
    connector: Mapped[str]
    path: Mapped[str]
    name: Mapped[str]
    stamp: Mapped[str]
    sha256: Mapped[str]
    pages: Mapped[int]
    tokens: Mapped[list[str]] = mapped_column(ARRAY(String))
    language: Mapped[str]
    trouble: Mapped[str] = mapped_column(default="")
    indexed_at: Mapped[datetime]


class PassageRow(Base):
    """A passage: part of one page or section. `tokens` as of its document: the permission stands in the row."""

    __tablename__ = "library_passages"
    __table_args__ = (
        Index("ix_library_passages_words", "words", postgresql_using="gin"),
        Index("ix_library_passages_tokens", "tokens", postgresql_using="gin"),
    )

    document_id: Mapped[str] = mapped_column(ForeignKey("library_documents.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str]
    heading: Mapped[str]
    text: Mapped[str]
    words: Mapped[str] = mapped_column(TSVECTOR)
    tokens: Mapped[list[str]] = mapped_column(ARRAY(String))
