"""Enabling a connector reaches nobody; a grant opens places to a team; revoking, expiry, disabling close them."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from colleague.audit.record import Ledger
from colleague.connectors.accounts import (
    BadAccount,
    NoSuchAccount,
    account_for,
    check_account,
    connect_account,
    disable_account,
    disable_connector,
    enable_connector,
    list_accounts,
)
from colleague.connectors.connector import BadArguments, Connector, Grant
from colleague.connectors.effect import effect_of
from colleague.connectors.grants import (
    BadGrant,
    ConnectorNotEnabled,
    NoSuchGrant,
    Terms,
    change_grant,
    covers,
    get_grant,
    grant,
    grants_of,
    lapsed_of,
    list_grants,
    proposed,
    read_words,
    revoke,
    scopes_for,
)
from colleague.connectors.mail.connector import MailConnector
from colleague.connectors.mcp.full_access import excepted, opens_everything
from colleague.connectors.overview import by_person, overview
from colleague.connectors.registry import NoSuchConnector, Registry, ToolNameTaken
from colleague.connectors.tables import AccountRow, GrantRow
from colleague.connectors.tiers import NoSuchState, NoSuchTool, decide_tool, tool_states
from colleague.identity.actor import SYSTEM, Actor, PermissionMissing, permissions_of
from colleague.identity.directory import holders_of
from colleague.identity.groups.custom_roles import define_role, retire_role
from colleague.identity.people import add_member, assign_role, create_person, create_team, remove_role
from colleague.kit.db import Database
from colleague.kit.secrets import Secrets
from colleague.policy.model import DataClass, ToolWord
from colleague.testing.clock import TestClock
from colleague.testing.connector import TOOLS, FakeConnector
from colleague.testing.mailbox import MailSink

pytestmark = pytest.mark.anyio


@dataclass
class World:
    """An organisation with an administrator, a member and a team."""

    database: Database
    ledger: Ledger
    secrets: Secrets
    clock: TestClock
    registry: Registry
    admin: Actor
    ana: Actor
    team: str

    @property
    def parts(self) -> dict[str, Any]:
        return {"ledger": self.ledger, "clock": self.clock}

    async def enable(self, kind: str = "fake", **values: Any) -> None:
        async with self.database.transaction() as session:
            await enable_connector(session, self.admin, self.registry, kind, values, secrets=self.secrets, **self.parts)

    async def grant(self, *places: str, kind: str = "fake", **more: Any) -> str:
        async with self.database.transaction() as session:
            opened = await grant(session, self.admin, self.registry, kind, self.team, places, **more, **self.parts)
        return opened.id

    async def open(self, kind: str = "fake") -> list[tuple[str, ...]]:
        async with self.database.transaction() as session:
            return [g.places for g in await grants_of(session, {self.team}, kind, clock=self.clock)]


@pytest.fixture
async def world(database: Database, ledger: Ledger, secrets: Secrets, clock: TestClock) -> World:
    async with database.transaction() as session:
        parts = {"ledger": ledger, "clock": clock}
        admin = await create_person(session, SYSTEM, "olga@a.example", "Olga", **parts)
        ana = await create_person(session, SYSTEM, "ana@a.example", "Ana", **parts)
        team = await create_team(session, SYSTEM, "Bids", ledger=ledger)
        await add_member(session, SYSTEM, team, ana, ledger=ledger)
    return World(
        database, ledger, secrets, clock, Registry([FakeConnector(), MailConnector(clock=clock)]),
        Actor(admin, "Olga", permissions=permissions_of(frozenset({"administrator"}))),
        Actor(ana, "Ana", teams=frozenset({team}), permissions=permissions_of(frozenset({"member"}))), team,
    )  # fmt: skip


async def test_enabling_reaches_nobody(world: World) -> None:
    await world.enable()
    assert await world.open() == []


async def test_a_grant_opens_and_closes(world: World) -> None:
    with pytest.raises(ConnectorNotEnabled):
        await world.grant("bids")
    await world.enable()
    first = await world.grant("/bids/", may_write=True, trusted=True)
    await world.grant("tenders", expires_at=world.clock.now() + timedelta(days=1))
    assert await world.open() == [("bids",), ("tenders",)]
    world.clock.advance(days=1)
    assert await world.open() == [("bids",)]
    async with world.database.transaction() as session:
        assert await grants_of(session, {"team_other"}, "fake", clock=world.clock) == ()
        await disable_connector(session, world.admin, "fake", **world.parts)
        assert await grants_of(session, {world.team}, "fake", clock=world.clock) == ()
    await world.enable()
    async with world.database.transaction() as session:
        await revoke(session, world.admin, first, **world.parts)
        with pytest.raises(NoSuchGrant):
            await revoke(session, world.admin, first, **world.parts)
        assert await list_grants(session, clock=world.clock) == []
    async with world.database.transaction() as session:
        verbs = list(await session.scalars(text("SELECT verb FROM ledger_entries ORDER BY id")))
    assert [v for v in verbs if v.startswith(("connector.", "grant."))] == [
        "connector.enabled", "grant.opened", "grant.opened", "connector.disabled", "connector.enabled", "grant.revoked",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("places", "more"),
    [
        ([], {}), ([""], {}), (["/"], {"reason": "short"}), (["x" * 1001], {}), (["b"], {"reason": "r" * 2001}),
        (["a"], {"place_class": DataClass.RESTRICTED}), ([str(n) for n in range(101)], {}),
    ],
)  # fmt: skip
async def test_a_grant_that_makes_no_sense_is_refused(world: World, places: list[str], more: dict[str, Any]) -> None:
    await world.enable()
    with pytest.raises(BadGrant):
        await world.grant(*places, **more)


async def test_a_grant_into_the_past_or_to_nobody_is_refused(world: World) -> None:
    await world.enable()
    with pytest.raises(BadGrant, match="expired"):
        await world.grant("a", expires_at=world.clock.now())
    with pytest.raises(BadGrant, match="team"):
        await replace(world, team="team_none").grant("a")
    with pytest.raises(NoSuchConnector):
        await world.grant("a", kind="none")


async def test_full_access_needs_an_exception_with_a_reason_and_an_end(world: World) -> None:
    """CN-4: refused by default; with a written reason and an end within a year it is on record, and ends by itself."""
    await world.enable()
    soon, why = world.clock.now() + timedelta(days=30), "The whole shelf is public."
    for places in (("",), ("/",), ("*",), ("bids", "*")):
        for more in (
            {}, {"reason": why}, {"expires_at": soon}, {"reason": "short", "expires_at": soon},
            {"reason": why, "expires_at": world.clock.now() + timedelta(days=370)},
        ):  # fmt: skip
            with pytest.raises(BadGrant, match="exception"):
                await world.grant(*places, **more)
    opened = await world.grant("*", reason=why, expires_at=soon)
    async with world.database.transaction() as session:
        shown = await get_grant(session, opened)
        assert (shown.everything, shown.excepted, shown.reason, shown.expires_at) == (True, True, why, soon)
        body = json.loads(
            str(await session.scalar(text("SELECT body FROM ledger_entries WHERE verb = 'grant.exception_made'")))
        )
    assert (body["subject"], body["data"]["reason"]) == (opened, why)
    assert body["data"]["until"] == soon.isoformat()
    world.clock.advance(days=31)
    assert await world.open() == []


async def test_what_opens_everything_without_an_exception_opens_nothing(world: World) -> None:
    """A row of an earlier release, or one that was put into the database by hand."""
    await world.enable()
    async with world.database.transaction() as session:
        session.add(
            GrantRow(
                id="grant_old", connector="fake", team_id=world.team, places=["*"], may_write=False, ceiling=2,
                place_class=2, trusted=False, reason="", granted_by="x", granted_at=world.clock.now(),
            )
        )  # fmt: skip
    assert await world.open() == []
    async with world.database.transaction() as session:
        assert await list_grants(session, clock=world.clock) == []
        (old,) = await lapsed_of(session, {world.team}, "fake", clock=world.clock)
        assert not old.excepted
        (sight, _) = await overview(session, world.admin, world.registry, clock=world.clock)
    assert [(g.opened.id, g.state) for g in sight.grants] == [("grant_old", "no exception")]
    assert sight.reach == ()


async def test_a_grant_to_a_role_reaches_who_holds_it(world: World) -> None:
    """CN-6: «role group»; a group of the identity provider that gives the role gives the grant with it."""
    await world.enable()
    with pytest.raises(BadGrant, match="no role"):
        await replace(world, team="role:nobody").grant("a")
    async with world.database.transaction() as session:
        owner = replace(world.admin, permissions=permissions_of(frozenset({"owner"})))
        await define_role(session, owner, "desk", "The desk", ["own:tasks:use"], **world.parts)
    for role in ("champion", "desk"):
        await replace(world, team=f"role:{role}").grant(role)

    async def reached() -> list[tuple[str, ...]]:
        async with world.database.transaction() as session:
            holders = await holders_of(session, world.ana.id)
            return [g.places for g in await grants_of(session, holders, "fake", clock=world.clock)]

    assert await reached() == []
    async with world.database.transaction() as session:
        for role in ("champion", "desk"):
            await assign_role(session, SYSTEM, world.ana.id, role, ledger=world.ledger, decided=True)
    assert sorted(await reached()) == [("champion",), ("desk",)]
    async with world.database.transaction() as session:
        (sight, _) = await overview(session, world.admin, world.registry, clock=world.clock)
        assert by_person([sight])[0][1:] == (
            "Ana",
            {"fake": (("champion", "role champion", False, "internal"), ("desk", "role desk", False, "internal"))},
        )
    async with world.database.transaction() as session:
        # A role of the same name that is made later inherits nothing.
        await remove_role(session, SYSTEM, world.ana.id, "desk", ledger=world.ledger)
        await retire_role(session, owner, "desk", ledger=world.ledger)
    world.clock.advance(seconds=1)
    async with world.database.transaction() as session:
        await define_role(session, owner, "desk", "Another desk", ["own:tasks:use"], **world.parts)
        await assign_role(session, SYSTEM, world.ana.id, "desk", ledger=world.ledger)
    assert await reached() == [("champion",)]


async def test_a_grant_is_changed_with_its_effect_said_before(world: World) -> None:
    await world.enable()
    first = await world.grant("bids", may_write=True)
    async with world.database.transaction() as session:
        before = await get_grant(session, first)

        async def effect(terms: Terms | None) -> Any:
            after = None
            if terms is not None:
                after = await proposed(
                    session, world.admin, world.registry, "fake", before.grant.holder, terms, clock=world.clock,
                    grant_id=first,
                )  # fmt: skip
            return await effect_of(session, world.admin, before, after, clock=world.clock)

        assert (await effect(None)).lose == ("Ana",)
        assert (await effect(None)).sentence == "1 person loses access."
        assert (await effect(Terms(["bids"]))).lose == ("Ana",), "writing is lost"
        wider = await effect(Terms(["bids", "tenders"], may_write=True))
        assert (wider.gain, wider.lose) == (("Ana",), ())
        asked = await effect(Terms(["bids"], may_write=True, tools={"fake_read": ToolWord.ASK}))
        assert asked.sentence == "1 person keeps access on other terms."
        assert (await effect(Terms(["bids"], may_write=True))).sentence == "Nobody gains or loses access."
        with pytest.raises(PermissionMissing):
            await effect_of(session, world.ana, before, None, clock=world.clock)
    await world.grant("bids", may_write=True)
    async with world.database.transaction() as session:
        assert (await effect_of(session, world.admin, before, None, clock=world.clock)).lose == (), "kept otherwise"
        words = Terms(["bids/2026"], tools={"fake_read": ToolWord.ASK})
        new = await proposed(
            session, world.admin, world.registry, "fake", world.team, words, clock=world.clock
        )  # fmt: skip
        said = await effect_of(session, world.admin, None, new, clock=world.clock)
        assert said.otherwise == ("Ana",), "a new grant that asks takes something away from what she has"
        with pytest.raises(PermissionMissing):
            await change_grant(session, world.ana, world.registry, first, Terms(["a"]), **world.parts)
        for unknown in ("grant_none", "x" * 500, "\x00"):
            with pytest.raises(NoSuchGrant):
                await change_grant(session, world.admin, world.registry, unknown, Terms(["a"]), **world.parts)
        with pytest.raises(BadGrant, match="no tool"):
            await change_grant(
                session, world.admin, world.registry, first, Terms(["a"], tools={"rm": ToolWord.ASK}), **world.parts
            )
        await change_grant(
            session, world.admin, world.registry, first, Terms(["tenders"], tools={"*": ToolWord.BLOCK}), **world.parts
        )
    assert sorted(await world.open()) == [("bids",), ("tenders",)]
    async with world.database.transaction() as session:
        body = json.loads(
            str(await session.scalar(text("SELECT body FROM ledger_entries WHERE verb = 'grant.changed'")))
        )
    assert (body["data"]["before"]["places"], body["data"]["tools"]) == (["bids"], {"*": "block"})


def test_the_strictest_word_of_all_grants_that_are_touched_holds() -> None:
    """R28: grants add up, but a block of one holds in its places whatever another says; elsewhere it is mute."""
    wide = Grant("g1", "fake", "t", ("a",), tools={"fake_write": ToolWord.ALLOW})
    inner = Grant("g2", "fake", "u", ("a/b",), tools={"fake_write": ToolWord.BLOCK, "*": ToolWord.ASK})

    def words(place: str, tool: str) -> list[ToolWord]:
        return [s.word for s in scopes_for((wide, inner), "fake", place, tool) if s.covers or s.below]

    assert words("a/b/c", "fake_write") == [ToolWord.ALLOW, ToolWord.BLOCK]
    assert words("a/b/c", "fake_read") == [ToolWord.ALLOW, ToolWord.ASK]
    assert words("a/x", "fake_write") == [ToolWord.ALLOW]
    # A search over the whole of `a` would go into `a/b`: what is said there counts.
    assert words("a", "fake_write") == [ToolWord.ALLOW, ToolWord.BLOCK]
    with pytest.raises(BadGrant):
        read_words({"fake_read": "maybe"})
    assert read_words({"fake_read": "", "*": "block"}) == {"*": ToolWord.BLOCK}


async def test_only_an_administrator_opens_connectors(world: World) -> None:
    await world.enable()
    mine = replace(world, admin=world.ana)
    for attempt in (mine.enable(), mine.grant("a")):
        with pytest.raises(PermissionMissing):
            await attempt
    with pytest.raises(PermissionMissing):
        async with world.database.transaction() as session:
            await decide_tool(session, world.ana, world.registry, "fake_read", "approved", **world.parts)


def test_scopes_cover_by_steps_of_the_path() -> None:
    one = Grant("g1", "fake", "t", ("a/b",), may_write=True, ceiling=DataClass.CONFIDENTIAL)
    other, everything = Grant("g2", "else", "t", ("",)), Grant("g3", "fake", "u", ("*",))
    scopes = scopes_for((one, other, everything), "fake", "a/b/c")
    assert [s.covers for s in scopes] == [True, False, True]
    assert (scopes[0].id, scopes[0].may_write, scopes[0].ceiling) == ("g1", True, DataClass.CONFIDENTIAL)
    assert [s.covers for s in scopes_for((one,), "fake", "a/bc")] == [False]
    assert [s.covers for s in scopes_for((one,), "fake", "a")] == [False]
    assert covers(one, "")


async def test_tools_arrive_approved_and_a_changed_one_waits(world: World) -> None:
    async with world.database.transaction() as session:
        assert (await tool_states(session)).get("fake_read", TOOLS[0].hash) == "pending"
    await world.enable()
    async with world.database.transaction() as session:
        states = await tool_states(session)
        assert states.get("fake_read", TOOLS[0].hash) == "approved"
        assert states.get("fake_read", replace(TOOLS[0], description="Now it sends, too.").hash) == "pending"
        await decide_tool(session, world.admin, world.registry, "fake_send", "blocked", **world.parts)
        states = await tool_states(session)
        assert states.get("fake_send", TOOLS[1].hash) == "blocked"
        assert states.get("fake_send", "another hash") == "blocked"
        with pytest.raises(NoSuchTool):
            await decide_tool(session, world.admin, world.registry, "none", "blocked", **world.parts)
        with pytest.raises(NoSuchState):
            await decide_tool(session, world.admin, world.registry, "fake_send", "on", **world.parts)
    await world.enable()
    async with world.database.transaction() as session:
        assert (await tool_states(session)).get("fake_send", TOOLS[1].hash) == "blocked", (
            "enabling again unblocks nothing"
        )


async def test_a_mailbox_is_personal_and_its_servers_are_the_organisations(world: World) -> None:
    async with MailSink(user="ana@a.example", password="secret-word") as sink:
        await world.enable("mail", smtp_url=sink.url)
        async with world.database.transaction() as session:
            assert await account_for(session, world.ana.id, "mail", secrets=world.secrets) is None
        for bad in (
            {"address": "ana@a.example", "password": "p", "smtp_url": "smtps://evil.example"},
            {},
            {"address": "x"},
        ):
            with pytest.raises((BadAccount, BadArguments)):
                await _connect(world, bad)
        view = await _connect(world, {"address": "ana@a.example", "password": "secret-word"})
        async with world.database.transaction() as session:
            account = await account_for(session, world.ana.id, "mail", secrets=world.secrets)
            assert account is not None
            assert account.config["smtp_url"] == sink.url
            assert account.secrets == {"password": "secret-word"}
            assert await account_for(session, world.admin.id, "mail", secrets=world.secrets) is None
            stored = await session.get_one(AccountRow, view.id)
            assert "secret-word" not in str(stored.sealed) + str(stored.config)
            shown = [v.to_json() for v in await list_accounts(session, person=world.ana.id)]
            assert "secret-word" not in str(shown)
            dumped = str(list(await session.scalars(text("SELECT body FROM ledger_entries"))))
            assert "secret-word" not in dumped
        parts = {**world.parts, "secrets": world.secrets}
        healthy, sentence = await check_account(world.database, world.ana, world.registry, view.id, **parts)
        assert (healthy, sentence) == (True, "Sending works. Reading is not set up.")
        await _connect(world, {"address": "ana@a.example", "password": "old-word"})
        healthy, sentence = await check_account(world.database, world.ana, world.registry, view.id, **parts)
        assert not healthy
        assert "sign-in" in sentence


async def _connect(world: World, values: dict[str, Any], kind: str = "mail") -> Any:
    async with world.database.transaction() as session:
        return await connect_account(
            session, world.ana, world.registry, kind, values, secrets=world.secrets, **world.parts
        )


async def test_an_account_is_its_owners(world: World) -> None:
    await world.enable("mail", smtp_url="smtps://mail.a.example")
    view = await _connect(world, {"address": "ana@a.example", "password": "w"})
    ben = replace(world.ana, id="person_ben")
    for act in (disable_account,):
        with pytest.raises(NoSuchAccount):
            async with world.database.transaction() as session:
                await act(session, ben, view.id, **world.parts)
    with pytest.raises(BadAccount):
        await _connect(world, {}, kind="fake")
    async with world.database.transaction() as session:
        await disable_account(session, world.ana, view.id, **world.parts)
        assert await account_for(session, world.ana.id, "mail", secrets=world.secrets) is None
        assert (await session.get_one(AccountRow, view.id)).sealed == {}


async def test_secrets_open_under_their_master_key_and_in_their_row_alone(world: World) -> None:
    await world.enable("mail", smtp_url="smtps://mail.a.example")
    await _connect(world, {"address": "ana@a.example", "password": "w"})
    async with world.database.transaction() as session:
        assert await account_for(session, world.ana.id, "mail", secrets=world.secrets) is not None
        assert await account_for(session, world.ana.id, "mail", secrets=Secrets(b"n" * 32)) is None
        row = await session.scalar(select(AccountRow).where(AccountRow.person_id == world.ana.id))
        assert row is not None
        row.id = "acc_moved"
        await session.flush()
        assert await account_for(session, world.ana.id, "mail", secrets=world.secrets) is None


def test_names_stand_once() -> None:
    class Twin(FakeConnector):
        kind = "twin"

    with pytest.raises(ToolNameTaken):
        Registry([FakeConnector(), Twin()])
    with pytest.raises(ToolNameTaken):
        Registry([FakeConnector(), FakeConnector()])
    with pytest.raises(NoSuchConnector):
        Registry([]).get("x")
    connectors: list[Connector] = [FakeConnector()]
    assert set(Registry(connectors).tools()) == {"fake_read", "fake_send", "fake_write"}


def test_scopes_that_open_everything_need_an_exception_with_an_end() -> None:
    """CN-4: known full-access scopes are refused by default; what is narrower is not."""
    now = TestClock().now()
    for scope in ("*", "FULL", "repo", "https://mail.google.com/", "Sites.FullControl.All", "mail:*", "x/.default"):
        assert opens_everything([scope, "openid"]) == (scope,)
    for scope in ("openid", "offline_access", "mail.read", "https://www.googleapis.com/auth/drive.file", "repo:status"):
        assert opens_everything([scope]) == ()
    day = (now + timedelta(days=30)).date().isoformat()
    why = "The vendor has no narrower one."
    assert excepted({"full_access_reason": why, "full_access_until": day}, now)
    assert not excepted({"full_access_reason": why, "full_access_until": day}, now + timedelta(days=32))
    for config in (
        {}, {"full_access_reason": why}, {"full_access_until": day},
        {"full_access_reason": "x", "full_access_until": day},
        {"full_access_reason": why, "full_access_until": (now + timedelta(days=400)).date().isoformat()},
        {"full_access_reason": why, "full_access_until": "soon"},
    ):  # fmt: skip
        assert not excepted(config, now), config
