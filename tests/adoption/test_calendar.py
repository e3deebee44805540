"""The calendar is the organisation's own; a file somebody hands in is read with suspicion; absences are one's own."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adoption.conftest import Programme

from colleague.adoption.away import BadWeek, NotAway, NotYours, mark_away, own_weeks, unmark_away
from colleague.adoption.calendar import BadDay, CalendarFull, Holiday, add_holidays, read_calendar, remove_holiday
from colleague.adoption.facts.read import seats
from colleague.adoption.ics import BadIcs, read_ics
from colleague.identity.actor import PermissionMissing

pytestmark = pytest.mark.anyio
SINCE, UNTIL = date(2025, 1, 1), date(2028, 12, 31)


def ics(*events: str) -> bytes:
    inner = "".join(f"BEGIN:VEVENT\r\nUID:{n}\r\n{text}\r\nEND:VEVENT\r\n" for n, text in enumerate(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:t\r\n{inner}END:VCALENDAR\r\n".encode()


READ = [
    ("DTSTART;VALUE=DATE:20260501\r\nSUMMARY:Labour Day", ["2026-05-01"]),
    ("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227", ["2026-12-24", "2026-12-25", "2026-12-26"]),
    ("DTSTART;VALUE=DATE:20261224\r\nDURATION:P2D", ["2026-12-24", "2026-12-25"]),
    ("DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY", ["2025-01-01", "2026-01-01", "2027-01-01", "2028-01-01"]),
    ("DTSTART;VALUE=DATE:20240101\r\nRRULE:FREQ=YEARLY;COUNT=3", ["2025-01-01", "2026-01-01"]),
    ("DTSTART;VALUE=DATE:20250101\r\nRRULE:FREQ=YEARLY;UNTIL=20260601\r\nEXDATE;VALUE=DATE:20250101", ["2026-01-01"]),
    ("DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY", ["2028-02-29"]),
    ("DTSTART;VALUE=DATE:20240601\r\nRRULE:FREQ=YEARLY;INTERVAL=2", ["2026-06-01", "2028-06-01"]),
]
LEFT = [
    ("DTSTART:20260501T090000Z\r\nSUMMARY:Meeting", "time of day"),
    ("DTSTART;VALUE=DATE:20260501\r\nSTATUS:CANCELLED", "cancelled"),
    ("DTSTART;VALUE=DATE:20260501\r\nDTEND;VALUE=DATE:20260701", "longer than 31"),
    ("DTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=SECONDLY", "repeats"),
    ("DTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1MO", "repeats"),
    ("DTSTART;VALUE=DATE:20260501\r\nRDATE;VALUE=DATE:20260601", "repeats"),
    ("DTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=YEARLY;BYMONTHDAY=7", "another day"),
    ("SUMMARY:No date", "dates cannot be read"),
]


@pytest.mark.parametrize(("event", "days"), READ)
def test_whole_days_are_read(event: str, days: list[str]) -> None:
    assert [on.isoformat() for on, _ in read_ics(ics(event), SINCE, UNTIL).days] == days


@pytest.mark.parametrize(("event", "why"), LEFT)
def test_what_is_no_holiday_is_left_out_with_the_reason(event: str, why: str) -> None:
    found = read_ics(ics(event), SINCE, UNTIL)
    assert found.days == ()
    assert why in found.left_out[0]


HOSTILE = [
    b"", b"\xff\xfe\x00", b"BEGIN:VCALENDAR", b"x" * 600_000, b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    ics("DTSTART;VALUE=DATE:19000101"), b"<html></html>", b"BEGIN:VEVENT\r\n" * 20_000,
    ics(*(f"DTSTART;VALUE=DATE:2026{m:02}01\r\nDURATION:P28D\r\nRRULE:FREQ=YEARLY" for m in range(1, 13))),
]  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE)
def test_a_file_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(BadIcs):
        read_ics(content, SINCE, UNTIL)


@given(st.binary(max_size=300), st.text(max_size=80))
def test_whatever_stands_in_a_file_it_is_read_or_refused(raw: bytes, text: str) -> None:
    for content in (raw, ics(text), ics(f"DTSTART;VALUE=DATE:20260501\r\n{text}"), ics(f"DTSTART:{text}")):
        try:
            found = read_ics(content, SINCE, UNTIL)
        except BadIcs:
            continue
        assert all(name.isprintable() and len(name) <= 80 for _, name in found.days)


async def test_days_shape_weeks_of_the_organisation_and_of_a_department(programme: Programme) -> None:
    lead, told = programme.lead, programme.told
    monday = (await programme.do(read_calendar)).week(programme.clock.now()).monday
    days = [Holiday(monday, "  Founders' \n day ")]
    days += [Holiday(monday + timedelta(days=n), "Fair", "Sales") for n in (1, 2)]
    assert await programme.do(add_holidays, lead, days, **told) == 3
    assert await programme.do(add_holidays, lead, [Holiday(monday, "Founders")], **told) == 0
    shared, sales = await programme.do(read_calendar), await programme.do(read_calendar, "Sales")
    week = shared.week(programme.clock.now())
    assert [(c.working_days(week), c.counts(week)) for c in (shared, sales)] == [(4, True), (2, False)]
    await programme.do(remove_holiday, lead, monday, ledger=programme.house.ledger)
    assert (await programme.do(read_calendar, "Sales")).working_days(week) == 3


async def test_only_the_programme_changes_it_and_it_stays_small(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, one = programme.home.people["ana"], Holiday(date(2026, 5, 1), "Labour Day")
    with pytest.raises(PermissionMissing):
        await programme.do(add_holidays, ana, [one], **programme.told)
    with pytest.raises(BadDay):
        await programme.do(add_holidays, programme.lead, [Holiday(date(1999, 5, 1), "Old")], **programme.told)
    monkeypatch.setattr("colleague.adoption.calendar.MOST", 0)
    with pytest.raises(CalendarFull):
        await programme.do(add_holidays, programme.lead, [one], **programme.told)


async def test_the_doors_of_the_calendar(programme: Programme) -> None:
    async with programme.client(programme.lead, "org:programme:manage", "org:adoption:read") as client:
        base = "/api/v1/adoption/holidays"
        assert (await client.post(base, json={"on": "2026-05-01", "name": "Labour Day"})).json() == {"new": 1}
        brought = await client.post(f"{base}/import", json={"ics": ics(READ[1][0], LEFT[0][0]).decode()})
        assert brought.json()["new"] == 3
        assert len(brought.json()["left_out"]) == 1
        bad: list[Any] = [
            {"on": "yesterday", "name": "x"}, {"on": "2026-05-01", "name": ""}, {"on": "2026-05-01", "name": "x" * 200},
            {"on": "1066-10-14", "name": "Hastings"}, {"on": "2026-05-01", "name": "a\u0000b"}, {},
        ]  # fmt: skip
        assert {(await client.post(base, json=one)).status_code for one in bad} == {422}
        assert (await client.post(f"{base}/import", json={"ics": "nothing"})).status_code == 422
        page = (await client.get("/adoption/calendar")).text
        assert "Labour Day" in page
        assert (await client.delete(f"{base}/2026-05-01")).status_code == 204
        assert (await client.delete(f"{base}/2026-05-01")).status_code == 404
        assert (await client.delete(f"{base}/2026-05-01?department=%00")).status_code == 404
        form = {"file": ("h.ics", ics(READ[0][0], LEFT[1][0]), "text/calendar")}
        assert "cancelled" in (await client.post("/adoption/calendar/import", files=form)).text
        assert len((await client.get(base)).json()) == 4


async def test_people_mark_their_own_weeks_and_the_lead_others(programme: Programme) -> None:
    ana, ben, told = programme.home.people["ana"], programme.home.people["ben"], programme.told
    await programme.do(mark_away, ana, ana.id, "2026-W12", **told)
    await programme.do(mark_away, ana, ana.id, "2026-W12", **told)
    await programme.do(mark_away, programme.lead, ben.id, "2026-W13", **told)
    with pytest.raises(NotYours):
        await programme.do(mark_away, ana, ben.id, "2026-W12", **told)
    with pytest.raises(NotYours):
        await programme.do(own_weeks, ana, ben.id)
    for week in ("", "2026", "2026-W54", "2027-W53x", "1999-W01", "2031-W01", "\x00"):
        with pytest.raises(BadWeek):
            await programme.do(mark_away, ana, ana.id, week, **told)
    await programme.rolled()
    away = {s.person: s.away for s in await programme.do(seats) if s.away}
    assert away == {ana.id: {"2026-W12"}, ben.id: {"2026-W13"}}
    await programme.do(unmark_away, ana, ana.id, "2026-W12", ledger=programme.house.ledger)
    with pytest.raises(NotAway):
        await programme.do(unmark_away, ana, ana.id, "2026-W12", ledger=programme.house.ledger)


async def test_the_doors_of_absences(programme: Programme) -> None:
    async with programme.client(programme.home.people["ana"], "own:tasks:use") as client:
        assert (await client.post("/api/v1/adoption/away", json={"week": "2026-W12"})).status_code == 204
        assert (await client.get("/api/v1/adoption/away")).json() == ["2026-W12"]
        assert "2026-W12" in (await client.get("/adoption/away")).text
        other = programme.home.people["ben"]
        assert (await client.get(f"/api/v1/adoption/away?person={other.id}")).status_code == 403
        form = {"week": "2026-W13", "person": other.email}
        assert (await client.post("/adoption/away", data=form)).status_code == 403
        assert (await client.delete("/api/v1/adoption/away/2026-W12")).status_code == 204
        assert (await client.delete("/api/v1/adoption/away/2026-W12")).status_code == 404
    async with programme.client(programme.lead, "org:programme:manage", "own:tasks:use") as client:
        assert (await client.post("/adoption/away", data=form)).status_code == 303
        unknown = {"week": "2026-W13", "person": "nobody@nowhere.example"}
        assert (await client.post("/adoption/away", data=unknown)).status_code == 404
