"""Queries of projects. What somebody is no member of does not exist for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from colleague.files.tables import FileRow
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.kit.errors import Forbidden, NotFound
from colleague.projects.tables import NoteRow, ProjectLinkRow, ProjectMemberRow, ProjectRow, ProposalRow


class ProjectNotFound(NotFound):
    """There is no such project, or you are not in it."""


class OnlyLook(Forbidden):
    """You are a viewer in this project: you see it, but you change nothing."""


class OwnersOnly(Forbidden):
    """Only an owner of the project may do this."""


@dataclass(frozen=True, slots=True)
class Line:
    """A project in a list: how many people are in it, how many proposals wait."""

    project: ProjectRow
    role: str
    people: int
    waiting: int


async def role_in(session: Session, person: str, project_id: str) -> str:
    """Return the role of a person in a project, "" if they are not in it."""
    query = select(ProjectMemberRow.role).where(
        ProjectMemberRow.project_id == project_id, ProjectMemberRow.person_id == person
    )
    return await session.scalar(query) or ""


async def see_project(
    session: Session, actor: Actor, project_id: str, *, need: str = "viewer", lock: bool = False
) -> tuple[ProjectRow, str]:
    """Return the project and the actor's role in it. `need`: viewer, member or owner.

    Raises ProjectNotFound for everybody else, OnlyLook, OwnersOnly.
    """
    actor.require("own:tasks:use")
    query = select(ProjectRow).where(ProjectRow.id == project_id)
    project = await session.scalar(query.with_for_update() if lock else query)
    role = await role_in(session, actor.id, project_id)
    if project is None or not role:
        raise ProjectNotFound
    if need == "owner" and role != "owner":
        raise OwnersOnly
    if need == "member" and role == "viewer":
        raise OnlyLook
    return project, role


async def list_projects(session: Session, person: str) -> list[Line]:
    """Return the projects a person is in, by name."""
    inner = ProjectMemberRow.__table__.alias()
    people = select(func.count()).select_from(inner).where(inner.c.project_id == ProjectRow.id).scalar_subquery()
    waiting = (
        select(func.count()).where(ProposalRow.project_id == ProjectRow.id, ProposalRow.state == "open")
    ).scalar_subquery()
    query = (
        select(ProjectRow, ProjectMemberRow.role, people, waiting)
        .join(ProjectMemberRow, ProjectMemberRow.project_id == ProjectRow.id)
        .where(ProjectMemberRow.person_id == person)
        .order_by(func.lower(ProjectRow.name), ProjectRow.id)
    )
    return [Line(*row) for row in await session.execute(query)]


async def members_in(session: Session, project_id: str) -> Sequence[ProjectMemberRow]:
    """Return the members of a project, owners first."""
    query = select(ProjectMemberRow).where(ProjectMemberRow.project_id == project_id)
    return (await session.scalars(query.order_by(ProjectMemberRow.added_at, ProjectMemberRow.person_id))).all()


async def projects_of(session: Session, person: str) -> frozenset[str]:
    """Return the ids of the projects a person is in."""
    query = select(ProjectMemberRow.project_id).where(ProjectMemberRow.person_id == person)
    return frozenset(await session.scalars(query))


async def project_files(session: Session, project_id: str) -> Sequence[FileRow]:
    """Return the files of a project."""
    query = select(FileRow).where(FileRow.project_id == project_id).order_by(FileRow.name, FileRow.id)
    return (await session.scalars(query)).all()


async def list_notes(session: Session, project_id: str) -> Sequence[NoteRow]:
    """Return the notes of a project's memory, oldest first."""
    return (await session.scalars(select(NoteRow).where(NoteRow.project_id == project_id).order_by(NoteRow.id))).all()


async def list_links(session: Session, project_id: str) -> Sequence[ProjectLinkRow]:
    """Return the links of a project, oldest first."""
    query = select(ProjectLinkRow).where(ProjectLinkRow.project_id == project_id).order_by(ProjectLinkRow.id)
    return (await session.scalars(query)).all()
