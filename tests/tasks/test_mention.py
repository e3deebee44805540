"""A colleague who is named is told, with a link; the title goes only to whom the task is open, and not too often."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from colleague.agent.messages import Turn
from colleague.audit.tables import EntryRow
from colleague.channels.page import list_notices
from colleague.tasks.delegate import NotYourTask
from colleague.tasks.store import TaskNotFound
from colleague.tasks.together.mention import IN_HOUR, IN_MESSAGE, named_in, say, unseen_by
from colleague.tasks.together.share import share

pytestmark = pytest.mark.anyio


async def write(desk: Any, who: str, task: str, text: str, **more: Any) -> dict[str, str]:
    async with desk.house.database.transaction() as session:
        found = await say(session, desk.home.people[who], task, text, **more, parts=desk.house.parts)
    return {mention.text: mention.told for mention in found}


async def notices(desk: Any, who: str) -> list[Any]:
    async with desk.house.database.transaction() as session:
        return list(await list_notices(session, desk.home.people[who]))


async def test_whoever_may_not_see_it_is_told_without_a_title(desk: Any) -> None:
    task = await desk.run(Turn("Done."), goal="Project Bluebird secret merger")
    assert await write(desk, "ana", task, "What do you say, @Ben?") == {"Ben": "cannot see"}
    (notice,) = await notices(desk, "ben")
    assert "Bluebird" not in notice.text + notice.title
    assert notice.link == f"/tasks/{task}"
    async with desk.door("ben") as ben:
        assert (await ben.get(f"/api/v1/tasks/{task}")).status_code == 404
        async with desk.house.database.transaction() as session:
            view = await desk.see(task)
            assert await unseen_by(session, view.task) == [(desk.home.people["ben"].id, "Ben Carter")]
        # One click: the form on the page names the person by id.
        await desk.do(share, task, desk.home.people["ben"].id, "viewer")
        assert (await ben.get(f"/api/v1/tasks/{task}")).status_code == 200
    async with desk.house.database.transaction() as session:
        assert await unseen_by(session, view.task) == []
    desk.clock.advance(minutes=11)
    assert await write(desk, "ana", task, "Now, @ben@aldermoor.example.") == {"ben@aldermoor.example": "told"}
    assert "Bluebird" in (await notices(desk, "ben"))[0].text
    async with desk.house.database.transaction() as session:
        bodies = list(await session.scalars(select(EntryRow.body).where(EntryRow.verb == "task.mentioned")))
    assert ['"sees":false' in bodies[0], '"sees":true' in bodies[1]] == [True, True]
    assert not any("Bluebird" in body or "secret" in body for body in bodies)


async def test_the_words_reach_the_task_whatever_is_said_of_the_names(desk: Any) -> None:
    task = await desk.run(Turn("Done."))
    assert await write(desk, "ana", task, "@Nobody and @ana and mail x@y.example") == {"Nobody": "unclear"}
    assert await write(desk, "ana", task, "Look", to="Dana Whitfield") == {"Dana Whitfield": "cannot see"}
    view = await desk.see(task)
    assert [s.body["text"] for s in view.said][1:] == ["@Nobody and @ana and mail x@y.example", "Look @Dana Whitfield"]
    with pytest.raises(NotYourTask):
        await write(desk, "ben", task, "@Dana look")
    with pytest.raises((TaskNotFound, NotYourTask)):
        await write(desk, "ben", "task_x", "@Dana look")


async def test_there_are_limits_also_for_messages_at_once(desk: Any) -> None:
    task = await desk.run(Turn("Done."))
    assert await write(desk, "ana", task, "@Ben") == {"Ben": "cannot see"}
    assert await write(desk, "ana", task, "@Ben again") == {"Ben": "quiet"}
    assert len(await notices(desk, "ben")) == 1
    tasks = [await desk.run(Turn("Done."), goal=f"Task {n}") for n in range(IN_HOUR + 5)]
    told = await asyncio.gather(*(write(desk, "ana", one, "@Ben") for one in tasks))
    assert sum(one == {"Ben": "cannot see"} for one in told) == IN_HOUR - 1
    desk.clock.advance(hours=2)
    everyone = "@ben@aldermoor.example @dana@aldermoor.example @rita@aldermoor.example @tom@aldermoor.example "
    many = await write(desk, "ana", task, everyone + "@owner@aldermoor.example @Nobody")
    assert sum(v != "unclear" for v in many.values()) == IN_MESSAGE


def test_what_is_a_name() -> None:
    assert named_in("mail a@b.example, @Ben Carter, (@dana@x.example) @élodie") == [
        "Ben Carter", "dana@x.example", "élodie",
    ]  # fmt: skip
    assert named_in("@ @@ @1 @" + "x" * 5) == ["xxxxx"]
    assert len(named_in(" ".join(f"@n{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(90)))) == 20
