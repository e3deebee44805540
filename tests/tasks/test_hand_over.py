"""A task changes hands between two steps; rights never go with it, and what is asked is asked anew."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text

from colleague.agent.messages import Turn
from colleague.approvals.answer import ApprovalWithdrawn
from colleague.approvals.inbox import list_inbox
from colleague.audit.record import Ledger
from colleague.audit.tables import EntryRow
from colleague.channels.page import list_notices
from colleague.connectors.grants import grant, revoke
from colleague.files.reviews.decide import review_output
from colleague.files.reviews.look import NotYourReview
from colleague.identity.people import assign_role, create_team, remove_member
from colleague.policy.model import DataClass
from colleague.tasks.afterwards import look_after
from colleague.tasks.delegate import NotYourTask, answer_question, stop, tell
from colleague.tasks.keeping.delete import delete_task
from colleague.tasks.store import TaskNotFound
from colleague.tasks.tables import HandOverRow
from colleague.tasks.together.hand_over import (
    AlreadyOffered,
    CannotTakeOver,
    NoSuchOffer,
    NotYoursToHandOver,
    OfferGone,
    TooManyOffers,
    accept,
    decline,
    had_before,
    offer,
    take_back,
)
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
SEND = call("fake_send", to="dana@aldermoor.example", text="Hello")
READ = call("fake_read", shelf="bids", note="price")


class Hands:
    """Deeds of offering and accepting, each in a transaction of its own."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk

    async def do(self, deed: Any, who: str, *things: Any, **more: Any) -> Any:
        async with self.desk.house.database.transaction() as session:
            return await deed(session, self.desk.home.people[who], *things, **more, parts=self.desk.house.parts)

    async def over(self, task: str, to: str = "ben", **more: Any) -> Any:
        made = await self.do(offer, "ana", task, f"{to}@aldermoor.example", **more)
        return await self.do(accept, to, made)

    async def owner(self, task: str) -> str:
        person = (await self.desk.see(task)).task.person_id
        return next(name for name, actor in self.desk.home.people.items() if actor.id == person)

    async def inbox(self, who: str) -> list[str]:
        async with self.desk.house.database.transaction() as session:
            return [c.id for c in await list_inbox(session, self.desk.home.people[who])]

    async def notices(self, who: str) -> list[str]:
        async with self.desk.house.database.transaction() as session:
            return [n.title for n in await list_notices(session, self.desk.home.people[who])]


@pytest.fixture
def hands(desk: Any) -> Hands:
    return Hands(desk)


async def test_nothing_changes_before_it_is_accepted(desk: Any, hands: Hands) -> None:
    task = await desk.run(SEND, Turn("Done."))
    before = (await desk.asked(task)).id
    made = await hands.do(offer, "ana", task, "Ben", note="You know them better.")
    assert await hands.owner(task) == "ana"
    assert await hands.inbox("ana") == [before]
    assert await hands.inbox("ben") == []
    assert "A task is offered to you" in await hands.notices("ben")
    for who in ("dana", "owner", "ana"):
        with pytest.raises(NoSuchOffer):
            await hands.do(accept, who, made)
    with pytest.raises(AlreadyOffered):
        await hands.do(offer, "ana", task, "Ben")
    with pytest.raises(NotYoursToHandOver):
        await hands.do(offer, "owner", task, "Ben")
    await hands.do(decline, "ben", made)
    with pytest.raises(OfferGone, match="declined"):
        await hands.do(accept, "ben", made)
    again = await hands.do(offer, "ana", task, "Ben")
    await hands.do(take_back, "ana", again)
    with pytest.raises(OfferGone, match="withdrawn"):
        await hands.do(accept, "ben", again)
    late = await hands.do(offer, "ana", task, "Ben")
    desk.clock.advance(days=8)
    with pytest.raises(OfferGone, match="expired"):
        await hands.do(accept, "ben", late)
    await look_after(parts=desk.house.parts)
    assert "An offer has expired" in await hands.notices("ana")
    assert await hands.owner(task) == "ana"


async def test_what_is_asked_is_withdrawn_and_asked_anew(desk: Any, hands: Hands) -> None:
    task = await desk.run(SEND, Turn("Done."))
    old = await desk.asked(task)
    row = await hands.over(task)
    assert row.state == "done"
    assert await hands.owner(task) == "ben"
    with pytest.raises(ApprovalWithdrawn, match="handed over"):
        await desk.answer(task, "approved", who="ana")
    await desk.work()
    new = await desk.asked(task)
    assert new.id != old.id
    assert (new.requester_id, new.state) == (desk.home.people["ben"].id, "asked")
    assert await hands.inbox("ben") == [new.id]
    assert await hands.inbox("ana") == []
    await desk.answer(task, "approved", who="ben")
    await desk.work()
    assert await desk.state(task) == "completed"
    assert len(desk.fake.effects) == 1
    verbs = await desk.verbs(task)
    assert [v for v in verbs if v in ("task.handed_over", "call.put_back", "approval.withdrawn")]
    assert verbs.count("call.decided") == 3, "asked of Ana; asked of Ben; approved"
    view = await desk.see(task)
    assert [(p.person, p.role) for p in view.partners] == [(desk.home.people["ana"].id, "viewer")]
    with pytest.raises(NotYourTask):
        await told(desk, "ana", task)


async def told(desk: Any, who: str, task: str) -> None:
    async with desk.house.database.transaction() as session:
        await tell(session, desk.home.people[who], task, "Go on", ledger=desk.house.ledger, clock=desk.clock)


async def test_an_approval_of_before_is_not_used_by_the_new_one(desk: Any, hands: Hands) -> None:
    task = await desk.run(SEND, Turn("Done."))
    await desk.answer(task, "approved")
    await hands.over(task)
    await desk.work()
    assert desk.fake.effects == []
    assert await desk.state(task) == "needs approval"


async def test_a_denial_stays_a_denial(desk: Any, hands: Hands) -> None:
    task = await desk.run(SEND, Turn("Done."))
    await desk.answer(task, "denied", reason="Never.")
    await hands.over(task)
    await desk.work()
    assert await desk.state(task) == "completed"
    assert "Never." in (await desk.outcomes(task))[0]


async def test_the_new_ones_rights_decide_from_the_next_call_on(desk: Any, hands: Hands) -> None:
    """Ben's team has no connector: the task knows its tools no more, and what was read keeps its label."""
    task = await desk.run(call("ask_person", question="Which?"), READ, Turn("Done."))
    async with desk.house.database.transaction() as session:
        await remove_member(
            session, desk.home.people["owner"], desk.home.team, desk.home.people["ben"].id, ledger=desk.house.ledger
        )
    await hands.over(task, stay=False)
    with pytest.raises(TaskNotFound):
        await hands.do(offer, "ana", task, "Dana")
    view = await desk.see(task)
    async with desk.house.database.transaction() as session:
        await answer_question(
            session, desk.home.people["ben"], task, view.run.waiting_for, "One", ledger=desk.house.ledger,
            clock=desk.clock,
        )  # fmt: skip
    await desk.work()
    assert "fake_read" in (await desk.outcomes(task))[1]
    assert [name for _, name, _ in desk.fake.calls] == []
    assert await desk.state(task) == "completed"


async def test_who_may_not_see_what_it_read_cannot_have_it(desk: Any, hands: Hands) -> None:
    task = await desk.run(READ, Turn("Done."))
    label = (await desk.see(task)).run.label
    owner, ben = desk.home.people["owner"], desk.home.people["ben"]
    async with desk.house.database.transaction() as session:
        await remove_member(session, owner, desk.home.team, ben.id, ledger=desk.house.ledger)
    with pytest.raises(CannotTakeOver, match="fake:bids"):
        await hands.do(offer, "ana", task, "Ben")
    # A grant of his own for another shelf does not help; one for this shelf does; its end before he accepts counts.
    async with desk.house.database.transaction() as session:
        from colleague.identity.people import add_member

        team = await create_team(session, owner, "Others", ledger=desk.house.ledger)
        await add_member(session, owner, team, ben.id, ledger=desk.house.ledger)
        await grant(
            session, owner, desk.house.registry, "fake", team, ["other"], ledger=desk.house.ledger, clock=desk.clock
        )
    with pytest.raises(CannotTakeOver):
        await hands.do(offer, "ana", task, "Ben")
    async with desk.house.database.transaction() as session:
        opened = await grant(
            session, owner, desk.house.registry, "fake", team, ["bids"], ledger=desk.house.ledger, clock=desk.clock
        )
    made = await hands.do(offer, "ana", task, "Ben")
    async with desk.house.database.transaction() as session:
        await revoke(session, owner, opened.id, ledger=desk.house.ledger, clock=desk.clock)
    with pytest.raises(CannotTakeOver):
        await hands.do(accept, "ben", made)
    assert await hands.owner(task) == "ana"
    async with desk.house.database.transaction() as session:
        await grant(
            session, owner, desk.house.registry, "fake", team, ["bids"], ceiling=DataClass.CONFIDENTIAL,
            ledger=desk.house.ledger, clock=desk.clock,
        )  # fmt: skip
    assert (await hands.do(accept, "ben", made)).state == "done"
    assert (await desk.see(task)).run.label == label


async def test_a_running_task_changes_hands_between_two_steps(
    desk: Any, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepted in the middle of a call that changes something: the call ends as Ana's, the next one is Ben's."""
    task = await desk.start(call("fake_write", shelf="bids", note="a", text="A"), READ, Turn("Done."))
    made = await hands.do(offer, "ana", task, "Ben")
    seen: list[str] = []
    real = desk.fake.call

    async def in_the_middle(tool: str, arguments: Any, access: Any) -> Any:
        if tool == "fake_write":
            row = await hands.do(accept, "ben", made)
            seen.append(f"{row.state} {await hands.owner(task)}")
        seen.append(f"{tool} {access.on_behalf_of}" if hasattr(access, "on_behalf_of") else tool)
        return await real(tool, arguments, access)

    monkeypatch.setattr(desk.fake, "call", in_the_middle)
    await desk.work()
    if await desk.state(task) == "needs approval":
        await desk.answer(task, "approved")
        await desk.work()
    assert seen[0] == "accepted ana"
    assert await hands.owner(task) == "ben"
    assert await desk.state(task) == "completed"
    assert len(desk.fake.effects) == 1
    async with desk.house.database.transaction() as session:
        query = select(EntryRow.verb, EntryRow.body).where(EntryRow.run == (await desk.see(task)).run.id)
        told_ = [(v, b) for v, b in await session.execute(query.order_by(EntryRow.id))]
    verbs = [v for v, _ in told_]
    done = verbs.index("call.completed")
    changed = verbs.index("task.handed_over")
    assert done < changed
    after = [b for v, b in told_[changed:] if v == "call.decided"]
    assert after
    assert all(desk.home.people["ben"].id in b for b in after)


async def test_stopped_while_it_is_accepted_it_goes_over_stopped(
    desk: Any, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await desk.start(READ, READ, Turn("Done."))
    made = await hands.do(offer, "ana", task, "Ben")
    real = desk.fake.call

    async def in_the_middle(tool: str, arguments: Any, access: Any) -> Any:
        await hands.do(accept, "ben", made)
        async with desk.house.database.transaction() as session:
            await stop(session, desk.home.people["ana"], task, ledger=desk.house.ledger, clock=desk.clock)
        return await real(tool, arguments, access)

    monkeypatch.setattr(desk.fake, "call", in_the_middle)
    await desk.work()
    assert await desk.state(task) == "stopped"
    assert await hands.owner(task) == "ben"
    assert len([o for o in await desk.outcomes(task) if "420" in o]) == 1


async def test_two_are_asked_and_one_has_it_however_often_they_accept(desk: Any, hands: Hands) -> None:
    task = await desk.run(SEND, Turn("Done."))
    offers = {who: await hands.do(offer, "ana", task, f"{who}@aldermoor.example") for who in ("ben", "dana", "rita")}
    tries = [hands.do(accept, who, made) for who, made in offers.items() for _ in range(3)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    won = [r for r in results if isinstance(r, HandOverRow)]
    assert len(won) == 1
    assert all(isinstance(r, OfferGone) for r in results if r not in won), results
    winner = await hands.owner(task)
    assert offers[winner] == won[0].id
    loser = next(who for who in offers if who != winner)
    assert "An offer is over" in await hands.notices(loser)
    async with desk.house.database.transaction() as session:
        verbs = list(await session.scalars(select(EntryRow.verb).where(EntryRow.subject == task)))
    assert verbs.count("task.handed_over") == 1


async def test_withdrawn_or_accepted_at_once_one_of_both_holds(desk: Any, hands: Hands) -> None:
    for n in range(3):
        task = await desk.run(Turn("Done."), goal=f"Task {n}")
        made = await hands.do(offer, "ana", task, "Ben")
        both = await asyncio.gather(
            hands.do(take_back, "ana", made), hands.do(accept, "ben", made), return_exceptions=True
        )
        gone = [r for r in both if isinstance(r, OfferGone)]
        assert len(gone) == 1, both
        assert await hands.owner(task) == ("ana" if isinstance(both[1], OfferGone) else "ben")


async def test_reach_lost_before_the_step_ends_refuses_it(
    desk: Any, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await desk.start(READ, Turn("Done."))
    made = await hands.do(offer, "ana", task, "Ben")
    real = desk.fake.call

    async def in_the_middle(tool: str, arguments: Any, access: Any) -> Any:
        await hands.do(accept, "ben", made)
        async with desk.house.database.transaction() as session:
            await remove_member(
                session, desk.home.people["owner"], desk.home.team, desk.home.people["ben"].id,
                ledger=desk.house.ledger,
            )  # fmt: skip
        return await real(tool, arguments, access)

    monkeypatch.setattr(desk.fake, "call", in_the_middle)
    await desk.work()
    assert await hands.owner(task) == "ana"
    assert await desk.state(task) == "completed"
    assert "A hand-over was refused" in await hands.notices("ana")
    assert "A hand-over was refused" in await hands.notices("ben")


async def test_a_call_of_unknown_outcome_is_the_new_ones_to_decide(desk: Any, hands: Hands) -> None:
    desk.fake.forgetful, desk.fake.trouble = True, "unknown_after"
    task = await desk.run(SEND, Turn("Done."))
    await desk.answer(task, "approved")
    await desk.work()
    assert await desk.state(task) == "needs approval"
    assert len(desk.fake.effects) == 1
    await hands.over(task)
    desk.fake.trouble = ""
    await desk.work()
    asked = await desk.asked(task)
    assert asked.requester_id == desk.home.people["ben"].id
    assert "may have happened" in str(asked.why)
    await desk.answer(task, "denied", who="ben")
    await desk.work()
    assert len(desk.fake.effects) == 1, "not once more by itself"


async def test_who_had_it_before_is_no_second_person_for_its_results(desk: Any, hands: Hands) -> None:
    write = call(
        "write_document", name="c", format="docx", title="C", category="contract_review",
        blocks=[{"kind": "paragraph", "text": "x"}],
    )  # fmt: skip
    task = await desk.run(write, Turn("Done."), who="rita")
    made = await hands.do(offer, "rita", task, "Ben")
    await hands.do(accept, "ben", made)
    output, version = (await desk.see(task)).outputs[0]
    async with desk.house.database.transaction() as session:
        before = await had_before(session, task)
        with pytest.raises(NotYourReview):
            await review_output(
                session, desk.home.people["rita"], desk.home.people["ben"].id, output.id, version.version, accept=True,
                note="", ledger=desk.house.ledger, clock=desk.clock, before=before,
            )  # fmt: skip


async def test_the_note_is_sealed_and_goes_with_the_task(desk: Any, hands: Hands) -> None:
    task = await desk.run(Turn("Done."))
    await hands.over(task, note="Mind the gap")
    query = select(EntryRow).where(EntryRow.verb == "task.hand_over_offered")
    ledger: Ledger = desk.house.ledger
    async with desk.house.database.transaction() as session:
        entry = (await session.scalars(query)).one()
        assert "gap" not in entry.body
        assert await ledger.personal(session, entry) == {"note": "Mind the gap"}
        await delete_task(session, desk.home.people["ben"], task, sure=True, ledger=ledger, clock=desk.clock)
    async with desk.house.database.transaction() as session:
        entry = (await session.scalars(query)).one()
        assert await ledger.personal(session, entry) == {"note": "[erased]"}
        assert await session.scalar(text("SELECT count(*) FROM task_hand_overs")) == 0


async def test_offers_have_limits(desk: Any, hands: Hands) -> None:
    task = await desk.run(Turn("Done."))
    async with desk.house.database.transaction() as session:
        await assign_role(
            session, desk.home.people["owner"], desk.home.people["tom"].id, "member", ledger=desk.house.ledger
        )
    for who in ("ben", "dana", "rita", "owner", "tom"):
        await hands.do(offer, "ana", task, f"{who}@aldermoor.example")
    async with desk.house.database.transaction() as session:
        from colleague.identity.people import create_person

        new = await create_person(
            session, desk.home.people["owner"], "zoe@aldermoor.example", "Zoe", ledger=desk.house.ledger,
            clock=desk.clock,
        )  # fmt: skip
        await assign_role(session, desk.home.people["owner"], new, "member", ledger=desk.house.ledger)
    with pytest.raises(TooManyOffers):
        await hands.do(offer, "ana", task, "zoe@aldermoor.example")


async def test_the_door_for_programs(desk: Any, hands: Hands) -> None:
    task = await desk.run(SEND, Turn("Done."))
    async with desk.door("ana") as ana, desk.door("ben") as ben, desk.door("dana") as dana:
        path = f"/api/v1/tasks/{task}/hand-overs"
        assert (await ana.post(path, json={"who": "Nobody"})).status_code == 422
        made = (await ana.post(path, json={"who": "Ben", "note": "Please"})).json()
        assert (await dana.get(f"/api/v1/hand-overs/{made['id']}")).status_code == 404
        assert [o["id"] for o in (await ben.get("/api/v1/hand-overs")).json()] == [made["id"]]
        assert (await dana.post(f"/api/v1/hand-overs/{made['id']}/accept")).status_code == 404
        taken = (await ben.post(f"/api/v1/hand-overs/{made['id']}/accept")).json()
        assert taken["state"] == "done"
        assert (await ben.post(f"/api/v1/hand-overs/{made['id']}/accept")).status_code == 409
        assert (await ana.post(f"/api/v1/hand-overs/{made['id']}/withdraw")).status_code == 409
        assert (await ben.get(f"/api/v1/tasks/{task}")).json()["person"] == desk.home.people["ben"].id
