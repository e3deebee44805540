"""From one sentence of a person to a skill, the documents it is about, and who gets the result. Pure."""

import re
from dataclasses import dataclass
from typing import Final

RULES: Final = (
    ("rfp", r"\b(?:rfp|rfq|rft|tender|request for (?:proposals?|quot\w+)|bid|solicitation|response outline)\b"),
    ("contract", r"\b(?:contract|agreement|nda|clauses?|msa)\b"),
    ("brief", r"\b(?:competit\w+|competitive brief|rivals?|market brief)\b"),
    ("meeting", r"\b(?:meeting|prepare me|call with|briefing for|agenda|minutes)\b"),
    ("qa", r"\?\s*$|\b(?:polic(?:y|ies)|am i allowed|may i|are we allowed|how many|what does|who (?:approves|may))\b"),
    ("summary", r"\b(?:summar\w+|overview|key (?:facts|points)|digest|in short)\b"),
)
FOLDER_WORDS: Final = {
    "rfp": "request for proposals RFP", "contract": "contract agreement", "brief": "competitor", "meeting": "",
    "qa": "policy", "summary": "",
}  # fmt: skip
CHOICES: Final = {
    "Summarise an RFP and outline a response": "rfp",
    "Review a contract": "contract",
    "Prepare a meeting": "meeting",
    "Write a competitive brief": "brief",
    "Answer from the policies": "qa",
    "Summarise a document": "summary",
}
BEYOND: Final = (
    ("translat", "translating"), ("rewrite", "rewriting"), ("persua", "persuasive writing"), ("calculat", "calculating"),
    ("recommend", "recommending"), ("your opinion", "opinions"), ("creative", "creative writing"),
)  # fmt: skip
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TO = re.compile(
    r"\b(?:e-?mail|mail|send|forward)\b(?:\s+(?:it|them|this|the result|the \w+|a copy|everything|that))?\s+to\s+"
    r"(?P<who>[^.;!?]+)|\b(?:e-?mail|send|mail)\s+(?P<name>[A-Z][\w-]+(?:\s[A-Z][\w-]+)?)\b",
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person wants: a skill («» if unclear), recipients by address and by name, and what is beyond copying."""

    skill: str
    addresses: tuple[str, ...]
    names: tuple[str, ...]
    beyond: tuple[str, ...]
    topic: str


def wish_of(request: str) -> Wish:
    """Read the request. Only the person's own words are looked at, never a document's."""
    text = request.split("\n\nAttached files:", maxsplit=1)[0]
    folded = text.casefold()
    skill = next((name for name, rule in RULES if re.search(rule, folded)), "")
    addresses, names = [], []
    for match in _TO.finditer(text):
        who = match["who"] or match["name"]
        addresses += _MAIL.findall(who)
        rest = _MAIL.sub(" ", who)
        for part in re.split(r",|\band\b|&", rest):
            words = re.match(r"\s*((?:[A-ZÀ-Ý][\w'’-]+\s?){1,3})", part)
            if words:
                names.append(words.group(1).strip())
    beyond = tuple(word for stem, word in BEYOND if stem in folded)
    return Wish(skill, tuple(dict.fromkeys(addresses)), tuple(dict.fromkeys(names)), beyond, topic_of(text))


def topic_of(text: str) -> str:
    """Return the words a folder is searched by: capitalised names and longer words, without verbs of asking."""
    plain = _TO.sub(" ", text)
    names = re.findall(r"\b[A-ZÀ-Ý][\w&-]+(?:\s+[A-ZÀ-Ý][\w&-]+)*", plain)
    first = plain.split(" ", 1)[0]
    kept = [n for n in names if n != first and n.casefold() not in ("rfp", "rfq", "what", "prepare", "summarise", "i")]
    return " ".join(kept)[:150]
