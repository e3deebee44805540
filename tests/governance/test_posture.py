"""The posture: a fresh installation deviates from nothing; what somebody weakens is named, dated, and theirs; what is
still open after thirty days is a deviation; what ends is on record (CT-2, CN-8, DA-4, DA-5)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.tables import EntryRow
from colleague.bootstrap import House, build
from colleague.connectors.grants import grant, revoke
from colleague.connectors.tables import ToolStateRow
from colleague.connectors.tiers import decide_tool
from colleague.governance.posture.checks import CHECKS, Severity
from colleague.governance.posture.look import posture_of
from colleague.governance.posture.model import Posture
from colleague.identity.actor import SYSTEM, PermissionMissing
from colleague.identity.links.first_run import become_owner, first_run_link
from colleague.identity.people import assign_role
from colleague.kit.settings import Settings
from colleague.models.papers import attest, withdraw_paper
from colleague.models.providers import Wanted, add_provider, enable_provider
from colleague.policy.model import DataClass
from colleague.policy.second_person.propose import set_or_propose
from colleague.testing.clock import TestClock
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, agreed, furnish, open_connector

pytestmark = pytest.mark.anyio


async def look(house: House, actor: Any = SYSTEM, **settings: Any) -> Posture:
    parts = replace(house.looking, settings=house.settings.model_copy(update=settings))
    async with house.database.transaction() as session:
        return await posture_of(session, actor, parts)


def said(posture: Posture, check: str) -> tuple[str, str, list[tuple[str, str]]]:
    """Return state, severity and (words, by) of one check."""
    (r,) = [r for r in posture.results if r.check.id == check]
    return r.state, r.severity.name.lower(), [(f.words, f.by) for f in r.findings]


@pytest.fixture
async def home(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[TestHouse]:
    home = await furnish(database_url, tmp_path, connectors=[FakeConnector()], clock=clock)
    yield home
    await home.house.close()


async def test_a_fresh_installation_deviates_from_nothing(database_url: str, tmp_path: Path) -> None:
    house = build(Settings(data_dir=tmp_path, database_url=database_url))
    assert (await look(house)).critical == 0
    async with house.database.transaction() as session:
        path = await first_run_link(session, ledger=house.ledger, clock=house.clock)
        assert path
        await become_owner(session, path.rpartition("/")[2], "olga@a.example", "Olga", "a long enough password 7",
                           device="x", ledger=house.ledger, clock=house.clock)  # fmt: skip
    posture = await look(house)
    assert posture.green, posture.of("deviation")
    assert posture.critical == 0
    assert posture.started is not None
    assert {r.check.id for r in posture.of("to do")} == {
        *(c.id for c in CHECKS.values() if c.step), "ledger-verifies"
    }  # fmt: skip
    assert "Nothing deviates; 7 steps" in posture.sentence
    await house.close()


async def test_what_is_weakened_is_named_and_dated_and_says_by_whom(home: TestHouse, clock: TestClock) -> None:
    house, olga = home.house, home.people["owner"]
    clock.advance(days=1)
    weakened = clock.now()
    parts = {"ledger": house.ledger, "clock": clock}
    async with house.database.transaction() as session:
        await agreed(session, olga, {"highest_external": "restricted"}, **parts)
    clock.advance(days=1)
    async with house.database.transaction() as session:
        # A later version of something else does not make it younger.
        await agreed(session, olga, {"internal_domains": ["aldermoor.example", "b.example"]}, **parts)
    posture = await look(house)
    assert said(posture, "settings-strict") == (
        "deviation", "high", [("restricted; as shipped: internal", "Olga Owner")]
    )  # fmt: skip
    (finding,) = next(r for r in posture.results if r.check.id == "settings-strict").findings
    assert finding.since == weakened
    async with house.database.transaction() as session:
        await agreed(session, olga, {"highest_external": "internal"}, **parts)
    assert said(await look(house), "settings-strict")[0] == "ok"
    async with house.database.transaction() as session:
        query = select(EntryRow.verb, EntryRow.subject).where(EntryRow.verb.startswith("posture."))
        told = [tuple(row) for row in await session.execute(query.order_by(EntryRow.id))]
    assert told == [("posture.deviation_found", "settings-strict"), ("posture.deviation_ended", "settings-strict")]


async def test_what_the_operator_opened_is_critical_and_dated_when_first_seen(
    home: TestHouse, clock: TestClock
) -> None:
    assert (await look(home.house)).green
    first = clock.now()
    open_house = {"demo": True, "egress_private": True, "host": "0.0.0.0", "base_url": "http://c.example.com"}
    await look(home.house, **open_house)
    clock.advance(days=3)
    posture = await look(home.house, **open_house)
    assert {r.check.id for r in posture.of("deviation")} == {"demo-off", "egress-private-off", "address-https"}
    assert posture.critical == 2
    assert {f.since for r in posture.of("deviation") for f in r.findings} == {first}
    assert said(posture, "demo-off")[2] == [("COLLEAGUE_DEMO is on.", "the operator of the server")]
    assert said(await look(home.house, base_url="https://c.example.com"), "address-https")[0] == "ok"


async def test_a_step_that_is_left_becomes_a_deviation_after_thirty_days(home: TestHouse, clock: TestClock) -> None:
    assert said(await look(home.house), "two-owners")[0] == "to do"
    clock.advance(days=31)
    posture = await look(home.house)
    assert said(posture, "two-owners")[:2] == ("deviation", "high")
    assert posture.critical == 0
    async with home.house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["ana"].id, "owner", ledger=home.house.ledger)
    assert said(await look(home.house), "two-owners") == ("ok", "high", [])


async def test_grants_beyond_need_and_policy_stand_there_with_who_gave_them(home: TestHouse, clock: TestClock) -> None:
    house, olga = home.house, home.people["owner"]
    assert said(await look(house), "full-access")[0] == "not applicable"
    whole = await open_connector(home, "fake", ["*"], config={})
    async with house.database.transaction() as session:
        await grant(session, olga, house.registry, "fake", home.team, ["bids"], ceiling=DataClass.RESTRICTED,
                    ledger=house.ledger, clock=clock)  # fmt: skip
    posture = await look(house)
    (words, by) = said(posture, "full-access")[2][0]
    assert ("ends in 365 days" in words, "Everything, for a test." in words, by) == (True, True, "Olga Owner")
    needed = " ".join(w for w, _ in said(posture, "scopes-needed")[2])
    assert "nothing above confidential" in needed
    assert said(posture, "scopes-used")[0] == "ok"
    clock.advance(days=91)
    assert len(said(await look(house), "scopes-used")[2]) == 2
    async with house.database.transaction() as session:
        await revoke(session, olga, whole, ledger=house.ledger, clock=clock)
    assert said(await look(house), "full-access")[0] == "ok"


async def test_a_tool_that_changed_is_named(home: TestHouse) -> None:
    house = home.house
    await open_connector(home, "fake", ["bids"], config={})
    async with house.database.transaction() as session:
        await decide_tool(session, home.people["owner"], house.registry, "fake_send", "blocked", ledger=house.ledger,
                          clock=house.clock)  # fmt: skip
        row = await session.get_one(ToolStateRow, "fake_read")
        row.hash = "0" * 64
    state, severity, words = said(await look(house), "tools-as-approved")
    assert (state, severity, len(words)) == ("deviation", "high", 1)
    assert "another definition" in words[0][0]


async def test_providers_prove_that_they_do_not_train(home: TestHouse, clock: TestClock) -> None:
    house, olga = home.house, home.people["owner"]
    parts: dict[str, Any] = {"ledger": house.ledger, "clock": clock}
    assert said(await look(house), "attested")[0] == "not applicable"
    today = clock.now().date()
    async with house.database.transaction() as session:
        await add_provider(session, olga, "claude", Wanted("anthropic", "us"), "sk-x", secrets=house.secrets, **parts)
        paper = await attest(session, olga, "claude", document="DPA", signed_on=today,
                             expires_on=today + timedelta(days=60), covers=["inputs", "outputs"], **parts)  # fmt: skip
        await enable_provider(session, olga, "claude", **parts)
    posture = await look(house)
    assert (said(posture, "attested")[0], said(posture, "attestation-lasts")[0]) == ("ok", "ok")
    assert said(posture, "attestation-whole")[2] == [
        ("That of claude does not name: files, feedback, telemetry, aggregates.", "Olga Owner")
    ]
    clock.advance(days=31)
    assert said(await look(house), "attestation-lasts")[0] == "deviation"
    async with house.database.transaction() as session:
        await withdraw_paper(session, olga, paper, **parts)
    assert said(await look(house), "attested")[:2] == ("deviation", "critical")


async def test_a_model_of_the_deployment_settings_is_not_passed_over(database_url: str, tmp_path: Path) -> None:
    home = await furnish(database_url, tmp_path, model="anthropic:claude-x")
    state, severity, words = said(await look(home.house), "attested")
    assert (state, severity) == ("deviation", "critical")
    assert "anthropic:claude-x" in words[0][0]
    await home.house.close()
    today = home.house.clock.now().date()
    paper = f"DPA 7; {today}; {today + timedelta(days=20)}; inputs, outputs"
    house = build(home.house.settings.model_copy(update={"model_attestation": paper}))
    seen = await look(house)
    assert said(seen, "attested")[0] == "ok"
    assert said(seen, "attestation-lasts")[0] == "deviation"
    assert "files, feedback, telemetry, aggregates" in said(seen, "attestation-whole")[2][0][0]
    await house.close()


async def test_the_record_is_asked(home: TestHouse, clock: TestClock) -> None:
    house = home.house

    async def record(verb: str, **facts: Any) -> None:
        async with house.database.transaction() as session:
            await house.ledger.record(session, Event(verb, home.people["tom"].id, data=facts))

    assert said(await look(house), "ledger-verifies")[0] == "to do"
    await record("ledger.verified", ok=True)
    assert said(await look(house), "ledger-verifies")[0] == "ok"
    clock.advance(days=32)
    assert said(await look(house), "ledger-verifies")[:2] == ("deviation", "medium")
    await record("ledger.verified", ok=False)
    assert said(await look(house), "ledger-verifies") == (
        "deviation", "critical", [("It did not verify.", "Tom Audit")]
    )  # fmt: skip
    await record("ledger.witness_lost")
    assert said(await look(house, checkpoint_sink="/witness"), "witness-answers")[0] == "deviation"
    await record("ledger.witness_reached")
    assert said(await look(house, checkpoint_sink="/witness"), "witness-answers")[0] == "ok"


async def test_a_change_that_waits_is_named(home: TestHouse) -> None:
    house = home.house
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["ana"].id, "owner", ledger=house.ledger)
        await set_or_propose(session, home.people["owner"], {"confirm_internal": False}, ledger=house.ledger,
                             clock=house.clock)  # fmt: skip
    assert said(await look(house), "nothing-waits") == (
        "deviation", "low", [("Mail to colleagues needs a person too: no", "Olga Owner")]
    )  # fmt: skip


async def test_not_everybody_may_look(home: TestHouse) -> None:
    with pytest.raises(PermissionMissing):
        await look(home.house, home.people["ana"])
    assert (await look(home.house, home.people["tom"])).green


def test_no_check_is_without_words() -> None:
    for check in CHECKS.values():
        assert all((check.title, check.why, check.remedy))
        assert isinstance(check.severity, Severity)
