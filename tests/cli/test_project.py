"""Projects and document sets from the terminal, each refusal one line."""

import io
import re
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Call

from colleague.bootstrap import House


def test_a_project_from_the_terminal(call: Call, demo: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Harbour City bid" in call("project", "list", as_="ben").out
    assert "No projects yet" in call("project", "list", as_="priya").out
    project = re.findall(r"proj_\w+", call("project", "new", "Audit", "--purpose", "Pass it", as_="ana").out)[0]
    assert call("project", "let-in", project, "ben@aldermoor.example", as_="ana").code == 0
    wrong = call("project", "let-in", project, "ben@aldermoor.example", "--role", "king", as_="ana")
    assert (wrong.code, wrong.err.strip()) == (1, "This cannot be kept: a role is owner, member or viewer.")
    (tmp_path / "brief.md").write_text("# Brief\n\nThe auditors come in May.\n")
    file = call("project", "add-file", project, str(tmp_path / "brief.md"), as_="ben").out.strip()
    assert call("project", "add-file", project, str(tmp_path / "none.md"), as_="ben").code == 1
    (tmp_path / "rules.txt").write_text("Be brief.\nName the page.")
    said = call("project", "instruct", project, str(tmp_path / "rules.txt"), "--why", "Agreed", as_="ben")
    assert "  + Name the page." in said.out
    proposal = re.findall(r"prop_\w+", said.out)[0]
    assert call("project", "decide", proposal, "--accept", as_="ben").code == 1
    assert call("project", "decide", proposal, "--accept", as_="ana").out.strip() == "Accepted."
    monkeypatch.setattr(sys, "stdin", io.StringIO("Be brief.\nName the clause."))
    again = call("project", "instruct", project, "-", as_="ana").out
    assert "  - Name the page.\n  + Name the clause." in again
    assert proposal in call("project", "history", project, as_="ben").out
    assert re.findall(r"prop_\w+", again)[0] in call("project", "proposals", project, as_="ana").out
    assert call("project", "note", project, "A fact.", as_="ana").code == 1
    call("project", "memory", project, "--on", as_="ana")
    note = call("project", "note", project, "A fact.", as_="ana").out.strip()
    assert call("project", "note", project, "A better fact.", "--note", note, as_="ben").code == 0
    assert call("project", "add-link", project, "Portal", "https://x.example", as_="ben").code == 0
    shown = call("project", "show", project, as_="ana").out
    assert all(w in shown for w in ("Pass it", "Be brief.", "A better fact.", "brief.md", "Portal", "Memory on"))
    link = re.findall(r"link_\w+", shown)[0]
    for words in (("forget", project, note), ("remove-file", project, file), ("remove-link", project, link)):
        assert call("project", *words, as_="ben").code == 0
    assert call("project", "edit", project, "The audit", as_="ana").code == 0
    task = call("task", "new", "What is there?", "--project", project, "--no-wait", as_="ben")
    assert task.code == 0, task.err
    assert call("task", "new", "What?", "--project", project, "--no-wait", as_="tom").code == 1
    assert call("project", "take-out", project, "ben@aldermoor.example", as_="ana").code == 0
    assert call("project", "show", project, as_="ben").code == 1
    assert call("project", "end", project, as_="ana").code == 1  # Nobody is at a terminal to say yes.
    assert call("project", "end", project, "--yes", as_="ana").out.strip() == "Forgotten."


def test_a_set_from_the_terminal(call: Call, demo: House, tmp_path: Path) -> None:
    import asyncio

    from colleague.bootstrap import build
    from colleague.testing.worker import work

    async def index() -> None:
        house = build(demo.settings)
        await work(house, queue="house")
        await house.close()

    asyncio.run(index())
    listed = call("library", "list", as_="ana").out
    policies = re.findall(r"set_\w+", listed)[0]
    assert "Policies" in listed
    found = call("library", "search", "first class train", "--set", policies, as_="ana")
    assert found.out.startswith("Travel and expenses.docx, ")
    assert "not in the documents" in call("library", "search", "penguins ashore", as_="ana").out
    assert "Policies/Remote work.docx" in call("library", "show", policies, as_="ana").out
    assert call("library", "new", "Mine", "--place", "folder:Policies", as_="ana").code == 1
    assert call("library", "new", "Mine", "--place", "Policies", as_="ana").code == 1
    made = call("library", "new", "Prices", "--place", "folder:Commercial", as_="marta")
    prices = re.findall(r"set_\w+", made.out)[0]
    asyncio.run(index())
    assert "price-list" in call("library", "search", "back-file scanning price", "--set", prices, as_="dana").out
    assert call("library", "search", "back-file scanning price", "--set", prices, as_="ana").code == 1
    assert call("library", "rename", prices, "Price lists", as_="marta").code == 0
    assert call("library", "refresh", prices, as_="dana").code == 1
    assert call("library", "remove", prices, as_="marta").code == 0
    (tmp_path / "memo.md").write_text("# Memo\n\nThe penguin ships on Tuesday.\n")
    assert call("library", "new", "Memos", "-f", str(tmp_path / "memo.md"), as_="ana").code == 0
    asyncio.run(index())
    assert "Tuesday" in call("library", "search", "when does the penguin ship", as_="ana").out
    assert "Tuesday" not in call("library", "search", "when does the penguin ship", as_="ben").out
