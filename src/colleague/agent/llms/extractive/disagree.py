"""What documents say differently of the same thing, put side by side: another number or date, or a «not». Pure."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from colleague.agent.llms.extractive.answer import ALIKE, STOP, Passage
from colleague.agent.llms.extractive.patterns import DATE
from colleague.agent.llms.extractive.sentences import sentences
from colleague.agent.llms.extractive.source import words_of

MOST_STATEMENTS: Final = 200
LONGEST: Final = 600
_WORDS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_NUMBERS: Final = {word: number for number, word in enumerate(_WORDS.split())} | {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90,
}  # fmt: skip
_DAYS: Final = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 365 / 12, "year": 365.0}
_COUNT: Final = rf"(?:\d+(?:[.,]\d+)*|{'|'.join(_NUMBERS)})"
_PER: Final = r"(?:\s(?:an?|per|each|every|in an?|and)\s(?:calendar\s|full\s)?(?P<per>[a-z]+))?"
_MONEY: Final = re.compile(
    r"(?:(?P<sign>[$€£]|\b(?:USD|EUR|GBP|CHF)\b)\s?(?P<ahead>\d+(?:[.,]\d+)*)|\b(?P<behind>\d+(?:[.,]\d+)*)\s?"
    rf"(?P<word>p|pence|euros?|dollars|pounds|USD|EUR|GBP|CHF)\b)(?:\s(?P<scale>billion|million|thousand))?{_PER}",
    re.IGNORECASE,
)
_SHARE: Final = re.compile(r"\b(\d+(?:[.,]\d+)?)\s?(?:%|per cent\b|percent\b)")
_CLOCK: Final = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")
_COUNTED: Final = re.compile(
    rf"\b(?P<count>{_COUNT})\s(?:(?:working|business|calendar|consecutive|full|more|clear)\s)?"
    rf"(?P<unit>[a-z]{{3,}}){_PER}",
    re.IGNORECASE,
)
_DATE: Final = re.compile(DATE, re.IGNORECASE)
_LABEL: Final = re.compile(r"^(?:§\s?)?\d+(?:\.\d+)*[.)]?\s")
_NOT: Final = re.compile(
    r"\b(?:not|never|no|nor|neither|without|cannot|prohibited|forbidden)\b|n['’]t\b", re.IGNORECASE
)
_SMALL: Final = frozenset(words_of(
    "least most only up less than under over after before within into out per each every other same one such also both "
    "may might must shall should will would can could need not never nor neither without cannot prohibited forbidden "
    "so working business calendar consecutive full clear january february march april june july august september "
    "october november december pence euro dollar pound percent cent"
)) | STOP | frozenset(w for n in (*_NUMBERS, *_DAYS) for w in words_of(n))  # fmt: skip
_SAME: Final = {a: min(a, b) for x, y in ALIKE for a, b in ((*words_of(x), *words_of(y)), (*words_of(y), *words_of(x)))}


@dataclass(frozen=True, slots=True)
class Saying:
    """One sentence or row of a document on the question: what it is about, the values it gives, whether it says not."""

    text: str
    cite: str
    source: str
    words: frozenset[str]
    around: frozenset[str]
    values: dict[str, frozenset[float | str]]
    negated: bool


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two statements of two documents that speak of the same thing and do not say the same."""

    one: Saying
    other: Saying


def disagreements(passages: Sequence[Passage], most: int = 12) -> list[Disagreement]:
    """Return pairs of statements of different documents to be read together, the surest first.

    Both must share most of their words, rare ones counting more, the heading they stand under included; and give
    different values of one kind (an amount, a time, a share, a date, a number of something), or one says «not» where
    the other does not. That finds candidates: whether they contradict each other is for a person to say.
    """
    said = _sayings(passages)[:MOST_STATEMENTS]
    seen = Counter(w for one in said for w in one.words | one.around)
    weight = {w: math.log(1 + len(said) / n) for w, n in seen.items()}
    found: list[tuple[float, int, Disagreement]] = []
    for order, (one, other) in enumerate(combinations(said, 2)):
        if one.source != other.source and (near := _near(one, other, weight)):
            found.append((-near, order, Disagreement(one, other)))
    chosen: list[Disagreement] = []
    told: Counter[str] = Counter()
    for _, _, pair in sorted(found, key=lambda f: f[:2]):
        if max(told[pair.one.text], told[pair.other.text]) < 2:
            chosen.append(pair)
            told.update((pair.one.text, pair.other.text))
    return chosen[:most]


def _near(one: Saying, other: Saying, weight: dict[str, float]) -> float:
    """Return how surely two statements speak of the same thing and differ; 0 if they do not."""
    own, all_one, all_other = one.words & other.words, one.words | one.around, other.words | other.around
    shared = all_one & all_other
    if not own or len(shared) < 2 or one.text.casefold() == other.text.casefold():
        return 0.0
    small = min(sum(weight[w] for w in one.words | shared), sum(weight[w] for w in other.words | shared))
    near = sum(weight[w] for w in shared) / small if small else 0.0
    same_kind = one.values.keys() & other.values.keys()
    differs = any(not one.values[k] & other.values[k] for k in same_kind)
    if differs and near >= 0.4:
        return near
    opposed = one.negated != other.negated and not any(one.values[k] & other.values[k] for k in same_kind)
    return near if opposed and len(own) >= 2 and len(shared) >= 3 and near >= 0.6 else 0.0


def _sayings(passages: Sequence[Passage]) -> list[Saying]:
    found: dict[tuple[str, str], Saying] = {}
    for passage in passages:
        head = passage.rows[0] if len(passage.rows) > 1 else ()
        around = _about(f"{passage.section} {' '.join(head)}")
        for text in [passage.text] if passage.rows else sentences(passage.text):
            plain = _LABEL.sub("", text)
            if 8 <= len(plain) <= LONGEST:
                values = values_of(plain)
                saying = Saying(
                    text, passage.cite, passage.source, _about(_bare(plain)), around, values, bool(_NOT.search(plain))
                )
                found.setdefault((passage.cite, text), saying)
    return list(found.values())


def _about(text: str) -> frozenset[str]:
    """Return what a text is about: its words without small ones, numbers and what they count; like words as one."""
    return frozenset(_SAME.get(w, w) for w in words_of(text) if w not in _SMALL and not w[0].isdigit())


def _bare(text: str) -> str:
    for expression in (_DATE, _MONEY, _SHARE, _CLOCK):
        text = expression.sub(" ", text)
    return text


def values_of(text: str) -> dict[str, frozenset[float | str]]:
    """Return the values in a sentence by their kind: «£ per night», «time per week», «%», «date», «boxes»."""
    found: dict[str, set[float | str]] = {}
    for kind, value in _values(text):
        found.setdefault(kind, set()).add(value)
    return {kind: frozenset(values) for kind, values in found.items()}


def _values(text: str) -> Iterator[tuple[str, float | str]]:
    for match in _DATE.finditer(text):
        yield "date", " ".join(sorted(re.findall(r"\w+", match[0].casefold())))
    text = _DATE.sub(" ", text)
    for match in _MONEY.finditer(text):
        sign = (match["sign"] or match["word"]).casefold()
        currency = {"p": "£", "pence": "£", "pounds": "£", "gbp": "£", "eur": "€", "usd": "$", "dollars": "$"}
        coin = currency.get(sign, "€" if sign.startswith("euro") else sign)
        amount = _number(match["ahead"] or match["behind"]) / (100 if sign in ("p", "pence") else 1)
        scale = {"billion": 1e9, "million": 1e6, "thousand": 1e3}.get((match["scale"] or "").casefold(), 1.0)
        yield f"{coin}{_kind(match['per'])}", round(amount * scale, 4)
    for match in _SHARE.finditer(text):
        yield "%", _number(match[1])
    for match in _CLOCK.finditer(text):
        yield "clock", int(match[1]) * 60.0 + int(match[2])
    for match in _COUNTED.finditer(_SHARE.sub(" ", _MONEY.sub(" ", text))):
        unit = match["unit"].casefold().removesuffix("s")
        if unit in _DAYS:
            yield f"time{_kind(match['per'])}", round(_number(match["count"]) * _DAYS[unit], 4)
        elif not (stems := words_of(unit)) or stems[0] not in STOP:
            yield f"count of {''.join(stems)}{_kind(match['per'])}", _number(match["count"])


def _kind(per: str | None) -> str:
    word = (per or "").casefold().removesuffix("s")
    return (
        f" per {word}"
        if word in (*_DAYS, "night", "person", "head", "seat", "user", "item", "page", "box", "mile")
        else ""
    )


def _number(text: str) -> float:
    """Return a number as written in English: «1,320», «2.5», «three»."""
    if text.casefold() in _NUMBERS:
        return float(_NUMBERS[text.casefold()])
    digits = re.sub(r",(?=\d{3}\b)", "", text).replace(",", ".")
    return float(digits) if digits.count(".") < 2 else float(digits.replace(".", ""))
