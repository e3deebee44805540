"""From empty to a pilot that runs, through the real deeds; before that, everything that is missing is said at once."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from colleague.governance.document.draft import write_draft
from colleague.governance.document.model import PARTS
from colleague.governance.document.publish import publish
from colleague.governance.document.sign import sign
from colleague.identity.actor import SYSTEM, Actor
from colleague.identity.directory import actor_of
from colleague.identity.people import assign_role, create_person, set_department
from colleague.identity.seats.chosen import NotChosen
from colleague.identity.seats.hold import give_seats
from colleague.plugins.hold import CatalogueHeld, check_hold
from colleague.policy.model import Phase
from colleague.rollout.advance import GateClosed
from colleague.rollout.attest import attest
from colleague.rollout.begin import AlreadyStarted, begin_pilot, start_gate
from colleague.rollout.cohorts.choose import choose_candidate, score_candidate
from colleague.rollout.cohorts.make import make_cohort
from colleague.rollout.cohorts.model import CRITERIA, Answer, Score
from colleague.rollout.define import name_programme
from colleague.rollout.readout.collect import gather
from colleague.rollout.store import current_programme, moves
from colleague.rollout.tables import MoveRow, ProgrammeRow
from colleague.rollout.view import posture
from colleague.rollout.watch import watch
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.programme import approved_cases, crowd
from colleague.usecases.advance import launch_use_case
from colleague.usecases.baseline import measure

pytestmark = pytest.mark.anyio
SCORE = Score(
    dict.fromkeys(CRITERIA, Answer(True, "Answers two tenders a week.")), "business development", "weekly",
    Answer(True, "Twelve measured."),
)  # fmt: skip


@dataclass
class Start:
    """A house on the way to its pilot. Dana leads, Rita is the sponsor."""

    home: TestHouse
    clock: TestClock

    async def do(self, deed: Any, who: Actor, *things: Any, **more: Any) -> Any:
        house = self.home.house
        async with house.database.transaction() as session:
            actor = await actor_of(session, person_id=who.id, via="page")
            return await deed(session, actor, *things, ledger=house.ledger, clock=house.clock, **more)

    async def missing(self) -> set[str]:
        house = self.home.house
        async with house.database.transaction() as session:
            judged = await start_gate(session, reach=house.reach, clock=house.clock)
        return {criterion.id for criterion in judged.missing}

    async def measured(self, cases: list[str], people: list[Actor]) -> None:
        day = self.clock.now().date()
        for case in cases:
            for n in range(10):
                await self.do(measure, people[n % 5], case, 90 + n, day - timedelta(days=n), "timed")

    async def governed(self) -> None:
        house, owner = self.home.house, self.home.people["owner"]
        async with house.database.transaction() as session:
            named = dict.fromkeys(PARTS, owner.id)
            draft = await write_draft(
                session, owner, {"owners": named}, engine=house.engine, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
        for part in PARTS:
            await self.do(sign, owner, part, draft.digest)
        await publish(
            owner, draft.digest, database=house.database, engine=house.engine, ledger=house.ledger, clock=house.clock
        )  # fmt: skip


@pytest.fixture
async def start(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Start]:
    home = await furnish(database_url, tmp_path, connectors=(), clock=clock, demo=True)
    async with home.house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["dana"].id, "programme_lead", ledger=home.house.ledger)
        await set_department(session, SYSTEM, home.people["rita"].id, "Bids", ledger=home.house.ledger)
    yield Start(home, clock)
    await home.house.close()


async def test_from_empty_to_a_pilot_that_runs(start: Start) -> None:
    house, people = start.home.house, start.home.people
    lead, sponsor = people["dana"], people["rita"]
    assert await start.missing() == {"owned", "cohort", "baselines", "governance", "dispatch"}
    with pytest.raises(GateClosed) as refused:
        await start.do(begin_pilot, lead, reach=house.reach)
    for words in ("nobody is named", "there is no pilot cohort", "no use case yet", "0 triggers are on"):
        assert words in str(refused.value)

    named = {"sponsor": sponsor.email, "lead": lead.email, "goal": "Bids go out in half the time."}
    await start.do(name_programme, lead, **named)
    async with house.database.transaction() as session:
        # As it could be written before there was this rule.
        await session.execute(update(ProgrammeRow).values(goal="Go live on 1 March 2027"))
    assert "owned" in await start.missing()
    await start.do(name_programme, lead, **named)
    assert "owned" not in await start.missing()
    members, cases = await crowd(start.home, 14), await approved_cases(start.home)
    cohort = (await start.do(make_cohort, lead, "Bids pilot")).id
    for one in members:
        await start.do(score_candidate, lead, cohort, one.id, SCORE)
        await start.do(choose_candidate, lead, cohort, one.id)
    await start.measured(cases[:2], members)
    await start.governed()
    await start.do(attest, sponsor, "dispatch-later", words="From May on.", on=start.clock.now().date())
    assert await start.missing() == {"cohort", "baselines"}, "fourteen people, and one use case without a baseline"

    (last,) = await crowd(start.home, 1, prefix="q")
    await start.do(score_candidate, lead, cohort, last.id, SCORE)
    await start.do(choose_candidate, lead, cohort, last.id)
    await start.measured(cases[2:], members)
    assert await start.missing() == set()
    programme = await start.do(begin_pilot, lead, reach=house.reach)
    assert (programme.phase, programme.started, programme.since) == (Phase.PILOT, True, start.clock.now().date())
    with pytest.raises(AlreadyStarted):
        await start.do(begin_pilot, lead, reach=house.reach)
    async with house.database.transaction() as session:
        (move,) = await moves(session)
        assert move.snapshot["gate"]["holds"] is True
        assert re.fullmatch(r"[0-9a-f]{64}", move.digest)

    # From now on whoever comes waits, and a seat is given by hand, to who was chosen.
    async with house.database.transaction() as session:
        late = await create_person(
            session, SYSTEM, "late@aldermoor.example", "Late", ledger=house.ledger, clock=house.clock, without="wait"
        )  # fmt: skip
    with pytest.raises(NotChosen):
        await start.do(give_seats, lead, [late])
    await start.do(score_candidate, lead, cohort, late, SCORE)
    await start.do(choose_candidate, lead, cohort, late)
    assert await start.do(give_seats, lead, [late]) == 1


async def test_a_pilot_does_not_start_on_new_capabilities_alone(start: Start) -> None:
    """AD-6, R90: what is said to have no before is not measured, and is seen on each readout."""
    house, owner = start.home.house, start.home.people["owner"]
    cases = await approved_cases(start.home, 4)
    for case in cases[:3]:
        await start.do(launch_use_case, owner, case, new_capability="Nobody did this.")
    await start.measured(cases[3:], await crowd(start.home, 5))
    async with house.database.transaction() as session:
        judged = await start_gate(session, reach=house.reach, clock=house.clock)
        seen = await posture(
            session, owner, groups=house.groups, reach=house.reach, registry=house.registry, clock=house.clock
        )  # fmt: skip
        parts = await gather(
            session, owner, ask="", weeks=4, groups=house.groups, reach=house.reach, clock=house.clock
        )  # fmt: skip
    (baselines,) = [one for one in judged.criteria if one.id == "baselines"]
    assert not baselines.holds
    assert "measured for 1." in baselines.value
    assert baselines.value.count("is a new capability: there is no before") == 3
    (guard,) = [one for one in seen.guards if one.mistake == "Measuring nothing"]
    assert (guard.holds, guard.stands) == (False, "1 of 4 use cases are measured, 3 without a before")
    assert sum("without a before" in one.what for one in parts.overrides) == 3


async def test_a_review_that_is_overdue_holds_the_catalogue_until_it_was_held(start: Start) -> None:
    house, people = start.home.house, start.home.people
    named = {"sponsor": people["rita"].email, "lead": people["dana"].email, "goal": "Bids go out in half the time."}
    await start.do(name_programme, people["dana"], **named)
    async with house.database.transaction() as session:
        for number, phase in enumerate(("start", "gate", "gate", "gate")):
            now = house.clock.now() + timedelta(seconds=number)
            session.add(MoveRow(
                id=f"move_{number}", kind=phase, from_phase=max(number, 1), to_phase=number + 1, state="done", why="",
                snapshot={}, digest="", proposed_by=people["dana"].id, proposed_at=now, on=now.date(),
            ))  # fmt: skip

    async def looked() -> int:
        async with house.database.transaction() as session:
            return await watch(session, ledger=house.ledger, clock=house.clock)

    async with house.database.transaction() as session:
        assert (await current_programme(session)).phase is Phase.ENTERPRISE
        await check_hold(session, clock=house.clock)
    assert (await looked(), await looked()) == (1, 0)
    async with house.database.transaction() as session:
        with pytest.raises(CatalogueHeld, match="overdue"):
            await check_hold(session, clock=house.clock)
    today = start.clock.now().date()
    await start.do(attest, people["rita"], "quarterly-review", words="Held, with three actions.", on=today)
    async with house.database.transaction() as session:
        await check_hold(session, clock=house.clock)
    start.clock.advance(days=93)
    await looked()
    async with house.database.transaction() as session:
        with pytest.raises(CatalogueHeld):
            await check_hold(session, clock=house.clock)
