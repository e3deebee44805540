"""What a grant says holds for every call: its words for tools, its end, its places; and the run is told why."""

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from colleague.agent.messages import Turn
from colleague.connectors.grants import Terms, change_grant, get_grant, grant, revoke
from colleague.files.uploads import FileBlocked
from colleague.identity.actor import SYSTEM
from colleague.identity.directory import actor_of
from colleague.identity.groups.members import change_members, make_group
from colleague.identity.groups.rules import set_rule
from colleague.identity.people import create_team
from colleague.policy.governance import change_governance
from colleague.policy.model import DataClass, ToolWord
from colleague.testing.llm import call, last_outcome

pytestmark = pytest.mark.anyio
READ = call("fake_read", shelf="bids", note="price")
WRITE = call("fake_write", shelf="bids", note="price", text="421")
TOLD = "The price is 420."


async def on(desk: Any, places: Sequence[str] = ("bids",), **terms: Any) -> None:
    """Put the desk's grant on other terms."""
    async with desk.house.database.transaction() as session:
        await change_grant(
            session, desk.home.people["owner"], desk.house.registry, desk.grant, Terms(places, **terms),
            ledger=desk.house.ledger, clock=desk.clock,
        )  # fmt: skip


async def more(desk: Any, holder: str, *places: str, **terms: Any) -> str:
    async with desk.house.database.transaction() as session:
        opened = await grant(
            session, desk.home.people["owner"], desk.house.registry, "fake", holder, places,
            ledger=desk.house.ledger, clock=desk.clock, **terms,
        )  # fmt: skip
    return opened.id


async def rules_of(desk: Any, task: str) -> list[list[str]]:
    return [[r["rule"] for r in c.decision.get("rulings", [])] for c in (await desk.see(task)).calls]


async def test_ask_lets_a_person_confirm_even_what_only_reads(desk: Any) -> None:
    await on(desk, tools={"fake_read": ToolWord.ASK})
    task = await desk.run(READ, Turn("Done."))
    assert await desk.state(task) == "needs approval"
    assert not desk.fake.calls
    assert await rules_of(desk, task) == [["grant-asks"]]
    await desk.answer(task, "approved")
    await desk.work()
    assert await desk.outcomes(task) == [TOLD]


async def test_a_blocked_tool_is_refused_by_a_rule_and_not_offered(desk: Any) -> None:
    await on(desk, may_write=True, tools={"fake_write": ToolWord.BLOCK})
    shown: list[str] = []

    def look(messages: Any, tools: Any) -> Turn:
        shown.extend(t.name for t in tools)
        return WRITE

    task = await desk.run(look, READ, Turn("Done."))
    assert "fake_read" in shown
    assert "fake_write" not in shown
    assert await rules_of(desk, task) == [["grant-blocks-tool"], ["granted-read"]]
    assert "without this tool" in (await desk.outcomes(task))[0]


async def test_allow_lifts_no_rule_of_the_organisation(desk: Any) -> None:
    await on(desk, may_write=True, tools={"*": ToolWord.ALLOW, "fake_write": ToolWord.ALLOW})
    task = await desk.run(WRITE)
    assert await desk.state(task) == "needs approval"
    assert await rules_of(desk, task) == [["modify", "unknown-origin"]]


async def test_a_block_holds_against_another_grant_for_the_same_place_and_only_there(desk: Any) -> None:
    desk.fake.shelves["market"] = {"price": "Elsewhere 500."}
    await on(desk, tools={"*": ToolWord.BLOCK})
    await more(desk, "role:member", "bids", "market")
    task = await desk.run(READ, call("fake_read", shelf="market", note="price"), Turn("Done."))
    assert await rules_of(desk, task) == [["grant-blocks-tool"], ["granted-read"]]


async def test_an_ended_grant_reaches_nothing_at_once_and_the_run_is_told(desk: Any) -> None:
    await on(desk, expires_at=desk.clock.now() + timedelta(hours=1))

    def later(messages: Any, tools: Any) -> Turn:
        desk.clock.advance(seconds=3601)
        return READ

    task = await desk.run(READ, later, Turn("Done."))
    first, second = await desk.outcomes(task)
    assert first == TOLD
    assert "The grant that opened this place to you has ended." in second
    assert await rules_of(desk, task) == [["granted-read"], ["grant-ended"]]
    async with desk.house.database.transaction() as session:
        used = (await get_grant(session, desk.grant)).used_at
    assert used is not None


async def test_ended_while_a_person_was_asked_is_refused_although_approved(desk: Any) -> None:
    await on(desk, may_write=True, expires_at=desk.clock.now() + timedelta(hours=1))
    task = await desk.run(WRITE, Turn("Done."))
    desk.clock.advance(hours=2)
    await desk.answer(task, "approved")
    await desk.work()
    assert "has ended" in (await desk.outcomes(task))[0]
    assert not desk.fake.effects


async def test_a_person_who_is_moved_to_another_group_loses_a_folder_in_the_middle_of_a_run(desk: Any) -> None:
    """Must show of issue 4: within 60 s (here: at the very next call), and the run is told why."""
    house, owner, ana = desk.house, desk.home.people["owner"], desk.home.people["ana"]
    kw = {"ledger": house.ledger, "clock": desk.clock}
    async with house.database.transaction() as session:
        await revoke(session, owner, desk.grant, **kw)
        teams = [await create_team(session, SYSTEM, n, ledger=house.ledger) for n in ("Tenders", "Payroll")]
        groups = [await make_group(session, SYSTEM, "scim", n, **kw) for n in ("G-Tenders", "G-Payroll")]
        for team, group in zip(teams, groups, strict=True):
            await set_rule(session, owner, group.id, "team", team, gives=True, **kw)
        await change_members(session, SYSTEM, groups[0], add=[ana.id], **kw)
    desk.fake.shelves["pay"] = {"all": "9000"}
    await more(desk, teams[0], "bids")
    await more(desk, teams[1], "pay")
    async with house.database.transaction() as session:
        desk.home.people["ana"] = await actor_of(session, person_id=ana.id, via="page")
    started = desk.clock.now()

    async def move(messages: Any, tools: Any) -> Turn:
        async with house.database.transaction() as session:
            await change_members(session, SYSTEM, groups[0], remove=[ana.id], **kw)
            await change_members(session, SYSTEM, groups[1], add=[ana.id], **kw)
        return READ

    task = await desk.run(READ, move, call("fake_read", shelf="pay", note="all"), Turn("Done."))
    first, second, third = await desk.outcomes(task)
    assert (first, third) == (TOLD, "9000")
    assert "outside what your team was given" in second
    assert (desk.clock.now() - started) < timedelta(seconds=60)
    verbs = await desk.verbs(task)
    assert verbs.count("call.decided") == 3


async def _source(desk: Any) -> None:
    del desk.fake.shelves["bids"]["price"]


async def _connector_scope(desk: Any) -> None:
    await on(desk, places=("market",))


async def _team_scope(desk: Any) -> None:
    async with desk.house.database.transaction() as session:
        team = await create_team(session, SYSTEM, "Others", ledger=desk.house.ledger)
        await revoke(session, desk.home.people["owner"], desk.grant, ledger=desk.house.ledger, clock=desk.clock)
    await more(desk, team, "bids")


async def _class_policy(desk: Any) -> None:
    async with desk.house.database.transaction() as session:
        await change_governance(
            session, desk.home.people["owner"], {"highest_input": "public"}, ledger=desk.house.ledger, clock=desk.clock
        )


async def _class_ceiling(desk: Any) -> None:
    """The connector itself would not read above the ceiling either; the rule says it first."""
    async with desk.house.database.transaction() as session:
        row = (await get_grant(session, desk.grant)).grant
    assert row.ceiling is DataClass.INTERNAL
    await on(desk, place_class=DataClass.RESTRICTED, ceiling=DataClass.RESTRICTED)


@pytest.mark.parametrize(
    ("takes_away", "rules", "word"),
    [
        (None, ["granted-read"], TOLD),
        (_source, ["granted-read"], "does not exist, or it is outside"),
        (_connector_scope, ["no-permit"], "outside what your team was given"),
        (_team_scope, [], "There is no tool"),
        (_class_policy, ["highest-input"], "above the class that may reach an agent"),
        (_class_ceiling, ["highest-input"], "above the class that may reach an agent"),
    ],
    ids=["all four", "source", "connector scope", "team scope", "class policy", "class of the place"],
)  # fmt: skip
async def test_the_effective_right_is_what_all_four_leave(
    desk: Any, takes_away: Any, rules: list[str], word: str
) -> None:
    """CN-5: source right ∩ connector scope ∩ team scope ∩ class policy. Each alone takes the right away."""
    if takes_away is not None:
        await takes_away(desk)

    def tell(messages: Any, tools: Any) -> Turn:
        return Turn(last_outcome(messages, "fake_read").text)

    task = await desk.run(READ, tell)
    assert (await rules_of(desk, task))[0] == rules
    assert word in (await desk.outcomes(task))[0]
    assert (word == TOLD) == (TOLD in (await desk.see(task)).run.answer)


async def test_a_blocked_path_is_refused_by_the_rule_before_the_connector_is_asked(desk: Any) -> None:
    """CN-7: the organisation's own pattern holds at once; the refusal names the rule and is on record."""
    async with desk.house.database.transaction() as session:
        await change_governance(
            session, desk.home.people["owner"], {"blocked_paths": ["bids/**"]}, ledger=desk.house.ledger,
            clock=desk.clock,
        )  # fmt: skip
    for shelf in ("bids", "BIDS.", "bi\u200bds"):
        task = await desk.run(call("fake_read", shelf=f"{shelf}/x", note="price"), Turn("Done."))
        assert ["blocked-path"] in await rules_of(desk, task)
    assert not desk.fake.calls


async def test_an_uploaded_program_is_refused_and_on_record_whatever_wraps_it(desk: Any) -> None:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        archive.writestr("word/document.xml", b"<x/>")
        archive.writestr("a.txt", b"MZ\x90\x00" + b"\0" * 100)
    for name, content in (("offer.docx", box.getvalue()), ("offer.pdf", b"\x7fELF" + b"\0" * 90), ("a.pem", b"words")):
        with pytest.raises(FileBlocked, match="rule blocked-"):
            await desk.start(Turn("Done."), files=[(name, content)])
    async with desk.house.database.transaction() as session:
        rows = await session.scalars(text("SELECT body FROM ledger_entries WHERE verb = 'file.refused' ORDER BY id"))
        rules = [json.loads(body)["data"]["rule"] for body in rows]
    assert rules == ["blocked-type", "blocked-type", "blocked-path"]
