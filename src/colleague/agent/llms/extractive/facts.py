"""Key facts of a document: sentences and table rows that state them, word for word, with their place. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from colleague.agent.llms.extractive.sentences import sentences
from colleague.agent.llms.extractive.source import Source

_DATE = (
    r"(?:\d{1,2}\s+(?:January|February|March|April|May|June|July|August|September|October|November|December)\s+\d{4}"
    r"|(?:January|February|March|April|May|June|July|August|September|October|November|December|MONTH)\s+"
    r"(?:\d{1,2}|DD),?\s+\d{4}|\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4})"
)
_MONEY = r"(?:[$€£]\s?\d[\d,.]*(?:\s?(?:million|thousand|k|m))?|(?:USD|EUR|GBP)\s?\d[\d,.]*|\d[\d,.]*\s?(?:USD|EUR|GBP|euros?|dollars))"


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact: what it is about, the words of the document, and the place."""

    label: str
    text: str
    cite: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """What to look for: a label, an expression a sentence must match, and how many to keep."""

    label: str
    expression: re.Pattern[str]
    most: int = 2


def _p(label: str, expression: str, most: int = 2) -> Pattern:
    return Pattern(label, re.compile(expression, re.IGNORECASE), most)


RFP: Final = (
    _p(
        "Reference", r"\b(?:RFQ|RFP|solicitation|tender|reference)\s*(?:no\.?|number|#|:)?\s*[A-Z0-9]*\d[A-Z0-9-]*\b", 2
    ),
    _p("Issued by", r"\bissued (?:by|for)\b|\bon behalf of\b|\bcontracting authority\b|^from:", 2),
    _p(
        "Submission deadline",
        rf"(?:\bdue\b|\bdeadline|\bno later than|\bclosing date|\bsubmi\w+).*?(?:{_DATE}|noon|TBD)|{_DATE}\s+at\s+\w+",
        3,
    ),
    _p("Questions", rf"\bquestions?\b.*?(?:{_DATE}|@|TBD|form\b)", 2),
    _p("Contact", r"[\w.+-]+@[\w-]+\.[\w.]+", 2),
    _p(
        "How to submit",
        r"\bsubmi(?:t|tted|ssion)\b.*(?:\bmust\b|\bshall\b|\bvia\b|\bby e?-?mail\b|\bform\b|\bportal\b|\bpdf\b)",
        3,
    ),
    _p("Length limit", r"\b(?:\d+|two|three|five|ten|fifteen|twenty|thirty)\)?\s*[- ]?pages?\b.*|\bpage limit\b", 3),
    _p(
        "Period of performance",
        r"\bperiod of performance\b|\bbase (?:period|year)\b|\bterm of the (?:contract|agreement)\b|\boption (?:period|year)s?\b",
        2,
    ),
    _p("Value or ceiling", rf"(?:\bceiling|\bbudget|\bvalue|\bnot[- ]to[- ]exceed|\bmaximum|\bestimated).*{_MONEY}", 3),
    _p(
        "Contract type",
        r"\b(?:time[- ]and[- ]materials|firm[- ]fixed[- ]price|labor[- ]hour|fixed price|framework agreement)\b",
        2,
    ),
    _p(
        "Evaluation",
        r"\bevaluat(?:ed|ion)\b.*(?:\bcriteria|\bfactors?\b|\bweight|\bbasis|\bbest value|%)|\bbest value\b",
        3,
    ),
    _p("Place", r"\bplace of performance\b|\bon-?site\b|\bremote(?:ly)?\b", 1),
)
CONTRACT: Final = (
    _p("Parties", r"\b(?:between|by and between)\b.*\band\b", 1),
    _p("Effective date", rf"\b(?:effective|commenc\w+|start)\b.*{_DATE}|\bdated\b.*{_DATE}", 2),
    _p("Term", r"\b(?:initial term|term of|shall continue|remain in force|for a period of)\b", 2),
    _p("Renewal", r"\brenew(?:s|al|ed)?\b", 2),
    _p("Termination", r"\bterminat(?:e|ed|ion)\b.*(?:notice|days|months|breach|convenience)", 3),
    _p("Fees and payment", rf"(?:\bfees?\b|\bpay(?:ment|able)?\b|\binvoice).*(?:{_MONEY}|\bdays\b)", 3),
    _p("Liability", r"\bliab(?:ility|le)\b.*(?:exceed|limit|cap|unlimited|exclud)", 3),
    _p("Data protection", r"\b(?:personal data|data protection|GDPR|sub-?processor)\b", 2),
    _p("Confidentiality", r"\bconfidential(?:ity)?\b.*(?:\bshall|\bmust|\byears)", 2),
    _p("Governing law", r"\bgoverned by\b|\bjurisdiction\b", 1),
    _p("Assignment and subcontracting", r"\b(?:assign|subcontract)\w*\b.*(?:\bconsent|\bshall|\bmay)", 2),
    _p("Service levels", r"\bservice levels?\b|\bavailability\b.*%|\bservice credits?\b", 2),
)
MEETING: Final = (
    _p(
        "When and where",
        rf"\b(?:meeting|call|workshop|visit)\b.*(?:{_DATE}|\d{{1,2}}[:.]\d{{2}}|monday|tuesday|wednesday|thursday|friday)",
        3,
    ),
    _p("Decisions", r"\b(?:decided|agreed|decision|resolved|approved)\b", 6),
    _p(
        "Actions",
        r"\b(?:action|will (?:send|prepare|check|confirm|share|draft|provide)|to do|by (?:monday|friday|\d{1,2}))\b",
        8,
    ),
    _p("Open questions", r"\?$|\b(?:open (?:point|question|issue)s?|to be clarified|unclear|pending)\b", 6),
    _p("Numbers and dates", rf"{_MONEY}|{_DATE}", 6),
)
BRIEF: Final = (
    _p("Positioning", r"\b(?:position(?:s|ed|ing)?|target(?:s|ing)?|focus(?:es)? on|aimed at|sells? to)\b", 3),
    _p("Price", rf"{_MONEY}|\bper (?:user|seat|month|page)\b|\bdiscount", 4),
    _p("Strengths", r"\b(?:strengths?|strong|leading|advantage|best|fast(?:er|est)?|award|certified)\b", 4),
    _p(
        "Weaknesses",
        r"\b(?:weak(?:ness(?:es)?)?|lacks?|missing|slow|complain\w*|limited|outage|delay\w*|no (?:support|api))\b",
        4,
    ),
    _p("Recent moves", rf"\b(?:announced|launched|acquired|released|hired|opened|won|lost)\b|{_DATE}", 4),
    _p("Customers", r"\bcustomers?\b|\bclients?\b", 2),
)
SUMMARY: Final = (
    _p("Dates", _DATE, 6),
    _p("Amounts", _MONEY, 6),
    _p("Contact", r"[\w.+-]+@[\w-]+\.[\w.]+", 3),
    _p("Decisions", r"\b(?:decided|agreed|approved|resolved)\b", 5),
)


def find_facts(sources: Sequence[Source], patterns: Sequence[Pattern]) -> list[Fact]:
    """Return the facts in the order of `patterns`; a sentence is used for one label only, the first it fits."""
    candidates = [(text, cite) for source in sources for text, cite in _statements(source)]
    used: set[str] = set()
    facts: list[Fact] = []
    for pattern in patterns:
        count = 0
        for text, cite in candidates:
            if count == pattern.most:
                break
            if text not in used and pattern.expression.search(text):
                used.add(text)
                facts.append(Fact(pattern.label, text, cite))
                count += 1
    return facts


def _statements(source: Source) -> list[tuple[str, str]]:
    """Return what can state a fact: sentences of 12 to 450 characters, and table rows."""
    result = []
    for piece in source.pieces():
        if piece.block.kind == "table":
            result += [(" | ".join(c for c in row if c), piece.cite) for row in piece.block.rows[:200]]
        else:
            result += [(s, piece.cite) for s in sentences(piece.block.text)]
    return [(t, c) for t, c in result if 12 <= len(t) <= 450]
