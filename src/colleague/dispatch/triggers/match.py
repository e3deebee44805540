"""Which triggers does a message fit, with which values? The same words on one day always give the same plan. Pure.

No regular expression of an administrator's runs on what strangers write: words are compared one by one, and the work is
bounded by the length of the message times that of the pattern.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from colleague.dispatch.triggers.model import DELIVERIES, Plan, Trigger
from colleague.dispatch.triggers.pattern import Field, Pattern, Piece, read_pattern
from colleague.policy.numbers import read_amount

LONGEST, MOST_WORDS = 1600, 300
AS_DOCUMENT = "Write the result as a docx document, and say in the answer what it holds."
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,63}", re.IGNORECASE)
_DATES = (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"), re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})"))
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CURRENCY = re.compile(r"(eur|usd|gbp|chf|jpy|€|\$|£|¥)", re.IGNORECASE)
_SPELT = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_END = ".,;:!?"


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it is compared: its words, and where the sender wants the answer («@email» at its end)."""

    words: tuple[str, ...]
    delivery: str = ""


def said(text: str) -> Said:
    """Return the words of a message: in one Unicode form, without control characters, blanks folded."""
    plain = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFKC", text[: LONGEST * 2]))
    plain = "".join(c for c in plain if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn", "Co"))
    words = plain.split()
    delivery = ""
    if len(words) > 1 and words[-1].startswith("@") and words[-1][1:].casefold() in DELIVERIES:
        delivery = words.pop()[1:].casefold()
    return Said(tuple(words), delivery)


def plans_of(message: Said, triggers: Sequence[Trigger], *, today: date) -> tuple[Plan, ...]:
    """Return the plan of every trigger that the message fits, in the order of their names: one, none, or a question."""
    found = []
    for trigger in sorted(triggers, key=lambda t: (t.wording.name, t.id)):
        fields = match(message.words, read_pattern(trigger.wording.pattern), today=today)
        if fields is not None:
            found.append(plan_of(trigger, fields, delivery=message.delivery))
    return tuple(found)


def plan_of(trigger: Trigger, fields: dict[str, str], *, delivery: str = "") -> Plan:
    """Return the plan of a trigger with these values."""
    wording, delivery = trigger.wording, delivery or trigger.wording.delivery
    return Plan(
        trigger.id, wording.name, trigger.version, tuple(fields.items()), goal_for(wording.goal, fields, delivery),
        wording.use_case, wording.tier, wording.micros, delivery,
    )  # fmt: skip


def goal_for(template: str, fields: dict[str, str], delivery: str) -> str:
    """Return what the agent is told, and that a document is wanted where the answer goes into one."""
    goal = goal_of(template, fields)
    return f"{goal}\n{AS_DOCUMENT}" if delivery == "document" else goal


def goal_of(template: str, fields: dict[str, str]) -> str:
    """Return what the agent is told: the template with the values in it. A value is put in once and not read again."""
    parts = re.split(r"(\{[a-z_]{1,30}\})", template)
    text = "".join(fields.get(p[1:-1], "") if p.startswith("{") and p.endswith("}") else p for p in parts)
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()


def match(words: Sequence[str], pattern: Pattern, *, today: date) -> dict[str, str] | None:
    """Return the values of the fields («» for what was left out), or None if the words do not fit the pattern."""
    if not words or len(words) > MOST_WORDS or sum(map(len, words)) > LONGEST:
        return None
    for way in pattern.ways:
        found = _match(words, way, today)
        if found is not None:
            return {field.name: found.get(field.name, "") for field in pattern.fields}
    return None


def _match(words: Sequence[str], way: tuple[Piece, ...], today: date) -> dict[str, str] | None:
    """Fit the words to one way of saying it; a field of several words takes as few as it can. Every pair of places is
    looked at once."""
    dead: set[tuple[int, int]] = set()

    def fit(piece: int, word: int) -> dict[str, str] | None:
        if piece == len(way):
            return {} if word == len(words) else None
        if (piece, word) in dead:
            return None
        one = way[piece]
        if isinstance(one, str):
            if word < len(words) and _same(words[word], one):
                rest = fit(piece + 1, word + 1)
                if rest is not None:
                    return rest
        else:
            for count in _counts(one, len(words) - word):
                # Any words are a text: they are put together only where the rest fits.
                few = words[word : word + count]
                value = "" if one.type == "text" else read_value(one, few, today=today)
                rest = fit(piece + 1, word + count) if value is not None else None
                if value is not None and rest is not None:
                    return {one.name: value or " ".join(few), **rest}
        dead.add((piece, word))
        return None

    return fit(0, 0)


def _same(word: str, literal: str) -> bool:
    return word.casefold() == literal.casefold() or word.rstrip(_END).casefold() == literal.casefold()


def _counts(field: Field, left: int) -> range:
    """Return how many words a field may take."""
    most = {"text": left, "person": 4, "amount": 2}.get(field.type, 1)
    return range(1, min(most, left) + 1)


def read_value(field: Field, words: Sequence[str], *, today: date) -> str | None:
    """Return the value of a field in its one spelling, or None if the words are none. People stay as named."""
    text = " ".join(words)
    plain = text.rstrip(_END)
    match field.type:
        case "text":
            return text
        case "word" | "person":
            return plain or None
        case "number":
            amount = read_amount(plain)
            return f"{amount:f}" if amount is not None and amount.is_finite() else None
        case "amount":
            return _amount(plain)
        case "date":
            return _date(plain.casefold(), today)
        case "email":
            return plain.casefold() if _EMAIL.fullmatch(plain) else None
        case "choice":
            return plain.casefold() if plain.casefold() in field.choices else None
        case _:
            return None


def _amount(text: str) -> str | None:
    currencies = _CURRENCY.findall(text)
    if len(currencies) > 1:
        return None
    amount = read_amount(_CURRENCY.sub("", text).strip())
    if amount is None or not amount.is_finite():
        return None
    sign = currencies[0] if currencies else ""
    return f"{amount:f} {_SPELT.get(sign, sign.upper())}".strip()


def _date(text: str, today: date) -> str | None:
    """Return a date as YYYY-MM-DD. A weekday is the next one, never today; «3/4/2026» is two dates, so it is none."""
    if text in ("today", "tomorrow"):
        return (today + timedelta(days=text == "tomorrow")).isoformat()
    if text in _DAYS:
        ahead = (_DAYS.index(text) - today.weekday() - 1) % 7 + 1
        return (today + timedelta(days=ahead)).isoformat()
    try:
        if found := _DATES[0].fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
        if found := _DATES[1].fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    except ValueError:
        return None
    return None
