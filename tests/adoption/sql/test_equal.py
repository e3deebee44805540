"""Every number of every week and department, counted again in plain SQL from the sealed ledger: equal."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.adoption.sql.compare import differ, differences, told
from tests.rollout.simulate.conftest import played, stage

from colleague.adoption.facts.read import seats
from colleague.adoption.facts.roll_up import roll_up
from colleague.adoption.figures import Numbers
from colleague.adoption.frozen.freeze import freeze_next
from colleague.adoption.frozen.kept import newest_rows, numbers_of
from colleague.adoption.weeks import week_of
from colleague.audit.event import Event
from colleague.audit.many import record_many
from colleague.audit.seal import seal
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


def odd_runs(people: Sequence[str], monday: datetime) -> list[tuple[datetime, Event]]:
    """Return what no simulation plays: other tries, a draft, a stop, a week's silence, who is excluded."""
    made: list[tuple[float, Event]] = []

    def begin(n: int, run: str, *, name: str = "everyone:odd", approved: bool = True, hours: float = 0) -> None:
        made.append((hours, Event("task.delegated", people[n], subject=f"task_{n}", run=run, data={"channel": "page"})))
        made.append((hours, Event("run.started", "agent", subject=run, run=run)))
        facts = {"name": name, "approved": approved}
        made.append((hours + 0.1, Event("skill.used", "agent", subject=name, run=run, data=facts)))

    def tell(hours: float, verb: str, run: str, who: str = "agent", **data: object) -> None:
        made.append((hours, Event(verb, who, subject=run, run=run, data=data)))

    begin(0, "odd_0")
    tell(2, "run.stopped", "odd_0", people[0], aside=True)
    tell(2, "task.tried_again", "odd_0b", people[0], **{"from": "odd_0", "step": 3})
    tell(2, "run.started", "odd_0b")
    tell(3, "run.completed", "odd_0b")
    tell(4, "output.taken", "odd_0b", people[0])
    begin(1, "odd_1", name="mine:draft", approved=False)
    tell(1, "run.completed", "odd_1")
    begin(2, "odd_2")
    tell(24 * 5, "approval.reminded", "odd_2", "system")
    tell(24 * 8, "run.completed", "odd_2")
    begin(3, "odd_3")
    tell(1, "task.stopped", "odd_3", people[3], reason="user left")
    begin(4, "odd_4")
    tell(1, "run.completed", "odd_4")
    tell(2, "output.taken", "odd_4", people[4])
    tell(3, "task.tried_again", "odd_4b", people[4], **{"from": "odd_4", "step": 3})
    tell(4, "run.completed", "odd_4b")
    for n, name in enumerate(("everyone:odd", "odd")):
        begin(5, f"odd_5{n}", name=name, hours=n)
        tell(n + 0.5, "run.completed", f"odd_5{n}")
    begin(5, "odd_52", hours=5)
    tell(5.5, "run.completed", "odd_52", partial=True, empty=True)
    for n, hours in ((6, 0), (7, 0)):
        made.append((hours, Event("person.excluded", "system", subject=people[n], data={"seat": True})))
        begin(n, f"odd_{n}", hours=1)
        tell(2, "run.completed", f"odd_{n}")
    made.append((24, Event("person.included", "system", subject=people[7], data={"seat": True})))
    made.append((25, Event("sign_in.succeeded", people[7], subject=people[7])))
    begin(7, "odd_7b", hours=26)
    tell(27, "run.completed", "odd_7b")
    return sorted(((monday + timedelta(hours=at), event) for at, event in made), key=lambda one: one[0])


async def odd_week(parts: Parts) -> None:
    """Let people with seats do in the week after the simulation what it does not play, and take it in."""
    monday = datetime.combine(QUARTER.begin, datetime.min.time(), tzinfo=UTC) + timedelta(weeks=WEEKS)
    parts.clock.to(monday + timedelta(days=9))
    async with parts.database.transaction() as session:
        people = sorted(one.person for one in await seats(session) if one.removed_at is None)[:12]
        # All twelve are seen, and eight of them do something.
        looks = [(monday + timedelta(hours=8), Event("sign_in.succeeded", who, subject=who)) for who in people]
        await record_many(session, [*looks, *odd_runs(people[:8], monday + timedelta(hours=9))])
    while await seal(parts.database, signer=parts.signer, sink=None, clock=parts.clock):
        pass
    while await roll_up(parts.database):
        pass


async def by_product(parts: Parts) -> tuple[Product, dict[str, TicketWeek]]:
    """Return what the product keeps of every week and group, whole: frozen now where it was not yet."""
    while await freeze_next(parts.database, parts.groups, ledger=parts.ledger, clock=parts.clock):
        pass
    async with parts.database.transaction() as session:
        kept = await newest_rows(session, week_of(QUARTER.begin), week_of(QUARTER.begin).next(WEEKS))
        tickets = {week.name: week for week in (await read_weeks(session, clock=parts.clock)).weeks}
    return {(kind, name, str(week)): one for (kind, name, week), one in numbers_of(kept).items()}, tickets


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
        await odd_week(parts)
        parts.clock.to(parts.clock.now() + timedelta(days=6))
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
    odd = max((row for row in rows if row["kind"] == "organisation"), key=lambda row: row["starts"])
    # The other try, the one after a taking and what it followed, the same kind twice, who counts again; not the stop,
    # what was left, what came to nothing, nor who was excluded.
    assert (odd["active"], odd["passive"], odd["started"], odd["completed"]) == (7, 4, 9, 6)
    departments = {row["name"] for row in rows if row["kind"] == "department" and row["active"]}
    assert len(departments) == 8
    assert sum(row["tickets"] or 0 for row in rows) > 10
