"""A task is shared as viewer, approver or co-driver: each may what the word says, nothing more, and it can end."""

from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select

from colleague.agent.messages import Turn
from colleague.approvals.answer import ApprovalNotFound, NotYoursToAnswer, answer
from colleague.approvals.inbox import list_inbox
from colleague.approvals.tables import ApprovalRow
from colleague.audit.tables import EntryRow
from colleague.channels.page import list_notices
from colleague.identity.tables import RoleRow
from colleague.identity.tokens import create_token
from colleague.tasks.delegate import NotYourTask, answer_question, stop, tell
from colleague.tasks.sight import view_task
from colleague.tasks.store import TaskNotFound, list_tasks
from colleague.tasks.together.share import (
    CannotTakePart,
    NoSuchColleague,
    NotShared,
    NotYoursToShare,
    YourOwnTask,
    share,
    unshare,
)
from colleague.testing.llm import call
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
SEND = call("fake_send", to="dana@aldermoor.example", text="Hello")


class Together:
    """Deeds of several people, each in a transaction of its own."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk

    async def do(self, deed: Any, who: str, *things: Any) -> Any:
        async with self.desk.house.database.transaction() as session:
            person = self.desk.home.people[who]
            return await deed(session, person, *things, ledger=self.desk.house.ledger, clock=self.desk.clock)

    async def see(self, who: str, task: str) -> Any:
        async with self.desk.house.database.transaction() as session:
            return await view_task(session, self.desk.home.people[who], task)

    async def inbox(self, who: str) -> list[str]:
        async with self.desk.house.database.transaction() as session:
            return [c.id for c in await list_inbox(session, self.desk.home.people[who])]

    async def verdict(self, who: str, task: str) -> None:
        row = await self.desk.asked(task)
        async with self.desk.house.database.transaction() as session:
            await answer(
                session, self.desk.home.people[who], row.id, "approved", digest=row.digest,
                ledger=self.desk.house.ledger, clock=self.desk.clock,
            )  # fmt: skip


@pytest.fixture
def together(desk: Any) -> Together:
    return Together(desk)


async def test_a_viewer_sees_and_nothing_else(desk: Any, together: Together) -> None:
    task = await desk.run(SEND, Turn("Done."))
    with pytest.raises(TaskNotFound):
        await together.see("ben", task)
    await together.do(share, "ana", task, "Ben", "viewer")
    view = await together.see("ben", task)
    assert (view.part, view.steers) == ("viewer", False)
    async with desk.house.database.transaction() as session:
        assert task in [t.id for t in await list_tasks(session, person=desk.home.people["ben"].id)]
        notices = await list_notices(session, desk.home.people["ben"])
    assert notices[0].link == f"/tasks/{task}"
    with pytest.raises(NotYourTask):
        await together.do(tell, "ben", task, "Faster")
    with pytest.raises(NotYourTask):
        await together.do(stop, "ben", task)
    with pytest.raises(NotYoursToAnswer):
        await together.verdict("ben", task)
    assert await together.inbox("ben") == []
    with pytest.raises(NotYoursToShare):
        await together.do(share, "ben", task, "dana@aldermoor.example", "viewer")


async def test_an_approver_answers_as_themselves_and_does_not_steer(desk: Any, together: Together) -> None:
    # Shared before the question is put: the new question knows it.
    task = await desk.start(SEND, Turn("Done."))
    await together.do(share, "ana", task, "ben@aldermoor.example", "approver")
    await desk.work()
    assert await together.inbox("ben") == [(await desk.asked(task)).id]
    assert await together.inbox("dana") == []
    with pytest.raises(NotYourTask):
        await together.do(tell, "ben", task, "Faster")
    await together.verdict("ben", task)
    await desk.work()
    row = await desk.asked(task)
    assert (row.state, row.answered_by) == ("approved", desk.home.people["ben"].id)
    assert len(desk.fake.effects) == 1
    async with desk.house.database.transaction() as session:
        entry = await session.scalar(select(EntryRow).where(EntryRow.verb == "approval.approved"))
    assert '"as":"approver"' in entry.body
    assert '"own":false' in entry.body


async def test_a_share_reaches_open_questions_and_its_end_too(desk: Any, together: Together) -> None:
    task = await desk.run(SEND, Turn("Done."))
    await together.do(share, "ana", task, "Ben", "approver")
    assert len(await together.inbox("ben")) == 1
    await together.do(unshare, "ana", task, desk.home.people["ben"].id)
    assert await together.inbox("ben") == []
    with pytest.raises(ApprovalNotFound):
        await together.verdict("ben", task)
    with pytest.raises(TaskNotFound):
        await together.see("ben", task)
    with pytest.raises(NotShared):
        await together.do(unshare, "ana", task, desk.home.people["ben"].id)
    assert {"task.shared", "task.unshared"} <= set(await desk.verbs(task))


async def test_a_co_driver_steers_answers_and_stops(desk: Any, together: Together) -> None:
    task = await desk.run(call("ask_person", question="Which?"), SEND, Turn("Done."))
    await together.do(share, "ana", task, "Ben", "driver")
    view = await together.see("ben", task)
    await together.do(answer_question, "ben", task, view.run.waiting_for, "The second")
    await together.do(tell, "ben", task, "Keep it short")
    await desk.work()
    view = await together.see("ben", task)
    assert "Keep it short" in [s.body.get("text") for s in view.steps]
    assert view.task.person_id == desk.home.people["ana"].id, "it stays the owner's"
    await together.do(stop, "ben", task)
    assert (await together.see("ana", task)).run.why.startswith("Ben Carter stopped it.")


async def test_who_drives_is_no_second_person(desk: Any, together: Together) -> None:
    task = await desk.run(SEND, Turn("Done."))
    await together.do(share, "ana", task, "rita@aldermoor.example", "driver")
    for level in ("other", "reviewer"):
        async with desk.house.database.transaction() as session:
            row = await session.get_one(ApprovalRow, (await desk.asked(task)).id)
            row.approver = level
        assert await together.inbox("rita") == []
        with pytest.raises(NotYoursToAnswer):
            await together.verdict("rita", task)
        with pytest.raises(NotYoursToAnswer):
            await together.verdict("ana", task)
    await together.do(share, "ana", task, "rita@aldermoor.example", "approver")
    assert len(await together.inbox("rita")) == 1, "as reviewer, by her own right"


async def test_with_whom_it_cannot_be_shared(desk: Any, together: Together) -> None:
    task = await desk.run(Turn("Done."))
    with pytest.raises(NoSuchColleague):
        await together.do(share, "ana", task, "nobody@aldermoor.example", "viewer")
    with pytest.raises(NoSuchColleague):
        await together.do(share, "ana", task, "", "viewer")
    with pytest.raises(YourOwnTask):
        await together.do(share, "ana", task, "ana@aldermoor.example", "viewer")
    async with desk.house.database.transaction() as session:
        tom = desk.home.people["tom"].id
        await session.execute(delete(RoleRow).where(RoleRow.person_id == tom, RoleRow.role == "member"))
    with pytest.raises(CannotTakePart):
        await together.do(share, "ana", task, "tom@aldermoor.example", "viewer")
    with pytest.raises(TaskNotFound):
        await together.do(share, "ben", task, "Dana", "viewer")
    await together.do(share, "ana", task, "Ben", "viewer")
    await together.do(unshare, "ben", task, desk.home.people["ben"].id)
    with pytest.raises(TaskNotFound):
        await together.see("ben", task)


async def test_the_door_for_programs(desk: Any, together: Together) -> None:
    task = await desk.run(Turn("Done."))
    app = create_app(desk.house.by_type(), settings=desk.house.settings, lifespan=None)
    async with desk.house.database.transaction() as session:
        token = await create_token(
            session, desk.home.people["ana"], "t", ["own:tasks:use"], days=1, ledger=desk.house.ledger,
            clock=desk.clock,
        )  # fmt: skip
    transport = httpx.ASGITransport(app=app)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as ana:
        path = f"/api/v1/tasks/{task}/shares"
        assert (await ana.post(path, json={"who": "Ben", "role": "king"})).status_code == 422
        made = await ana.post(path, json={"who": "Ben", "role": "driver"})
        assert (made.status_code, made.json()[0]["role"]) == (201, "driver")
        ben = desk.home.people["ben"].id
        assert (await ana.delete(f"{path}/{ben}")).status_code == 204
        assert (await ana.get(path)).json() == []
        assert (await ana.delete(f"{path}/{ben}")).status_code == 409
