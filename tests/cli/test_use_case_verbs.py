"""Use cases at the terminal: from a shipped card to live, by two people who may; others are told why not."""

from datetime import UTC, datetime
from pathlib import Path

from tests.cli.conftest import Call

from colleague.bootstrap import House


def test_from_a_shipped_card_to_live(call: Call, demo: House, tmp_path: Path) -> None:
    assert "rfp-response" in call("use-case", "shipped").out
    wish = tmp_path / "wish.toml"
    wish.write_text('name = "Writing"\nwork = "Help with writing"\n')
    assert "It names a wish" in call("use-case", "lint", str(wish), as_="marta").out
    named = ("--from", "rfp-response", "--owner", "ana@aldermoor.example")
    assert "Specific" in call("use-case", "lint", *named, as_="ana").out
    fits = call("use-case", "lint", "--from", "rfp-response", "--owner", "person_" + "0" * 26, as_="marta").out
    assert "owner is not here" in fits
    assert call("use-case", "add", str(wish), as_="ana").code == 1
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"name = \xff")
    assert "is no card" in call("use-case", "add", str(broken), as_="marta").err
    assert "ship" in call("use-case", "add", as_="marta").err
    case = call("use-case", "add", *named, as_="marta").out.strip()
    assert call("person", "role", "ben@aldermoor.example", "programme_lead", as_="marta").code == 0
    assert "somebody else" in call("use-case", "approve", case, "--version", "1", as_="marta").err
    assert call("use-case", "approve", case, "--version", "1", as_="ben").out == "Approved.\n"
    assert "measured 0 of 10" in call("use-case", "launch", case, as_="ben").err
    day = datetime.now(UTC).date().isoformat()
    assert call("use-case", "measure", case, "95", "--on", day, as_="ana").out == "Kept.\n"
    assert "--on must be a day" in call("use-case", "measure", case, "95", "--on", "soon", as_="ana").err
    assert "median 95 min" in call("use-case", "show", case, as_="ana").out
    veiled = call("use-case", "show", case, as_="tom").out
    assert "once three people" in veiled
    assert "95" not in veiled.split("Measured")[1]
    text = tmp_path / "framework.txt"
    text.write_text("Cite pages.")
    assert "when a result is good enough" in call("use-case", "framework", case, str(text), as_="ana").err
    enough = ("--passed", "Every claim names its page")
    assert call("use-case", "framework", case, str(text), *enough, as_="ana").out == "Version 1.\n"
    assert "Good enough when: Every claim names its page" in call("use-case", "framework", case, as_="tom").out
    assert "+ Cite pages." in call("use-case", "framework", case, as_="tom").out
    entry = call("use-case", "friction", case, "--step", "Reading", "--text", "Scans", as_="tom").out.strip()
    assert call("use-case", "friction", case, "--resolve", entry, "--text", "OCR", as_="ana").out == "Resolved.\n"
    assert call("use-case", "launch", case, "--new-capability", "Nobody did this.", as_="ben").out == "Live.\n"
    listed = call("use-case", "list", as_="tom").out
    assert "live" in listed
    ready = call("use-case", "ready", as_="tom").out
    assert "Not yet." in ready
    assert "there are 1" in ready
    assert call("use-case", "retire", case, "--why", "Done.", as_="marta").out == "Retired.\n"
