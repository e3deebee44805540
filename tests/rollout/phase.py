"""A programme that has begun, for tests: its owner sponsors and leads it, and a desk had tickets."""

from datetime import datetime, timedelta

from colleague.kit.ids import new_id
from colleague.policy.model import Phase
from colleague.rollout.tables import MoveRow, ProgrammeRow
from colleague.support.bring_in import bring_in
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


async def desk(home: TestHouse, since: datetime, *numbers: int) -> None:
    """Let a desk have had so many tickets about the web in each week since one."""
    lines = ["external_id,opened_at,title,connector"]
    for week, number in enumerate(numbers):
        day = (since + timedelta(weeks=week, days=1)).date()
        lines += [f"{week}-{n},{day},Slow,web" for n in range(number)]
    house = home.house
    async with house.database.transaction() as session:
        await bring_in(
            session, home.people["owner"], "desk", "\n".join(lines).encode(), registry=house.registry,
            ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
