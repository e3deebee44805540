"""An address becomes a person's own by a code that went there and came back; nothing else makes it so."""

import asyncio
import logging
from typing import Any

import pytest
from sqlalchemy import select, text

from colleague.audit.tables import EntryRow
from colleague.channels.addresses.bind import (
    AddressTaken,
    AlreadyYours,
    ChannelOff,
    CodeOver,
    CodeWrong,
    NoSuchAddress,
    NotYourMail,
    OtherWorkspace,
    TooManyCodes,
    begin,
    confirm,
)
from colleague.channels.addresses.find import find_bound
from colleague.channels.addresses.model import BadAddress
from colleague.channels.channel import NotTaken
from colleague.identity.actor import SignInYourself
from colleague.identity.directory import actor_of
from colleague.kit.errors import Failure
from colleague.testing.house import TestHouse
from colleague.testing.messengers import TEAM, Messengers

pytestmark = pytest.mark.anyio
NUMBER = "+447911123456"


async def ask(home: TestHouse, who: str, kind: str = "sms", address: str = NUMBER) -> str:
    house = home.house
    return await begin(
        house.database, home.people[who], kind, address, channels=house.channels, secrets=house.secrets,
        ledger=house.ledger, clock=house.clock,
    )  # fmt: skip


async def answer(home: TestHouse, who: str, made: str, code: str) -> Any:
    house = home.house
    return await confirm(
        house.database, home.people[who], made, code, secrets=house.secrets, ledger=house.ledger, clock=house.clock
    )


async def holder(home: TestHouse, kind: str = "sms", address: str = NUMBER) -> str:
    async with home.house.database.transaction() as session:
        found = await find_bound(session, kind, address)
    return found.person_id if found else ""


async def verbs(home: TestHouse) -> list[str]:
    async with home.house.database.transaction() as session:
        query = select(EntryRow.verb).where(EntryRow.verb.startswith("address.")).order_by(EntryRow.id)
        return list(await session.scalars(query))


async def test_a_number_is_bound_by_the_code_that_went_there(home: TestHouse, messengers: Messengers) -> None:
    made = await ask(home, "ana", address="+44 7911 123 456")
    assert await holder(home) == ""
    to, words = messengers.texts[-1]
    assert to == NUMBER
    assert "Ana Ruiz (ana@aldermoor.example)" in words
    bound = await answer(home, "ana", made, messengers.code())
    assert (bound.kind, bound.address) == ("sms", NUMBER)
    assert await holder(home) == home.people["ana"].id
    assert await verbs(home) == ["address.begun", "address.verified"]
    with pytest.raises(AlreadyYours):
        await ask(home, "ana")


async def test_a_slack_account_is_bound_in_the_one_workspace(home: TestHouse, messengers: Messengers) -> None:
    made = await ask(home, "ana", "slack", "u0ana")
    assert messengers.direct[-1][0] == "U0ANA"
    await answer(home, "ana", made, messengers.code())
    assert await holder(home, "slack", f"{TEAM}:U0ANA") == home.people["ana"].id
    with pytest.raises(OtherWorkspace):
        await ask(home, "ana", "slack", "T9999999:U0ANA")


async def test_the_code_is_in_no_table_no_ledger_and_no_log(
    home: TestHouse, messengers: Messengers, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        made = await ask(home, "ana")
        code = messengers.code()
        with pytest.raises(CodeWrong) as wrong:
            await answer(home, "ana", made, "0000 0000")
    for form in (code, code.replace(" ", "")):
        assert form not in caplog.text
        assert form not in str(wrong.value)
        async with home.house.database.transaction() as session:
            for table in ("channel_addresses", "ledger_entries", "procrastinate_jobs", "deliveries", "notices"):
                rows = await session.execute(text(f"SELECT t::text FROM {table} t"))
                assert not [row for row in rows.scalars() if form in row], table
    async with home.house.database.transaction() as session:
        bodies = await session.scalars(select(EntryRow.body))
        assert not [body for body in bodies if NUMBER in body]


async def test_five_wrong_codes_end_it_also_for_the_right_one(home: TestHouse, messengers: Messengers) -> None:
    made = await ask(home, "ana")
    code = messengers.code()
    for _ in range(5):
        with pytest.raises(CodeWrong):
            await answer(home, "ana", made, f"{(int(code.replace(' ', '')) + 1) % 10**8:08d}")
    with pytest.raises(CodeOver):
        await answer(home, "ana", made, code)
    assert await holder(home) == ""
    assert (await verbs(home)).count("address.refused") == 6


async def test_twenty_guesses_at_once_are_five_guesses(home: TestHouse, messengers: Messengers) -> None:
    made = await ask(home, "ana")
    wrong = f"{(int(messengers.code().replace(' ', '')) + 7) % 10**8:08d}"
    tries = await asyncio.gather(*(answer(home, "ana", made, wrong) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(t, CodeWrong) for t in tries) == 5
    assert sum(isinstance(t, CodeOver) for t in tries) == 15


async def test_a_code_holds_ten_minutes(home: TestHouse, messengers: Messengers) -> None:
    made = await ask(home, "ana")
    home.house.clock.advance(minutes=10)  # type: ignore[attr-defined]
    with pytest.raises(CodeOver):
        await answer(home, "ana", made, messengers.code())
    assert await holder(home) == ""


async def test_a_code_works_once_however_often_it_comes_at_once(home: TestHouse, messengers: Messengers) -> None:
    made, code = await ask(home, "ana"), messengers.code()
    results = await asyncio.gather(*(answer(home, "ana", made, code) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(r, CodeOver) for r in results) == 4
    assert (await verbs(home)).count("address.verified") == 1


async def test_a_new_code_ends_the_one_before(home: TestHouse, messengers: Messengers) -> None:
    first, code = await ask(home, "ana"), messengers.code()
    await ask(home, "ana")
    with pytest.raises(CodeOver):
        await answer(home, "ana", first, code)


async def test_nobody_uses_a_code_of_somebody_else(home: TestHouse, messengers: Messengers) -> None:
    made = await ask(home, "ana")
    for who, which in (("ben", made), ("ana", "address_x"), ("ana", made + "0")):
        with pytest.raises(NoSuchAddress):
            await answer(home, who, which, messengers.code())


async def test_two_people_race_for_one_number_and_one_gets_it(home: TestHouse, messengers: Messengers) -> None:
    ana, anas = await ask(home, "ana"), messengers.code()
    ben, bens = await ask(home, "ben"), messengers.code()
    results = await asyncio.gather(
        answer(home, "ana", ana, anas), answer(home, "ben", ben, bens), return_exceptions=True
    )
    assert sum(isinstance(r, AddressTaken) for r in results) == 1
    assert sum(not isinstance(r, Failure) for r in results) == 1
    assert await holder(home) in (home.people["ana"].id, home.people["ben"].id)


async def test_a_token_binds_nothing(home: TestHouse, messengers: Messengers) -> None:
    async with home.house.database.transaction() as session:
        home.people["ana"] = await actor_of(session, person_id=home.people["ana"].id, via="api")  # type: ignore[index]
    with pytest.raises(SignInYourself):
        await ask(home, "ana")
    assert messengers.texts == []


async def test_codes_are_not_sent_without_end(home: TestHouse, messengers: Messengers) -> None:
    for _ in range(5):
        await ask(home, "ana")
    with pytest.raises(TooManyCodes):
        await ask(home, "ana")
    with pytest.raises(TooManyCodes):
        await ask(home, "ben")
    assert len(messengers.texts) == 5
    await ask(home, "ben", address="+447911000000")


@pytest.mark.parametrize(
    ("trouble", "error"),
    [((400, {"code": 21211}), "NotTaken"), ((400, []), "NotTaken"), ((429, {}), "TryLater"), ((302, {}), "")],
)
async def test_what_the_provider_did_not_take_waits_for_no_code(
    home: TestHouse, messengers: Messengers, trouble: tuple[int, Any], error: str
) -> None:
    messengers.trouble["sms"] = trouble
    if not error:  # Nobody can say: it may have arrived, so that it goes on waiting.
        assert await ask(home, "ana")
        return
    with pytest.raises(Failure) as raised:
        await ask(home, "ana")
    assert raised.value.code == error
    assert NUMBER not in raised.value.message
    assert (await verbs(home))[-1] == "address.unreached"


async def test_only_ones_own_mail_and_only_where_it_is_set_up(home: TestHouse) -> None:
    with pytest.raises(ChannelOff):
        await ask(home, "ana", "email", "")
    with pytest.raises(BadAddress):
        await ask(home, "ana", "fax", NUMBER)
    with pytest.raises(BadAddress):
        await ask(home, "ana", "sms", "call me")
    assert NotYourMail().message


async def test_a_phone_that_answered_stop_is_named_so(home: TestHouse, messengers: Messengers) -> None:
    messengers.trouble["sms"] = (400, {"code": 21610, "message": f"Attempt to send to {NUMBER}"})
    with pytest.raises(NotTaken, match="STOP"):
        await ask(home, "ana")
