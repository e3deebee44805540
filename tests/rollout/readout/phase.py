"""A programme that has begun, for tests: its owner sponsors and leads it."""

from datetime import datetime

from colleague.kit.ids import new_id
from colleague.policy.model import Phase
from colleague.rollout.tables import MoveRow, ProgrammeRow
from colleague.testing.house import TestHouse


async def begun(home: TestHouse, at: datetime, *, later: tuple[Phase, datetime] | None = None) -> None:
    """Let the pilot have begun at a time, and a later phase if one is named."""
    owner = home.people["owner"].id
    moves = [("start", Phase.PILOT, at)] + ([("gate", *later)] if later else [])
    async with home.house.database.transaction() as session:
        session.add(ProgrammeRow(id=1, sponsor_id=owner, lead_id=owner, goal="g", changed_by=owner, changed_at=at))
        for kind, phase, on in moves:
            session.add(MoveRow(
                id=new_id("move"), kind=kind, from_phase=1, to_phase=int(phase), seats=None, state="done", why="",
                snapshot={}, digest="", proposed_by=owner, proposed_at=on, decided_by=owner, decided_at=on,
                on=on.date(),
            ))  # fmt: skip
