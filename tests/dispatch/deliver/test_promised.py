"""What a command from a phone started is promised to that phone, on record, before its task has begun."""

from typing import Any

import pytest
from sqlalchemy import select

from colleague.channels.tables import NoticeRow
from colleague.dispatch.deliver.tables import ResultRow
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio


async def test_the_answer_is_promised_to_where_the_command_came_from(away: Any) -> None:
    reply = await away.say("brief Northwind")
    assert reply.state == "started", reply.text
    async with away.house.database.transaction() as session:
        row = (await session.scalars(select(ResultRow))).one()
    assert (row.task_id, row.person_id, row.state) == (reply.task, away.home.people["ana"].id, "promised")
    assert row.target in ("sms", "email")
    await away.work()
    await work(away.house, queue="deliveries")
    async with away.house.database.transaction() as session:
        row = (await session.scalars(select(ResultRow))).one()
        notices = (await session.scalars(select(NoticeRow).where(NoticeRow.person_id == row.person_id))).all()
    # Nothing is set up here that could carry it: its person hears so, and finds it on the page.
    assert (row.state, row.why) == ("withheld", "It is not set up here any more: text message.")
    assert [n.title for n in notices] == ["A result did not go out"]
    assert await away.entries("result.withheld")
