"""Rows of the governance document: drafts and versions, signatures, who acknowledged which version."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class DocumentRow(Base):
    """A draft or a version. States: draft, published, discarded. At most one draft, one version of a number."""

    __tablename__ = "governance_documents"
    __table_args__ = (
        Index("uq_governance_documents_draft", "state", unique=True, postgresql_where=text("state = 'draft'")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int | None] = mapped_column(unique=True)
    state: Mapped[str]
    answers: Mapped[dict[str, Any]]
    sentences: Mapped[list[dict[str, Any]]]
    owners: Mapped[dict[str, Any]]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    published_by: Mapped[str | None]
    published_at: Mapped[datetime | None]
    settings_version: Mapped[int | None]
    settings: Mapped[dict[str, Any]]


class SignatureRow(Base):
    """A person's signature under one part of one text (by its digest)."""

    __tablename__ = "governance_signatures"

    document_id: Mapped[str] = mapped_column(ForeignKey("governance_documents.id"), primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    via: Mapped[str]
    signed_at: Mapped[datetime]


class AcknowledgementRow(Base):
    """A person who answered all five questions about a version."""

    __tablename__ = "governance_acknowledgements"

    number: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    via: Mapped[str]
    at: Mapped[datetime]
