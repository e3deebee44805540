"""Ana's desk with a clock that is moved by hand: schedules, the minute's look, and the worker."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from tests.tasks.conftest import Desk, desk  # noqa: F401

from colleague.agent.messages import Turn
from colleague.audit.tables import EntryRow
from colleague.dispatch.schedules.due import tick
from colleague.dispatch.schedules.make import activate, create_schedule
from colleague.dispatch.schedules.model import Order, Schedule, Slot
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.store import schedule_of, slots_of, visible_row
from colleague.tasks.tables import TaskRow
from colleague.testing.house import agreed
from colleague.testing.worker import work

DAILY = Order("Morning brief", "Read the news of the bids.", cron="30 8 * * *", zone="Europe/Zurich")


@dataclass
class Timekeeper:
    """Makes schedules, moves the clock, does the work that is due."""

    desk: Desk

    @property
    def parts(self) -> Scheduling:
        found = self.desk.house.scheduling
        assert isinstance(found, Scheduling)
        return found

    @property
    def clock(self) -> Any:
        return self.desk.clock

    def at(self, moment: str) -> None:
        """Set the clock to a moment in UTC, forwards or backwards."""
        wanted = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        self.clock.advance(seconds=(wanted - self.clock.now()).total_seconds())

    async def do(self, deed: Any, *things: Any, who: str = "ana", **more: Any) -> Any:
        async with self.parts.database.transaction() as session:
            return await deed(session, self.desk.home.people[who], *things, **{"parts": self.parts, **more})

    async def make(self, order: Order = DAILY, *, who: str = "ana", active: bool = True) -> str:
        schedule = await self.do(create_schedule, order, who=who)
        if active:
            await self.do(activate, schedule, who=who)
        return str(schedule)

    async def see(self, schedule: str) -> Schedule:
        async with self.parts.database.transaction() as session:
            return schedule_of(await visible_row(session, self.desk.home.people["owner"], schedule))

    async def slots(self, schedule: str, limit: int = 2000) -> list[Slot]:
        """Return the slots, oldest first."""
        async with self.parts.database.transaction() as session:
            return (await slots_of(session, schedule, limit=limit))[::-1]

    async def states(self, schedule: str) -> list[tuple[str, str]]:
        return [(s.at.strftime("%m-%d %H:%M"), s.state.value) for s in await self.slots(schedule)]

    async def turn(self) -> None:
        """Do what a minute does: look, start what is due. Runs are not worked on."""
        await tick(parts=self.parts)
        await work(self.desk.house, queue="house")

    async def minutes(self, count: int, step: int = 1) -> None:
        for _ in range(count):
            self.clock.advance(minutes=step)
            await self.turn()

    async def tasks(self) -> int:
        async with self.parts.database.transaction() as session:
            return await session.scalar(select(func.count()).select_from(TaskRow)) or 0

    async def verbs(self, schedule: str) -> list[str]:
        async with self.parts.database.transaction() as session:
            query = select(EntryRow.verb).where(EntryRow.subject == schedule).order_by(EntryRow.id)
            return list(await session.scalars(query))

    async def notices(self, who: str = "ana") -> list[str]:
        async with self.parts.database.transaction() as session:
            query = text("SELECT title || ' | ' || text FROM notices WHERE person_id = :who ORDER BY id")
            return list(await session.scalars(query, {"who": self.desk.home.people[who].id}))

    async def allow(self, **changes: Any) -> None:
        """Let the organisation have agreed on settings."""
        house = self.desk.house
        async with house.database.transaction() as session:
            owner = self.desk.home.people["owner"]
            await agreed(session, owner, changes, ledger=house.ledger, clock=house.clock)


@pytest.fixture
async def keeper(desk: Desk) -> Timekeeper:  # noqa: F811
    """Give a house past its pilot, in which automations may run."""
    desk.llm.play(*[Turn("Nothing new.")] * 5)
    found = Timekeeper(desk)
    await found.allow(phase="expansion")
    return found


def in_days(clock: Any, days: float) -> datetime:
    moment = clock.now() + timedelta(days=days)
    assert isinstance(moment, datetime)
    return moment
