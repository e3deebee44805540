"""What ends a binding ends it at once: its person, a lost phone, a new SIM, other mail, leaving."""

from typing import Any

import pytest
from sqlalchemy import select, update

from colleague.audit.tables import EntryRow
from colleague.channels.addresses.end import AddressNotFound, break_address, lose_phone, revoke
from colleague.channels.addresses.find import find_bound
from colleague.channels.addresses.jobs import check_sims, settle
from colleague.channels.addresses.tables import AddressRow
from colleague.channels.addresses.view import list_addresses, own_addresses
from colleague.identity.actor import PermissionMissing
from colleague.identity.people import set_active
from colleague.identity.tables import PersonRow
from colleague.testing.addresses import bind
from colleague.testing.house import TestHouse
from colleague.testing.messengers import TEAM, Browser, Messengers
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
NUMBER, ACCOUNT = "+447911123456", f"{TEAM}:U0ANA"


async def bound(home: TestHouse, who: str = "ana", kind: str = "sms", address: str = NUMBER) -> str:
    async with home.house.database.transaction() as session:
        return await bind(session, home.people[who].id, kind, address, at=home.house.clock.now())


async def heard(home: TestHouse, kind: str = "sms", address: str = NUMBER) -> bool:
    async with home.house.database.transaction() as session:
        return await find_bound(session, kind, address) is not None


async def state(home: TestHouse, made: str) -> tuple[str, str]:
    async with home.house.database.transaction() as session:
        row = await session.get_one(AddressRow, made)
        return row.state, row.why


async def test_its_person_ends_it_and_others_do_not(home: TestHouse) -> None:
    made, house = await bound(home), home.house
    for who in ("ben", "tom"):
        with pytest.raises(AddressNotFound):
            async with house.database.transaction() as session:
                await revoke(session, home.people[who], made, ledger=house.ledger, clock=house.clock)
    assert await heard(home)
    async with house.database.transaction() as session:
        await revoke(session, home.people["ana"], made, ledger=house.ledger, clock=house.clock)
    assert not await heard(home)
    # The number is free again: another hand may take it.
    await bound(home, "ben")


async def test_a_lost_phone_ends_all_in_one_deed(home: TestHouse, sign_in: Any) -> None:
    await bound(home)
    await bound(home, kind="slack", address=ACCOUNT)
    phone, laptop, other = await sign_in("ana"), await sign_in("ana"), await sign_in("ben")
    taken = await phone.post("/push/subscriptions", json=Browser().subscription("http://127.0.0.1:9/push/1"))
    assert taken.status_code == 201, taken.text
    answer = await laptop.post("/dispatch/channels/lost")
    assert answer.status_code == 303
    assert not await heard(home)
    assert not await heard(home, "slack", ACCOUNT)
    assert (await phone.get("/dispatch/channels")).status_code in (303, 401, 403)
    page = await laptop.get(answer.headers["location"])
    assert page.status_code == 200
    assert "No device is notified" in page.text
    assert (await other.get("/dispatch/channels")).status_code == 200
    async with home.house.database.transaction() as session:
        query = select(EntryRow.verb).where(EntryRow.verb.in_(("phone.lost", "address.revoked")))
        assert sorted(await session.scalars(query)) == ["address.revoked", "address.revoked", "phone.lost"]


async def test_an_administrator_ends_it_for_somebody_and_a_member_does_not(home: TestHouse, sign_in: Any) -> None:
    await bound(home)
    ana, house = home.people["ana"].id, home.house
    with pytest.raises(PermissionMissing):
        async with house.database.transaction() as session:
            await lose_phone(session, home.people["ben"], ana, ledger=house.ledger, clock=house.clock)
    owner, member = await sign_in("owner"), await sign_in("ben")
    assert (await member.get("/dispatch/addresses")).status_code == 403
    page = await owner.get("/dispatch/addresses")
    assert "Ana Ruiz" in page.text
    assert NUMBER not in page.text
    assert (await owner.post("/dispatch/addresses/lost", data={"person": ana})).status_code == 303
    assert not await heard(home)


async def test_who_is_deactivated_is_not_heard_from_that_moment_on(home: TestHouse) -> None:
    made, house = await bound(home), home.house
    async with house.database.transaction() as session:
        await set_active(
            session, home.people["owner"], home.people["ana"].id, active=False, ledger=house.ledger, clock=house.clock
        )
    assert not await heard(home)
    await work(house, queue="house")
    assert await state(home, made) == ("broken", "The person is no longer active.")
    async with house.database.transaction() as session:
        await set_active(
            session, home.people["owner"], home.people["ana"].id, active=True, ledger=house.ledger, clock=house.clock
        )
    assert not await heard(home)


async def test_other_mail_breaks_the_mail_and_frees_the_address(home: TestHouse) -> None:
    made, house = await bound(home, kind="email", address="ana@aldermoor.example"), home.house
    assert await heard(home, "email", "Ana@Aldermoor.example")
    async with house.database.transaction() as session:
        row = update(PersonRow).where(PersonRow.id == home.people["ana"].id)
        await session.execute(row.values(email="ana.ruiz@aldermoor.example"))
    assert not await heard(home, "email", "ana@aldermoor.example")
    async with house.database.transaction() as session:
        seen = await own_addresses(session, home.people["ana"], clock=house.clock)
        assert [(s.state, s.why) for s in seen] == [("broken", "The person's mail address is another one now.")]
    await settle(database=house.database, ledger=house.ledger, clock=house.clock)
    assert (await state(home, made))[0] == "broken"


async def test_a_new_sim_breaks_the_number_and_an_old_one_does_not(home: TestHouse, messengers: Messengers) -> None:
    made, house = await bound(home), home.house
    other = await bound(home, "ben", address="+447911000000")
    messengers.swapped = {NUMBER: "2026-03-05T10:00:00Z", "+447911000000": "2026-03-01T10:00:00Z"}

    async def check() -> int:
        return await check_sims(
            database=house.database, channels=house.channels, ledger=house.ledger, clock=house.clock,
            tell=house.parts.tell,
        )  # fmt: skip

    assert await check() == 1
    assert (await state(home, made))[0] == "broken"
    assert (await state(home, other))[0] == "verified"
    assert await check() == 0
    assert len(messengers.looked_up) == 2, "a day has not passed"
    assert not messengers.texts, "who was swapped is not told by text message"


async def test_what_broke_stays_broken_and_is_on_record(home: TestHouse) -> None:
    await bound(home)
    house = home.house
    async with house.database.transaction() as session:
        for hit in (True, False):
            ended = await break_address(session, "sms", NUMBER, "Ported.", ledger=house.ledger, clock=house.clock)
            assert ended is hit
        assert not await break_address(session, "sms", "nonsense", "", ledger=house.ledger, clock=house.clock)
    assert not await heard(home)


async def test_lists_shorten_what_is_not_ones_own(home: TestHouse) -> None:
    await bound(home)
    async with home.house.database.transaction() as session:
        (own,) = await own_addresses(session, home.people["ana"], clock=home.house.clock)
        (seen,) = await list_addresses(session, home.people["tom"], clock=home.house.clock)
    assert own.address == NUMBER
    assert seen.address == "+44…456"
    assert seen.person == "Ana Ruiz"
