"""Every number of every week and department, counted again in plain SQL from the sealed ledger: equal."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.adoption.sql.compare import differ, differences, told
from tests.rollout.simulate.conftest import played, stage

from colleague.adoption.figures import Numbers
from colleague.adoption.weekly import lines, numbers
from colleague.identity.actor import SYSTEM
from colleague.rollout.simulate.model import Scenario
from colleague.rollout.simulate.parts import Parts
from colleague.rollout.tickets.trend import Week as TicketWeek
from colleague.rollout.tickets.weekly import read_weeks

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
HERE, WEEKS = Path(__file__).parent, 13
QUARTER = Scenario(
    people=56, weeks=WEEKS, cases=3, phases=(3, 20, 20), skips=True, stall=0.15, never=0.05, completion=0.8, seed=4
)
Product = dict[tuple[str, str, str], Numbers]


async def by_product(parts: Parts) -> tuple[Product, dict[str, TicketWeek]]:
    """Return what the product says of every week and department, as it was frozen or is computed now."""
    async with parts.database.transaction() as session:
        whole = await numbers(session, SYSTEM, clock=parts.clock, count=WEEKS + 2)
        parted = await lines(session, SYSTEM, parts.groups, kind="department", clock=parts.clock, count=WEEKS + 2)
        tickets = {week.name: week for week in (await read_weeks(session, clock=parts.clock)).weeks}
    found: Product = {("organisation", "", str(one.week)): one for one in whole}
    return found | {("department", line.name, str(one.week)): one for line in parted for one in line.weeks}, tickets


async def by_sql(parts: Parts) -> list[Any]:
    """Return the same, counted from the entries of the ledger."""
    async with parts.database.transaction() as session:
        driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
        await driver.execute("CREATE TEMP TABLE weeks (starts timestamp, ends timestamp)")
        for n in range(WEEKS + 1):
            begins = datetime.combine(QUARTER.begin, datetime.min.time()) + timedelta(weeks=n)
            await driver.execute("INSERT INTO weeks VALUES (%s, %s)", (begins, begins + timedelta(days=7)))
        for name in ("facts.sql", "kpis.sql"):
            await driver.execute((HERE / name).read_text())
        return list((await session.execute(text("SELECT * FROM k_numbers"))).mappings().all())


async def test_a_quarter_counted_again_in_sql_is_equal(database_url: str, tmp_path: Path) -> None:
    async with stage(database_url, tmp_path) as (_, parts):
        await played(parts, QUARTER)
        parts.clock.to(parts.clock.now() + timedelta(days=8))
        product, tickets = await by_product(parts)
        rows = await by_sql(parts)
    compared = 0
    for row in rows:
        year, number, _ = row["starts"].isocalendar()
        week = f"{year}-W{number:02}"
        one = product[row["kind"], row["name"], week]
        assert not differences(row, one), (row["kind"], row["name"], week)
        compared += len(told(one))
        if row["kind"] == "organisation" and week in tickets:
            assert row["tickets"] == tickets[week].tickets
            assert tickets[week].rate is None or not differ(row["ticket_rate"], tickets[week].rate)
    assert compared > 1000
    departments = {row["name"] for row in rows if row["kind"] == "department" and row["active"]}
    assert len(departments) == 8
    assert sum(row["tickets"] or 0 for row in rows) > 10
