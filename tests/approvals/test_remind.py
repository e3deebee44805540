"""Who may answer is told, reminded after an hour, then daily; after a day it is escalated once."""

from typing import Any

import pytest
from sqlalchemy import update

from colleague.approvals.expire import expire, remind
from colleague.channels.tables import NoticeRow
from colleague.identity.people import set_active
from colleague.identity.tables import PersonRow

pytestmark = pytest.mark.anyio


class Told:
    """Keeps who was told what."""

    def __init__(self) -> None:
        self.notices: list[tuple[str, str, str, str]] = []

    async def __call__(self, session: Any, person: str, title: str, text: str, link: str) -> None:
        self.notices.append((person, title, text, link))


async def look(inbox: Any) -> set[str]:
    """Remind once and return the names of who was told."""
    told = Told()
    await expire(inbox.house.database, tell=told, ledger=inbox.house.ledger, clock=inbox.clock)
    await remind(inbox.house.database, tell=told, ledger=inbox.house.ledger, clock=inbox.clock)
    names = {actor.id: who for who, actor in inbox.home.people.items()}
    assert all(link.startswith("/approvals/ask_") for *_, link in told.notices)
    assert len(told.notices) == len({person for person, *_ in told.notices})
    return {names[person] for person, *_ in told.notices}


async def test_after_an_hour_then_once_a_day_until_it_expires(inbox: Any) -> None:
    row = await inbox.put()
    inbox.clock.advance(minutes=5)
    assert await look(inbox) == {"ana"}
    inbox.clock.advance(minutes=54)
    assert await look(inbox) == set()
    inbox.clock.advance(minutes=1)
    assert await look(inbox) == {"ana"}
    assert await look(inbox) == set()
    spoken = 2
    for _ in range(8 * 24):
        inbox.clock.advance(hours=1)
        spoken += bool(await look(inbox))
    assert spoken == 9  # Told, reminded, six days of it, and that it has expired.
    assert (await inbox.row(row.id)).state == "expired"
    verbs = await inbox.verbs(row)
    assert verbs.count("approval.escalated") == 1
    assert verbs.count("approval.told") == 1
    assert verbs.count("approval.reminded") == 6
    assert not {"approval.approved", "approval.denied"} & set(verbs)


@pytest.mark.parametrize(
    ("approver", "people"),
    [("user", {"ana"}), ("other", {"ana", "owner"}), ("reviewer", {"rita", "owner"}), ("administrator", {"owner"})],
)
async def test_those_are_reminded_who_may_answer(inbox: Any, approver: str, people: set[str]) -> None:
    await inbox.put(approver=approver)
    inbox.clock.advance(hours=1)
    assert await look(inbox) == people
    inbox.clock.advance(hours=24)
    assert await look(inbox) == people | {"ana"}
    inbox.clock.advance(hours=24)
    assert await look(inbox) == people


async def test_the_requester_is_not_asked_to_review_their_own(inbox: Any) -> None:
    await inbox.put(approver="reviewer", requester="rita")
    inbox.clock.advance(hours=1)
    assert await look(inbox) == {"owner"}


async def test_it_is_escalated_once_to_the_manager(inbox: Any) -> None:
    people = inbox.home.people
    async with inbox.house.database.transaction() as session:
        await session.execute(
            update(PersonRow).where(PersonRow.id == people["ana"].id).values(manager_id=people["ben"].id)
        )
    await inbox.put()
    inbox.clock.advance(hours=1)
    assert await look(inbox) == {"ana"}
    inbox.clock.advance(hours=24)
    assert await look(inbox) == {"ana", "ben"}
    inbox.clock.advance(hours=24)
    assert await look(inbox) == {"ana"}


async def test_who_has_left_is_told_nothing(inbox: Any) -> None:
    people = inbox.home.people
    await inbox.put()
    await inbox.put(approver="reviewer", requester="ben")
    async with inbox.house.database.transaction() as session:
        for who in ("ana", "rita"):
            await set_active(
                session,
                people["owner"],
                people[who].id,
                active=False,
                ledger=inbox.house.ledger,
                clock=inbox.house.clock,
            )
    inbox.clock.advance(hours=1)
    assert await look(inbox) == {"owner"}


async def test_an_answered_question_is_not_reminded_of(inbox: Any) -> None:
    row = await inbox.put()
    await inbox.answer(row, "denied")
    inbox.clock.advance(hours=30)
    assert await look(inbox) == set()


async def test_the_job_of_the_house_leaves_a_notice(inbox: Any) -> None:
    await inbox.put()
    inbox.clock.advance(hours=2)
    for _ in range(2):
        await inbox.house.queue.tasks["approvals.look"]()
    async with inbox.house.database.transaction() as session:
        notices = (await session.scalars(NoticeRow.__table__.select().with_only_columns(NoticeRow.person_id))).all()
    assert list(notices) == [inbox.home.people["ana"].id]
