"""Only an address that was proven, and still holds, is anybody's."""

import pytest
from sqlalchemy.exc import IntegrityError

from colleague.channels.addresses.find import bound_of, find_bound
from colleague.testing.addresses import bind
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
NUMBER = "+447911123456"


async def test_a_number_is_found_however_it_is_written(home: TestHouse) -> None:
    async with home.house.database.transaction() as session:
        made = await bind(session, home.people["ana"].id, "sms", "+44 7911 123-456", at=home.house.clock.now())
        for spelling in (NUMBER, "0044 7911 123456", "+44 (7911) 123.456"):
            found = await find_bound(session, "sms", spelling)
            assert found is not None
            assert (found.id, found.person_id, found.address) == (made, home.people["ana"].id, NUMBER)
        assert NUMBER not in repr(found)
        assert await find_bound(session, "sms", "+447911123457") is None
        assert await bound_of(session, home.people["ana"].id, "slack") is None


@pytest.mark.parametrize("address", ["", "+", "7911", "+0044", "x" * 5000, "+44\x00791", "＋447911123456"])
async def test_what_is_no_address_is_nobodys(home: TestHouse, address: str) -> None:
    async with home.house.database.transaction() as session:
        assert await find_bound(session, "sms", address) is None
        assert await find_bound(session, "fax", address) is None


async def test_the_database_lets_nobody_hold_what_another_holds(home: TestHouse) -> None:
    with pytest.raises(IntegrityError):
        async with home.house.database.transaction() as session:
            await bind(session, home.people["ana"].id, "sms", NUMBER, at=home.house.clock.now())
            await bind(session, home.people["ben"].id, "sms", NUMBER, at=home.house.clock.now())
