"""Rows of projects: members, links, notes, and proposals that wait for a person."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class ProjectRow(Base):
    """A project. `version` counts accepted changes of its instructions; `remembers` says that memory is on."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    purpose: Mapped[str] = mapped_column(default="")
    instructions: Mapped[str] = mapped_column(default="")
    instructions_label: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=0)
    remembers: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class ProjectMemberRow(Base):
    """A person in a project. `role`: owner, member or viewer."""

    __tablename__ = "project_members"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    role: Mapped[str]
    added_at: Mapped[datetime]


class ProjectLinkRow(Base):
    """A link for people. The agent is told its words, it does not follow it by itself."""

    __tablename__ = "project_links"

    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    url: Mapped[str]
    added_by: Mapped[str] = mapped_column(ForeignKey("people.id"))


class NoteRow(Base):
    """One note of a project's memory. `label` is what its text was made from."""

    __tablename__ = "project_notes"

    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    label: Mapped[dict[str, Any]]
    accepted_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    changed_at: Mapped[datetime]


class ProposalRow(Base):
    """A change that waits for a person: `before` became `after` because of `why`. `person_id` is whose task or hand.

    `kind`: note or instructions. `state`: open, accepted or rejected. `call_id` is "" for a person's own proposal.
    """

    __tablename__ = "project_proposals"

    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    note_id: Mapped[str] = mapped_column(default="")
    base: Mapped[int] = mapped_column(default=0)
    before: Mapped[str] = mapped_column(default="")
    after: Mapped[str]
    why: Mapped[str] = mapped_column(default="")
    label: Mapped[dict[str, Any]]
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    task_id: Mapped[str] = mapped_column(default="")
    call_id: Mapped[str] = mapped_column(default="", index=True)
    state: Mapped[str] = mapped_column(default="open")
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
