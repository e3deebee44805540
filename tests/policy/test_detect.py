"""Detectors find what has check digits and keys, raise nothing on any text, and stay linear on the worst of it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colleague.policy.detect import class_of_text, iban, luhn
from colleague.policy.model import DataClass

FOUND = [
    ("payment card", "Card 4111 1111 1111 1111"),
    ("payment card", "4111111111111111"),
    ("payment card", "4111-1111-1111-1111"),
    ("payment card", "4111 1111 1111 1111 12/28"),
    ("payment card", "4111 1111 1111 1111 123"),
    ("payment card", "4111\u00a01111\u00a01111\u00a01111"),
    ("payment card", "Amex 3782 822463 10005 valid"),
    ("bank account", "Pay DE89 3704 0044 0532 0130 00 today"),
    ("bank account", "DE89370400440532013000"),
    ("bank account", "de89 3704 0044 0532 0130 00"),
    ("bank account", "BE68 5390 0754 7034 BANK of Ghent"),
    ("bank account", "IBAN GB82 WEST 1234 5698 7654 32."),
    ("national id", "SSN 123-45-6789"),
    ("health", "diagnosed, prescription: prescribed, medical history"),
    ("privileged", "Attorney-client privilege applies"),
]
KEYS = [
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----",
    "AKIA" + "A" * 16,
    "ghp_" + "a" * 36,
    "github_pat_" + "a" * 40,
    "sk-" + "a" * 24,
    "xoxb-" + "1" * 12,
    "AIza" + "b" * 35,
    "sk_live_" + "c" * 20,
]
QUIET = [
    "Card 4111 1111 1111 1112",
    "1234567890123",
    "1767225600000",
    "DE88 3704 0044 0532 0130 00",
    "000-12-3456",
    "900-12-3456",
    "666-12-3456",
    "123-00-4567",
    "123-45-0000",
    "0000 0000 0000 0000",
    "ISO 27001:2022 section 4.1",
    "the patient was diagnosed",
    "BEGIN PRIVATE KEY",
    "sk-short",
    "phone +49 30 12345678",
]


@pytest.mark.parametrize(("category", "text"), FOUND)
def test_it_is_found(category: str, text: str) -> None:
    found = class_of_text(text)
    assert category in found.categories
    assert found.data_class is DataClass.CONFIDENTIAL


@pytest.mark.parametrize("text", KEYS, ids=lambda t: t[:14])
def test_a_key_is_restricted(text: str) -> None:
    assert class_of_text(f"token: {text} .").data_class is DataClass.RESTRICTED


@pytest.mark.parametrize("text", QUIET)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert class_of_text(text).data_class is DataClass.PUBLIC


@given(st.text(st.characters(codec=None), max_size=300))
def test_no_text_breaks_a_detector(text: str) -> None:
    class_of_text(text)
    iban(text)
    luhn(text)


@given(st.text(alphabet="0123456789 -AKIADEsk_\u017f\u212a\u0663\uff11BEGINPRVT", max_size=200))
def test_no_text_of_nearly_the_right_letters_breaks_a_detector(text: str) -> None:
    class_of_text(text)
    iban(text)


@given(st.text(max_size=200), st.sampled_from([t for _, t in FOUND] + KEYS))
def test_more_text_never_lowers_the_class(text: str, found: str) -> None:
    assert class_of_text(f"{text}\n{found}\n{text}").data_class >= class_of_text(found).data_class


@given(st.integers(10**11, 10**14))
def test_exactly_one_check_digit_fits(number: int) -> None:
    assert sum(luhn(f"{number}{digit}") for digit in range(10)) == 1


@given(st.integers(0, 10**18 - 1), st.integers(0, 17))
def test_a_changed_digit_of_an_iban_is_noticed(account: int, place: int) -> None:
    body = f"{account:018d}"
    check = 98 - int(f"{body}131400") % 97
    good = f"DE{check:02d}{body}"
    assert iban(good)
    changed = body[:place] + str((int(body[place]) + 1) % 10) + body[place + 1 :]
    assert not iban(f"DE{check:02d}{changed}")


WORST = {
    "digits": "4" * 1_000_000,
    "digits and blanks": "4 " * 500_000,
    "digits and dashes": "4-" * 500_000,
    "groups": "4111 " * 200_000,
    "iban groups": "DE89 3704 " * 100_000,
    "iban run": "DE89" + "A" * 1_000_000,
    "keys": "sk-" * 333_000,
    "key dashes": "sk-" + "-" * 1_000_000,
    "begin": "-----BEGIN " + "A " * 500_000,
    "begins": "-----BEGIN " * 90_000,
    "slack": "xoxb-" * 200_000,
    "ssn": "123-45-" * 140_000,
    "letters": "a" * 1_000_000,
    "privileged": "privileged and " * 66_000,
    "health": "diagnosed " * 100_000,
    "lines": "\n" * 1_000_000,
    "google": "AIza" * 250_000,
    "pat": "github_pat_" * 90_000,
}


@pytest.mark.parametrize("name", WORST)
def test_a_megabyte_of_the_worst_text_takes_linear_time(name: str) -> None:
    text = WORST[name]
    started = time.process_time()
    class_of_text(text[: len(text) // 8])
    eighth = time.process_time() - started
    started = time.process_time()
    class_of_text(text)
    whole = time.process_time() - started
    print(f"{name}: {len(text):,} letters in {whole:.2f} s")
    assert whole < max(24 * eighth, 1.0)
    assert whole < 12
