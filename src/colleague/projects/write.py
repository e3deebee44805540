"""A person's own hand in the memory of a project: notes at once, instructions as a difference that an owner accepts."""

from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.projects.propose import Cause, decide, propose
from colleague.projects.store import see_project
from colleague.projects.tables import ProposalRow


async def suggest(
    session: Session, actor: Actor, project_id: str, text: str, why: str = "", *, ledger: Ledger, clock: Clock
) -> ProposalRow:
    """Propose the whole new text of the instructions; members may. Raises OnlyLook, BadProposal, ProjectNotFound."""
    await see_project(session, actor, project_id, need="member", lock=True)
    cause = Cause(actor.id, why=why)
    return await propose(session, project_id, "instructions", text, cause, ledger=ledger, clock=clock)


async def write_note(
    session: Session, actor: Actor, project_id: str, text: str, *, note: str = "", ledger: Ledger, clock: Clock
) -> str:
    """Write a note or another text of one: proposed and accepted by the same hand, so it stands in the history.

    Returns the note's id. Raises OnlyLook, MemoryOff, BadProposal, ProjectNotFound.
    """
    await see_project(session, actor, project_id, need="member", lock=True)
    cause = Cause(actor.id, why="Written by hand.")
    row = await propose(session, project_id, "note", text, cause, note=note, ledger=ledger, clock=clock)
    await decide(session, actor, row.id, accept=True, ledger=ledger, clock=clock)
    return row.note_id
