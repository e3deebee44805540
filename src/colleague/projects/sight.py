"""What somebody in a project sees of it, read at one moment: for its page, the API and the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from colleague.files.tables import FileRow
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.lines import Change, changes
from colleague.policy.model import Label
from colleague.projects.propose import list_proposals, see_proposal, untrusted
from colleague.projects.store import list_links, list_notes, members_in, project_files, see_project
from colleague.projects.tables import NoteRow, ProjectLinkRow, ProjectMemberRow, ProjectRow, ProposalRow


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as its reader sees it: the difference, what caused it, and whether they may decide or withdraw."""

    row: ProposalRow
    project: ProjectRow
    changes: tuple[Change, ...]
    label: Label
    untrusted: bool
    may_decide: bool
    may_withdraw: bool

    def to_json(self) -> dict[str, Any]:
        """Return the proposal for programs."""
        row = self.row
        return {
            "id": row.id, "project": row.project_id, "kind": row.kind, "note": row.note_id, "state": row.state,
            "before": row.before, "after": row.after, "why": row.why, "task": row.task_id, "person": row.person_id,
            "by_agent": bool(row.call_id), "made_from": self.label.to_json(), "untrusted": self.untrusted,
            "proposed_at": row.proposed_at, "decided_by": row.decided_by, "decided_at": row.decided_at,
            "may_decide": self.may_decide,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sight:
    """A project with all that its reader may see of it; `people` are names by id."""

    project: ProjectRow
    role: str
    members: Sequence[ProjectMemberRow]
    files: Sequence[FileRow]
    links: Sequence[ProjectLinkRow]
    notes: Sequence[NoteRow]
    waiting: Sequence[ProposalRow]
    people: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return the project for programs."""
        project = self.project
        return {
            "id": project.id, "name": project.name, "purpose": project.purpose, "role": self.role,
            "instructions": project.instructions, "version": project.version, "memory": project.remembers,
            "created_at": project.created_at,
            "members": [
                {"person": m.person_id, "name": self.people.get(m.person_id, ""), "role": m.role} for m in self.members
            ],
            "files": [
                {"id": f.id, "name": f.name, "pages": f.pages, "size": f.size, "sha256": f.sha256} for f in self.files
            ],
            "links": [{"id": link.id, "title": link.title, "url": link.url} for link in self.links],
            "notes": [
                {"id": n.id, "text": n.text, "version": n.version, "accepted_by": n.accepted_by,
                 "changed_at": n.changed_at, "made_from": n.label}
                for n in self.notes
            ],
            "proposals": [p.id for p in self.waiting],
        }  # fmt: skip


async def view_project(session: Session, actor: Actor, project_id: str, *, clock: Clock) -> Sight:
    """Return everything of a project that a page shows; ProjectNotFound for who is not in it."""
    project, role = await see_project(session, actor, project_id)
    members, notes = await members_in(session, project_id), await list_notes(session, project_id)
    waiting = await list_proposals(session, actor, project_id, clock=clock)
    ids = {m.person_id for m in members} | {n.accepted_by for n in notes} | {p.person_id for p in waiting}
    people = await names_of(session, ids)
    order = {"owner": 0, "member": 1, "viewer": 2}
    members = sorted(members, key=lambda m: (order[m.role], people.get(m.person_id, "")))
    return Sight(
        project, role, members, await project_files(session, project_id), await list_links(session, project_id),
        notes, waiting, people,
    )  # fmt: skip


async def view_proposal(session: Session, actor: Actor, proposal: str, *, clock: Clock) -> Proposal:
    """Return one proposal; ProposalNotFound for who may not see it."""
    project, row, may = await see_proposal(session, actor, proposal, clock=clock)
    return _proposal(project, row, actor, may=may)


async def view_history(session: Session, actor: Actor, project_id: str, *, clock: Clock) -> list[Proposal]:
    """Return the accepted changes of the instructions, newest first."""
    project, _ = await see_project(session, actor, project_id)
    rows = await list_proposals(session, actor, project_id, state="accepted", clock=clock)
    found = [_proposal(project, row, actor, may=False) for row in rows if row.kind == "instructions"]
    return sorted(found, key=lambda p: p.row.base, reverse=True)


def _proposal(project: ProjectRow, row: ProposalRow, actor: Actor, *, may: bool) -> Proposal:
    mine = row.state == "open" and row.person_id == actor.id
    return Proposal(
        row, project, tuple(changes(row.before, row.after)), Label.from_json(row.label), untrusted(row), may,
        mine and not may,
    )  # fmt: skip
