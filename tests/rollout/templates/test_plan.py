"""A plan keeps to the phases, counts weeks as metrics do, and refuses seat 41 before gate 1."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from colleague.adoption.weeks import Calendar, week_of, weeks_between
from colleague.rollout.templates.calendar_file import plan_calendar
from colleague.rollout.templates.plan import BadPlan, Begun, Wanted, make_plan
from colleague.rollout.templates.shape import SHAPES
from colleague.rollout.templates.workbook import Filling, UseCaseLine, plan_workbook

START = date(2027, 1, 11)
PLAIN = Calendar("Europe/Berlin")
YEAR_END = Calendar(
    "Europe/Berlin", frozenset(date(2026, 12, d) for d in (24, 25, 28, 29, 30, 31)) | {date(2027, 1, 1)}
)
ALL = (25, 150, 900, 4000)


def test_phases_follow_each_other_and_end_on_fridays() -> None:
    plan = make_plan(Wanted(START, ALL), PLAIN)
    dates = [(p.starts.isoformat(), p.ends.isoformat() if p.ends else "") for p in plan.phases]
    assert dates == [
        ("2027-01-11", "2027-02-19"), ("2027-02-22", "2027-04-16"), ("2027-04-19", "2027-07-09"), ("2027-07-12", ""),
    ]  # fmt: skip
    assert [p.weeks for p in plan.phases] == [6, 8, 12, 0]
    on = {one.key: one.on.isoformat() for one in plan.milestones}
    assert on["baselines"] == "2026-12-28"
    assert on["governance"] == "2027-01-08"
    assert on["stall-1"] == "2027-01-29"
    assert on["readout-1"] == on["gate-1"] == "2027-02-19"
    assert on["onboarding-2"] == "2027-04-02"
    assert on["active-2"] == "2027-04-16"
    assert on["review-1"] == "2027-10-08"
    # Quarterly reviews are never more than 92 days apart (PH-8).
    reviews = [plan.phases[-1].starts, *(one.on for one in plan.milestones if one.key.startswith("review"))]
    assert all((b - a).days <= 92 for a, b in pairwise(reviews))


def test_weeks_with_few_worked_days_are_skipped_and_a_late_start_in_a_week_moves_to_the_next() -> None:
    plan = make_plan(Wanted(date(2026, 12, 14), (20,), (4,)), YEAR_END)
    assert (plan.phases[0].starts, plan.phases[0].ends) == (date(2026, 12, 14), date(2027, 1, 15))
    assert [str(week) for week in plan.phases[0].skipped] == ["2026-W53"]
    assert any("2026-W53 skipped" in text for text in plan.remarks)
    assert make_plan(Wanted(date(2027, 1, 14), (20,)), PLAIN).phases[0].starts == date(2027, 1, 18)
    assert make_plan(Wanted(date(2027, 1, 13), (20,)), PLAIN).phases[0].starts == date(2027, 1, 13)


def test_kp1_and_kp2_are_looked_at_in_the_programme_week_they_are_judged_by() -> None:
    # A week of holidays makes the phase longer (PH-1), but week 6 stays week 6 (B-0), or is the next one that counts.
    for first, onboarding, active, tickets in (
        (date(2027, 3, 8), "2027-04-02", "2027-04-16", "2027-04-09"),
        (date(2027, 3, 29), "2027-04-09", "2027-04-16", "2027-04-09"),
    ):
        days = frozenset(first + timedelta(days=n) for n in range(5))
        plan = make_plan(Wanted(START, ALL), Calendar("Europe/Berlin", days))
        on = {one.key: one.on.isoformat() for one in plan.milestones}
        assert (on["onboarding-2"], on["active-2"], on["tickets-2"]) == (onboarding, active, tickets)


def test_a_flagged_use_case_makes_the_pilot_six_weeks_longer() -> None:
    plain, longer = (make_plan(Wanted(START, ALL, extra=n, why_extra="«Ideas» is kept"), PLAIN) for n in (0, 6))
    assert longer.phases[0].ends - plain.phases[0].ends == timedelta(weeks=6)  # type: ignore[operator]
    assert longer.phases[3].starts - plain.phases[3].starts == timedelta(weeks=6)
    assert "6 weeks longer (PP-10" in longer.remarks[0]
    assert "«Ideas» is kept" in longer.remarks[0]


def test_phases_that_began_stand_as_they_were_and_the_rest_moves_with_them() -> None:
    begun = (Begun(date(2027, 1, 18)), Begun(date(2027, 3, 12), skipped=True))
    plan = make_plan(Wanted(START, ALL[:3], begun=begun, today=date(2027, 4, 1)), PLAIN)
    usual = make_plan(Wanted(START, ALL[:3]), PLAIN)
    assert [p.planned for p in plan.phases] == [(p.starts, p.ends) for p in usual.phases]
    assert [(str(p.starts), str(p.ends), p.began, p.ended) for p in plan.phases] == [
        ("2027-01-18", "2027-03-12", True, True), ("2027-03-12", "2027-05-07", True, False),
        ("2027-05-10", "2027-07-30", False, False),
    ]  # fmt: skip
    said = {one.key: (one.title, str(one.on)) for one in plan.milestones}
    assert said["gate-1"] == ("Gate 1 skipped", "2027-03-12")
    assert said["start-2"] == ("Expansion began", "2027-03-12")
    assert said["onboarding-2"][1] == said["tickets-2"][1] == "2027-04-23", "week six from the first that counts"
    assert said["gate-2"] == ("Gate 2 review", "2027-05-07")
    assert all(on <= "2027-03-12" for key, (_, on) in said.items() if key.endswith("-1"))
    assert "ended, without its gate, 2027-03-12; planned were 2027-01-11 to 2027-02-19" in plan.remarks[0]
    # A phase that runs longer than planned does not end in the past, and what follows waits for it.
    late = make_plan(Wanted(START, ALL[:3], begun=begun, today=date(2027, 6, 2)), PLAIN)
    assert (str(late.phases[1].ends), late.phases[1].late, str(late.phases[2].starts)) == (
        "2027-06-04",
        4,
        "2027-06-07",
    )
    assert "It runs 4 weeks longer so far." in late.remarks[1]
    raw = plan_workbook(late, PLAIN, Filling(), made_on=date(2027, 6, 2))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_name("Plan").to_python()
    pilot, expansion, broad = (next(row for row in rows if str(row[0]).startswith(f"{n}.")) for n in (1, 2, 3))
    assert (pilot[6], pilot[7], pilot[11], pilot[12], pilot[13]) == (
        date(2027, 1, 18), date(2027, 3, 12), date(2027, 3, 12), START, date(2027, 2, 19)
    )  # fmt: skip
    assert (expansion[3], expansion[6], broad[6], broad[12]) == (
        4, date(2027, 3, 12), date(2027, 6, 7), date(2027, 4, 19)
    )  # fmt: skip
    read = vobject.readOne(
        plan_calendar(late, origin="https://x.example", now=datetime(2027, 6, 2, tzinfo=UTC)).decode()
    )
    events = {one.summary.value: one for one in read.vevent_list}
    assert events["Phase 1: Pilot"].dtstart.value == date(2027, 1, 18)
    assert "Planned: 2027-01-11 to 2027-02-19." in events["Phase 1: Pilot"].description.value
    # As short as it may be: passed on the Monday after it began.
    short = make_plan(Wanted(START, ALL, begun=(Begun(START), Begun(date(2027, 1, 12))), today=START), PLAIN)
    assert [p.length for p in short.phases[:2]] == [0, 8]


@pytest.mark.parametrize(
    ("changes", "requirement"),
    [
        ({"seats": (41,)}, "MI-1"), ({"seats": (1000,)}, "MI-1"), ({"seats": (14,)}, "PP-1"), ({"seats": ()}, "TP-1"),
        ({"seats": (25, 301)}, "PH-2"), ({"seats": (25, 25)}, "PH-2"), ({"seats": (25, 150, 2001)}, "PH-3"),
        ({"seats": (25, 150, 900, 900)}, "PH-4"), ({"seats": (25, 150, 900, 2_000_000)}, "PH-4"),
        ({"seats": (25, 150, 900, 4000, 9000)}, "TP-1"), ({"weeks": (3,)}, "PH-1"), ({"weeks": (7,)}, "PH-1"),
        ({"seats": ALL, "weeks": (0, 9)}, "PH-2"), ({"extra": -1}, "PP-10"), ({"extra": 27}, "PP-10"),
        ({"start": date(1999, 1, 1)}, "TP-1"), ({"start": date(2099, 1, 1)}, "TP-1"),
    ],
)  # fmt: skip
def test_a_plan_that_breaks_the_phases_is_refused_with_the_requirement(changes: Any, requirement: str) -> None:
    with pytest.raises(BadPlan, match=requirement):
        make_plan(Wanted(**{"start": START, "seats": (25,)} | changes), PLAIN)


@settings(max_examples=60, deadline=None)
@given(
    st.dates(date(2024, 1, 1), date(2040, 1, 1)), st.integers(15, 40), st.integers(0, 6),
    st.lists(st.integers(-40, 500), max_size=60),
)  # fmt: skip
def test_every_phase_has_its_counted_weeks_whatever_the_holidays(
    start: date, seats: int, extra: int, offs: list[int]
) -> None:
    calendar = Calendar("UTC", frozenset(start + timedelta(days=n) for n in offs))
    plan = make_plan(Wanted(start, (seats, 100, 400), extra=extra), calendar)
    for phase in plan.phases:
        assert phase.ends is not None
        between = list(weeks_between(week_of(phase.starts), week_of(phase.ends)))
        assert sum(map(calendar.counts, between)) == phase.weeks + phase.extra
        assert phase.starts not in calendar.holidays
        assert phase.gate_on not in calendar.holidays
    ends = [p.ends for p in plan.phases if p.ends]
    assert all(week_of(a) < week_of(p.starts) for a, p in zip(ends, plan.phases[1:], strict=False))


def test_another_parser_reads_the_calendar_file_and_a_newer_plan_replaces_it() -> None:
    made = datetime(2027, 1, 4, 9, 30, tzinfo=UTC)
    plan = make_plan(Wanted(START, ALL), PLAIN)
    raw = plan_calendar(plan, origin="https://colleague.example", now=made)
    assert raw.endswith(b"END:VCALENDAR\r\n")
    # RFC 5545, 3.1: lines end with CRLF and have at most 75 octets.
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    calendar = vobject.readOne(raw.decode())
    calendar.validate(raiseException=True)
    events = {one.summary.value: one for one in calendar.vevent_list}
    assert len(events) >= 15
    assert (events["Phase 1: Pilot"].dtstart.value, events["Phase 1: Pilot"].dtend.value) == (
        START, date(2027, 2, 20)
    )  # fmt: skip
    assert events["Gate 1 review"].dtstart.value == date(2027, 2, 19)
    assert "three or more use cases validated" in events["Gate 1 review"].description.value
    later = plan_calendar(
        make_plan(Wanted(date(2027, 2, 1), ALL), PLAIN), origin="https://colleague.example",
        now=made + timedelta(days=1),
    )  # fmt: skip
    again = {one.uid.value: one for one in vobject.readOne(later.decode()).vevent_list}
    assert set(again) == {one.uid.value for one in calendar.vevent_list}
    assert len(again) == len(calendar.vevent_list)
    gate = events["Gate 1 review"]
    assert int(again[gate.uid.value].sequence.value) > int(gate.sequence.value)


def test_the_workbook_has_live_formulas_that_come_to_the_plan() -> None:
    plan = make_plan(Wanted(date(2026, 12, 14), ALL, extra=6), YEAR_END)
    case = UseCaseLine("RFP response", "Bids", "Ana Ruiz", 30, "approved", 12)
    raw = plan_workbook(plan, YEAR_END, Filling(use_cases=[case], lead="=1+1"), made_on=date(2026, 12, 1))
    # A name is a name, whatever it begins with.
    with zipfile.ZipFile(io.BytesIO(raw)) as files:
        assert not any(b"1+1</f>" in files.read(name) for name in files.namelist() if name.startswith("xl/worksheets/"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    assert book.sheet_names == ["Plan", "Milestones", "Gates", "Weeks", "Holidays", "Use cases"]
    rows = book.get_sheet_by_name("Plan").to_python()
    head = next(n for n, row in enumerate(rows) if row[0] == "Phase")
    for row, phase in zip(rows[head + 1 :], plan.phases, strict=False):
        assert row[0] == f"{phase.shape.number}. {phase.shape.name}"
        assert row[6] == phase.starts
        assert row[7] == (phase.ends or "does not end")
    weeks = book.get_sheet_by_name("Weeks").to_python()[1:]
    assert [row[0] for row in weeks if str(row[4]).startswith("skipped")] == ["2026-W53"]
    assert len(SHAPES) == len(plan.phases)
