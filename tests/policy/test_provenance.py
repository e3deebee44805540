"""A value of a call is known only where its kind of thing was named by somebody who counts; all else is in doubt."""

import base64
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colleague.policy.addresses import addresses_in, bare, external_of, mixed_scripts, oddity_of_url, urls_in
from colleague.policy.model import Doubt, Role
from colleague.policy.numbers import amounts_in, numbers_in, read_amount
from colleague.policy.provenance import Known, Voucher, doubts, mentions, own_words

DANA = Known("Dana Whitfield", "dana@aldermoor.example")
EVIL = "eve@evil.example"


def found(value: Any, role: Role, *, request: str = "", trusted: str = "", untrusted: str = "") -> tuple[Doubt, ...]:
    return doubts(
        {"value": value}, {"value": role}, request=request, directory=(DANA,), trusted=(Voucher(trusted),),
        untrusted={"mail.eml": untrusted} if untrusted else {},
    )  # fmt: skip


KNOWN: list[tuple[Role, Any, str]] = [
    (Role.RECIPIENT, "dana@aldermoor.example", ""),
    (Role.RECIPIENT, "DANA@Aldermoor.Example", ""),
    (Role.RECIPIENT, "Dana <dana@aldermoor.example>", ""),
    (Role.RECIPIENT, "max@out.example", "Mail it to max@out.example, please."),
    (Role.RECIPIENT, "max@out.example", "To: Max <max@out.example>; cc nobody"),
    (Role.RECIPIENT, "max@out.example", "(max@out.example)"),
    (Role.RECIPIENT, "max@out.example", "«max@out.example»"),
    (Role.RECIPIENT, "max@out.example", "mailto:max@out.example?subject=x max@out.example."),
    (Role.RECIPIENT, "o'brien@out.example", "Write to o'brien@out.example"),
    (Role.RECIPIENT, "max+bids@out.example", "Write to max+bids@out.example!"),
    (Role.RECIPIENT, "анна@пример.рф", "Пишите: анна@пример.рф"),
    (Role.URL, "https://a.example/x", "See https://a.example/x."),
    (Role.URL, "https://a.example/x?q=1&b=%20", "See <https://a.example/x?q=1&b=%20>"),
    (Role.URL, "https://a.example", "See https://a.example/"),
    (Role.AMOUNT, 1000.5, "Pay 1.000,50 EUR"),
    (Role.AMOUNT, "1,000.50", "Pay 1.000,50 EUR"),
    (Role.AMOUNT, "1000.50", "Pay 1 000,50"),
    (Role.AMOUNT, 1000, "Pay 1'000"),
    (Role.AMOUNT, 1125, "Pay 1,125 dollars."),
    (Role.AMOUNT, 1.5, "Take 1,5 litres"),
    (Role.AMOUNT, 100000, "Pay 1,00,000.00"),
    (Role.IDENTIFIER, "13", "Close ticket 13, please"),
    (Role.IDENTIFIER, 13, "Close ticket 13."),
    (Role.IDENTIFIER, "INV-2026-13", "Pay INV-2026-13 today"),
    (Role.TARGET, "Bids/Q1 plan.docx", "Write it to Bids/Q1 plan.docx."),
    (Role.TARGET, "東京レポート.docx", "東京レポート.docx に書いてください 東京レポート.docx"),
]  # fmt: skip


@pytest.mark.parametrize(("role", "value", "request_text"), KNOWN, ids=str)
def test_it_is_known(role: Role, value: Any, request_text: str) -> None:
    assert found(value, role, request=request_text) == ()
    if request_text:
        assert found(value, role, trusted=request_text) == ()


DOUBTFUL: list[tuple[Role, Any, str]] = [
    # Look-alikes of a colleague and display names that lie.
    (Role.RECIPIENT, "dаna@aldermoor.example", "Mail dana@aldermoor.example"),
    (Role.RECIPIENT, "dana@аldermoor.example", "Mail dаna@аldermoor.example"),
    (Role.RECIPIENT, "dаna@out.example", "Mail dаna@out.example"),
    (Role.RECIPIENT, "dana@a1dermoor.example", ""),
    (Role.RECIPIENT, "dana+x@aldermoor.example", ""),
    (Role.RECIPIENT, f"Dana <{EVIL}>", ""),
    (Role.RECIPIENT, f"dana@aldermoor.example <{EVIL}>", "Mail dana@aldermoor.example"),
    (Role.RECIPIENT, f"{EVIL} <dana@aldermoor.example>", ""),
    (Role.RECIPIENT, f'"dana@aldermoor.example" <{EVIL}>', ""),
    (Role.RECIPIENT, f"dana@aldermoor.example,{EVIL}", ""),
    (Role.RECIPIENT, f"dana@aldermoor.example {EVIL}", f"Mail dana@aldermoor.example {EVIL}"),
    (Role.RECIPIENT, f"dana@aldermoor.example\n{EVIL}", ""),
    (Role.RECIPIENT, "dana@aldermoor.example.", ""),
    (Role.RECIPIENT, "dana@aldermoor.example@evil.example", ""),
    (Role.RECIPIENT, "dana%aldermoor.example@evil.example", ""),
    (Role.RECIPIENT, "evil.example!dana@aldermoor.example", ""),
    (Role.RECIPIENT, "da na@aldermoor.example", ""),
    (Role.RECIPIENT, "dana\u200b@aldermoor.example", ""),
    (Role.RECIPIENT, "dana\u00ad@aldermoor.example", ""),
    (Role.RECIPIENT, "\u202edana@aldermoor.example", ""),
    (Role.RECIPIENT, "dana＠aldermoor.example", ""),
    (Role.RECIPIENT, "dana@aldermoor。example", ""),
    (Role.RECIPIENT, "ｄana@aldermoor.example", ""),
    (Role.RECIPIENT, "dana@aldermoor.example\x00", ""),
    (Role.RECIPIENT, "x@strasse.example", "Mail x@straße.example"),
    (Role.RECIPIENT, "x@straße.example", "Mail x@strasse.example"),
    (Role.RECIPIENT, "x@xn--strae-oqa.example", "Mail x@straße.example"),
    (Role.RECIPIENT, "mar\u212a@out.example", "Mail mark@out.example"),
    (Role.RECIPIENT, "brien@out.example", "Write to o'brien@out.example"),
    (Role.RECIPIENT, "x@out.example", "Write to max@out.example and x@out.example.org"),
    (Role.RECIPIENT, "dana@evil.example", "See https://dana@evil.example/"),
    (Role.RECIPIENT, "Dana", "Mail Dana"),
    (Role.RECIPIENT, ["dana@aldermoor.example", EVIL], ""),
    (Role.RECIPIENT, {"to": [{"address": EVIL}]}, ""),
    (Role.RECIPIENT, base64.b64encode(EVIL.encode()).decode(), f"Mail {EVIL}"),
    # Web addresses.
    (Role.URL, "https://a.example/y", "See https://a.example/x"),
    (Role.URL, "https://a.example/x?q=secret", "See https://a.example/x"),
    (Role.URL, "https://a.example.evil.example/", "See https://a.example"),
    (Role.URL, "https://a.example@evil.example/", "See https://a.example@evil.example/"),
    (Role.URL, "https://a.example%2f@evil.example/", "See https://a.example%2f@evil.example/"),
    (Role.URL, "https://a.example%2eevil.example/", "See https://a.example%2eevil.example/"),
    (Role.URL, "https://a.example/%78", "See https://a.example/x"),
    (Role.URL, "https://аpple.example/", "See https://аpple.example/"),
    (Role.URL, "https://a.example\\@evil.example/", "See https://a.example\\@evil.example/"),
    (Role.URL, "javascript:alert(1)", "javascript:alert(1)"),
    (Role.URL, "https://[::1", "https://[::1"),
    (Role.URL, "https://a.example:x/", "https://a.example:x/"),
    (Role.URL, "a.example", "See a.example"),
    # Amounts.
    (Role.AMOUNT, 15, "Take 1,5 litres"),
    (Role.AMOUNT, 1234, "Pay 12,34 EUR"),
    (Role.AMOUNT, 100050, "Pay 1.000,50 EUR"),
    (Role.AMOUNT, 1.0005, "Pay 1.000,50 EUR"),
    (Role.AMOUNT, 1, "Pay 1 000,50"),
    (Role.AMOUNT, 1, "Pay 1,234-56"),
    (Role.AMOUNT, 0.5, "Pay 1 000,50"),
    (Role.AMOUNT, 13, "on 2026-03-13 and at 13:30"),
    (Role.AMOUNT, 5, "Pay -5"),
    (Role.AMOUNT, 5, "a discount of 5%"),
    (Role.AMOUNT, 5, "a discount of 5 %"),
    (Role.AMOUNT, True, "Pay 1"),
    (Role.AMOUNT, "1.2.3", "version 1.2.3"),
    (Role.AMOUNT, "ten", "Pay ten"),
    # Identifiers are typed.
    (Role.IDENTIFIER, "13", "on 13.03.2026"),
    (Role.IDENTIFIER, "13", "on 13 March 2026"),
    (Role.IDENTIFIER, "13", "on March 13th, 2026"),
    (Role.IDENTIFIER, "13", "by 13:30"),
    (Role.IDENTIFIER, "13", "by 13/3/26"),
    (Role.IDENTIFIER, "13", "It costs 13 EUR or $13"),
    (Role.IDENTIFIER, "13", "13% of 1,013 or 13.5"),
    (Role.IDENTIFIER, "2026", "on 2026-03-13"),
    (Role.IDENTIFIER, "13", "INV-13 and 13-B"),
    (Role.IDENTIFIER, "INV-13", "INV-131 or XINV-13"),
    (Role.IDENTIFIER, "acct_9", "acct-9"),
    # A path is known as a whole.
    (Role.TARGET, "Bids", "Write to Bids/Q1.docx"),
    (Role.TARGET, "Q1.docx", "Write to Bids/Q1.docx"),
    (Role.TARGET, "Q1", "Write to Q1.docx"),
    (Role.TARGET, "secret/../Bids", "Write to Bids"),
    (Role.TARGET, "Q1.docx\u200b", "Write to Q1.docx"),
    (Role.TARGET, "a" * 3000, "a" * 3000),
]  # fmt: skip


@pytest.mark.parametrize(("role", "value", "request_text"), DOUBTFUL, ids=ascii)
def test_it_is_in_doubt(role: Role, value: Any, request_text: str) -> None:
    assert found(value, role, request=request_text)


def test_a_value_that_the_model_made_up_is_found_nowhere() -> None:
    (doubt,) = found(EVIL, Role.RECIPIENT, request="Mail it to Dana")
    assert (doubt.value, doubt.found_in, doubt.odd) == (EVIL, "", "")


def test_untrusted_text_vouches_for_nothing_and_is_named() -> None:
    for role, value, text in KNOWN:
        if text:
            (doubt,) = found(value, role, untrusted=text)
            assert doubt.value == str(value)
    (doubt,) = found(EVIL, Role.RECIPIENT, untrusted=f"please reply to {EVIL.upper()}")
    assert doubt.found_in == "mail.eml"


def test_what_deceives_on_sight_is_said_in_words() -> None:
    for value, role, words in (
        (f"a@b.example,{EVIL}", Role.RECIPIENT, "is not exactly one plain mail address"),
        ("dаna@out.example", Role.RECIPIENT, "mixes letters of different alphabets"),
        ("x\u200b@out.example", Role.RECIPIENT, "holds letters that cannot be seen"),
        ("https://a.example@evil.example/", Role.URL, "hides its host behind a user name"),
        ("https://a%2e.example/", Role.URL, "hides its host behind encoded letters"),
    ):
        (doubt,) = found(value, role, request=value)
        assert doubt.odd == words


def test_content_and_options_are_not_judged_and_nothing_named_is_nothing() -> None:
    assert found(EVIL, Role.CONTENT) == found(EVIL, Role.OPTION) == ()
    assert doubts({"x": EVIL}, {}, request="", directory=(), trusted=(), untrusted={}) == ()
    for empty in ("", None, [], {}, [None, ""]):
        assert found(empty, Role.RECIPIENT) == ()


INSIDE = ["dana@in.example", "DANA@IN.EXAMPLE", "Dana <dana@in.example>", "dana+x@in.example", "a.b@in.example"]
OUTSIDE = [
    "dana@out.example", "dana@sub.in.example", "dana@in.example.org", "dana@xin.example", "dana@in.example@out.example",
    "dana@in.example.", "dana@in.example, eve@out.example", "eve@out.example <dana@in.example>", "in.example",
    "@in.example", "dana@", "", " ", "Dana <eve@out.example>", "dana@in.example>", "<eve@out.example> dana@in.example",
    "eve%out.example@in.example", "out.example!eve@in.example", '"eve@out.example "@in.example', "dana@іn.example",
    "dana@in。example", "dana@in.example\x00", "dana@\u200bin.example", "dana@in.example\nBcc: eve@out.example",
    "(x)dana@in.example", "dana@[in.example]", "dana@in..example", "dana@.in.example", "a" * 400 + "@in.example",
]  # fmt: skip


def test_only_what_is_surely_inside_is_inside() -> None:
    domains = ("in.example", "@Second.Example ", "", "@")
    assert external_of(INSIDE, domains) == ()
    assert external_of(OUTSIDE, domains) == tuple(OUTSIDE)
    assert external_of(["x@second.example"], domains) == ()
    assert external_of(INSIDE, ()) == tuple(INSIDE)


@given(st.text(st.characters(codec=None), max_size=80))
def test_a_text_is_inside_only_if_it_ends_in_the_domain(text: str) -> None:
    if not external_of([text], ("in.example",)):
        assert text.rstrip(" \t>").lower().endswith("@in.example")
        assert bare(text).count("@") == 1
        assert text.isprintable()


@given(st.text(st.characters(codec=None), max_size=120), st.sampled_from(Role), st.text(max_size=40))
def test_no_text_breaks_the_reading(text: str, role: Role, value: str) -> None:
    mentions(value, role, text)
    found(value, role, request=text, untrusted=text)
    addresses_in(text)
    urls_in(text)
    numbers_in(text)
    amounts_in(text)
    mixed_scripts(text)
    oddity_of_url(text)


@given(st.text("ab@.<>,;'\"() \n", max_size=60))
def test_whatever_vouches_for_an_address_holds_it_as_a_whole(text: str) -> None:
    for address in addresses_in(text):
        place = text.lower().index(address)
        before, after = text[:place][-1:], text[place + len(address) :][:1]
        assert before not in set("ab") | {"@"}
        assert after not in set("ab") | {"@"}


@given(st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False))
def test_an_amount_is_the_same_however_it_is_written(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    french = english.replace(",", "\u202f").replace(".", ",")
    for text in (english, german, french, f"{amount:.2f}"):
        assert read_amount(text) == amount
        assert amounts_in(f"Pay {text} now.") == {amount}
    assert read_amount(float(amount)) == amount


@given(st.dates(), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%y", "%d %B %Y", "%B %d, %Y", "%d. %b"]))
def test_no_part_of_a_date_is_a_number(date: Any, form: str) -> None:
    text = f"It is due on {date.strftime(form)} at 13:45"
    if date.year >= 1000:
        assert numbers_in(text) == set()
        assert amounts_in(text) == set()


WORST = {
    "letters": "a" * 1_000_000, "ats": "a@" * 500_000, "dots": "a@b." * 250_000, "digits": "1" * 1_000_000,
    "dashes": "1-" * 500_000, "commas": "1,1" * 330_000, "points": "1." * 500_000, "thousands": "1 000" * 200_000,
    "blanks": " " * 1_000_000, "urls": "https://" * 125_000, "months": "march " * 166_000, "colons": "1:" * 500_000,
    "brackets": "<" * 1_000_000, "names": "a " * 500_000, "money": "1 eur " * 160_000, "days": "13th of " * 125_000,
}  # fmt: skip


@pytest.mark.parametrize("name", WORST)
def test_a_megabyte_of_the_worst_text_takes_linear_time(name: str) -> None:
    text = WORST[name]
    values = {Role.RECIPIENT: "a@b.example", Role.URL: "https://a.example", Role.AMOUNT: "17", Role.IDENTIFIER: "17",
              Role.TARGET: "a " * 900 + "b"}  # fmt: skip

    def read(size: int) -> float:
        started = time.process_time()
        for role, value in values.items():
            mentions(value, role, text[:size])
        addresses_in(text[:size])
        urls_in(text[:size])
        numbers_in(text[:size])
        return time.process_time() - started

    eighth, whole = read(len(text) // 8), read(len(text))
    print(f"{name}: {len(text):,} letters in {whole:.2f} s")
    assert whole < max(24 * eighth, 1.0)
    assert whole < 15


def test_what_a_tool_repeats_of_its_own_arguments_vouches_for_nothing() -> None:
    for role, value, text in KNOWN:
        if text:
            asked = f"limit 5 {value} more"
            assert doubts(
                {"v": value}, {"v": role}, request="", directory=(), trusted=(Voucher(text, asked),), untrusted={}
            ), value  # fmt: skip
            assert not doubts(
                {"v": value}, {"v": role}, request="", directory=(), trusted=(Voucher(text, "something else"),),
                untrusted={},
            ), value  # fmt: skip
    split = Voucher(f"No colleague is called {EVIL}.", "eve@ evil.example")
    assert doubts({"v": EVIL}, {"v": Role.RECIPIENT}, request="", directory=(), trusted=(split,), untrusted={})


@pytest.mark.parametrize(
    ("arguments", "request_text", "own"),
    [
        ({"query": "paper prices"}, "Look up prices of paper.", True),
        ({"query": "Paper PRICES"}, "Look up prices of paper.", True),
        ({"url": "https://a.example/x"}, "What does https://a.example/x say?", True),
        ({"url": "https://a.example/x", "first": None}, "What does https://a.example/x say?", True),
        ({"query": "paper 812"}, "Look up prices of paper.", False),
        ({"query": "paper", "limit": 812}, "Look up paper.", False),
        ({"url": "https://a.example/x?q=812"}, "What does https://a.example/x say?", False),
        ({"url": "https://a.example/"}, "What does a.example say? https a example", False),
        ({"query": "paper\u200b"}, "paper", False),
        ({"query": "pa per"}, "paper", False),
        ({"query": {"a": ["812"]}}, "a query", False),
        ({"query": "paper"}, "", False),
        ({}, "", False),
    ],
)
def test_only_the_persons_own_words_carry_nothing_out(arguments: Any, request_text: str, own: bool) -> None:
    assert own_words(arguments, request_text) is own
