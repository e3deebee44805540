"""Whose duty a sentence states: the bidder's or supplier's, the buyer's, or another party of a contract. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

VENDOR: Final = re.compile(
    r"\b(?:contractors?|vendors?|suppliers?|bidders?|offerors?|offerers?|quoters?|tenderers?|providers?|consultants?"
    r"|respondents?|awardees?|sub-?contractors?|licensors?|processors?)\b",
    re.IGNORECASE,
)
_BUYER: Final = (
    "government|council|authority|agency|ministry|department|contracting officer|contracting authority|CO|COR|buyer"
    "|purchaser|client|customer|evaluation team|panel|product owner"
)
_DOES = re.compile(
    r"\b(?:The |the )?((?:[A-Z0-9][\w&-]*)(?:\s[A-Z][\w&-]*){0,3})\s(?:reserves? the right|seeks\b|invites\b|intends\b"
    r"|expects\b|anticipates\b|is (?:seeking|looking for|inviting)\b|will (?:award|evaluate)\b)"
)
_MODAL = re.compile(r"\b(?:shall|must|will)\b")
_ACTS: Final = (
    "provide|publish|pay|appoint|notify|arrange|own|create|respond|answer|supply|give|hold|coordinate|issue|reimburse"
    "|designate|make|be responsible|tell|schedule|assist|invite|return|review|allow|liaise"
)


def buyer_of(texts: Sequence[str]) -> re.Pattern[str]:
    """Return an expression for the names under which a document speaks of the buyer: the usual ones and its own."""
    own = Counter(m[1] for text in texts for m in _DOES.finditer(text) if not VENDOR.search(m[1]))
    names = [re.escape(name) for name, _ in own.most_common(12) if name not in ("The", "This", "It", "We", "If")]
    longest = sorted(names, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join([*longest, _BUYER])})(?:[’']s)?(?:\s(?:team|staff))?\b", re.IGNORECASE)


def buyer_duty(sentence: str, buyer: re.Pattern[str]) -> bool:
    """Say whether the sentence, in its first duty, binds the buyer: «The Council shall answer …»."""
    modal = _MODAL.search(sentence)
    if modal is None:
        return False
    before = sentence[: modal.start()]
    clause = re.split(r"[,;:]\s|\bthat\s", before)[-1]
    subject = re.sub(r"\([^)]*\)|\b(?:also|hereby|then|and|\w+ly)\b|^[\d.()a-z]*\d[\d.]*\s|^\([a-z]+\)\s", " ", clause)
    subject = " ".join(re.sub(r"^\W*(?:the|each|any|our|its)\s", "", subject.strip(), flags=re.IGNORECASE).split())
    if not buyer.fullmatch(subject):
        return False
    after = sentence[modal.end() :].lstrip()
    return modal[0] != "will" or bool(re.match(rf"(?:also\s|promptly\s)?(?:{_ACTS})\b", after))


def party_of(sentence: str, parties: Sequence[str]) -> str:
    """Return which of `parties` a duty binds: the one named nearest before «shall», or "" if there is none."""
    modal = _MODAL.search(sentence)
    before = sentence[: modal.start()] if modal else ""
    clause = re.split(r"[,;]\s", before)[-1]
    for text in (clause, before):
        found = [(m.start(), p) for p in parties for m in re.finditer(rf"\b{re.escape(p)}\b(?![’']s?\s)", text)]
        if found:
            return max(found)[1]
    return ""


def parties_of(texts: Sequence[str]) -> list[str]:
    """Return the parties of a contract by the names it gives them: («the Supplier»), ("Customer")."""
    defined = re.compile(r"\((?:each |together |hereinafter )?[«“\"'‘]?(?:the )?[«“\"'‘]([A-Z][\w -]{2,30})[»”\"'’]\)")
    alternative = re.compile(r"\([«“\"'‘](?:the )?([A-Z][\w -]{2,30})[»”\"'’]\)")
    found = [m[1].strip() for text in texts for e in (alternative, defined) for m in e.finditer(text)]
    acting = [
        p for p in dict.fromkeys(found) if any(re.search(rf"\b{re.escape(p)} (?:shall|must|will)\b", t) for t in texts)
    ]
    return acting[:6]
