"""A skill that names tools narrows the agent to them while the person has called it; it never opens one."""

from pathlib import Path
from typing import Any

import pytest

from colleague.agent.messages import Said, Turn
from colleague.connectors.folder.tools import TOOLS as FOLDER
from colleague.connectors.mail.tools import TOOLS as MAIL
from colleague.connectors.web.tools import TOOLS as WEB
from colleague.library.tools import LIBRARY_TOOLS
from colleague.plugins.allowed import ALWAYS, OURS, called_last, permits, tools_named, unknown_names
from colleague.plugins.manifest import parse_skill
from colleague.plugins.model import Skill
from colleague.plugins.packages import add_package
from colleague.projects.tools import PROJECT_TOOLS
from colleague.tasks.delegate import tell
from colleague.tasks.sight import view_task
from colleague.tasks.start import start
from colleague.tasks.workspace_tools import WORKSPACE_TOOLS
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, furnish, open_connector
from colleague.testing.llm import ScriptedLlm, call
from colleague.testing.worker import work


def skill(allowed: str | None = None, denied: str = "") -> Skill:
    lines = ["name: x", "description: y"]
    lines += [f"allowed-tools: {allowed}"] if allowed is not None else []
    lines += [f"disallowed-tools: {denied}"] if denied else []
    return parse_skill("---\n" + "\n".join(lines) + "\n---\nx", "SKILL.md")[0]


def test_our_own_names_are_known() -> None:
    shipped = (*WORKSPACE_TOOLS, *FOLDER, *MAIL, *WEB, *LIBRARY_TOOLS, *PROJECT_TOOLS)
    assert {t.name for t in shipped} == OURS


@pytest.mark.parametrize(
    ("allowed", "denied", "yes", "no"),
    [
        (None, "", "mail_send run_python", ""),
        (
            "Read Grep",
            "",
            "read_document folder_read search_documents list_files",
            "write_document mail_send web_fetch",
        ),
        ("Read, Write", "", "write_document folder_write", "folder_delete run_python"),
        ("read_document mail_draft", "", "read_document mail_draft", "mail_send folder_read"),
        ("Bash(git add:*) Read", "", "read_document", "run_python"),
        ("Bash", "", "run_python", "write_document"),
        ("Nonsense", "", "", "read_document mcp__a__b"),
        ("mcp__crm__find", "", "mcp__crm__find", "mcp__crm__delete mcp__crm2__find"),
        ("mcp__crm__*", "", "mcp__crm__find", "mcp__crm2__find"),
        ("mcp__crm", "", "mcp__crm__find", "mcp__crm2__find mcp__cr__find"),
        ("*", "mail_send", "run_python mcp__a__b", "mail_send"),
        (None, "WebFetch mcp__crm", "read_document", "web_fetch mcp__crm__find"),
        ("Read", "read_document", "folder_read", "read_document"),
    ],
)
def test_a_skill_leaves_what_it_names(allowed: str | None, denied: str, yes: str, no: str) -> None:
    one = skill(allowed, denied)
    assert all(permits(one, tool) for tool in yes.split()), yes
    assert not [tool for tool in no.split() if permits(one, tool)], no
    assert all(permits(one, tool) for tool in ALWAYS)


def test_what_is_not_known_is_said() -> None:
    assert unknown_names(skill("Read Bash(git:*) Nonsense * mcp__a__b", "Task")) == ["Bash(git:*)", "Nonsense", "Task"]
    assert unknown_names(skill()) == []
    assert tools_named("READ") == tools_named("read")


def test_only_the_newest_words_call_a_skill() -> None:
    assert called_last([Said("system", "/a"), Said("person", "/tidy the table")]) == "tidy"
    assert called_last([Said("person", "/tidy"), Said("person", "And mail it.")]) == ""
    assert called_last([Said("person", "/tidy"), Said("person", "/other x")]) == "other"
    assert called_last([Said("person", "see /tidy")]) == called_last([]) == ""


READS = b"---\nname: look\ndescription: Looks.\nallowed-tools: fake_read Read\n---\nLook.\n"
SEND = call("fake_send", to="dana@aldermoor.example", text="420")
pytestmark = pytest.mark.anyio


async def _texts(home: TestHouse, task: str) -> list[str]:
    async with home.house.database.transaction() as session:
        view = await view_task(session, home.people["ana"], task)
    return [s.body["text"] for s in view.steps if s.kind == "outcome"]


async def test_the_door_keeps_it_until_the_person_speaks_again(database_url: str, tmp_path: Path, clock: Any) -> None:
    fake, llm = FakeConnector({"bids": {"price": "420"}}), ScriptedLlm(name="play")
    home = await furnish(
        database_url, tmp_path, connectors=[fake], models={"play": llm}, model="play", clock=clock
    )  # fmt: skip
    await open_connector(home, "fake", ["*"], config={}, may_write=True)
    house, ana = home.house, home.people["ana"]
    kw: dict[str, Any] = {"ledger": house.ledger, "clock": clock}
    async with house.database.transaction() as session:
        await add_package(session, ana, {"SKILL.md": READS}, folder="look", **kw)
    llm.play(SEND, call("find_colleague", name="Dana"), call("list_files"), Turn("Done."), SEND, Turn("Done."))
    task = await start(ana, "/look at the price", [], parts=house.parts, settings=house.settings)
    await work(house)
    sent, looked, listed = await _texts(home, task)
    assert "leaves the agent other tools than this one. Skill: look:look. Say something more" in sent
    assert "look:look" in looked
    assert listed == "No files were given to this task."
    async with house.database.transaction() as session:
        view = await view_task(session, ana, task)
    assert view.calls[0].decision["rulings"][0]["rule"] == "skill-tools", "on record with its reason"
    assert any("Tools it leaves to you: fake_read, Read." in s.body.get("text", "") for s in view.steps)
    async with house.database.transaction() as session:
        await tell(session, ana, task, "Mail it to Dana too.", **kw)
    await work(house)
    async with house.database.transaction() as session:
        view = await view_task(session, ana, task)
    assert view.run.state == "needs approval", "lifted, but the rules hold as ever"
    assert not fake.effects
    await house.close()
