"""The tools with which a task proposes changes to its project. They store a proposal: nothing else changes."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select

from colleague.audit.record import Ledger
from colleague.connectors.connector import Result, Tool
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.model import Label, Role, Tier
from colleague.projects.model import NOTE_LIMIT, TEXT_LIMIT
from colleague.projects.propose import Cause, propose
from colleague.projects.tables import ProposalRow


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_WHY: Final = {"type": "string", "minLength": 1, "maxLength": 1000}

PROJECT_TOOLS: Final = (
    Tool(
        "propose_note", "Propose a note",
        "Propose one short note for the project's memory (a decision, a fact worth keeping), or with `note` another "
        "text of that note. A person sees the difference and accepts or rejects it; until then nothing is kept.",
        _object(
            ["text", "why"], text={"type": "string", "minLength": 1, "maxLength": NOTE_LIMIT}, why=_WHY,
            note={"type": "string", "maxLength": 40},
        ),
        Tier.READ, {"text": Role.CONTENT, "why": Role.CONTENT, "note": Role.OPTION}, writes=True,
        undo="a person decides; notes can be deleted",
    ),
    Tool(
        "propose_instruction", "Propose instructions",
        "Propose the whole new text of the project's standing instructions. An owner of the project sees the "
        "difference and accepts or rejects it; until then nothing changes.",
        _object(["text", "why"], text={"type": "string", "maxLength": TEXT_LIMIT}, why=_WHY),
        Tier.READ, {"text": Role.CONTENT, "why": Role.CONTENT}, writes=True,
        undo="a person decides",
    ),
)  # fmt: skip
NAMES: Final = frozenset(t.name for t in PROJECT_TOOLS)


async def use(
    session: Session, tool: str, arguments: Mapping[str, Any], *, project: str, person: str, task: str, call: str,
    label: Label, ledger: Ledger, clock: Clock,
) -> Result:  # fmt: skip
    """Store the proposal that the call makes; `label` is what the run has read. Raises MemoryOff, BadProposal."""
    cause = Cause(person, task, call, label, str(arguments["why"]))
    row = await propose(
        session, project, "note" if tool == "propose_note" else "instructions", str(arguments["text"]), cause,
        note=str(arguments.get("note") or ""), ledger=ledger, clock=clock,
    )  # fmt: skip
    text = "Proposed. A person decides; nothing is changed until then, and you need not wait for it."
    return Result(text, {"proposal": row.id, "kind": row.kind})


async def was_proposed(session: Session, call: str) -> bool:
    """Say whether this call has stored its proposal."""
    return await session.scalar(select(ProposalRow.id).where(ProposalRow.call_id == call)) is not None
