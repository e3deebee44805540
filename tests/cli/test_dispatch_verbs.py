"""Bound phones at the terminal: seen by their person whole, by others shortened, ended by who may."""

import asyncio

import pytest
from tests.cli.conftest import Call

from colleague.bootstrap import House
from colleague.testing.addresses import bind

NUMBER = "+447911123456"


@pytest.fixture
def bound(demo: House) -> str:
    from colleague.identity.directory import find_by_email

    async def make() -> str:
        async with demo.database.transaction() as session:
            ana = await find_by_email(session, "ana@aldermoor.example")
            assert ana is not None
            made = await bind(session, ana.id, "sms", NUMBER, at=demo.clock.now())
        await demo.database.close()
        return made

    return asyncio.run(make())


def test_an_address_is_listed_ended_and_lost(call: Call, bound: str) -> None:
    assert NUMBER in call("dispatch", "address", "list", as_="ana").out
    assert call("dispatch", "address", "list", "--all", as_="ana").code == 1
    listed = call("dispatch", "address", "list", "--all", as_="marta").out
    assert bound in listed
    assert NUMBER not in listed
    # Text messages are not set up in the demo: it is said, and nothing is asked at the terminal.
    said = call("dispatch", "address", "bind", "sms", NUMBER, as_="ben")
    assert (said.code, "not set up here" in said.err) == (1, True)
    assert call("dispatch", "address", "end", bound, as_="ben").code == 1
    assert call("dispatch", "address", "lost", "--person", "ana@aldermoor.example", as_="ben").code == 1
    said = call("dispatch", "address", "lost", "--person", "ana@aldermoor.example", as_="marta")
    assert said.out == "Ended: 1 addresses, 0 devices, every session.\n"
    assert "revoked" in call("dispatch", "address", "list", as_="ana").out
    assert call("dispatch", "results", as_="ana").code == 0
    assert call("dispatch", "results", "--all", as_="ana").code == 1
