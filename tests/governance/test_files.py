"""Configuration as files: an export goes into an empty organisation and comes out equal; a plan changes nothing; apply
does exactly what was planned, through the deeds of the pages; every kind of bad file is refused with its line (R66)."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from colleague.audit.tables import EntryRow
from colleague.connectors.accounts import disable_connector, enable_connector
from colleague.connectors.grants import grant, list_grants
from colleague.connectors.mcp.classify import classify_tool
from colleague.connectors.mcp.definition import define_all
from colleague.connectors.mcp.servers import keep_listing, register_server
from colleague.connectors.tiers import decide_tool
from colleague.governance.asfiles.apply import (
    NeverApplied,
    NothingToApply,
    NotWhole,
    Parts,
    PlanStale,
    apply_files,
    drift_of,
    export_files,
    files_before,
    list_applied,
    plan_files,
)
from colleague.governance.asfiles.files import NoFiles, UnknownFile, read_files
from colleague.governance.asfiles.parts.connect import holds_secret
from colleague.governance.asfiles.yaml_file import BadFile
from colleague.identity.actor import SYSTEM, Actor, PermissionMissing
from colleague.identity.directory import actor_of, list_teams
from colleague.identity.groups.custom_roles import define_role
from colleague.identity.groups.members import make_group
from colleague.identity.groups.rules import set_rule
from colleague.identity.people import assign_role, create_person, create_team
from colleague.models.ceilings import set_ceiling
from colleague.models.papers import attest, sign_baa
from colleague.models.providers import Wanted, add_provider, enable_provider
from colleague.models.routes import set_route
from colleague.plugins.packages import switch_skill
from colleague.policy.governance import current_governance
from colleague.policy.model import DataClass, Tier, ToolWord
from colleague.policy.second_person.propose import confirm, list_proposals
from colleague.testing.clock import TestClock
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, agreed, furnish
from colleague.testing.mcp import listed
from colleague.testing.postgres import TestPostgres

pytestmark = pytest.mark.anyio


@dataclass
class Org:
    """An organisation in a database of its own."""

    home: TestHouse
    parts: Parts

    @property
    def olga(self) -> Actor:
        return self.home.people["owner"]

    async def do(self, deed: Any, *args: Any, **more: Any) -> Any:
        async with self.parts.database.transaction() as session:
            return await deed(session, self.olga, *args, ledger=self.parts.ledger, **more)

    async def export(self) -> dict[str, str]:
        return await export_files(self.parts, self.olga)

    async def apply(self, files: dict[str, str], who: Actor | None = None) -> Any:
        plan = await plan_files(self.parts, who or self.olga, files)
        return await apply_files(self.parts, who or self.olga, files, plan.digest)

    async def plan(self, files: dict[str, str]) -> list[str]:
        plan = await plan_files(self.parts, self.olga, files)
        return [f"{c.state}: {c.line}" for c in plan.changes]

    async def rows(self) -> int:
        """Return a number that any change of what is on record changes."""
        async with self.parts.database.transaction() as session:
            return await session.scalar(select(func.count()).select_from(EntryRow)) or 0


@pytest.fixture
async def org(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Org]:
    home = await furnish(database_url, tmp_path, connectors=[FakeConnector()], clock=clock)
    h = home.house
    yield Org(home, Parts(h.database, h.registry, h.secrets, h.ledger, h.clock, h.foreign))
    await h.close()


@pytest.fixture
async def empty(postgres: TestPostgres, tmp_path: Path, clock: TestClock) -> AsyncIterator[Org]:
    """Another organisation with the same people and nothing set up."""
    with postgres.database() as url:
        home = await furnish(url, tmp_path / "other", connectors=[FakeConnector()], clock=clock)
        h = home.house
        yield Org(home, Parts(h.database, h.registry, h.secrets, h.ledger, h.clock, h.foreign))
        await h.close()


async def furnished(org: Org) -> None:
    """Set up a little of everything."""
    p, do = org.parts, org.do
    clock = {"clock": p.clock}
    bids, legal = org.home.team, await do(create_team, "Legal / EU=no")
    await do(define_role, "press_officer", "Answers the press.", ["own:tasks:use", "org:people:read"], **clock)
    async with p.database.transaction() as session:
        await agreed(
            session, org.olga,
            {"highest_input": "restricted", "blocked_types": ["application/zip"], "dispatch_ceiling": "communicate",
             "input_ceilings": [f"{legal}/*=internal", "*/contract-review=confidential"]},
            ledger=p.ledger, clock=p.clock,
        )  # fmt: skip
    await do(enable_connector, p.registry, "fake", {}, secrets=p.secrets, **clock)
    opened = {"registry": p.registry, **clock}
    more = {"may_write": True, "tools": {"fake_read": ToolWord.ASK}, "trusted": True}
    await do(grant, connector="fake", team=bids, places=["bids", "a: b"], **more, **opened)
    until = p.clock.now() + timedelta(days=30)
    await do(grant, connector="fake", team="role:press_officer", places=["*"], reason="The press asks for all.",
             ceiling=DataClass.CONFIDENTIAL, expires_at=until, **opened)  # fmt: skip
    await do(grant, connector="fake", team=legal, places=["no"], **opened)
    await do(grant, connector="fake", team=legal, places=["no"], **opened)
    await do(add_provider, "local", Wanted("compatible", "own", "restricted", "http://10.0.0.5:8000/v1"),
             secrets=p.secrets, **clock)  # fmt: skip
    await do(enable_provider, "local", **clock)
    today = p.clock.now().date()
    await do(attest, "local", document="ZDR 7, §2: «no»", signed_on=today, expires_on=today + timedelta(days=90),
             covers=["inputs", "outputs"], **clock)  # fmt: skip
    await do(sign_baa, "local", document="BAA 1", counterparty="We", scope="all", signed_on=date(2024, 1, 1),
             expires_on=None, **clock)  # fmt: skip
    await do(set_route, "team", legal, ["local:llama", "extractive"], **clock)
    await do(set_route, "organisation", "", ["extractive"], **clock)
    for scope, subject in (("organisation", ""), ("person", "*"), ("team", bids)):
        await do(set_ceiling, scope, subject, 5_000_000, **clock)
    await do(switch_skill, "colleague:minutes", on=False, reason="Not yet.", **clock)


async def test_an_export_goes_into_an_empty_organisation_and_comes_out_equal(org: Org, empty: Org) -> None:
    await furnished(org)
    files = await org.export()
    assert files == await org.export()
    assert list(files) == ["settings.yaml", "rules.cedar", "teams.yaml", "roles.yaml", "groups.yaml",
                           "connectors.yaml", "tools.yaml", "grants.yaml", "models.yaml", "skills.yaml"]  # fmt: skip
    second = await with_second_owner(empty)
    plan = await plan_files(empty.parts, empty.olga, files)
    assert {c.state for c in plan.changes} == {"applies", "waits"}, [c for c in plan.changes if c.state == "refused"]
    await apply_files(empty.parts, empty.olga, files, plan.digest)
    # What weakens a rule is in force only after the second person.
    assert (await empty.export())["settings.yaml"] != files["settings.yaml"]
    async with empty.parts.database.transaction() as session:
        (waiting,) = await list_proposals(session, clock=empty.parts.clock)
        assert set(waiting.weakens) == {"highest_input", "dispatch_ceiling"}
        await confirm(
            session, second, waiting.id, waiting.digest, ledger=empty.parts.ledger, clock=empty.parts.clock
        )  # fmt: skip
    assert await empty.export() == files
    assert await drift_of(empty.parts, empty.olga, files) == []
    assert (await plan_files(empty.parts, empty.olga, files)).changes == ()


async def with_second_owner(org: Org) -> Actor:
    async with org.parts.database.transaction() as session:
        ledger = org.parts.ledger
        person = await create_person(
            session, SYSTEM, "oda@aldermoor.example", "Oda", ledger=ledger, clock=org.parts.clock
        )
        await assign_role(session, SYSTEM, person, "owner", ledger=ledger)
        return await actor_of(session, person_id=person, via="page")


async def test_no_secret_and_no_person_is_in_the_files(org: Org) -> None:
    await furnished(org)
    everything = "\n".join((await org.export()).values())
    async with org.parts.database.transaction() as session:
        people = list(await session.execute(text("SELECT id, name, email FROM people")))
    for one in people:
        assert not [word for word in one if word in everything]


async def test_a_plan_changes_nothing_and_says_whom_it_touches(org: Org) -> None:
    await furnished(org)
    files = await org.export()
    files["grants.yaml"] = files["grants.yaml"].replace("- bids\n", "- bids\n  - tenders\n")
    files["teams.yaml"] += "- name: New\n"
    before = await org.rows()
    plan = await plan_files(org.parts, org.olga, files)
    assert await org.rows() == before
    assert plan.digest == (await plan_files(org.parts, org.olga, files)).digest
    team, changed = plan.changes
    assert (team.line, changed.verb, changed.words) == ("+ team New", "change", "6 people gain access.")
    assert changed.details == ("places: a: b, bids → a: b, bids, tenders",)
    async with org.parts.database.transaction() as session:
        assert "New" not in {t.name for t in await list_teams(session)}


async def test_only_the_plan_that_was_seen_is_applied(org: Org) -> None:
    await furnished(org)
    files = await org.export()
    files["teams.yaml"] += "- name: New\n"
    plan = await plan_files(org.parts, org.olga, files)
    await org.do(create_team, "In between")
    for seen in (plan.digest, "", "0" * 64):
        with pytest.raises(PlanStale):
            await apply_files(org.parts, org.olga, files, seen)
    # What was made in between is no part of these files' teams: it stays, and the plan says so.
    assert await org.plan(files) == ["by hand: - team In between", "applies: + team New"]
    await org.apply(files)
    with pytest.raises(NothingToApply):
        await org.apply(files)


async def test_apply_is_all_or_nothing(org: Org) -> None:
    await furnished(org)
    files = await org.export()
    files["teams.yaml"] += "- name: New\n"
    files["roles.yaml"] += "- name: too_much\n  meaning: Makes owners.\n  permissions:\n  - org:roles:own\n"
    with pytest.raises(NotWhole, match=r"too_much.*owner's alone"):
        await org.apply(files)
    async with org.parts.database.transaction() as session:
        assert "New" not in {t.name for t in await list_teams(session)}
        refused = select(EntryRow.verb).where(EntryRow.verb.like("%refused"))
        assert list(await session.scalars(refused)) == ["governance.change_refused"]


async def test_files_give_nobody_more_than_they_may_do(org: Org) -> None:
    await furnished(org)
    files = await org.export()
    files["teams.yaml"] += "- name: New\n"
    reader = replace(org.olga, permissions=frozenset(p for p in org.olga.permissions if p.endswith(":read")))
    plan = await plan_files(org.parts, reader, files)
    assert [c.state for c in plan.changes] == ["refused"]
    with pytest.raises(NotWhole, match="org:people:manage"):
        await apply_files(org.parts, reader, files, plan.digest)
    for who in ("ana", "rita"):
        with pytest.raises(PermissionMissing):
            await export_files(org.parts, org.home.people[who])
        with pytest.raises(PermissionMissing):
            await plan_files(org.parts, org.home.people[who], files)


async def test_what_weakens_a_rule_waits_and_nobody_alone_gets_it(org: Org) -> None:
    files = {"settings.yaml": "format: 1\nsettings:\n  confirm_internal: false\n  highest_input: public\n"}
    # Olga is the only person who may change rules.
    with pytest.raises(NotWhole, match="nobody but you"):
        await org.apply(files)
    await with_second_owner(org)
    assert await org.plan(files) == [
        "applies: ~ setting highest_input (value: confidential → public)",
        "waits: ~ setting confirm_internal (value: yes → no)",
    ]
    await org.apply(files)
    await org.apply(files)
    async with org.parts.database.transaction() as session:
        now = await current_governance(session)
        assert (now.confirm_internal, now.highest_input) == (True, DataClass.PUBLIC)
        # Applying twice asks the second person once.
        assert len(await list_proposals(session, clock=org.parts.clock)) == 1


async def test_rolling_back_puts_in_force_what_was_before(org: Org) -> None:
    with pytest.raises(NeverApplied):
        await files_before(org.parts, org.olga)
    await furnished(org)
    before = await org.export()
    files = dict(before, **{"grants.yaml": "format: 1\ngrants: []\n", "skills.yaml": before["skills.yaml"]})
    files["roles.yaml"] = before["roles.yaml"].replace("Answers the press.", "Reads.")
    applied = await org.apply(files)
    assert "6 people lose access." in [c.words for c in applied.changes if c.list == "grants"]
    ident, saved = await files_before(org.parts, org.olga)
    assert (ident, saved) == (applied.id, before)
    plan = await plan_files(org.parts, org.olga, saved)
    await apply_files(org.parts, org.olga, saved, plan.digest, rolls_back=ident)
    assert await org.export() == before
    back, first = await list_applied(org.parts, org.olga)
    assert (first.id, back.rolls_back) == (ident, ident)
    with pytest.raises(NeverApplied):
        await files_before(org.parts, org.olga, "applied_x")


async def test_drift_is_told_in_words(org: Org) -> None:
    await furnished(org)
    files = await org.export()
    p = org.parts
    await org.do(decide_tool, p.registry, "fake_write", "blocked", clock=p.clock)
    async with p.database.transaction() as session:
        await agreed(session, org.olga, {"highest_external": "confidential"}, ledger=p.ledger, clock=p.clock)
    assert [c.line for c in await drift_of(p, org.olga, files)] == [
        "~ setting highest_external (value: confidential → internal)",
        "~ tool fake_write (state: blocked → approved)",
    ]
    assert await org.plan(files) == [
        "applies: ~ setting highest_external (value: confidential → internal)",
        "applies: ~ tool fake_write (state: blocked → approved)",
    ]
    # A part of the files is planned alone.
    assert await org.plan({"tools.yaml": files["tools.yaml"]}) == [
        "applies: ~ tool fake_write (state: blocked → approved)"
    ]
    await org.do(disable_connector, "fake", clock=p.clock)
    plan = await org.plan(files)
    assert "applies: + connector fake" in plan
    # Its grants stayed on record: they are not opened a second time.
    assert not [line for line in plan if "grant" in line]


async def test_a_tool_that_is_another_one_here_is_not_approved(org: Org) -> None:
    await furnished(org)
    files = await org.export()
    p = org.parts
    await org.do(decide_tool, p.registry, "fake_read", "blocked", clock=p.clock)
    name = files["tools.yaml"].split("- name: fake_read\n")[1]
    pin = name.split("hash: ")[1][:64]
    files["tools.yaml"] = files["tools.yaml"].replace(pin, "f" * 64)
    assert await org.plan({"tools.yaml": files["tools.yaml"]}) == [
        f"by hand: ~ tool fake_read (state: blocked → approved; hash: {pin} → {'f' * 64})"
    ]


async def test_group_rules_wait_for_their_group(org: Org, empty: Org) -> None:
    async def group(one: Org) -> str:
        async with one.parts.database.transaction() as session:
            row = await make_group(session, SYSTEM, "scim", "Bidders", ledger=one.parts.ledger, clock=one.parts.clock)
            return row.id

    ident = await group(org)
    await org.do(set_rule, ident, "team", org.home.team, gives=True, clock=org.parts.clock)
    files = {"groups.yaml": (await org.export())["groups.yaml"]}
    line = "+ group scim: «Bidders» gives the team «Bids»"
    assert await empty.plan(files) == [f"by hand: {line}"]
    await group(empty)
    assert await empty.plan(files) == [f"applies: {line}"]
    await empty.apply(files)
    assert (await empty.export())["groups.yaml"] == files["groups.yaml"]


async def test_a_key_is_given_by_hand(org: Org, empty: Org) -> None:
    p = org.parts
    wanted = Wanted("anthropic", "us", "internal")
    await org.do(add_provider, "claude", wanted, "sk-ant-very-secret-1234", secrets=p.secrets, clock=p.clock)
    today = p.clock.now().date()
    await org.do(attest, "claude", document="DPA", signed_on=today, expires_on=today + timedelta(days=9),
                 covers=["inputs"], clock=p.clock)  # fmt: skip
    await org.do(enable_provider, "claude", clock=p.clock)
    files = {"models.yaml": (await org.export())["models.yaml"]}
    assert "secret" not in files["models.yaml"]
    assert [line.partition(" (")[0] for line in await empty.plan(files)] == [
        "applies: + model provider claude", f"applies: + paper claude: no-training «DPA», {today} to "
        f"{today + timedelta(days=9)}", "by hand: ~ model provider claude",
    ]  # fmt: skip
    p.clock.advance(days=20)  # type: ignore[attr-defined]
    assert "by hand: + paper" in "\n".join(await empty.plan(files))


async def test_a_grant_whose_end_has_passed_is_not_opened(org: Org) -> None:
    await furnished(org)
    files = await org.export()
    org.parts.clock.advance(days=31)  # type: ignore[attr-defined]
    (line,) = await org.plan({"grants.yaml": files["grants.yaml"]})
    assert line.startswith("by hand: + grant fake for the role «press_officer»")
    async with org.parts.database.transaction() as session:
        assert len(await list_grants(session, clock=org.parts.clock)) == 3


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nformat: 1\nteams: []\n"


@pytest.mark.parametrize(
    ("name", "content", "line", "why"),
    [
        ("teams.yaml", "format: 1\nteams:\n- name: [\n", 4, "expected"),
        ("teams.yaml", "format: 2\nteams: []\n", 1, "format: 1"),
        ("teams.yaml", "teams: []\nformat: true\n", 2, "format: 1"),
        ("teams.yaml", "", 1, "format: 1"),
        ("teams.yaml", "- 1", 1, "format: 1"),
        ("teams.yaml", "format: 1\n", 1, "missing"),
        ("teams.yaml", "format: 1\nteams: []\nmore: 1\n", 3, "«more» is not known"),
        ("teams.yaml", "format: 1\nteams:\n- name: A\n- name: B\n  colour: red\n", 5, "colour"),
        ("teams.yaml", "format: 1\nteams:\n- name: A\n- name: A\n", 4, "twice"),
        ("teams.yaml", "format: 1\nteams:\n- name: A\n  name: B\n", 4, "twice"),
        ("teams.yaml", "format: 1\nteams:\n- name: no\n", 3, "string"),
        ("teams.yaml", "format: 1\nteams: {}\n", 2, "list"),
        ("teams.yaml", "format: 1\nteams:\n- name: \"\\x1b[2J\"\n", 3, "cannot be stored"),
        ("teams.yaml", "format: 1\nteams:\n- 1: A\n", 3, "a key is a word"),
        ("teams.yaml", BOMB, 1, "anchors"),
        ("teams.yaml", "format: 1\nteams: !!python/object/apply:os.system [id]\n", 2, "tags"),
        ("teams.yaml", "format: 1\nteams: " + "[" * 500 + "]" * 500, 2, "deeper"),
        ("teams.yaml", "format: 1\nteams: []\n# " + "x" * 1_000_001, 1, "at most"),
        ("teams.yaml", "format: 1\nteams:\n" + "- name: x\n" * 30_000, 25_001, "longer"),
        ("settings.yaml", "format: 1\nsettings:\n  zone: us\n  loose: true\n", 4, "no setting «loose»"),
        ("settings.yaml", "format: 1\nsettings:\n  zone: us\n  rules: x\n", 4, "no setting «rules»"),
        ("settings.yaml", "format: 1\nsettings:\n  zone: 7\n", 3, "value"),
        ("grants.yaml", "format: 1\ngrants:\n- connector: a\n  team: T\n  places: [b]\n  until: 2026-12-31\n", 6,
         "zone"),
        ("grants.yaml", "format: 1\ngrants:\n- connector: a\n  places: [b]\n", 3, "team or a role"),
        ("grants.yaml", "format: 1\ngrants:\n- connector: a\n  team: T\n  places: []\n", 5, "at least 1"),
        ("models.yaml", "format: 1\nproviders: []\npapers: []\nroutes: []\nceilings:\n- scope: team\n  micros: -1\n", 7,
         "greater than"),
        ("tools.yaml", "format: 1\ntools:\n- name: a\n  state: approved\n  hash: short\n", 5, "hash"),
        ("rules.cedar", "x" * 500_001, 1, "at most"),
    ],
)  # fmt: skip
async def test_a_bad_file_is_refused_with_its_line(name: str, content: str, line: int, why: str) -> None:
    with pytest.raises(BadFile, match=f"{name}, line ") as refused:
        read_files({name: content})
    assert refused.value.details["line"] == line, refused.value.message
    assert why in refused.value.message


def test_files_that_are_none_are_refused() -> None:
    with pytest.raises(UnknownFile, match=r"team\.yaml"):
        read_files({"team.yaml": ""})
    with pytest.raises(NoFiles):
        read_files({})


async def test_a_setting_that_makes_no_sense_is_refused_in_the_plan(org: Org) -> None:
    for value in ("highest_input: secret", "internal_domains: [not a domain]", "input_ceilings: ['Nobody/*=public']"):
        plan = await org.plan({"settings.yaml": f"format: 1\nsettings:\n  {value}\n"})
        assert len(plan) == 1
        assert plan[0].startswith(("refused", "by hand"))


async def test_rules_need_signatures(org: Org) -> None:
    rule = '@id("no-mail")\n@why("No mail.")\nforbid (principal, action, resource);\n'
    assert await org.plan({"rules.cedar": rule}) == [
        "by hand: ~ rules the organisation's own rules (text: none → " + rule.strip() + ")"
    ]


async def test_two_who_apply_the_same_plan_do_it_once(org: Org) -> None:
    import asyncio

    files = {"teams.yaml": (await org.export())["teams.yaml"] + "- name: New\n"}
    digest = (await plan_files(org.parts, org.olga, files)).digest
    both: list[Callable[[], Any]] = [lambda: apply_files(org.parts, org.olga, files, digest)] * 2
    done = await asyncio.gather(*(one() for one in both), return_exceptions=True)
    assert sorted(type(d).__name__ for d in done) == ["Applied", "PlanStale"]


async def test_a_foreign_server_goes_round_with_what_was_said_of_its_tools(org: Org, empty: Org) -> None:
    async def listing(one: Org, *words: str) -> None:
        raws = [listed(f"tool{n}", w, readOnlyHint=True, openWorldHint=False) for n, w in enumerate(words)]
        async with one.parts.database.transaction() as session:
            made = define_all(raws, "clock", "mcp-server-time")
            await keep_listing(session, "clock", made, partial=False, ledger=one.parts.ledger, clock=one.parts.clock)

    p = org.parts
    values = {"command": "mcp-server-time", "args": "--local\nUTC"}
    await org.do(register_server, p.registry, "clock", "Clock", values, transport="stdio", secrets=p.secrets,
                 clock=p.clock)  # fmt: skip
    await listing(org, "Tells the time.", "Tells the day.")
    for number, tier in enumerate((Tier.READ, Tier.MODIFY)):
        await org.do(classify_tool, p.registry, f"mcp__clock__tool{number}", tier=tier, egress=False,
                     data_class=DataClass.INTERNAL, reason="We looked at it closely.", clock=p.clock)  # fmt: skip
    files = await org.export()
    assert "args: |-" in files["connectors.yaml"] or "--local" in files["connectors.yaml"]
    # The server first: which tools it has is known once it was asked.
    plan = await plan_files(empty.parts, empty.olga, files)
    assert {(c.what, c.state) for c in plan.changes} == {
        ("mcp__clock", "applies"), ("mcp__clock__tool0", "by hand"), ("mcp__clock__tool1", "by hand")
    }  # fmt: skip
    await apply_files(empty.parts, empty.olga, files, plan.digest)
    await listing(empty, "Tells the time.", "Tells the day, and does something else.")
    assert {line.partition(" (")[0] for line in await empty.plan(files)} == {
        "applies: + tool mcp__clock__tool0", "by hand: + tool mcp__clock__tool1"
    }  # fmt: skip
    await listing(empty, "Tells the time.", "Tells the day.")
    await empty.apply(files)
    assert await empty.export() == files
    # And away again.
    without = dict(files, **{"connectors.yaml": "format: 1\nconnectors: []\n", "tools.yaml": "format: 1\ntools: []\n"})
    await empty.apply({"connectors.yaml": without["connectors.yaml"]})
    assert "mcp__clock" not in (await empty.export())["connectors.yaml"]


async def test_a_setting_that_holds_a_secret_is_left_out_and_named(org: Org) -> None:
    p = org.parts
    values = {"command": "mcp-server-x", "args": "--url=https://me:hunter2@example.org/"}
    await org.do(register_server, p.registry, "loud", "Loud", values, transport="stdio", secrets=p.secrets,
                 clock=p.clock)  # fmt: skip
    text = (await org.export())["connectors.yaml"]
    assert "hunter2" not in text
    assert "secrets:\n  - args\n" in text
    assert holds_secret("sk-ant-api03-" + "a1B2" * 20)
    for text in ("https://a:b@example.org", "https://a@b.example", "--token=x", "--password x", "https://x.example/?api_key=1",
                 "Authorization: Bearer x", "--env\nSECRET=x"):  # fmt: skip
        assert holds_secret(text), text
    for text in ("https://mcp.example.org/mcp", "--local\nUTC", "/srv/secrets", "Authorization", "auth.example.org"):
        assert not holds_secret(text), text
