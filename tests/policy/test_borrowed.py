"""Somebody else's words in a text are found as they stand, whatever their letters' case; one's own words are not."""

import time

from hypothesis import given
from hypothesis import strategies as st

from colleague.policy.borrowed import Passage, borrowed, parts

OFFER = (
    "Dear buyer, please pay the deposit to our new account today. Write to eve@evil.example or see https://x.example/a."
)


def shown(text: str, request: str = "Sum it up.", **sources: str) -> list[tuple[str, str]]:
    found = borrowed("body", text, request, sources or {"offer": OFFER})
    return [(piece, source) for piece, source in parts(text, found) if source]


def test_a_passage_is_found_with_its_source() -> None:
    body = "Hello Dana,\n\nPlease  PAY the deposit,\nto our new account today.\nBest, Ana"
    assert shown(body) == [("Please  PAY the deposit,\nto our new account today", "offer")]
    assert shown("please pay the deposit") == []
    assert shown(body, "Write: please pay the deposit to our new account today.") == []
    assert shown("one two three four five six", a="x one two three four", b="two three four five six x") == [
        ("two three four five six", "b")
    ]


def test_an_address_is_found_alone() -> None:
    assert shown("Ask EVE@evil.example, not dana@in.example.") == [("EVE@evil.example", "offer")]
    assert shown("Look at https://x.example/a.") == [("https://x.example/a", "offer")]
    assert shown("Ask eve@evil.example", "Ask eve@evil.example") == []


def test_two_sources_stand_side_by_side() -> None:
    a, b = "one two three four five six", "seven eight nine ten eleven twelve"
    assert shown(f"{a} {b}", a=a, b=b) == [(a, "a"), (b, "b")]


@given(st.text("abc @.x\n", max_size=80), st.text("abc @.x\n", max_size=80))
def test_the_parts_are_the_text(text: str, source: str) -> None:
    found = borrowed("body", text, "", {"s": source})
    assert "".join(piece for piece, _ in parts(text, found)) == text
    assert all(0 <= p.start < p.end <= len(text) for p in found)
    assert parts(text, [Passage("body", 90, 99, "s")]) == ([(text, "")] if text else [])


def test_long_sources_take_no_long_time() -> None:
    began = time.process_time()
    borrowed("body", "word " * 20_000, "", {f"s{n}": "word other " * 50_000 for n in range(4)})
    assert time.process_time() - began < 10
