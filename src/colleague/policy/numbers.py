"""Numbers in a text as people write them: amounts with separators, identifiers, never parts of dates. Pure."""

import re
from decimal import Decimal, InvalidOperation

_BLANK = " \u00a0\u202f'’"
_AMOUNT = re.compile(
    rf"(?<![\w.,-])(?<!\d[{_BLANK}])\d++(?:[{_BLANK}]\d{{3}}(?!\d))*+(?:[.,]\d++)*+(?![\w%-]|\s?%)"
)  # fmt: skip
_WHOLE = re.compile(r"(?<![\w.,-])\d++(?![\w%-]|\s?%|[.,]\d)")
_MONTH = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?"
    r"|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)"
)
_TIMES = re.compile(
    r"(?<!\d)(?:\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?![\d])|\d{1,2}:\d{2}(?::\d{2})?(?!\d)|\d{1,2}\s?[ap]\.?m\b)"
    rf"|\b{_MONTH}\b\.?\s{{1,3}}\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s{{1,3}}\d{{4}}\b)?"
    rf"|(?<!\d)\d{{1,2}}(?:st|nd|rd|th|\.)?\s{{1,3}}(?:of\s{{1,3}})?{_MONTH}\b\.?(?:\s{{1,3}}\d{{4}}\b)?",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"[$€£¥]\s?\d[\d.,]*+|(?<![\w.,-])\d[\d.,]*+\s?(?:[$€£¥]|(?:eur|usd|gbp|chf|jpy|euros?|dollars?|pounds?)\b)",
    re.IGNORECASE,
)
LONGEST = 40


def without_dates(text: str) -> str:
    """Return `text` with dates and times of day blanked out: their digits are no amounts and no identifiers."""
    return _TIMES.sub(" ; ", text)


def read_amount(value: str | float) -> Decimal | None:
    """Return the amount, or None if it is none. «1.000,50» and «1,000.50» are the same; «1,5» is one and a half.

    One separator before exactly three digits groups thousands («1,125» is 1125), as sums of money are written.
    """
    try:
        if not isinstance(value, str):
            return Decimal(repr(value))
        plain = value.strip()
        if len(plain) > LONGEST or not _AMOUNT.fullmatch(plain):
            return None
        return Decimal(_point(plain))
    except InvalidOperation:
        return None


def _point(text: str) -> str:
    """Return `text` with a point for the decimals and nothing between the thousands; "" if it is ambiguous."""
    grouped = any(c in _BLANK for c in text)
    digits = re.sub(rf"[{_BLANK}]", "", text)
    marks = [c for c in digits if c in ".,"]
    if not marks:
        return digits
    whole, _, rest = digits.rpartition(marks[-1])
    groups = re.split(r"[.,]", whole)
    even = len(groups[0]) <= 3 and all(len(g) in (2, 3) for g in groups[1:])
    if len(set(marks)) == 2:
        return "".join(groups) + "." + rest if marks.count(marks[-1]) == 1 and even and len(groups[-1]) == 3 else ""
    thousands = even and len(rest) == 3 and groups[0] != "0" and not grouped
    if len(marks) > 1:
        return "".join(groups) + rest if thousands else ""
    return whole + rest if thousands else f"{whole}.{rest}"


def amounts_in(text: str) -> set[Decimal]:
    """Return the amounts that `text` names, dates left out."""
    found = (read_amount(token) for token in _AMOUNT.findall(without_dates(text)))
    return {amount for amount in found if amount is not None}


def numbers_in(text: str) -> set[str]:
    """Return the whole numbers that may be identifiers: no part of a date, a time, a sum of money or a percentage."""
    return set(_WHOLE.findall(_MONEY.sub(" ; ", without_dates(text))))
