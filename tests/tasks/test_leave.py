"""Who leaves takes nothing along: their tasks stop, their questions end; who leaves a group loses its folders."""

from typing import Any

import pytest
from sqlalchemy import select
from tests.tasks.conftest import Desk

from colleague.agent.messages import Turn
from colleague.approvals.tables import ApprovalRow
from colleague.connectors.grants import grant, revoke
from colleague.identity.actor import SYSTEM
from colleague.identity.directory import actor_of
from colleague.identity.groups.members import change_members, get_group, make_group
from colleague.identity.groups.rules import set_rule
from colleague.identity.people import create_team, set_active
from colleague.tasks.leave import LEFT
from colleague.testing.llm import call
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
SEND = call("fake_send", to="dana@aldermoor.example", text="Hello.")


async def active(desk: Desk, *, active: bool, who: str = "ana") -> None:
    async with desk.house.database.transaction() as session:
        await set_active(
            session, SYSTEM, desk.home.people[who].id, active=active, ledger=desk.house.ledger, clock=desk.house.clock
        )


async def leave(desk: Desk) -> None:
    await active(desk, active=False)
    await work(desk.house, queue="house")


async def test_what_waits_is_stopped_and_its_question_withdrawn(desk: Desk) -> None:
    ended = await desk.run(Turn("Nothing to do."))
    asked = await desk.run(SEND)
    queued = await desk.start(SEND)
    assert await desk.state(asked) == "needs approval"
    await leave(desk)
    assert [await desk.state(t) for t in (asked, queued, ended)] == ["stopped", "stopped", "completed"]
    assert LEFT in (await desk.see(asked)).run.why
    assert (await desk.asked(asked)).state == "withdrawn"
    # The record stays, and letting them in again brings nothing back to life.
    await active(desk, active=True)
    await desk.work()
    await work(desk.house, queue="house")
    assert await desk.state(asked) == "stopped"
    assert desk.fake.effects == []
    async with desk.house.database.transaction() as session:
        assert (await session.scalars(select(ApprovalRow.state))).all() == ["withdrawn"]


async def test_a_run_under_way_makes_no_further_step(desk: Desk) -> None:
    seen: list[int] = []

    class Leaves:
        name = "play"

        async def turn(self, messages: Any, tools: Any) -> Turn:
            seen.append(len(messages))
            await active(desk, active=False)
            return call("fake_read", shelf="bids", note="plan")

    desk.llm.turn = Leaves().turn  # type: ignore[method-assign]
    task = await desk.run()
    assert await desk.state(task) == "stopped"
    assert LEFT in (await desk.see(task)).run.why
    assert len(seen) == 1
    assert desk.fake.calls == []


async def test_who_is_moved_from_group_to_group_loses_a_folder_in_the_middle_of_a_run(desk: Desk) -> None:
    house, owner, ana = desk.house, desk.home.people["owner"], desk.home.people["ana"].id
    more = {"ledger": house.ledger, "clock": desk.clock}
    desk.fake.shelves["legal"] = {"nda": "The term is 2 years."}
    async with house.database.transaction() as session:
        await revoke(session, owner, desk.grant, **more)
        groups = {}
        for name, shelf in (("Bids", "bids"), ("Legal", "legal")):
            team = await create_team(session, owner, f"{name} people", ledger=house.ledger)
            await grant(session, owner, house.registry, "fake", team, [shelf], **more)
            group = await make_group(session, SYSTEM, "scim", name, **more)
            await set_rule(session, owner, group.id, "team", team, gives=True, **more)
            groups[name] = group.id
        await change_members(session, SYSTEM, await get_group(session, groups["Bids"]), add=[ana], **more)

    async def move(out: str, into: str) -> None:
        async with house.database.transaction() as session:
            await change_members(session, SYSTEM, await get_group(session, groups[out]), remove=[ana], **more)
            if into:
                await change_members(session, SYSTEM, await get_group(session, groups[into]), add=[ana], **more)

    async with house.database.transaction() as session:
        now = await actor_of(session, person_id=ana, via="page")
    desk.home.people["ana"] = now  # type: ignore[index]
    price, nda = (call("fake_read", shelf=s, note=n) for s, n in (("bids", "price"), ("legal", "nda")))
    turns = iter([(None, price), (("Bids", "Legal"), price), (None, nda), (("Legal", ""), nda)])

    async def turn(messages: Any, tools: Any) -> Turn:
        change, answer = next(turns, (None, Turn("Done.")))
        if change:
            await move(*change)
        return answer

    desk.llm.turn = turn  # type: ignore[method-assign]
    task = await desk.run()
    first, second, third, fourth = await desk.outcomes(task)
    assert "420" in first
    assert "outside what your team was given" in second
    assert "420" not in second
    assert "2 years" in third
    assert "groups, teams or grants changed" in fourth
    assert [c[2]["shelf"] for c in desk.fake.calls] == ["bids", "legal"]
