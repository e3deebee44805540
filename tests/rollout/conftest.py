"""A programme with a sponsor, a lead and two owners, whose evidence a test lays on the table."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.rollout.test_gates import PILOT

from colleague.identity.actor import SYSTEM
from colleague.identity.directory import actor_of
from colleague.identity.people import assign_role, set_department
from colleague.identity.seats.hold import Limit, current_limit, set_limit
from colleague.policy.governance import current_governance
from colleague.policy.model import Phase
from colleague.rollout import advance as moves
from colleague.rollout.advance import confirm_move, propose_skip
from colleague.rollout.define import name_programme
from colleague.rollout.model import Evidence
from colleague.rollout.second import confirm_sponsor
from colleague.rollout.store import current_programme
from colleague.rollout.tables import MoveRow
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish

WHY = "The board wants it before the summer, whatever is measured."
RISK = "People who were only switched on do not come back."
NAMED = {
    "sponsor": "rita@aldermoor.example", "lead": "dana@aldermoor.example", "goal": "Bids go out in half the time."
}  # fmt: skip


@dataclass
class Office:
    """A programme with sponsor Rita, lead Dana, owners Marta and Ana; its evidence is laid on the table."""

    home: TestHouse
    clock: TestClock
    evidence: Evidence

    async def do(self, deed: Any, who: str, *things: Any, **more: Any) -> Any:
        house = self.home.house
        async with house.database.transaction() as session:
            person = await actor_of(session, person_id=self.home.people[who].id, via="page")
            return await deed(session, person, *things, ledger=house.ledger, clock=house.clock, **more)

    async def begun(self) -> None:
        """Put the start of the pilot on record; what it asks for is shown elsewhere."""
        async with self.home.house.database.transaction() as session:
            session.add(MoveRow(
                id="move_start", kind="start", from_phase=1, to_phase=1, state="done", why="", snapshot={}, digest="",
                proposed_by=self.home.people["dana"].id, proposed_at=self.clock.now(), on=self.clock.now().date(),
            ))  # fmt: skip
        self.clock.advance(seconds=1)

    async def running(self) -> None:
        """Begin the pilot, and let seats be for who was chosen, as `begin_pilot` does."""
        await self.begun()
        async with self.home.house.database.transaction() as session:
            limit = Limit(40, "the pilot", by_hand=True, sponsor=self.home.people["rita"].id, criteria=True)
            await set_limit(session, SYSTEM, limit, ledger=self.home.house.ledger, clock=self.clock)

    async def skipped(self) -> None:
        """Skip the gate of the present phase."""
        row = await self.do(propose_skip, "owner", why=WHY, risk=RISK)
        for who in ("ana", "rita"):
            await self.do(confirm_move, who, row.id, row.digest)
        self.clock.advance(seconds=1)

    async def phase(self) -> tuple[Phase, Phase, int | None]:
        async with self.home.house.database.transaction() as session:
            programme, governance = await current_programme(session), await current_governance(session)
            return programme.phase, governance.phase, (await current_limit(session)).most


@pytest.fixture
async def office(
    database_url: str, tmp_path: Path, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    home = await furnish(database_url, tmp_path, connectors=(), clock=clock, demo=True)
    async with home.house.database.transaction() as session:
        owner = home.people["owner"]
        for who, role in (("dana", "programme_lead"), ("ana", "owner")):
            await assign_role(session, SYSTEM, home.people[who].id, role, ledger=home.house.ledger)
        await set_department(session, owner, home.people["rita"].id, "Bids", ledger=home.house.ledger)
    office = Office(home, clock, PILOT)

    async def laid(session: Any, **_: Any) -> Evidence:
        return office.evidence

    monkeypatch.setattr(moves, "collect", laid)
    await office.do(name_programme, "dana", **NAMED)
    await office.do(confirm_sponsor, "owner", home.people["rita"].id)
    yield office
    await home.house.close()
