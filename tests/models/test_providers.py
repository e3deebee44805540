"""A provider is asked only with valid papers; its key goes in and never comes out; every change is on record."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from colleague.audit.tables import EntryRow
from colleague.identity.actor import PermissionMissing
from colleague.kit.errors import Failure
from colleague.models.model import DATA_KINDS, NoSuchProvider
from colleague.models.papers import BadPaper, NoSuchPaper, attest, sign_baa, withdraw_paper
from colleague.models.providers import (
    BadProvider,
    KeyNeeded,
    NotEnabled,
    ProviderNameTaken,
    Wanted,
    add_provider,
    change_provider,
    checked,
    disable_provider,
    enable_provider,
)
from colleague.models.store import get_provider, get_row
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish

pytestmark = pytest.mark.anyio
CLAUDE = Wanted("anthropic", "eu", "confidential")
LOCAL = Wanted("compatible", "own", "confidential", "http://10.1.2.3:8000/v1")


@pytest.fixture
async def home(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[TestHouse]:
    home = await furnish(database_url, tmp_path, connectors=[], clock=clock)
    yield home
    await home.house.close()


async def do(home: TestHouse, deed: Any, *things: Any, who: str = "owner", **more: Any) -> Any:
    house = home.house
    if deed in (add_provider, change_provider):
        more["secrets"] = house.secrets
    async with house.database.transaction() as session:
        return await deed(session, home.people[who], *things, ledger=house.ledger, clock=house.clock, **more)


async def stored(home: TestHouse, name: str) -> Any:
    async with home.house.database.transaction() as session:
        return await get_provider(session, name)


def paper(clock: TestClock, **changes: Any) -> dict[str, Any]:
    today = clock.now().date()
    given = {"document": "DPA 7", "signed_on": today, "expires_on": today + timedelta(30), "covers": DATA_KINDS}
    return {**given, **changes}


async def test_it_is_switched_on_only_while_an_attestation_holds(home: TestHouse, clock: TestClock) -> None:
    await do(home, add_provider, "claude", CLAUDE, "sk-1")
    with pytest.raises(NotEnabled, match="no-training attestation"):
        await do(home, enable_provider, "claude")
    kept = await do(home, attest, "claude", **paper(clock))
    await do(home, enable_provider, "claude")
    provider = await stored(home, "claude")
    today = clock.now().date()
    assert provider.enabled
    assert provider.attested(today)
    assert provider.attested(today + timedelta(30))
    assert not provider.attested(today + timedelta(31)), "its last day has passed"
    assert not provider.attested(today - timedelta(1)), "it was not signed yet"
    await do(home, withdraw_paper, kept)
    assert not (await stored(home, "claude")).attested(today)
    with pytest.raises(NoSuchPaper):
        await do(home, withdraw_paper, kept)
    await do(home, disable_provider, "claude")
    with pytest.raises(NotEnabled):
        await do(home, enable_provider, "claude")


async def test_one_document_must_name_everything_for_privileged_data(home: TestHouse, clock: TestClock) -> None:
    await do(home, add_provider, "claude", CLAUDE, "sk-1")
    await do(home, attest, "claude", **paper(clock, covers=DATA_KINDS[:3]))
    await do(home, attest, "claude", **paper(clock, covers=DATA_KINDS[3:]))
    today = clock.now().date()
    assert not (await stored(home, "claude")).attested_fully(today), "two halves are no whole"
    await do(home, attest, "claude", **paper(clock))
    assert (await stored(home, "claude")).attested_fully(today)


async def test_a_baa_names_counterparty_scope_and_dates(home: TestHouse, clock: TestClock) -> None:
    await do(home, add_provider, "claude", CLAUDE, "sk-1")
    given = {"document": "BAA 3", "counterparty": "Anthropic", "scope": "API", "signed_on": clock.now().date(),
             "expires_on": None}  # fmt: skip
    for wrong in ({"counterparty": " "}, {"scope": ""}, {"document": "\x00"},
                  {"signed_on": clock.now().date() + timedelta(1)},
                  {"expires_on": clock.now().date() - timedelta(1)}):  # fmt: skip
        with pytest.raises(BadPaper):
            await do(home, sign_baa, "claude", **{**given, **wrong})
    assert not (await stored(home, "claude")).agreed(clock.now().date())
    await do(home, sign_baa, "claude", **given)
    assert (await stored(home, "claude")).agreed(clock.now().date())
    with pytest.raises(BadPaper):
        await do(home, attest, "claude", **paper(clock, covers=["everything"]))
    with pytest.raises(BadPaper):
        await do(home, attest, "claude", **paper(clock, covers=[]))


async def test_the_key_goes_in_and_never_comes_out(home: TestHouse) -> None:
    await do(home, add_provider, "claude", CLAUDE, "sk-very-secret")
    provider = await stored(home, "claude")
    assert provider.has_key
    assert "sk-very-secret" not in repr(provider)
    async with home.house.database.transaction() as session:
        row = await get_row(session, "claude")
        assert row.sealed
        assert "sk-very-secret" not in row.sealed
        entries = list(await session.scalars(select(EntryRow.body).where(EntryRow.verb.like("model_%"))))
        mind = await home.house.models.minds.find(session, "claude:m", "p")
    assert entries
    assert "sk-very-secret" not in "".join(entries) + repr(mind)
    await do(home, change_provider, "claude", CLAUDE)
    assert (await stored(home, "claude")).has_key, "an empty key keeps the stored one"
    with pytest.raises(KeyNeeded):
        await do(home, change_provider, "claude", replace(CLAUDE, address="https://elsewhere.example"))
    await do(home, change_provider, "claude", replace(CLAUDE, address="https://elsewhere.example"), "sk-new")
    await do(home, disable_provider, "claude", forget_key=True)
    assert not (await stored(home, "claude")).has_key


async def test_own_machines_need_a_private_address_and_no_paper(home: TestHouse) -> None:
    await do(home, add_provider, "local", LOCAL)
    await do(home, enable_provider, "local")
    assert (await stored(home, "local")).own
    with pytest.raises(BadProvider):
        await do(home, add_provider, "other", replace(LOCAL, address=""))
    # A switched-on provider does not become a foreign one without a paper.
    with pytest.raises(NotEnabled):
        await do(home, change_provider, "local", replace(LOCAL, zone="eu", address="https://x.example/v1"))
    assert (await stored(home, "local")).own, "the refused change changed nothing"


@pytest.mark.parametrize(
    "address",
    [
        "http://api.example", "ftp://api.example", "https://", "https://user:pw@api.example", "https://a.example/?q=1",
        "https://a.example/#x", "https://169.254.169.254", "https://10.0.0.1", "https://127.0.0.1:1", "https://[::1]",
        "https://2130706433", "https://0x7f.1", "https://localhost", "https://a b.example", "https://a.example:99999",
        "https://a.example/\x00", "javascript:alert(1)", "https://exa\nmple.example", "https://[fe80::1%25eth0]",
        "https://a.example/" + "x" * 300,
    ],
)  # fmt: skip
async def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(BadProvider):
        checked(replace(CLAUDE, address=address))


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "magic"}, {"zone": "mars"}, {"zone": "any"}, {"ceiling": "cosmic"}, {"region": "eu west"},
     {"version": "x" * 81}, {"project": "a/../b"}],
)  # fmt: skip
async def test_fields_that_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(BadProvider):
        checked(replace(CLAUDE, **wrong))


NAMES = ("", "x", "extractive", "deployment", "a:b", "a b", "-a", "a" * 41, "ä" * 3, "a\x00b")
KEYS = ("a\x00b", "schlüssel", "k" * 20_001)


async def test_names_and_keys_that_are_refused(home: TestHouse) -> None:
    for name, key in [*((n, "k") for n in NAMES), *(("odd", k) for k in KEYS)]:
        with pytest.raises(BadProvider) as caught:
            await do(home, add_provider, name, CLAUDE, key)
        assert key == "k" or key not in str(caught.value)


async def test_a_name_stands_once_and_only_administrators_decide(home: TestHouse, clock: TestClock) -> None:
    await do(home, add_provider, "claude", CLAUDE, "k")
    with pytest.raises(ProviderNameTaken):
        await do(home, add_provider, "Claude ", CLAUDE, "k")
    with pytest.raises(NoSuchProvider):
        await do(home, enable_provider, "nobody")
    for who in ("ana", "rita", "tom"):
        for deed, things, more in (
            (add_provider, ("new", CLAUDE, "k"), {}), (change_provider, ("claude", CLAUDE), {}),
            (enable_provider, ("claude",), {}), (disable_provider, ("claude",), {}),
            (attest, ("claude",), paper(clock)), (withdraw_paper, ("paper_x",), {}),
        ):  # fmt: skip
            with pytest.raises(PermissionMissing):
                await do(home, deed, *things, who=who, **more)


async def test_an_incomplete_one_is_not_switched_on(home: TestHouse, clock: TestClock) -> None:
    for name, wanted in (
        ("nokey", CLAUDE), ("azure", Wanted("azure", "eu")), ("bedrock", Wanted("bedrock", "eu")),
        ("vertex", Wanted("vertex", "eu")),
    ):  # fmt: skip
        await do(home, add_provider, name, wanted, "" if name == "nokey" else "k")
        await do(home, attest, name, **paper(clock))
        with pytest.raises(NotEnabled, match="missing"):
            await do(home, enable_provider, name)


async def test_try_it_says_what_is_wrong_without_the_key(home: TestHouse) -> None:
    from colleague.models.health import try_provider

    await do(home, add_provider, "local", replace(LOCAL, address="http://127.0.0.1:9"), "sk-very-secret")
    house = home.house
    works, words = await try_provider(
        house.database, home.people["owner"], "local", "m", minds=house.models.minds, ledger=house.ledger,
        clock=house.clock,
    )  # fmt: skip
    assert not works
    assert "cannot be reached" in words
    assert "sk-very-secret" not in words
    assert (await stored(home, "local")).healthy is False
    with pytest.raises(Failure):
        await try_provider(
            house.database, home.people["ana"], "local", "m", minds=house.models.minds, ledger=house.ledger,
            clock=house.clock,
        )  # fmt: skip


def test_days_are_read_strictly() -> None:
    from colleague.models.papers import day_of

    assert day_of("2026-12-31", "x") == date(2026, 12, 31)
    assert day_of(" ", "x") is None
    for wrong in ("31.12.2026", "2026-13-01", "tomorrow", "\x00"):
        with pytest.raises(BadPaper):
            day_of(wrong, "the last day")
