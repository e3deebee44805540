"""Who was seen without doing anything is kept apart, and so is how long a run waited for a person (B-3, B-8)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from tests.adoption.conftest import Programme

from colleague.adoption.facts.recount import Difference, recount
from colleague.adoption.facts.tables import RunFactRow, WaitRow
from colleague.adoption.kpis.waiting import queue, waited
from colleague.adoption.weekly import numbers
from colleague.audit.event import Event

pytestmark = pytest.mark.anyio
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def minute(n: float) -> datetime:
    return AT + timedelta(minutes=n)


@pytest.mark.parametrize(
    ("spans", "minutes"),
    [
        ([], 0), ([(10, 20)], 10), ([(10, 20), (30, 35)], 15), ([(10, 20), (15, 25)], 15), ([(10, 30), (15, 20)], 20),
        # What was open before the input was there, or after the output was taken, is no part of the time.
        ([(-10, 5)], 5), ([(50, 70)], 10), ([(55, None)], 5), ([(60, 70)], 0), ([(-9, -5)], 0),
        ([(30, 35), (10, 20)], 15),
    ],
)  # fmt: skip
def test_what_waits_at_once_is_waited_for_once(spans: list[tuple[float, float | None]], minutes: float) -> None:
    told = [(minute(a), None if b is None else minute(b)) for a, b in spans]
    assert waited(told, AT, minute(60)) == minutes


def test_those_who_waited_for_nobody_are_in_the_median() -> None:
    found = queue([0, 0, 30])
    assert found is not None
    assert (found.median, found.waited, found.n) == (0, 1, 3)
    assert queue([]) is None


async def asked(programme: Programme, question: str, how: str, *, minutes: float, run: str = "r1") -> None:
    await programme.record("approval.asked", "agent", subject=question, run=run)
    programme.clock.advance(minutes=minutes)
    await programme.record(f"approval.{how}", "system", subject=question, run=run)


async def rows(programme: Programme) -> list[WaitRow]:
    async with programme.house.database.transaction() as session:
        return list(await session.scalars(select(WaitRow).order_by(WaitRow.approval_id)))


@pytest.mark.parametrize("at_once", [1, 3, 500])
async def test_each_question_is_a_wait_until_its_first_end(programme: Programme, at_once: int) -> None:
    for n, how in enumerate(("approved", "denied", "asked_back", "edited", "expired", "withdrawn")):
        await asked(programme, f"q{n}", how, minutes=n + 1)
    programme.clock.advance(minutes=90)
    # An approval that is never used is withdrawn when its run is stopped: it had been decided before.
    await programme.record("approval.withdrawn", "system", subject="q0", run="r1")
    await programme.record("approval.asked", "agent", subject="q9", run="r1")
    await programme.record("approval.reminded", "system", subject="q9", run="r1")
    await programme.rolled(at_once=at_once)
    found = await rows(programme)
    ended = [row.ended_at and (row.ended_at - row.asked_at).total_seconds() / 60 for row in found]
    assert ended == [1, 2, 3, 4, 5, 6, None]
    assert await recount(programme.house.database) == Difference()


@pytest.mark.parametrize("at_once", [1, 500])
async def test_what_a_sub_agent_asks_is_waited_for_by_the_run_that_started_it(
    programme: Programme, at_once: int
) -> None:
    """Edited, one question stands in the place of another: the run waits for that one, and is held up by it (B-6)."""
    begun = Event("task.delegated", programme.home.people["ana"].id, subject="t1", run="r1")
    await programme.do(programme.house.ledger.record, begun)
    await programme.record("subagent.started", "agent", subject="sub", run="r1")
    await asked(programme, "q1", "approved", minutes=3, run="sub")
    await programme.record("approval.asked", "agent", subject="q2", run="sub")
    programme.clock.advance(minutes=4)
    await programme.record("approval.asked", "agent", subject="q3", run="sub")
    await programme.record("approval.edited", "ana", subject="q2", run="sub")
    await programme.rolled(at_once=at_once)
    found = [(row.run_id, row.ended_at and (row.ended_at - row.asked_at).seconds / 60) for row in await rows(programme)]
    assert found == [("r1", 3), ("r1", 4), ("r1", None)]
    async with programme.house.database.transaction() as session:
        assert (await session.get_one(RunFactRow, "r1")).reason == "approval wait"
    assert await recount(programme.house.database) == Difference()


async def test_who_was_only_seen_is_passive_and_active_wins(programme: Programme) -> None:
    programme.clock.advance(days=7)
    for who in ("ana", "ben", "tom"):
        person = programme.home.people[who].id
        for _ in range(2):
            await programme.record("sign_in.succeeded", who, subject=person)
    await programme.record("output.review_opened", "rita", subject="out", run="r1")
    await programme.record("task.steered", "ana")
    # What the product does, and who is no person here, is nobody seen.
    await programme.record("sign_in.succeeded", "unknown")
    await programme.rolled()
    (now, *_) = await programme.do(numbers, programme.lead, programme.house.groups, clock=programme.clock, count=1)
    assert (now.active, now.passive) == (1, 3)
    async with programme.client(programme.lead, "org:adoption:read") as client:
        told = (await client.get("/api/v1/adoption/weeks?count=1")).json()
        page = (await client.get("/adoption")).text
    assert (told["weeks"][0]["active"], told["weeks"][0]["passive"]) == (1, 3)
    assert "Passive" in told["definitions"]
    assert "passive: 3 seen, did nothing" in page
