"""Support at the terminal: a ticket from writing to solved, a list, a model that somebody else confirms."""

from pathlib import Path

from tests.cli.conftest import Call

from colleague.bootstrap import House


def test_from_a_ticket_to_its_answer(call: Call, demo: House, tmp_path: Path) -> None:
    ticket = call("support", "write", "No access", "--text", "Since today.", as_="ana").out.strip()
    assert ticket.startswith("ticket_")
    assert "org:support:manage" in call("support", "list", "--queue", as_="ana").err
    assert ticket in call("support", "list", "--queue", as_="marta").out
    assert "Say first" in call("support", "answer", ticket, "--text", "Wait.", as_="marta").err
    assert call("support", "sort", ticket, "--category", "access", as_="marta").out == "Sorted.\n"
    assert call("support", "answer", ticket, "--text", "Open now.", as_="marta").out == "Answered.\n"
    assert "support: Open now." in call("support", "show", ticket, as_="ana").out
    assert "no such ticket" in call("support", "show", ticket, as_="ben").err
    assert call("support", "more", ticket, "--text", "Thanks.", as_="ana").code == 0
    assert call("support", "close", ticket, as_="ana").out == "Closed.\n"
    listed = tmp_path / "desk.csv"
    listed.write_text("external_id,opened_at,title,who\n1,2026-01-05,Slow,Ana\n")
    assert (
        call("support", "import", "desk", str(listed), as_="marta").out
        == "1 new, 0 changed, 0 as before.\nNot read: who.\n"
    )
    listed.write_text("external_id,opened_at,title\n1,soon,Slow\n")
    assert "Line 2" in call("support", "import", "desk", str(listed), as_="marta").err
    wrote = ("support", "model", "write", "--owner", "marta@aldermoor.example", "--hours", "Weekdays")
    assert "Version 1" in call(*wrote, as_="marta").out
    assert "somebody else" in call("support", "model", "confirm", "1", as_="marta").err
    assert call("person", "role", "ben@aldermoor.example", "programme_lead", as_="marta").code == 0
    assert call("support", "model", "confirm", "1", as_="ben").out == "Confirmed.\n"
    assert "Ben" in call("support", "model", "show", as_="marta").out
    assert "per 100 active" in call("support", "weeks", as_="marta").out
    assert "org:adoption:read" in call("support", "weeks", as_="ana").err
