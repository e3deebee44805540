"""Judges a task that somebody wrote for practice: goal, inputs, output, limit; with words that help (AG-8). Pure.

It looks for the four parts by their shape, in English, and understands nothing else: the same text is always judged
the same.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from colleague.usecases.lint import FORMAT_WORDS, things_in

LONGEST: Final = 4000
PARTS: Final = {
    "goal": "Goal", "inputs": "Inputs", "output": "Expected output", "limit": "Due time or limit",
}  # fmt: skip
HELP: Final = {
    "goal": "Begin with a verb that says what is done: Compare, Summarise, Draft, Extract. A question asks for an "
    "answer, not for work.",
    "inputs": "Name what it starts from: the files, the mail, the folder, like «the three PDF offers in the folder "
    "Offers 2026».",
    "output": "Name the thing you want to hold and its form, like «a table» or «a two-page summary as a Word "
    "document».",
    "limit": "Say by when, how long, or what must not happen: «by Thursday 9:00», «at most two pages», «do not send "
    "anything».",
}  # fmt: skip

_VERBS = (
    "summarise|summarize|draft|compare|list|extract|prepare|write|check|translate|collect|sort|turn|find|review|"
    "update|create|make|outline|condense|reconcile|calculate|flag|mark|classify|rewrite|answer|produce|build|fill|read|"
    "go through|put|gather|highlight|identify|rank|show|merge|convert|tabulate|analyse|analyze|sum up|set up|take"
)
_GOAL = re.compile(rf"(?:^|[.;:,!\n] ?|\b(?:please|and|then|to|task|goal) ?:? )(?:{_VERBS})\b")
_ASKS = re.compile(
    r"^(?:hi|hello|hey)?[ ,]*(?:what|how|why|who|when|where|which|can|could|would|will|do|does|did|is|are|should|"
    r"may|any|have|has)\b"
)
_FILE = re.compile(r"\b[\w-]{1,80}\.(?:docx?|xlsx?|pptx?|pdf|csv|md|txt|eml|msg|html?)\b")
_SOURCE = re.compile(
    r"\b(?:the|these|those|this|my|our|your|all|each|every|attached|from|in|following|last|both|two|three|four|five|"
    r"\d{1,3})(?: [\w-]{1,30}){0,3} (?:rfps?|tenders?|annex(?:es)?|offers?|notes|minutes|mails?|emails?|threads?|"
    r"contracts?|agreements?|files?|folders?|documents?|spreadsheets?|workbooks?|slides|decks?|transcripts?|polic(?:y|ies)|"
    r"statements?|invoices?|figures|attachments?|pdfs?|mailbox|inbox|quotes?|quotations?|exports?|records?|pages)\b"
)
_ATTACHED = re.compile(r"\battached\b|\bhttps?://|\bfolder «|«[^»]{1,80}» folder|\bin «")
_OUTPUT = re.compile(
    r"(?<!\bthe )(?<!\bthese )(?<!\bthose )(?<!\bour )(?<!\bmy )(?<!\bfrom )(?<!\bof )(?<!attached )"
    r"\b(?:an?|one|two|three|four|five|ten|single|short|brief|\d{1,3})(?:[ -][\w-]{1,30}){0,4}"
    r"|\bas (?:an? )?[\w -]{1,60}"
)
_LIMIT = (
    re.compile(r"\b(?:within|in under|in less than|in at most) \d{1,4} ?(?:minutes?|mins?|hours?|h|days?)\b"),
    re.compile(
        r"\b(?:by|before|until|till|due|no later than|not later than)(?: on)? (?:the )?(?:next |this |end of )?"
        r"(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:by|before|until|till|due|for) (?:today|tonight|tomorrow|"
        r"noon|midday|eod|cob|end of|close of|the end of|lunch|\d)"
    ),
    re.compile(
        r"\b(?:at most|no more than|not more than|maximum(?: of)?|max|up to|under|less than|limit(?:ed)? to|exactly) "
        r"(?:\d{1,5}|an?|one|two|three|four|five|six|ten|half)(?: [\w-]{1,20})?\b"
    ),
    re.compile(
        r"\b(?:\d{1,3}|one|two|three|four|five|ten|half)[ -]?"
        r"(?:pages?|paragraphs?|lines?|words|bullets?|points?|slides)\b"
    ),
    re.compile(
        r"\b(?:do not|don t|dont|without|leave out|nothing is|never|only (?:use|from|what|the)|use only|no external)\b"
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judged:
    """Which parts are there, and for each that is not, words that help."""

    found: frozenset[str]
    missing: dict[str, str]
    needed: int

    @property
    def passed(self) -> bool:
        """Say whether enough parts are there."""
        return len(self.found) >= self.needed

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "passed": self.passed, "found": [p for p in PARTS if p in self.found], "missing": self.missing,
            "needed": self.needed, "of": len(PARTS),
        }  # fmt: skip


def judge(text: str, needed: int = len(PARTS)) -> Judged:
    """Judge a task. A text beyond LONGEST is judged by its beginning."""
    said = plain(text)
    found = {
        "goal": bool(_GOAL.search(said)) and not _only_asks(said),
        "inputs": any(pattern.search(said) for pattern in (_FILE, _SOURCE, _ATTACHED)),
        "output": any(_is_thing(match.group()) for match in _OUTPUT.finditer(said)),
        "limit": any(pattern.search(said) for pattern in _LIMIT),
    }
    return Judged(
        frozenset(part for part, there in found.items() if there),
        {part: HELP[part] for part, there in found.items() if not there}, needed,
    )  # fmt: skip


def plain(text: str) -> str:
    """Return `text` in one spelling: small letters, straight apostrophes gone, lines kept."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST]).casefold().replace("’", " ").replace("'", " ")
    return "\n".join(" ".join(line.split()) for line in folded.splitlines() if line.strip())


def _only_asks(said: str) -> bool:
    """Say whether every sentence is a question: asked, not delegated."""
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])\s+|\n", said) if any(c.isalpha() for c in s)]
    return bool(sentences) and all(s.endswith("?") or _ASKS.match(s) for s in sentences)


def _is_thing(words: str) -> bool:
    return bool(things_in(words)) or bool(FORMAT_WORDS.search(words))
