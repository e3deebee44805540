"""A large organisation is told of open weeks from what was computed ahead: the same numbers, an hour old at most."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select
from tests.adoption.test_facts import Count, count  # noqa: F401

from colleague.adoption.frozen.running import run_ahead
from colleague.adoption.tables import RunningRow
from colleague.adoption.weekly import Line, Numbers, lines, numbers
from colleague.bootstrap import GROUPS
from colleague.identity.people import set_department

pytestmark = pytest.mark.anyio


async def told(count: Count) -> tuple[list[Numbers], list[Line]]:  # noqa: F811
    owner, clock = count.home.people["owner"], count.clock
    async with count.house.database.transaction() as session:
        groups = await lines(session, owner, GROUPS, kind="department", clock=clock)
        return await numbers(session, owner, GROUPS, clock=clock), groups


async def test_computed_ahead_it_is_what_would_be_computed_now(count: Count) -> None:  # noqa: F811
    house = count.house
    async with house.database.transaction() as session:
        for who in ("owner", "ana", "ben", "rita", "tom", "dana"):
            await set_department(
                session, count.home.people["owner"], count.home.people[who].id, "Bids", ledger=house.ledger
            )  # fmt: skip
    count.clock.advance(days=7)
    for who in ("ana", "ben", "rita"):
        await count.record("task.steered", who)
    count.clock.advance(days=7)
    await count.record("task.steered", "ana")
    await count.rolled()
    assert await run_ahead(house.database, GROUPS, clock=count.clock) == 0, "a small organisation keeps nothing"
    before = await told(count)
    assert await run_ahead(house.database, GROUPS, clock=count.clock, large=1) > 0
    after = await told(count)
    assert after == before
    assert before[0][0].active == 1
    # A week that has only begun is held against no target: that of before is.
    (line,) = [one for one in before[1] if one.name == "Bids"]
    assert next(one.value for one in line.standings if one.name == "wau") == 0.5
    # What comes now is told with the next computation, and at once where none comes.
    await count.record("task.steered", "ben")
    await count.rolled()
    assert (await told(count))[0][0].active == 1
    count.clock.advance(minutes=61)
    assert (await told(count))[0][0].active == 2
    await run_ahead(house.database, GROUPS, clock=count.clock, large=1)
    assert (await told(count))[0][0] == replace((await told(count))[0][0], active=2)
    async with house.database.transaction() as session:
        rows = await session.scalar(select(func.count()).select_from(RunningRow))
    assert await run_ahead(house.database, GROUPS, clock=count.clock, large=1) == rows, "replaced, not added"
