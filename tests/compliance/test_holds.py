"""What a legal hold covers is deleted by nobody; who asks learns nothing of the matter; another person releases it."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select
from tests.compliance.conftest import door
from tests.tasks.conftest import Desk

from colleague.agent.messages import Turn
from colleague.audit.tables import EntryRow
from colleague.compliance.holds import Covers, follow_departments, place_hold
from colleague.holds.cover import Hold, KeptByHold, covering
from colleague.identity.people import assign_role, set_department
from colleague.kit.db import Session
from colleague.projects.manage import create_project, delete_project
from colleague.tasks.keeping.delete import delete_task
from colleague.tasks.keeping.held import holds_on_tasks
from colleague.tasks.start import start
from colleague.tasks.store import TaskNotFound

pytestmark = pytest.mark.anyio
SEE, MANAGE = "org:records:read", "org:records:manage"


async def holds_on(session: Session, *, person: str = "", task: str = "", project: str = "") -> list[Hold]:
    """Return the holds over a person (and their department), a task (through whatever), or a project."""
    over = await covering(session, people=[person] if person else (), projects=[project] if project else ())
    found = {hold.id: hold for holds in over.values() for hold in holds}
    if task:
        found |= {hold.id: hold for hold in (await holds_on_tasks(session, [task])).get(task, ())}
    return list(found.values())


async def in_department(desk: Desk, who: str, name: str) -> None:
    async with desk.house.database.transaction() as session:
        people = desk.home.people
        await set_department(session, people["owner"], people[who].id, name, ledger=desk.house.ledger)


async def test_kept_until_somebody_else_releases_it(desk: Desk) -> None:
    house, people = desk.house, desk.home.people
    more: Any = {"ledger": house.ledger, "clock": house.clock}
    task = await desk.run(Turn("Done."))
    async with house.database.transaction() as session:
        await assign_role(session, people["owner"], people["dana"].id, "administrator", ledger=house.ledger)
    async with door(desk, "owner", SEE, MANAGE) as owner, door(desk, "ana") as ana, door(desk, "tom", SEE) as tom:
        asked = {"name": "Zephyr v. Aldermoor", "reason": "A claim about Zephyr."}
        for wrong in (
            {}, {"tasks": ["task_nothing"]}, {"people": ["nobody@x.example"]}, {"departments": ["None"]},
            {"projects": ["\x00"]},
        ):  # fmt: skip
            assert (await owner.post("/api/v1/holds", json=asked | wrong)).status_code == 422, wrong
        assert (await owner.post("/api/v1/holds", json=asked | {"name": " ", "tasks": [task]})).status_code == 422
        assert (await tom.post("/api/v1/holds", json=asked | {"tasks": [task]})).status_code == 403
        made = await owner.post("/api/v1/holds", json=asked | {"tasks": [task]})
        assert made.status_code == 201, made.text
        hold = made.json()["id"]
        # Its owner is refused at every door, and learns nothing of the matter.
        for answer in (
            await ana.delete(f"/api/v1/tasks/{task}?sure=true"), await ana.get(f"/tasks/{task}/delete"),
            await ana.get(f"/api/v1/tasks/{task}/deletion"),
        ):  # fmt: skip
            assert answer.status_code == 409
            assert "kept by a legal hold" in answer.text
            assert "Olga Owner" in answer.text or "Dana" in answer.text
            assert "Zephyr" not in answer.text
        assert (await ana.get("/api/v1/holds")).status_code == 403
        assert (await ana.get(f"/retention/holds/{hold}")).status_code == 403
        for page in ("/retention/holds", f"/retention/holds/{hold}"):
            shown = await tom.get(page)
            assert shown.status_code == 200
            assert "Zephyr v. Aldermoor" in shown.text
            assert "Place the hold" not in shown.text
        # Not by who placed it; not without a reason; once.
        assert (await owner.post(f"/api/v1/holds/{hold}/release", json={"why": "x"})).status_code == 409
        async with door(desk, "dana", SEE, MANAGE) as dana:
            assert (await dana.post(f"/api/v1/holds/{hold}/release", json={"why": ""})).status_code == 422
            again = {"data": {"why": "The claim was settled."}}
            assert (await dana.post(f"/retention/holds/{hold}/release", **again)).status_code == 303
            assert (await dana.post(f"/retention/holds/{hold}/release", **again)).status_code == 409
            assert (await dana.post("/api/v1/holds/hold_x/release", json={"why": "x"})).status_code == 404
        assert "settled" in (await tom.get(f"/api/v1/holds/{hold}")).json()["released_why"]
        assert (await ana.delete(f"/api/v1/tasks/{task}?sure=true")).status_code == 204
    async with house.database.transaction() as session:
        entries = (await session.scalars(select(EntryRow).where(EntryRow.subject == hold).order_by(EntryRow.id))).all()
        assert [entry.verb for entry in entries] == ["hold.placed", "hold.released"]
        assert not any("Zephyr" in entry.body for entry in entries)
    # A project's hold keeps the project, its notes and files, and every task in it.
    async with house.database.transaction() as session:
        project = await create_project(session, people["ana"], "Harbour", **more)
    desk.llm.play(Turn("Done."))
    inside = await start(people["ana"], "x", [], parts=house.parts, settings=house.settings, project=project)
    await desk.work()
    async with house.database.transaction() as session:
        await place_hold(session, people["owner"], "P", "r", Covers(projects=[project]), **more)
    for deed, things, says in (
        (delete_task, {"sure": True, **more}, inside), (delete_project, {"ledger": house.ledger}, project),
    ):  # fmt: skip
        with pytest.raises(KeptByHold):
            async with house.database.transaction() as session:
                await deed(session, people["ana"], says, **things)


async def test_a_department_holds_who_was_in_it(desk: Desk) -> None:
    house, people = desk.house, desk.home.people
    more: Any = {"ledger": house.ledger, "clock": house.clock}
    await in_department(desk, "ana", "Bids")
    task = await desk.run(Turn("Done."))
    async with house.database.transaction() as session:
        await place_hold(session, people["owner"], "D", "r", Covers(departments=["Bids"]), **more)
    await in_department(desk, "ana", "Sales")
    await in_department(desk, "ben", "Bids")
    async with house.database.transaction() as session:
        assert await follow_departments(session, ledger=house.ledger) == 1
        assert await follow_departments(session, ledger=house.ledger) == 0
    await in_department(desk, "ben", "Sales")
    async with house.database.transaction() as session:
        assert [h.name for h in await holds_on(session, person=people["ana"].id)] == ["D"]
        assert [h.name for h in await holds_on(session, person=people["ben"].id)] == ["D"]
        assert [h.name for h in await holds_on(session, task=task)] == ["D"]
        assert await holds_on(session, person=people["dana"].id, task="task_x", project="") == []
    with pytest.raises(KeptByHold):
        async with house.database.transaction() as session:
            await delete_task(session, people["ana"], task, sure=True, **more)


async def test_who_deletes_and_who_places_a_hold_wait_for_each_other(desk: Desk) -> None:
    """Either the task is gone and cannot be held, or it is held and cannot go."""
    house, people = desk.house, desk.home.people
    more: Any = {"ledger": house.ledger, "clock": house.clock}

    async def delete(task: str) -> str:
        try:
            async with house.database.transaction() as session:
                await delete_task(session, people["ana"], task, sure=True, **more)
        except KeptByHold:
            return "kept"
        return "gone"

    async def hold(task: str) -> None:
        async with house.database.transaction() as session:
            covers = Covers(people=["ana@aldermoor.example"])
            await place_hold(session, people["owner"], "H", "r", covers, **more)

    task = await desk.run(Turn("Done."))
    async with house.database.transaction() as session:
        # A hold is being placed: it is not committed yet when the deletion begins.
        covers = Covers(tasks=[task])
        await place_hold(session, people["owner"], "H", "r", covers, **more)
        deleting = asyncio.create_task(delete(task))
        done, _ = await asyncio.wait([deleting], timeout=0.3)
        assert not done, "it waits to see whether the hold comes about"
    assert await deleting == "kept"
    other = await desk.run(Turn("Done."))
    came, _ = await asyncio.gather(delete(other), hold(other))
    async with house.database.transaction() as session:
        held = await holds_on(session, task=other)
    assert (came, bool(held)) in (("kept", True), ("gone", False))
    if came == "gone":
        with pytest.raises(TaskNotFound):
            await desk.see(other)
