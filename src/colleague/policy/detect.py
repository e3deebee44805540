"""Detectors of sensitive text: checked patterns only. They raise a class, they never lower one (R72). Pure."""

import re
from dataclasses import dataclass
from itertools import chain

from colleague.policy.model import DataClass

_GAP = "[ \u00a0\u202f-]?"
# A card number as a whole, and as it is printed in groups: an expiry date or a check value may follow.
_CARD = re.compile(rf"(?<![\d-])(?:\d{_GAP}){{12,18}}\d(?![\d-])")
_GROUPED = re.compile(rf"(?<!\d)(?=(\d{{4}}{_GAP}(?:\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{4}}|\d{{6}}{_GAP}\d{{4,5}}))(?!\d))")
_IBAN = re.compile(
    r"\b[A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]{4}){2,7}(?:[ \u00a0]?[A-Z0-9]{1,3})?\b", re.IGNORECASE | re.ASCII
)
_SSN = re.compile(r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b")
_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[oprsu]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20}|\bAIza[\w-]{35}"
    r"|\b(?:sk|rk)_live_[A-Za-z0-9]{16,}|\bsk-[A-Za-z0-9_-]{20,}|\bxox[abeprs]-[A-Za-z0-9-]{10,}"
)
_HEALTH = re.compile(r"\b(?:diagnos(?:is|ed)|patient record|medical history|prescri(?:bed|ption))\b", re.IGNORECASE)
_PRIVILEGED = re.compile(
    r"\b(?:attorney[- ]client privilege|legally privileged|privileged (?:and|&) confidential)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found: the class it asks for at least, and the categories."""

    data_class: DataClass = DataClass.PUBLIC
    categories: frozenset[str] = frozenset()


def luhn(digits: str) -> bool:
    """Say whether the check digit of a card number holds (ISO/IEC 7812-1, annex B); False for anything but digits."""
    if not digits.isdecimal():
        return False
    total = 0
    for place, char in enumerate(reversed(digits)):
        number = int(char) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0 and len(set(digits)) > 1


def iban(text: str) -> bool:
    """Say whether the check digits of an IBAN hold (ISO 13616, mod 97)."""
    plain = "".join(text.split())
    if not 15 <= len(plain) <= 34 or not plain.isascii() or not plain.isalnum():
        return False
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _holds_iban(text: str) -> bool:
    """Say whether `text`, or a beginning of it that ends between groups, is an IBAN: a word may follow it."""
    groups = text.split()
    return any(iban("".join(groups[:count])) for count in range(1, len(groups) + 1))


def _card(text: str) -> bool:
    """Say whether `text` is a card number: 13 to 19 digits, of an industry that issues cards, check digit right."""
    digits = "".join(c for c in text if c.isdigit())
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and luhn(digits)


def class_of_text(text: str) -> Detected:
    """Return what the detectors find in `text`.

    Keys and tokens are restricted; card numbers, IBANs, national ids, health and privileged words are confidential.
    """
    categories = set()
    if any(_card(m) for m in chain(_CARD.findall(text), _GROUPED.findall(text))):
        categories.add("payment card")
    if any(_holds_iban(m) for m in _IBAN.findall(text)):
        categories.add("bank account")
    if _SSN.search(text):
        categories.add("national id")
    if len(_HEALTH.findall(text)) >= 3:
        categories.add("health")
    if _PRIVILEGED.search(text):
        categories.add("privileged")
    if _KEY.search(text):
        return Detected(DataClass.RESTRICTED, frozenset(categories | {"access key"}))
    return Detected(DataClass.CONFIDENTIAL if categories else DataClass.PUBLIC, frozenset(categories))
