"""A mail to the support address is a ticket of its proven sender, once; of a stranger's nothing is read or told."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from tests.dispatch.doors.conftest import Knocker
from tests.dispatch.doors.test_mail_door import ANA, letter

from colleague.dispatch.doors.mail.poll import take
from colleague.dispatch.doors.parts import Doors
from colleague.support.mail import MailDesk
from colleague.support.tables import AnswerRow, TicketRow

pytestmark = pytest.mark.anyio
TO = "colleague+support@aldermoor.example"


def desk_of(knocker: Knocker) -> Doors:
    house = knocker.home.house
    desk = MailDesk(
        house.database, house.registry, house.parts.tell, house.parts.free_days, house.ledger, knocker.clock
    )
    return replace(knocker.doors, desk=desk, settings=house.settings.model_copy(
        update={"support_mail": TO.upper(), "mail_authserv": "mx.aldermoor.example"}
    ))  # fmt: skip


async def rows(knocker: Knocker) -> list[TicketRow]:
    async with knocker.home.house.database.transaction() as session:
        return list(await session.scalars(select(TicketRow).order_by(TicketRow.at, TicketRow.id)))


async def test_a_mail_becomes_a_ticket_once_and_is_answered(knocker: Knocker) -> None:
    doors = desk_of(knocker)
    mail = letter(knocker, "It left out section 4.\n\nOn Monday, C <c@x.example> wrote:\n> old", To=f"Help <{TO}>",
                  Subject="Wrong summary", files={"a.pdf": b"%PDF"})  # fmt: skip
    for _ in range(3):
        assert await take(doors, mail)
    (row,) = await rows(knocker)
    assert (row.title, row.text, row.source, row.category) == ("Wrong summary", "It left out section 4.", "mail", "")
    assert row.person_id == knocker.home.people["ana"].id
    (answer,) = await knocker.answers()
    assert row.id in answer.text
    assert "attached was not kept" in answer.text
    assert knocker.pipeline.messages == []
    # Its number in the subject adds to it; somebody else's word becomes a ticket of their own.
    more = letter(
        knocker, "Section 5 too.", To="x@y.example", Delivered_To=TO, Message_ID="<2@a.example>",
        Subject=f"Re: {row.id}",
    )  # fmt: skip
    for _ in range(2):
        assert await take(doors, more)
    await take(doors, letter(knocker, "Mine.", To=TO, Message_ID="<3@a.example>", Subject=row.id,
                             From="ben@aldermoor.example"))  # fmt: skip
    async with knocker.home.house.database.transaction() as session:
        said = [(a.text, a.ours) for a in await session.scalars(select(AnswerRow))]
    assert said == [("Section 5 too.", False)]
    assert [r.person_id for r in await rows(knocker)] == [knocker.home.people[who].id for who in ("ana", "ben")]


async def test_strangers_and_the_unproven_leave_nothing(knocker: Knocker) -> None:
    doors = desk_of(knocker)
    await take(doors, letter(knocker, "Hello", To=TO, From="eve@aldermoor.example"))
    await take(doors, letter(knocker, "Hello", To=TO, Authentication_Results=None))
    await take(doors, letter(knocker, "Hello", To=TO, Auto_Submitted="auto-replied"))
    assert await rows(knocker) == []
    assert await knocker.answers() == []


async def test_what_cannot_be_kept_is_said(knocker: Knocker) -> None:
    doors = desk_of(knocker)
    await take(doors, letter(knocker, "A" * 30, To=TO), whole=False)
    (answer,) = await knocker.answers()
    assert "30 MB" in answer.text
    assert await take(doors, letter(knocker, "\u202e\x07seen", To=TO, Message_ID="<9@a.example>", Subject="\u202eodd"))
    (row,) = await rows(knocker)
    assert (row.title, row.text) == ("odd", "seen")


async def test_other_mails_stay_messages(knocker: Knocker) -> None:
    await knocker.bind("email", ANA)
    await take(desk_of(knocker), letter(knocker))
    assert len(knocker.pipeline.messages) == 1
    assert await rows(knocker) == []
