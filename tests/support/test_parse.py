"""A list from another desk is read strictly: what is wrong is named by its line, and nothing half is taken."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colleague.support.model import due
from colleague.support.parse import LONGEST, MOST_BYTES, BadImport, Entry, parse
from colleague.support.read import Kept, kept

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HEAD = "external_id,opened_at,title,text,category,state\n"


def read(text: str | bytes, zone: str = "UTC") -> tuple[Entry, ...]:
    return parse(text if isinstance(text, bytes) else text.encode(), zone=zone, now=NOW).entries


def wrong(text: str | bytes) -> str:
    with pytest.raises(BadImport) as caught:
        read(text)
    return caught.value.message


def test_csv_and_json_say_the_same() -> None:
    comma = read(HEAD + 'INC-1,2026-11-20T09:30:00+01:00,"Mail, again","two\nlines",How To,closed\n')
    semicolon = read(
        "\ufeffTitle;External-ID;Opened At;Requester;Text;Category;State\n"
        'Mail, again;INC-1;2026-11-20 08:30;Ana Ruiz;"two\nlines";how-to;CLOSED\n'
    )
    one = {
        "external_id": "INC-1", "opened_at": "2026-11-20T08:30:00Z", "title": "Mail, again", "text": "two\nlines",
        "category": "how-to", "state": "closed", "answered_at": None, "requester": {"name": "Ana Ruiz"},
    }  # fmt: skip
    assert [comma[0].opened_at, comma[0].text, comma[0].line] == [
        datetime(2026, 11, 20, 8, 30, tzinfo=UTC),
        "two\nlines",
        2,
    ]
    plain = [(e.external_id, e.opened_at, e.title, e.text, e.category, e.state) for e in (*comma, *semicolon)]
    listed = parse(json.dumps({"tickets": [one]}).encode(), zone="UTC", now=NOW)
    (entry,) = listed.entries
    assert [*plain, (entry.external_id, entry.opened_at, entry.title, entry.text, entry.category, entry.state)] == (
        plain[:1] * 3
    )
    assert listed.left_out == ("requester",)
    assert "Ana" not in repr(listed)


def test_times_without_a_zone_are_the_organisations() -> None:
    (entry,) = read(HEAD + "1,2026-11-20,Title,,,\n", zone="Europe/Berlin")
    assert entry.opened_at == datetime(2026, 11, 19, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("1,2026-11-20,=HYPERLINK(1),,,\n", "Line 2: its title begins like a formula (=)"),
        ("1,2026-11-20,Fine,,,\n2,2026-11-20,+49 call,,,\n", "Line 3: its title begins like a formula (+)"),
        ("1,2026-11-20,Fine,@SUM(A1),,\n", "Line 2: its text begins like a formula (@)"),
        ('1,2026-11-20,Fine," -1+cmd|calc",,\n', "Line 2: its text begins like a formula (-)"),
        ('1,2026-11-20,Fine,"\tx",,\n', "Line 2: its text begins like a formula (a tab)"),
        ("1,soon,Fine,,,\n", "Line 2: its opened_at is no time such as"),
        ("1,2026-02-30,Fine,,,\n", "Line 2: its opened_at is no time"),
        ("1,0001-01-01T00:00:00+14:00,Fine,,,\n", "Line 2: its opened_at is no time"),
        ("1,1970-01-01,Fine,,,\n", "before the year 2000 or in the future"),
        ("1,2027-01-01,Fine,,,\n", "before the year 2000 or in the future"),
        ("1,2026-11-20,Fine,,gossip,\n", "Line 2: its category is one of access"),
        ("1,2026-11-20,Fine,,,solved\n", "Line 2: its state is one of open, answered, closed"),
        (",2026-11-20,Fine,,,\n", "Line 2: it has no external_id"),
        ("1,2026-11-20,,,,\n", "Line 2: it has no title"),
        ("1,2026-11-20,Fine,,,\n\n1,2026-11-20,Fine,,,\n", "Line 4: its external_id stands on line 2 already"),
        ("1,2026-11-20,Fine\n", "Line 2: it has 3 cells, the heading has 6"),
        ("1,2026-11-20,a\u202eb,,,\n", "Line 2: some of its title cannot be seen"),
        ("1,2026-11-20,a\x00b,,,\n", "Line 2: some of its title cannot be seen"),
        (f"1,2026-11-20,{'a' * 161},,,\n", "Line 2: its title is longer than 160 characters"),
        ('1,2026-11-20,"Fine,,,\n', "it is no CSV"),
        ("", "It holds no ticket"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_line(rows: str, said: str) -> None:
    assert said in wrong(HEAD + rows)


def test_every_wrong_line_is_told_at_once() -> None:
    said = wrong(HEAD + "".join(f"{n},soon,Fine,,,\n" for n in range(30)))
    assert "Line 2:" in said
    assert "Line 21:" in said
    assert "Line 22:" not in said
    assert said.endswith("And 10 more.")


def test_other_encodings_sizes_and_shapes_are_refused() -> None:
    assert wrong(HEAD.encode() + b"1,2026-11-20,Fine,,,\n2,2026-11-20,M\xfcnchen,,,\n").endswith(
        "Line 3: it is not UTF-8."
    )
    assert "5 MB" in wrong(b"a" * (MOST_BYTES + 1))
    assert "20,000" in wrong(HEAD + "".join(f"{n},2026-11-20,Fine,,,\n" for n in range(20_001)))
    assert "the heading lacks external_id, opened_at, title" in wrong("a,b\n1,2\n")
    assert "title stands there twice" in wrong("external_id,opened_at,title,Title\n1,2026-11-20,a,b\n")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[" * 200_000, "It is no JSON"),
        ('[{"external_id": 1,}]', "Line 1: It is no JSON"),
        ("{}", "neither a list nor an object"),
        ('[["a"]]', "Entry 1: it is no object"),
        ('[{"external_id": 1, "opened_at": "2026-11-20", "title": {"a": 1}}]', "Entry 1: its title is no text"),
        ('[{"external_id": true, "opened_at": "2026-11-20", "title": "a"}]', "Entry 1: its external_id is no text"),
        ('[{"external_id": 1e400, "opened_at": "2026-11-20", "title": "a"}]', "Entry 1: its external_id is no text"),
        ('[{"external_id": "1", "opened_at": "2026-11-20", "title": "\\ud800"}]', "some of its title cannot be seen"),
        ('[{"external_id": "1", "opened_at": "2026-11-20", "title": "=1"}]', "its title begins like a formula"),
        (f'[{{"external_id": {"9" * 5000}, "opened_at": "2026-11-20", "title": "a"}}]', "It is no JSON"),
    ],
)  # fmt: skip
def test_hostile_json_is_refused(value: str, said: str) -> None:
    assert said in wrong(value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(LONGEST)), inner), max_leaves=9,
)  # fmt: skip
LISTS = st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (HEAD + text).encode("utf-8", "replace"))


@settings(max_examples=200, deadline=None)
@given(LISTS | VALUES.map(lambda value: json.dumps([value]).encode()))
def test_whatever_is_sent_is_read_or_refused(raw: bytes) -> None:
    try:
        assert parse(raw, zone="UTC", now=NOW).entries
    except BadImport as refused:
        assert refused.problems  # noqa: PT017


@pytest.mark.parametrize(
    ("at", "hours", "due_at"),
    [
        ("2026-11-24T10:00", 4, "2026-11-24T14:00"),
        ("2026-11-24T15:00", 4, "2026-11-25T11:00"),
        ("2026-11-27T16:00", 4, "2026-11-30T12:00"),
        ("2026-11-28T12:00", 8, "2026-11-30T17:00"),
        ("2026-11-24T06:00", 16, "2026-11-25T17:00"),
    ],
)
def test_working_hours_are_counted_from_nine_to_five(at: str, hours: int, due_at: str) -> None:
    start, end = (datetime.fromisoformat(t).replace(tzinfo=UTC) for t in (at, due_at))
    assert due(start, hours, "UTC") == end
    assert due(start - timedelta(hours=1), hours, "Europe/Berlin") == end - timedelta(hours=1)


def test_no_answer_is_due_on_a_day_nobody_works() -> None:
    start = datetime(2026, 12, 24, 15, tzinfo=UTC)
    free = {date(2026, 12, day) for day in (25, 28)}
    assert due(start, 4, "UTC", free) == datetime(2026, 12, 29, 11, tzinfo=UTC)
    assert due(start, 4, "UTC") == datetime(2026, 12, 25, 11, tzinfo=UTC)


def test_a_promise_is_kept_broken_or_not_due_yet() -> None:
    hour = timedelta(hours=1)
    times: list[Any] = [(NOW, NOW), (NOW - hour, NOW), (NOW - hour, None), (NOW + hour, None)]
    assert kept(times, now=NOW) == Kept(promised=3, in_time=1, running=1)
