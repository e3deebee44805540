"""Detectors of sensitive text: checked patterns only. They raise a class, they never lower one (R72). Pure."""

import re
from dataclasses import dataclass

from colleague.policy.model import DataClass

_CARD = re.compile(r"(?<![\d-])(?:\d[ -]?){12,18}\d(?![\d-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_SSN = re.compile(r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b")
_KEY = re.compile(
    r"-----BEGIN (?:[A-Z ]+ )?PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{36}\b"
    r"|\bsk-[A-Za-z0-9_-]{20,}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}\b"
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
    """Say whether the check digit of a card number holds (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        number = int(char) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0 and len(set(digits)) > 1


def iban(text: str) -> bool:
    """Say whether the check digits of an IBAN hold (ISO 13616, mod 97)."""
    plain = text.replace(" ", "")
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def class_of_text(text: str) -> Detected:
    """Return what the detectors find in `text`.

    Keys and tokens are restricted; card numbers, IBANs, national ids, health and privileged words are confidential.
    """
    categories = set()
    if any(luhn(re.sub(r"\D", "", m)) for m in _CARD.findall(text)):
        categories.add("payment card")
    if any(iban(m) for m in _IBAN.findall(text)):
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
