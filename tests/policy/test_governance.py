"""Settings are versioned data: strict when never set, checked, changed by one hand at a time, on record."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from colleague.identity.actor import PermissionMissing
from colleague.policy.governance import BadSetting, NoSuchSetting, current_governance, stored_form
from colleague.policy.model import DataClass, Governance, Tier
from colleague.policy.tables import GovernanceRow
from colleague.testing.house import TestHouse, agreed, furnish

pytestmark = pytest.mark.anyio


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> Any:
    home = await furnish(database_url, tmp_path, connectors=())
    yield home
    await home.house.close()


async def change(home: TestHouse, who: str, **changes: Any) -> Governance:
    house = home.house
    async with house.database.transaction() as session:
        return await agreed(session, home.people[who], changes, ledger=house.ledger, clock=house.clock)


async def current(home: TestHouse) -> Governance:
    async with home.house.database.transaction() as session:
        return await current_governance(session)


def test_what_was_never_set_is_strict() -> None:
    strict = Governance()
    assert strict.internal_domains == ()
    assert strict.confirm_internal
    assert strict.dispatch_ceiling is Tier.READ
    assert strict.highest_external is DataClass.INTERNAL


async def test_a_change_is_a_new_version_and_the_old_one_stays(home: TestHouse) -> None:
    before = await current(home)
    after = await change(home, "owner", highest_external="public", dispatch_ceiling="communicate")
    assert after.version == before.version + 1
    assert (after.highest_external, after.dispatch_ceiling) == (DataClass.PUBLIC, Tier.COMMUNICATE)
    assert after.internal_domains == before.internal_domains
    assert await current(home) == after
    async with home.house.database.transaction() as session:
        versions = (await session.scalars(select(GovernanceRow.version).order_by(GovernanceRow.version))).all()
    assert list(versions) == list(range(1, after.version + 1))


BAD: list[tuple[str, Any]] = [
    ("highest_input", "secret"),
    ("highest_input", True),
    ("highest_input", 9),
    ("highest_input", 0),
    ("highest_input", None),
    ("highest_input", []),
    ("highest_input", {}),
    ("highest_input", 2.0),
    ("highest_input", ""),
    ("dispatch_ceiling", "confidential"),
    ("confirm_internal", "yes"),
    ("confirm_internal", 1),
    ("confirm_internal", None),
    ("internal_domains", "in.example"),
    ("internal_domains", ["in example"]),
    ("internal_domains", ["*.example"]),
    ("internal_domains", ["com"]),
    ("internal_domains", ["a@b.example"]),
    ("internal_domains", ["x\x00.example"]),
    ("internal_domains", [".example"]),
    ("internal_domains", ["in..example"]),
    ("internal_domains", [{}]),
    ("internal_domains", ["1.2.3.4"]),
    ("internal_domains", ["x.example"] * 501),
    ("internal_domains", [None]),
    ("internal_domains", ["-x.example"]),
    ("internal_domains", ["a" * 300 + ".example"]),
    ("internal_domains", ["\ud800.example"]),
    ("blocked_paths", ["a\nb"]),
    ("blocked_paths", ["x" * 256]),
    ("blocked_types", [1]),
    ("blocked_types", None),
]


@pytest.mark.parametrize(("name", "value"), BAD, ids=lambda v: ascii(v)[:30])
async def test_a_bad_value_is_refused_in_words_and_changes_nothing(home: TestHouse, name: str, value: Any) -> None:
    before = await current(home)
    with pytest.raises(BadSetting) as refused:
        await change(
            home, "owner", **{"confirm_internal": False, name: value} if name != "confirm_internal" else {name: value}
        )
    assert f"«{name}» cannot be" in refused.value.message
    refused.value.message.encode()
    assert await current(home) == before


async def test_there_are_no_other_settings(home: TestHouse) -> None:
    for name in ("version", "nope", "", "x" * 500):
        with pytest.raises(NoSuchSetting):
            await change(home, "owner", **{name: 1})


async def test_only_who_may_changes_them(home: TestHouse) -> None:
    for who in ("ana", "rita", "tom"):
        with pytest.raises(PermissionMissing):
            await change(home, who, confirm_internal=False)


async def test_domains_have_one_spelling(home: TestHouse) -> None:
    after = await change(
        home, "owner", internal_domains=[" @In.Example", "in.example", "bücher.example", "", "localhost"]
    )
    assert after.internal_domains == ("in.example", "xn--bcher-kva.example", "localhost")


async def test_what_the_product_blocks_stays_blocked(home: TestHouse) -> None:
    after = await change(home, "owner", blocked_types=["application/zip"], blocked_paths=[])
    assert after.blocked_types == (*Governance().blocked_types, "application/zip")
    assert after.blocked_paths == Governance().blocked_paths


async def test_changes_at_once_follow_each_other_and_none_is_lost(home: TestHouse) -> None:
    first = (await current(home)).version
    changes = [
        {"confirm_internal": False},
        {"highest_external": "public"},
        {"dispatch_ceiling": "modify"},
        {"highest_input": "restricted"},
        {"internal_domains": ["in.example"]},
    ] * 2
    versions = [g.version for g in await asyncio.gather(*(change(home, "owner", **c) for c in changes))]
    assert sorted(versions) == list(range(first + 1, first + 11))
    last = await current(home)
    assert not last.confirm_internal
    assert (last.highest_external, last.dispatch_ceiling, last.highest_input, last.internal_domains) == (
        DataClass.PUBLIC,
        Tier.MODIFY,
        DataClass.RESTRICTED,
        ("in.example",),
    )


async def test_what_is_stored_is_read_back(home: TestHouse) -> None:
    after = await change(home, "owner", internal_domains=["in.example"], highest_input="internal")
    assert await current(home) == after
    assert stored_form(after)["highest_input"] == 2
