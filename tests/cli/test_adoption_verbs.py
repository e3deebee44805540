"""Adoption at the terminal: the calendar, weeks away, open items and the numbers, each by whom it is."""

from pathlib import Path

from tests.cli.conftest import Call

from colleague.bootstrap import House

ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:t
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20200501
RRULE:FREQ=YEARLY
SUMMARY:Labour Day
END:VEVENT
END:VCALENDAR
"""


def test_calendar_absences_items_and_numbers(call: Call, demo: House, tmp_path: Path) -> None:
    file = tmp_path / "days.ics"
    file.write_text(ICS)
    assert "new." in call("adoption", "holiday", "import", str(file), as_="marta").out
    assert call("adoption", "holiday", "add", "2026-12-24", "Early end", "--department", "Bids", as_="marta").code == 0
    assert "2026-W52 is not frozen yet." in call("adoption", "versions", "2026-W52", as_="marta").out
    assert "2026-W09" in call("adoption", "versions", "soon", as_="marta").err, "it says how a week is written"
    listed = call("adoption", "holiday", "list", as_="marta").out
    assert "Labour Day" in listed
    assert "Early end" in listed
    assert call("adoption", "holiday", "remove", "2026-12-24", as_="marta").code == 1
    assert call("adoption", "holiday", "remove", "2026-12-24", "--department", "Bids", as_="marta").code == 0
    assert "must be a day" in call("adoption", "holiday", "add", "soon", "x", as_="marta").err
    assert call("adoption", "holiday", "add", "2026-12-24", "x", as_="ana").code == 1
    assert "Name a week" in call("adoption", "away", "mark", "next", as_="ana").err
    assert "People mark their own" in call(
        "adoption", "away", "mark", "2026-W01", "--person", "ben@aldermoor.example", as_="ana"
    ).err  # fmt: skip
    assert call("adoption", "away", "unmark", "2026-W01", as_="ana").code == 1
    assert "week" in call("adoption", "away", "list", as_="ana").out
    assert "outcome" in call("adoption", "item", "list", as_="marta").out
    assert "no such item" in call("adoption", "item", "close", "item_x", "--outcome", "Done", as_="marta").err
    shown = call("adoption", "weeks", "--count", "2", as_="marta").out
    assert "weekly active" in shown
    assert "passive" in shown
    assert "Bids" in call("adoption", "weeks", "--by", "team", "--count", "1", as_="marta").out
    assert call("adoption", "weeks", as_="ana").code == 1
    assert "still needs" in call("adoption", "use-cases", as_="marta").out
    assert "No use case" in call("adoption", "sign-off", "case_x", as_="ana").err
    assert "sessions" in call("adoption", "mine", as_="ana").out
