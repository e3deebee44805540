"""The deeds of a project's people: make it, let people in, share files and links, switch memory, end it."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlalchemy import column, delete, func, select, table

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.tables import FileRow
from colleague.files.uploads import FileNotThere, Upload, add_file, delete_file
from colleague.holds.cover import check_not_held
from colleague.identity.actor import Actor
from colleague.identity.directory import PersonNotFound, find_by_email, find_by_name
from colleague.kit.canonical import storable
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.kit.queue import Job, enqueue
from colleague.policy.model import Label
from colleague.projects.model import FILES_LIMIT, LINKS_LIMIT, NAME_LIMIT, ROLES
from colleague.projects.store import list_links, project_files, see_project
from colleague.projects.tables import NoteRow, ProjectLinkRow, ProjectMemberRow, ProjectRow, ProposalRow

_PEOPLE = table("people", column("id"), column("active"))


class BadProject(Invalid):
    """This cannot be kept: {why}."""


class LastOwner(Conflict):
    """A project needs an owner: make somebody else owner first."""


class NoSuchThing(NotFound):
    """There is no such link or note in this project."""


def words(text: str, limit: int, what: str) -> str:
    """Return a person's words as they are kept; BadProject if there are none or too many."""
    text = str(storable(text)).replace("\r\n", "\n").strip()
    if not text:
        raise BadProject(why=f"{what} is missing")
    if len(text) > limit:
        raise BadProject(why=f"{what} is longer than {limit:,} characters")
    return text


def one_line(text: str, limit: int, what: str) -> str:
    """Return a person's words on one line; BadProject if there are none or too many."""
    return " ".join(words(text, limit, what).split())


async def create_project(
    session: Session, actor: Actor, name: str, purpose: str = "", *, ledger: Ledger, clock: Clock
) -> str:
    """Make a project with the actor as its owner. Memory is off. Returns its id; raises BadProject."""
    actor.require("own:tasks:use")
    row = ProjectRow(
        id=new_id("proj"), name=one_line(name, NAME_LIMIT, "the name"),
        purpose=words(purpose, 1000, "the purpose") if purpose.strip() else "",
        instructions="", instructions_label=Label().to_json(), created_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    session.add(ProjectMemberRow(project_id=row.id, person_id=actor.id, role="owner", added_at=clock.now()))
    await session.flush()
    await ledger.record(session, Event("project.created", actor.id, subject=row.id))
    return row.id


async def set_member(
    session: Session, actor: Actor, project_id: str, email: str, role: str, *, ledger: Ledger, clock: Clock
) -> None:
    """Let an active person in, or give them another role; owners only.

    A project whose owners have all left the organisation is given an owner by who manages people.
    Raises PersonNotFound, BadProject, LastOwner, what `see_project` raises.
    """
    if not (role == "owner" and await _is_orphan(session, actor, project_id)):
        await see_project(session, actor, project_id, need="owner", lock=True)
    person = await find_by_email(session, email)
    if person is None or not person.active:
        raise PersonNotFound
    if role not in ROLES:
        raise BadProject(why="a role is owner, member or viewer")
    row = await session.get(ProjectMemberRow, (project_id, person.id))
    if row is None:
        row = ProjectMemberRow(project_id=project_id, person_id=person.id, role=role, added_at=clock.now())
        session.add(row)
    elif row.role == "owner" and role != "owner":
        await _not_the_last(session, project_id, person.id)
    row.role = role
    await session.flush()
    facts = {"role": role}
    await ledger.record(session, Event("project.member_added", actor.id, project_id, person=person.id, data=facts))


async def address_of(session: Session, who: str) -> str:
    """Return the mail address of the one active person that a name or an address means; BadProject otherwise."""
    found = await find_by_name(session, who)
    if len(found) != 1:
        raise BadProject(why=f"{'nobody is' if not found else 'several people are'} called so: give the mail address")
    return found[0].email


async def remove_member(session: Session, actor: Actor, project_id: str, person: str, *, ledger: Ledger) -> None:
    """Take somebody out: owners anybody, everybody themselves. At once they see nothing of it any more."""
    await see_project(session, actor, project_id, need="viewer" if person == actor.id else "owner", lock=True)
    row = await session.get(ProjectMemberRow, (project_id, person))
    if row is None:
        raise PersonNotFound
    if row.role == "owner":
        await _not_the_last(session, project_id, person)
    await session.delete(row)
    await session.flush()
    await ledger.record(session, Event("project.member_removed", actor.id, project_id, person=person))


async def _owners(session: Session, project_id: str, but: str = "") -> int:
    """Return how many active people own the project, one left out."""
    query = (
        select(func.count())
        .select_from(ProjectMemberRow)
        .join(_PEOPLE, _PEOPLE.c.id == ProjectMemberRow.person_id)
        .where(ProjectMemberRow.project_id == project_id, ProjectMemberRow.role == "owner", _PEOPLE.c.active)
        .where(ProjectMemberRow.person_id != but)
    )
    return await session.scalar(query) or 0


async def _not_the_last(session: Session, project_id: str, person: str) -> None:
    if not await _owners(session, project_id, person):
        raise LastOwner


async def _is_orphan(session: Session, actor: Actor, project_id: str) -> bool:
    if not actor.may("org:people:manage"):
        return False
    found = await session.get(ProjectRow, project_id, with_for_update=True)
    return found is not None and not await _owners(session, project_id)


async def edit_project(
    session: Session, actor: Actor, project_id: str, name: str, purpose: str, *, ledger: Ledger
) -> None:
    """Give the project another name and purpose; owners only. Tasks that start from now on are told so."""
    project, _ = await see_project(session, actor, project_id, need="owner", lock=True)
    project.name = one_line(name, NAME_LIMIT, "the name")
    project.purpose = words(purpose, 1000, "the purpose") if purpose.strip() else ""
    await ledger.record(session, Event("project.changed", actor.id, subject=project_id))


async def switch_memory(session: Session, actor: Actor, project_id: str, *, on: bool, ledger: Ledger) -> None:
    """Switch the project's memory on or off; owners only. Off, notes stay readable but no task is told of them."""
    project, _ = await see_project(session, actor, project_id, need="owner", lock=True)
    project.remembers = on
    await ledger.record(session, Event("project.memory_changed", actor.id, subject=project_id, data={"on": on}))


async def add_project_files(
    session: Session, actor: Actor, project_id: str, uploads: Sequence[Upload], *, ledger: Ledger, clock: Clock
) -> list[str]:
    """Share checked files with every task of the project, those running included."""
    await see_project(session, actor, project_id, need="member", lock=True)
    if len(await project_files(session, project_id)) + len(uploads) > FILES_LIMIT:
        raise BadProject(why=f"a project takes at most {FILES_LIMIT} files; make a document set of a folder")
    # The library indexes them; who removes a file removes its passages with it (the database sees to that).
    await enqueue(session, Job("library.project", {"project": project_id}, key=f"library.project.{project_id}"))
    return [
        await add_file(session, actor, "", upload, project=project_id, ledger=ledger, clock=clock) for upload in uploads
    ]


async def get_project_file(session: Session, actor: Actor, project_id: str, file_id: str) -> FileRow:
    """Return a file of the project; FileNotThere if it has none of this id."""
    await see_project(session, actor, project_id)
    row = await session.get(FileRow, file_id)
    if row is None or row.project_id != project_id:
        raise FileNotThere
    return row


async def remove_project_file(session: Session, actor: Actor, project_id: str, file_id: str, *, ledger: Ledger) -> None:
    """Take a file out of the project: from every task, and from every index, at once. Raises KeptByHold."""
    await see_project(session, actor, project_id, need="member")
    file = await get_project_file(session, actor, project_id, file_id)
    await check_not_held(session, projects=[project_id])
    facts = {"project": project_id, "sha256": file.sha256}
    await delete_file(session, file)
    await ledger.record(session, Event("file.deleted", actor.id, subject=file_id, data=facts))


async def add_link(session: Session, actor: Actor, project_id: str, title: str, url: str, *, ledger: Ledger) -> None:
    """Add a link for people; https or http only. Tasks are told of it as material."""
    await see_project(session, actor, project_id, need="member", lock=True)
    title, url = one_line(title, 200, "the title"), words(url, 2000, "the address")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadProject(why="this is no address") from None
    if not url.isprintable() or not (parts.scheme in ("http", "https") and parts.hostname):
        raise BadProject(why="a link begins with https:// or http://")
    if len(await list_links(session, project_id)) >= LINKS_LIMIT:
        raise BadProject(why=f"a project takes at most {LINKS_LIMIT} links")
    row = ProjectLinkRow(id=new_id("link"), project_id=project_id, title=title, url=url, added_by=actor.id)
    session.add(row)
    await ledger.record(session, Event("project.link_added", actor.id, subject=project_id, data={"link": row.id}))


async def remove_link(session: Session, actor: Actor, project_id: str, link: str, *, ledger: Ledger) -> None:
    """Take a link away."""
    await see_project(session, actor, project_id, need="member")
    row = await session.get(ProjectLinkRow, link)
    if row is None or row.project_id != project_id:
        raise NoSuchThing
    await check_not_held(session, projects=[project_id])
    await session.delete(row)
    await ledger.record(session, Event("project.link_removed", actor.id, subject=project_id, data={"link": link}))


async def delete_note(session: Session, actor: Actor, project_id: str, note: str, *, ledger: Ledger) -> None:
    """Forget one note and every proposal that holds its text: no task is told of it any more."""
    await see_project(session, actor, project_id, need="member", lock=True)
    row = await session.get(NoteRow, note)
    if row is None or row.project_id != project_id:
        raise NoSuchThing
    await check_not_held(session, projects=[project_id])
    await session.delete(row)
    await session.execute(delete(ProposalRow).where(ProposalRow.note_id == note))
    await ledger.record(session, Event("note.deleted", actor.id, subject=note, data={"project": project_id}))


async def delete_project(session: Session, actor: Actor, project_id: str, *, ledger: Ledger) -> None:
    """End a project: files, links, notes, proposals and sets are forgotten. Tasks stay with who handed them over."""
    project, _ = await see_project(session, actor, project_id, need="owner", lock=True)
    await check_not_held(session, projects=[project_id])
    for file in await project_files(session, project_id):
        await delete_file(session, file)
    await session.delete(project)
    await session.flush()
    await ledger.record(session, Event("project.deleted", actor.id, subject=project_id))
