"""The rollout plan as a workbook in which dates follow: change a start, a length or a holiday, and all else moves.

Every formula carries what it comes to, so that the plan is readable also where nothing computes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from math import ceil
from typing import Any, Final

from colleague.adoption.weeks import WORKING_DAYS, Calendar, Week, week_of
from colleague.kit.documents.write.calculate import serial
from colleague.rollout.templates.plan import BY_PROGRAMME_WEEK, QUARTER, Phase, Plan

AHEAD: Final = 14
FEWEST_ROWS: Final = 30
HOLIDAYS: Final = "Holidays!$A$2:$A$400"
FIRST: Final = 7  # The row (from 0) of the pilot on the sheet «Plan».
COLOURS: Final = ("#DCE8F8", "#DDF0E3", "#FBEBCF", "#E9E2F5")


@dataclass(frozen=True, slots=True)
class UseCaseLine:
    """A use case as the plan lists it."""

    name: str
    department: str
    owner: str
    minutes: int
    state: str
    measured: int


@dataclass(frozen=True, slots=True)
class Filling:
    """What the workbook is filled with besides the plan: holidays with names, use cases, who runs the programme."""

    holidays: Sequence[tuple[date, str]] = ()
    use_cases: Sequence[UseCaseLine] = ()
    lead: str = ""
    sponsor: str = ""


class Workbook:
    """One workbook while it is written."""

    def __init__(self, plan: Plan, calendar: Calendar, filling: Filling, made_on: date) -> None:
        """Take what is written."""
        import xlsxwriter  # Slow to import, and rarely needed.

        self.out = BytesIO()
        self.plan, self.calendar, self.filling, self.made_on = plan, calendar, filling, made_on
        self.book = xlsxwriter.Workbook(self.out, {"in_memory": True})
        self.weeks = list(_weeks(plan, calendar))
        self._formats: dict[str, Any] = {}

    def look(self, **properties: Any) -> Any:
        """Return a format, the same object for the same properties."""
        key = repr(sorted(properties.items()))
        base = {"font_name": "Calibri", "font_size": 10.5, "valign": "top"}
        return self._formats.setdefault(key, self.book.add_format(base | properties))

    @property
    def day(self) -> Any:
        """Return the format of a computed day."""
        return self.look(num_format="ddd d mmm yyyy", align="left")

    @property
    def given(self) -> Any:
        """Return the format of a cell that people may change."""
        return self.look(font_color="#1D4F91", bg_color="#EEF4FC", border=1, border_color="#C9D8EE", align="left")

    def head(self, page: Any, row: int, titles: Sequence[str], widths: Sequence[float]) -> None:
        """Write the heads of a table, and set its columns' widths."""
        for column, (title, width) in enumerate(zip(titles, widths, strict=True)):
            page.write_string(row, column, title, self.look(bold=True, bg_color="#F1F3F6", bottom=1, text_wrap=True))
            page.set_column(column, column, width)
        self.fit(page, row, [(title, width * 0.85) for title, width in zip(titles, widths, strict=True)])
        if row == 0:
            page.repeat_rows(0)

    def fit(self, page: Any, row: int, texts: Sequence[tuple[str, float]]) -> None:
        """Make a row as high as its texts need in their widths: not every office does this by itself."""
        lines = max(ceil(len(text) / width) for text, width in texts if text)
        page.set_row(row, 15.5 * max(1, lines))

    def date_formula(self, page: Any, row: int, column: int, formula: str, value: date | None) -> None:
        """Write a formula that comes to a day, with the day it comes to."""
        page.write_formula(row, column, formula, self.day, serial(value) if value else "")


def plan_workbook(plan: Plan, calendar: Calendar, filling: Filling, *, made_on: date) -> bytes:
    """Return the plan as .xlsx. Takes a moment: call it off the loop."""
    w = Workbook(plan, calendar, filling, made_on)
    pages = [w.book.add_worksheet(name) for name in ("Plan", "Milestones", "Gates", "Weeks", "Holidays")]
    _plan(w, pages[0])
    _milestones(w, pages[1])
    _gates(w, pages[2])
    _weeks_sheet(w, pages[3])
    _holidays(w, pages[4])
    if filling.use_cases:
        pages.append(w.book.add_worksheet("Use cases"))
        _use_cases(w, pages[5])
    for page in pages:
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.set_footer("&L&8Rollout plan&R&8&P of &N")
        page.hide_gridlines(2)
    w.book.set_properties({"title": "Rollout plan", "author": "Colleague", "comments": f"Made on {made_on}"})
    w.book.close()
    return w.out.getvalue()


def _plan(w: Workbook, page: Any) -> None:
    plan = w.plan
    page.write_string(0, 0, "Rollout plan", w.look(bold=True, font_size=18))
    page.set_row(0, 28)
    note = "What stands on blue may be changed: start, seats, weeks, ends of phases, holidays. All other dates follow."
    page.write_string(1, 0, f"Made on {w.made_on:%d %B %Y}. {note}", w.look(font_color="#6B7280"))
    page.write_string(3, 0, "Began on" if plan.wanted.begun else "Begins on", w.look(bold=True))
    begins = w.look(
        num_format="ddd d mmm yyyy", font_color="#1D4F91", bg_color="#EEF4FC", border=1, border_color="#C9D8EE",
        align="left",
    )  # fmt: skip
    page.write_datetime(3, 1, _midnight(plan.wanted.first), begins)
    page.write_string(4, 0, "Extra weeks, PP-10", w.look(bold=True))
    page.write_number(4, 1, plan.wanted.extra, w.given)
    page.write_string(
        4, 2, "What keeping a flagged use case adds to the pilot: 6, a planning figure and no measurement.",
        w.look(font_color="#6B7280"),
    )  # fmt: skip
    titles = ("Phase", "Seats", "Weeks", "Extra", "First week", "Last week", "Starts", "Ends", "Worked days",
              "Gate review", "Seats and weeks allowed", "Ended on", "Planned start", "Planned end")  # fmt: skip
    w.head(page, FIRST - 1, titles, (21, 17, 8, 8, 8, 8, 17, 17, 10, 17, 40, 17, 17, 17))
    for number, phase in enumerate(plan.phases):
        _phase_row(w, page, FIRST + number, phase)
    line = FIRST + len(plan.phases) + 1
    for text in plan.remarks:
        page.write_string(line, 0, text, w.look(font_color="#8A4B00"))
        line += 1
    for title, name in (("Sponsor", w.filling.sponsor), ("Programme lead", w.filling.lead)):
        page.write_string(line + 1, 0, title, w.look(bold=True))
        # The name of a person is text whatever it begins with: `merge_range` would take «=…» for a formula.
        page.merge_range(line + 1, 1, line + 1, 4, "", w.given)
        page.write_string(line + 1, 1, name, w.given)
        line += 1
    page.freeze_panes(FIRST, 1)


def _phase_row(w: Workbook, page: Any, row: int, phase: Phase) -> None:
    shape, at = phase.shape, row + 1
    first, last = _numbers(w.plan, shape.number)
    page.write_string(row, 0, f"{shape.number}. {shape.name}", w.look(bold=True, bg_color=COLOURS[shape.number - 1]))
    page.write_number(row, 1, phase.seats, w.look(
        font_color="#1D4F91", bg_color="#EEF4FC", border=1, border_color="#C9D8EE", align="left", num_format="#,##0"
    ))  # fmt: skip
    plain = w.look(align="left")
    page.write_formula(row, 4, "=1" if shape.number == 1 else f"=F{at - 1}+1", plain, first)
    monday = _index("Weeks!$B", f"E{at}", w)
    from_start = f"MAX($B$4,{monday})" if shape.number == 1 else monday
    usual, before = f"WORKDAY({from_start}-1,1,{HOLIDAYS})", f"L{at - 1}"
    began = "$B$4" if phase.began else usual
    starts = f"={began}" if shape.number == 1 else f'=IF({before}<>"",{before},{usual})'
    w.date_formula(page, row, 6, starts, phase.starts)
    _planned(w, page, row, phase)
    if phase.ends is None:
        page.write_string(row, 2, "", plain)
        page.write_string(row, 7, "does not end", plain)
        page.write_string(row, 9, "every quarter", plain)
    else:
        page.write_number(row, 2, phase.weeks, w.given)
        extra = f"{'$B$5' if shape.number == 1 else '0'}{f'+{phase.late}' if phase.late else ''}"
        page.write_formula(row, 3, f"={extra}", plain, phase.extra + phase.late)
        page.write_formula(row, 5, f'=IF(L{at}<>"",{_last_week(f"L{at}", w)},E{at}+C{at}+D{at}-1)', plain, last)
        ends = f'=IF(L{at}<>"",L{at},{_index("Weeks!$B", f"F{at}", w)}+4)'
        w.date_formula(page, row, 7, ends, phase.ends)
        worked = sum(day not in w.calendar.holidays for day in _days(phase.starts, phase.ends))
        page.write_formula(row, 8, f"=NETWORKDAYS(G{at},H{at},{HOLIDAYS})", plain, worked)
        w.date_formula(page, row, 9, f'=IF(L{at}<>"",L{at},WORKDAY(H{at}+1,-1,{HOLIDAYS}))', phase.gate_on)
    page.write_formula(row, 10, *_allowed(w, at, phase))


def _planned(w: Workbook, page: Any, row: int, phase: Phase) -> None:
    """Write when a phase ended, if it has, and its days as planned before anything began."""
    day = w.look(
        num_format="ddd d mmm yyyy", font_color="#1D4F91", bg_color="#EEF4FC", border=1, border_color="#C9D8EE",
        align="left",
    )  # fmt: skip
    if phase.ended and phase.ends:
        page.write_datetime(row, 11, _midnight(phase.ends), day)
    elif phase.ends:
        page.write_blank(row, 11, None, day)
    for column, on in enumerate(phase.planned, 12):
        if on:
            page.write_datetime(row, column, _midnight(on), w.day)


def _last_week(cell: str, w: Workbook) -> str:
    """Return the formula of the last counted week of a phase that ended on a day: the next takes the week of that day
    where three days of it are left."""
    last = len(w.weeks) + 1
    at = f"MATCH({cell},Weeks!$B$2:$B${last},1)"
    monday = f"INDEX(Weeks!$B$2:$B${last},{at})"
    return f"INDEX(Weeks!$D$2:$D${last},{at})-IF(NETWORKDAYS({cell},{monday}+4,{HOLIDAYS})>=3,1,0)"


def _allowed(w: Workbook, at: int, phase: Phase) -> tuple[str, Any, str]:
    """Return the formula that holds a row to its phase, its format and what it comes to."""
    shape = phase.shape
    least = shape.least_seats if shape.number == 1 else f"B{at - 1}+1"
    why = "MI-1: nobody gets seat 41 before gate 1" if shape.number == 1 else shape.requirement
    limits = f"{shape.least_seats:,} to {shape.most_seats:,}" if shape.most_weeks else f"{shape.least_seats:,} and more"
    length = f",AND(C{at}>={shape.least_weeks},C{at}<={shape.most_weeks})" if shape.most_weeks else ""
    weeks = f", {shape.least_weeks} to {shape.most_weeks} weeks" if shape.most_weeks else ""
    good = f"yes: {limits} seats{weeks}"
    formula = f'=IF(AND(B{at}>={least},B{at}<={shape.most_seats}{length}),"{good}","REFUSED ({why}): {limits}{weeks}")'
    return formula, w.look(text_wrap=True), good


def _index(column: str, cell: str, w: Workbook) -> str:
    """Return the formula of what stands in a column of «Weeks» beside the week of the number in `cell`."""
    last, letter = len(w.weeks) + 1, column.rpartition("$")[2]
    return f"INDEX(Weeks!${letter}$2:${letter}${last},MATCH({cell},Weeks!$D$2:$D${last},0))"


def _milestones(w: Workbook, page: Any) -> None:
    w.head(page, 0, ("On", "What", "In detail", "Requirement", "Who", "Done"), (18, 30, 70, 14, 20, 10))
    wrap = w.look(text_wrap=True)
    for row, one in enumerate(w.plan.milestones, 1):
        w.date_formula(page, row, 0, _when(w, one.key), one.on)
        page.write_string(row, 1, one.title, w.look(bold=True, text_wrap=True))
        page.write_string(row, 2, one.what, wrap)
        page.write_string(row, 3, one.requirement, wrap)
        w.fit(page, row, ((one.title, 28), (one.what, 68)))
        page.write_blank(row, 4, None, w.given)
        page.write_blank(row, 5, None, w.given)
    page.freeze_panes(1, 0)


def _when(w: Workbook, key: str) -> str:
    """Return the formula of a milestone's day, from the dates on the sheet «Plan»."""
    pilot = FIRST + 1
    name, _, number = key.rpartition("-")
    if key == "baselines":
        return f"=WORKDAY(Plan!G{pilot}-14+1,-1,{HOLIDAYS})"
    if key == "governance":
        return f"=WORKDAY(Plan!G{pilot},-1,{HOLIDAYS})"
    if name == "review":
        return f"=WORKDAY(Plan!G{FIRST + len(w.plan.phases)}+{QUARTER.days * int(number)}+1,-1,{HOLIDAYS})"
    at = FIRST + int(number)
    if name == "start":
        return f"=Plan!G{at}"
    if name == "gate":
        return f"=Plan!J{at}"
    phase = w.plan.phases[int(number) - 1]
    check = next(check for check in phase.shape.checks if check.key == name)
    number = f"MIN(Plan!E{at}+{check.week - 1},Plan!F{at})"
    if check.requirement in BY_PROGRAMME_WEEK:
        # Counted with holidays: the week so many Mondays after the first; the next that counts, if it does not.
        monday = f"{_index('Weeks!$B', f'Plan!E{at}', w)}+7*({number}-Plan!E{at})"
        row = f"MATCH({monday},Weeks!$B$2:$B${len(w.weeks) + 1},0)"
        days, here = (f"INDEX(Weeks!${letter}$2:${letter}${len(w.weeks) + 1},{row})" for letter in "CD")
        number = f"{here}+IF({days}>=3,0,1)"
    monday = _index("Weeks!$B", number, w)
    return f"=MIN(Plan!H{at},WORKDAY({monday}+5,-1,{HOLIDAYS}))"


def _gates(w: Workbook, page: Any) -> None:
    titles = ("Gate", "What has to be shown", "Requirement", "Due", "Owner", "Evidence", "State")
    w.head(page, 0, titles, (28, 60, 13, 18, 20, 34, 14))
    row = 1
    for phase in w.plan.phases:
        for criterion in phase.shape.gate:
            ends = phase.gate_on is not None
            name = f"Gate {phase.shape.number}: {phase.shape.name}" if ends else "Every quarter"
            page.write_string(row, 0, name, w.look(bold=True, text_wrap=True))
            page.write_string(row, 1, criterion, w.look(text_wrap=True))
            w.fit(page, row, ((criterion, 58), (name, 24)))
            page.write_string(row, 2, phase.shape.gate_requirement, w.look())
            if ends:
                w.date_formula(page, row, 3, f"=Plan!J{FIRST + phase.shape.number}", phase.gate_on)
            else:
                page.write_string(row, 3, "every quarter", w.look())
            for column in (4, 5, 6):
                page.write_blank(row, column, None, w.given)
            row += 1
    page.freeze_panes(1, 0)


def _weeks_sheet(w: Workbook, page: Any) -> None:
    w.head(page, 0, ("Week", "Monday", "Worked days", "Number", "Phase"), (12, 18, 13, 10, 38))
    names = [f"{one.shape.number}. {one.shape.name}" for one in w.plan.phases]
    for row, (week, days, number, phase) in enumerate(w.weeks, 1):
        at = row + 1
        above = "Plan!$B$4-WEEKDAY(Plan!$B$4,3)" if row == 1 else f"B{at - 1}+7"
        w.date_formula(page, row, 1, f"={above}", week.monday)
        said = f'=YEAR(B{at}+3)&"-W"&TEXT(WEEKNUM(B{at},21),"00")'
        page.write_formula(row, 0, said, w.look(), str(week))
        since = f"MAX(B{at},Plan!$B$4)" if row == 1 else f"B{at}"
        page.write_formula(row, 2, f"=NETWORKDAYS({since},B{at}+4,{HOLIDAYS})", w.look(align="left"), days)
        before = "0" if row == 1 else f"D{at - 1}"
        page.write_formula(row, 3, f"={before}+IF(C{at}>=3,1,0)", w.look(align="left"), number)
        shown = f'"{names[-1]}"' if w.plan.phases[-1].ends is None else '""'
        for place in reversed([p for p in w.plan.phases if p.ends is not None]):
            shown = f'IF(D{at}<=Plan!$F${FIRST + place.shape.number},"{names[place.shape.number - 1]}",{shown})'
        formula = f'=IF(C{at}<3,"skipped: fewer than three worked days",{shown})'
        page.write_formula(row, 4, formula, w.look(), names[phase - 1] if phase > 0 else _SKIPPED if phase < 0 else "")
    for colour, name in zip(COLOURS, names, strict=False):
        page.conditional_format(1, 0, len(w.weeks), 4, {
            "type": "formula", "criteria": f'=$E2="{name}"', "format": w.book.add_format({"bg_color": colour}),
        })  # fmt: skip
    grey = w.book.add_format({"font_color": "#6B7280", "italic": True})
    page.conditional_format(1, 0, len(w.weeks), 4, {"type": "formula", "criteria": "=$C2<3", "format": grey})
    page.freeze_panes(1, 0)


_SKIPPED: Final = "skipped: fewer than three worked days"


def _holidays(w: Workbook, page: Any) -> None:
    w.head(page, 0, ("Day", "Name"), (20, 40))
    named = dict(w.filling.holidays) or dict.fromkeys(w.calendar.holidays, "")
    day = w.look(
        num_format="ddd d mmm yyyy", font_color="#1D4F91", bg_color="#EEF4FC", border=1, border_color="#C9D8EE",
        align="left",
    )  # fmt: skip
    rows: list[tuple[date | None, str]] = [*sorted(named.items())[:380], *[(None, "")] * 12]
    for row, (on, name) in enumerate(rows, 1):
        if on is None:
            page.write_blank(row, 0, None, day)
            page.write_blank(row, 1, None, w.given)
        else:
            page.write_datetime(row, 0, _midnight(on), day)
            page.write_string(row, 1, name, w.given)
    page.freeze_panes(1, 0)


def _use_cases(w: Workbook, page: Any) -> None:
    titles = ("Use case", "Department", "Owner", "Target, minutes", "State", "Measured before")
    w.head(page, 0, titles, (44, 22, 24, 16, 12, 16))
    for row, one in enumerate(w.filling.use_cases, 1):
        for column, text in ((0, one.name), (1, one.department), (2, one.owner), (4, one.state)):
            page.write_string(row, column, text, w.look(text_wrap=True))
        w.fit(page, row, ((one.name, 40), (one.department, 20), (one.owner, 22)))
        page.write_number(row, 3, one.minutes, w.look(align="left"))
        page.write_number(row, 5, one.measured, w.look(align="left"))
    page.freeze_panes(1, 0)


def _numbers(plan: Plan, number: int) -> tuple[int, int]:
    """Return the numbers of the first and the last counted week of a phase."""
    first = 1 + sum(one.length for one in plan.phases[: number - 1])
    return first, first + plan.phases[number - 1].length - 1


def _weeks(plan: Plan, calendar: Calendar) -> Iterator[tuple[Week, int, int, int]]:
    """Yield every week from the start: the week, its worked days, its number, and its phase (-1 skipped, 0 after)."""
    ends = [(_numbers(plan, one.shape.number)[1], one) for one in plan.phases if one.ends is not None]
    last = ends[-1][0] if ends else 0
    week, number, rows = week_of(plan.wanted.first), 0, 0
    while number < last + AHEAD or rows < FEWEST_ROWS:
        begun = [d for d in _days(week.monday, week.monday + timedelta(days=4)) if rows or d >= plan.wanted.first]
        days = sum(day not in calendar.holidays for day in begun)
        number += days >= 3
        open_end = plan.phases[-1].shape.number if plan.phases[-1].ends is None else 0
        phase = next((one.shape.number for end, one in ends if number <= end), open_end)
        yield week, days, number, -1 if days < 3 else phase
        week, rows = week.next(), rows + 1


def _days(first: date, last: date) -> list[date]:
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in every if day.weekday() < WORKING_DAYS]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 — a cell of a workbook has no time zone.
