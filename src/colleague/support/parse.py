"""A list of tickets from another desk, as CSV or JSON, read strictly: all of it, or what is wrong and where. Pure.

Nobody's name is read: columns about people are left where they are (B-12).
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from colleague.kit.errors import Invalid
from colleague.support.model import CATEGORIES, STATES

MOST_BYTES, MOST_ROWS, TOLD = 5_000_000, 20_000, 20
LONGEST: Final[Mapping[str, int]] = {
    "external_id": 120, "opened_at": 40, "title": 160, "text": 8_000, "category": 40, "use_case": 120, "connector": 80,
    "state": 20, "answered_at": 40, "closed_at": 40,
}  # fmt: skip
NEEDED: Final = ("external_id", "opened_at", "title")
OLDEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
# What a spreadsheet takes for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class BadImport(Invalid):
    """Nothing was imported. {told}"""

    def __init__(self, problems: list[str]) -> None:
        """Take what is wrong, a sentence for each line."""
        self.problems = problems
        more = f" And {len(problems) - TOLD} more." if len(problems) > TOLD else ""
        super().__init__("Nothing was imported. " + " ".join(problems[:TOLD]) + more)


@dataclass(frozen=True, slots=True)
class Entry:
    """One ticket of a list, read. `line`: where it stands."""

    line: int
    external_id: str
    opened_at: datetime
    title: str = field(repr=False)
    text: str = field(default="", repr=False)
    category: str = ""
    use_case: str = ""
    connector: str = ""
    state: str = "open"
    answered_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """The entries of a list, and the columns that were not read. `named`: what a place in it is called."""

    entries: tuple[Entry, ...]
    left_out: tuple[str, ...]
    named: str = "Line"


def parse(raw: bytes, *, zone: str, now: datetime) -> Parsed:
    """Read a list: JSON if it begins with a bracket, else CSV with a heading line.

    Times without a zone are of `zone`. Raises BadImport with the number of every line (of every entry, in JSON) that
    is wrong.
    """
    if len(raw) > MOST_BYTES:
        raise BadImport([f"The file is larger than {MOST_BYTES // 1_000_000} MB."])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        where = raw.count(b"\n", 0, fault.start) + 1
        raise BadImport([f"Line {where}: it is not UTF-8."]) from None
    left_out: list[str] = []
    named = "Entry" if text.lstrip().startswith(("[", "{")) else "Line"
    rows = _json(text) if named == "Entry" else _csv(text, left_out)
    entries, problems, seen = list[Entry](), list[str](), dict[str, int]()
    for line, cells in rows:
        if len(entries) + len(problems) >= MOST_ROWS:
            raise BadImport([f"It has more than {MOST_ROWS:,} tickets."])
        left_out += [name for name in cells if name not in LONGEST and name not in left_out]
        try:
            entry = _entry(line, {k: v for k, v in cells.items() if k in LONGEST}, zone, now)
            if entry.external_id in seen:
                raise ValueError(f"its external_id stands on {named.lower()} {seen[entry.external_id]} already")
            seen[entry.external_id] = line
            entries.append(entry)
        except ValueError as why:
            problems.append(f"{named} {line}: {why}.")
    if not entries and not problems:
        problems = ["It holds no ticket."]
    if problems:
        raise BadImport(problems)
    return Parsed(tuple(entries), tuple(sorted(left_out)), named)


def _csv(text: str, left_out: list[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Give the lines of a CSV file (RFC 4180; comma or semicolon) by the names in its heading."""
    heading = text.partition("\n")[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    line = 1
    try:
        for cells in reader:
            if not names:
                names = [name.strip().casefold().replace(" ", "_").replace("-", "_") for name in cells]
                _heading(names, left_out)
            elif any(cell.strip() for cell in cells):
                if len(cells) != len(names):
                    raise BadImport([f"Line {line}: it has {len(cells)} cells, the heading has {len(names)}."])
                yield line, {n: c for n, c in zip(names, cells, strict=True) if n in LONGEST}
            line = reader.line_num + 1
    except csv.Error as fault:
        raise BadImport([f"Line {line}: it is no CSV ({fault})."]) from None


def _heading(names: list[str], left_out: list[str]) -> None:
    if twice := sorted({n for n in names if names.count(n) > 1 and n in LONGEST}):
        raise BadImport([f"Line 1: {', '.join(twice)} stands there twice."])
    if missing := [n for n in NEEDED if n not in names]:
        raise BadImport([f"Line 1: the heading lacks {', '.join(missing)}."])
    left_out += [_plain(n) for n in names if n and n not in LONGEST]


def _json(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Give the entries of a JSON list, or of the list under «tickets»."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as fault:
        where = f"Line {fault.lineno}: " if isinstance(fault, json.JSONDecodeError) else ""
        raise BadImport([f"{where}It is no JSON."]) from None
    if isinstance(found, dict):
        found = found.get("tickets")
    if not isinstance(found, list):
        raise BadImport(["It is neither a list nor an object with a list «tickets»."])
    for number, one in enumerate(found, 1):
        if not isinstance(one, dict):
            raise BadImport([f"Entry {number}: it is no object."])
        yield number, {_plain(k.strip().casefold()): v for k, v in one.items()}


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:40]


def _entry(line: int, cells: Mapping[str, Any], zone: str, now: datetime) -> Entry:
    """Return one entry; ValueError says what is wrong with it."""
    values = {name: _cell(name, cells.get(name)) for name in LONGEST}
    for name in NEEDED:
        if not values[name]:
            raise ValueError(f"it has no {name}")
    category = values["category"].casefold().replace("how to", "how-to").replace("_", " ")
    if category and category not in CATEGORIES:
        raise ValueError(f"its category is one of {', '.join(CATEGORIES)}")
    state = values["state"].casefold() or "open"
    if state not in STATES:
        raise ValueError(f"its state is one of {', '.join(STATES)}")
    opened, answered, closed = (
        _time(name, values[name], zone, now) for name in ("opened_at", "answered_at", "closed_at")
    )
    assert opened is not None
    if (answered and answered < opened) or (closed and closed < opened):
        raise ValueError("it was answered or closed before it was opened")
    return Entry(
        line, values["external_id"], opened, values["title"], values["text"], category, values["use_case"],
        values["connector"], state, answered, closed,
    )  # fmt: skip


def _cell(name: str, value: Any) -> str:
    """Return what stands in a cell; ValueError for what is none, or what a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"its {name} is no text")
    if isinstance(value, str) and value[:1] in _FORMULA:
        raise ValueError(f"its {name} begins like a formula ({value[:1].strip() or 'a tab'})")
    text = str(value).replace("\r\n", "\n").strip() if not isinstance(value, int) or abs(value) < 10**18 else ""
    if text[:1] in _FORMULA and text:
        raise ValueError(f"its {name} begins like a formula ({text[:1]})")
    lines = name == "text"
    seen = text.replace("\n", "").replace("\t", "") if lines else text
    if seen and not seen.isprintable():
        raise ValueError(f"some of its {name} cannot be seen")
    if len(text) > LONGEST[name]:
        raise ValueError(f"its {name} is longer than {LONGEST[name]:,} characters")
    return text


def _time(name: str, text: str, zone: str, now: datetime) -> datetime | None:
    """Return a time or a day written as ISO 8601; ValueError for anything else, and for what has not been yet."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if len(text) == 10:
            at = datetime.combine(date.fromisoformat(text), time())
        at = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"its {name} is no time such as 2026-11-24 or 2026-11-24T09:30:00+01:00") from None
    if not OLDEST <= at <= now + timedelta(days=1):
        raise ValueError(f"its {name} lies before the year 2000 or in the future")
    return at
