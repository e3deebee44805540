"""A rollout that is played goes through the real deeds: gates open or stay shut by what people did."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.rollout.simulate.conftest import played, stage

from colleague.adoption.facts.recount import recount
from colleague.audit.tables import EntryRow
from colleague.audit.verify import verify_database
from colleague.identity.actor import SYSTEM
from colleague.identity.people import create_person
from colleague.plugins.shipped import shipped_skills
from colleague.policy.model import Phase
from colleague.rollout.advance import judge
from colleague.rollout.simulate.ending import ending
from colleague.rollout.simulate.model import Scenario
from colleague.rollout.simulate.play import NotEmpty, play
from colleague.rollout.simulate.report import HEADINGS
from colleague.rollout.store import current_programme

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_a_steady_pilot_passes_its_gate_and_seats_follow(database_url: str, tmp_path: Path) -> None:
    async with stage(database_url, tmp_path) as (house, parts):
        lines = await played(parts, Scenario(people=40, weeks=8, cases=3, seed=1))
        assert [line.phase for line in lines] == ["Pilot"] * 5 + ["Expansion"] * 3
        assert lines[5].gate == "gate 1 passed"
        assert [line.seats for line in lines[1:6]] == [24] * 5
        assert lines[-1].seats > 24
        assert all(line.wau is not None and line.wau.low is not None for line in lines)
        # Activity stands beside completion, breadth and time to output (AD-5): «–» before ten times are there.
        place, newest = HEADINGS.index("less time"), lines[-1]
        assert newest.reduction is not None
        assert newest.cells()[place] == f"{100 * newest.reduction:.0f} %"
        assert replace(newest, reduction=None).cells()[place] == "–"
        async with parts.database.transaction() as session:
            programme, _, _ = await judge(session, clock=parts.clock)
            assert (programme.phase, programme.skipped) == (Phase.EXPANSION, ())
            passed = select(func.count()).select_from(EntryRow).where(EntryRow.verb == "gate.passed")
            assert await session.scalar(passed) == 1
            verbs = [verb async for verb in await session.stream_scalars(select(EntryRow.verb))]
        # Who writes a ticket is answered: all but those of the last days.
        written, closed = verbs.count("ticket.opened"), verbs.count("ticket.closed")
        assert written - 3 <= closed <= written
        readout = await ending(parts)
        assert {"Hours saved", "Task completion", "Breadth"} <= {one.name for one in readout.figures if one.there}
        # What was played is a record like any other: it verifies, and counted again it is the same.
        assert (await verify_database(house.database, house.signer.public)).ok
        assert not await recount(house.database)
        async with parts.database.transaction() as session:
            used = await session.scalars(select(EntryRow.subject).where(EntryRow.verb == "skill.used").distinct())
            assert set(used) < {one.name for one in shipped_skills()}


async def test_a_pilot_that_stalls_stays_where_it_is(database_url: str, tmp_path: Path) -> None:
    async with stage(database_url, tmp_path) as (_, parts):
        lines = await played(
            parts, Scenario("stalled", people=40, weeks=6, cases=3, phases=(5, 8, 12), stall=0.5, active=0.8)
        )
        assert "stall" in {kind for line in lines for kind, _ in line.opened}
        assert "people use it weekly" in lines[-1].gate
        assert {line.phase for line in lines} == {"Pilot"}


async def test_what_is_rushed_is_skipped_by_three_and_stays_on_record(database_url: str, tmp_path: Path) -> None:
    async with stage(database_url, tmp_path) as (_, parts):
        scenario = Scenario(
            "rushed", people=60, weeks=4, cases=3, phases=(2, 8, 12), skips=True, trained=0.3, active=0.4
        )
        lines = await played(parts, scenario)
        assert lines[1].gate.startswith("gate 1 skipped without: ")
        assert lines[-1].phase == "Expansion"
        async with parts.database.transaction() as session:
            (step,) = (await current_programme(session)).skipped
        assert (len(set(step.by)), step.by[-1]) == (3, step.accepted_by)


async def test_only_an_empty_house_is_played_in(database_url: str, tmp_path: Path) -> None:
    async with stage(database_url, tmp_path) as (_, parts):
        async with parts.database.transaction() as session:
            await create_person(session, SYSTEM, "a@b.example", "A", ledger=parts.ledger, clock=parts.clock)
        with pytest.raises(NotEmpty):
            async for _ in play(parts, Scenario()):
                pass
