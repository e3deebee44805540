"""A question always reaches somebody: told, reminded, put to a deputy, escalated; and never the whole company."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from colleague.approvals.answer import (
    ApprovalNotFound,
    ApprovalWithdrawn,
    NotAsShown,
    NothingAskedBack,
    NotYoursToAnswer,
    ask_back,
)
from colleague.approvals.expire import expire, remind
from colleague.approvals.inbox import list_inbox
from colleague.approvals.seconds import BadEnd, NoSuchDeputy, NotYourself, deputies_of, end_deputy, name_deputy
from colleague.identity.actor import SignInYourself
from colleague.identity.people import set_active
from colleague.identity.tables import PersonRow

pytestmark = pytest.mark.anyio
BEN = "ben@aldermoor.example"


async def look(inbox: Any) -> set[str]:
    """Do what the job of the house does; return who was told, by short name."""
    told: set[str] = set()
    names = {person.id: who for who, person in inbox.home.people.items()}

    async def tell(_: Any, person: str, title: str, text: str, link: str) -> None:
        told.add(names[person])

    more = {"tell": tell, "ledger": inbox.house.ledger, "clock": inbox.clock}
    await expire(inbox.house.database, **more)
    await remind(inbox.house.database, **more)
    return told


async def deputy(inbox: Any, who: str = "ana", email: str = BEN, days: float = 10) -> str:
    async with inbox.house.database.transaction() as session:
        return await name_deputy(
            session, inbox.home.people[who], email, inbox.clock.now() + timedelta(days=days),
            ledger=inbox.house.ledger, clock=inbox.clock,
        )  # fmt: skip


async def manage(inbox: Any, who: str, manager: str) -> None:
    people = inbox.home.people
    async with inbox.house.database.transaction() as session:
        mine = update(PersonRow).where(PersonRow.id == people[who].id)
        await session.execute(mine.values(manager_id=people[manager].id))


async def back(inbox: Any, row: Any, text: str, who: str = "ana", digest: str = "") -> None:
    async with inbox.house.database.transaction() as session:
        await ask_back(
            session, inbox.home.people[who], row.id, text, digest=digest or row.digest, ledger=inbox.house.ledger,
            clock=inbox.clock,
        )  # fmt: skip


async def test_who_is_away_is_told_at_once_and_who_is_at_the_desk_after_five_minutes(inbox: Any) -> None:
    await inbox.put()
    assert await look(inbox) == set()
    await inbox.put(away=True)
    assert await look(inbox) == {"ana"}
    inbox.clock.advance(minutes=5)
    assert await look(inbox) == {"ana"}
    assert await look(inbox) == set()


async def test_after_four_hours_a_deputy_is_asked_and_may_answer(inbox: Any) -> None:
    ben = await deputy(inbox)
    row = await inbox.put(away=True)
    await look(inbox)
    with pytest.raises(ApprovalNotFound):
        await inbox.answer(row, who="ben")
    inbox.clock.advance(hours=1)
    await look(inbox)
    inbox.clock.advance(hours=3)
    assert await look(inbox) == {"ben"}
    async with inbox.house.database.transaction() as session:
        assert [c.id for c in await list_inbox(session, inbox.home.people["ben"])] == [row.id]
    await inbox.answer(row, who="ben")
    answered = await inbox.row(row.id)
    assert (answered.state, answered.answered_by) == ("approved", ben)
    verbs = await inbox.verbs(row)
    assert verbs[-4:] == ["approval.told", "approval.reminded", "approval.delegated", "approval.approved"]


async def test_a_deputy_of_yesterday_or_one_who_left_is_not_asked(inbox: Any) -> None:
    await deputy(inbox, days=0.1)
    await deputy(inbox, email="dana@aldermoor.example")
    async with inbox.house.database.transaction() as session:
        dana = inbox.home.people["dana"].id
        await set_active(
            session, inbox.home.people["owner"], dana, active=False, ledger=inbox.house.ledger, clock=inbox.house.clock
        )
    row = await inbox.put(away=True)
    await look(inbox)
    inbox.clock.advance(hours=5)
    assert await look(inbox) == {"ana"}
    for who in ("ben", "dana"):
        with pytest.raises(ApprovalNotFound):
            await inbox.answer(row, who=who)


async def test_a_deputy_is_named_by_oneself_for_a_while_and_ended_at_once(inbox: Any) -> None:
    for email, days, refused in (
        ("ana@aldermoor.example", 1, NotYourself), ("eve@out.example", 1, NoSuchDeputy), (BEN, 91, BadEnd),
        (BEN, -1, BadEnd),
    ):  # fmt: skip
        with pytest.raises(refused):
            await deputy(inbox, email=email, days=days)
    from dataclasses import replace

    async with inbox.house.database.transaction() as session:
        with pytest.raises(SignInYourself):
            await name_deputy(
                session, replace(inbox.home.people["ana"], via="api"), BEN, inbox.clock.now() + timedelta(days=1),
                ledger=inbox.house.ledger, clock=inbox.clock,
            )  # fmt: skip
    ben = await deputy(inbox)
    async with inbox.house.database.transaction() as session:
        await end_deputy(session, inbox.home.people["ana"], ben, ledger=inbox.house.ledger)
        assert await deputies_of(session, inbox.home.people["ana"].id, now=inbox.clock.now()) == []


async def test_a_second_person_is_manager_deputy_or_administrator_and_not_everybody(inbox: Any) -> None:
    await manage(inbox, "ana", "dana")
    row = await inbox.put(approver="other", away=True)
    assert await look(inbox) == {"ana", "dana"}
    with pytest.raises(ApprovalNotFound):
        await inbox.answer(row, who="ben")
    with pytest.raises(NotYoursToAnswer):
        await inbox.answer(row, who="ana")
    async with inbox.house.database.transaction() as session:
        for who, seen in (("ben", 0), ("dana", 1), ("owner", 1), ("rita", 0)):
            assert len(await list_inbox(session, inbox.home.people[who])) == seen, who
    await inbox.answer(row, who="dana")


async def test_without_manager_or_deputy_those_are_told_who_may_change_the_rules(inbox: Any) -> None:
    await inbox.put(approver="other", away=True)
    assert await look(inbox) == {"ana", "owner"}


async def test_what_expires_is_told_and_was_not_denied(inbox: Any) -> None:
    row = await inbox.put()
    await look(inbox)
    inbox.clock.advance(days=8)
    assert await look(inbox) == {"ana"}
    assert (await inbox.row(row.id)).state == "expired"


async def test_asking_back_decides_nothing_and_lets_the_task_go_on(inbox: Any) -> None:
    row = await inbox.put()
    with pytest.raises(NothingAskedBack):
        await back(inbox, row, " \x00 ")
    with pytest.raises(NotAsShown):
        await back(inbox, row, "Why?", digest="0" * 64)
    with pytest.raises(ApprovalNotFound):
        await back(inbox, row, "Why?", who="ben")
    await back(inbox, row, "To whom does it go?")
    after = await inbox.row(row.id)
    assert (after.state, after.reason) == ("returned", "To whom does it go?")
    assert await inbox.jobs(row) == 1
    assert not {"approval.approved", "approval.denied"} & set(await inbox.verbs(row))
    with pytest.raises(ApprovalWithdrawn, match="asked back"):
        await inbox.answer(row)


async def test_who_is_no_deputy_any_more_decides_nothing_that_they_were_asked(inbox: Any) -> None:
    ben, people = await deputy(inbox, days=0.5), inbox.home.people
    first, second, other = await inbox.put(away=True), await inbox.put(away=True), await inbox.put(approver="other")
    await look(inbox)
    inbox.clock.advance(hours=5)
    assert "ben" in await look(inbox)
    async with inbox.house.database.transaction() as session:
        assert len(await list_inbox(session, people["ben"])) == 3
    # Their time is over, although they were asked in time.
    inbox.clock.advance(hours=8)
    for row in (first, other):
        with pytest.raises(NotYoursToAnswer):
            await inbox.answer(row, who="ben")
    with pytest.raises(NotYoursToAnswer):
        await back(inbox, first, "Why?", who="ben")
    # Named again they may; ended, they see it no more, and at once.
    await deputy(inbox)
    await inbox.answer(first, who="ben")
    async with inbox.house.database.transaction() as session:
        await end_deputy(session, people["ana"], ben, ledger=inbox.house.ledger)
    for row in (second, other):
        with pytest.raises(ApprovalNotFound):
            await inbox.answer(row, who="ben")
    await inbox.answer(second)
