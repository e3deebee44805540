"""Says what keeps a card from being specific, and what to write instead (PP-6, PP-9). Pure.

A card without an input, a trigger, an output with its form, a number, an owner or a quality check is refused. Work of
the three kinds that underperform is flagged: it may be kept with a reason, and then costs the plan six weeks (PP-10).
A card without a skill is noted: it may be approved as it is, but nobody can count its runs.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from colleague.usecases.model import FORMATS, Around, Card, Finding

_EMPTY: Final = frozenset({
    "tbd", "tba", "n/a", "na", "none", "-", "?", "...", "to be decided", "to be defined", "later", "open",
})  # fmt: skip
_NOUNS: Final = frozenset({
    "agenda", "analysis", "answer", "appendix", "assessment", "brief", "briefing", "calendar", "chart", "checklist",
    "clause", "comparison", "dashboard", "deck", "digest", "document", "draft", "email", "extract", "faq",
    "forecast", "form", "glossary", "grid", "index", "invoice", "letter", "list", "log", "mail", "map", "matrix",
    "memo", "memorandum", "message", "minutes", "model", "newsletter", "note", "number", "outline", "overview",
    "page", "paper", "paragraph", "plan", "playbook", "post", "presentation", "profile", "proposal", "protocol",
    "quotation", "quote", "record", "redline", "register", "release", "reply", "report", "response", "review",
    "roadmap", "schedule", "scorecard", "sheet", "shortlist", "sketch", "slide", "specification", "spreadsheet",
    "statement", "summary", "syllabus", "synopsis", "synthesis", "table", "template", "ticket", "timeline",
    "transcript", "translation", "update", "workbook",
})  # fmt: skip
# «text» alone, «content» and «writing» are no output: nobody could say when they are done.
_CHECKS: Final = re.compile(
    r"\d|\b(?:sources?|cit(?:e[sd]?|ation|ations)|clauses?|pages?|numbers?|figures?|dates?|names?|deadlines?|requirements?|"
    r"questions?|sections?|fields?|totals?|prices?|amounts?|compared?|match(?:es|ed)?|agrees?|recalculated|contains?|"
    r"answered|listed|links?|quot(?:e|es|ed)|records?|references?|columns?|rows?|template|checklist)\b"
)
_VAGUE: Final = (
    re.compile(r"(?:^|[.;:,] ?|\band )(?:please |to |we |it )?(?:help|assist|support)(?:s|ing|ance)?\b"),
    re.compile(
        r"\b(?:improve|increase|boost|raise)\w* (?:the |our |their )?(?:productivity|efficiency|quality|writing)\b"
    ),
    re.compile(r"\b(?:anything|whatever|all kinds of|all sorts of|various things|and so on|etc)\b"),
    re.compile(r"^(?:use|using) (?:ai|the agent|an agent|colleague)\b"),
)
_WHENEVER: Final = re.compile(
    r"^(?:only )?(?:when(?:ever)? (?:needed|necessary|useful|required|asked|somebody wants|someone wants|"
    r"i want|we want)|as needed|if needed|ad[- ]hoc|on demand|any ?time|sometimes|often|regularly|"
    r"from time to time|always)\W*$"
)
_OPEN: Final = re.compile(
    r"\b(?:brain[- ]?storm\w*|ideat\w+|open[- ]ended|inspir(?:e|ation)|come up with|think (?:about|of)|"
    r"(?:new|fresh|creative|some|more|any) ideas|ideas (?:for|about|on)|explor\w+ (?:ideas|options|possibilities))\b"
)
_LIVE: Final = re.compile(
    r"\b(?:real[- ]?time|live (?:data|prices?|feeds?|rates?|figures|numbers|scores|dashboard)|"
    r"(?:current|latest|today s|newest) (?:\w+ )?(?:prices?|quotes?|rates?|news|stock|positions|data|figures|"
    r"traffic|weather)|up[- ]to[- ]the[- ]minute|right now|as it happens|breaking news|streaming|market data|"
    r"(?:stock|share) prices?|exchange rates?)\b"
)
FORMAT_WORDS: Final = re.compile(
    r"\b(?:word document|docx|excel|xlsx|powerpoint|pptx|markdown|csv|mail draft|"
    r"as (?:an? )?(?:pdf|word|slides|text))\b"
)
_WITHIN: Final = re.compile(r"\b(?:within|in under|in at most|in less than) (\d{1,4}) (minutes?|mins?|hours?|h)\b")
_SHORTEST = 5


def said(text: str) -> str:
    """Return `text` in one plain spelling for comparing; "" for what only stands in for an answer («tbd»)."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", " ").replace("'", " ").split())
    return "" if plain in _EMPTY or not any(c.isalnum() for c in plain) else plain


def lint(card: Card, around: Around | None = None) -> tuple[Finding, ...]:
    """Return everything the linter has against `card`, the refused before the flagged, these before the noted."""
    around = around or Around()
    found = [*_work(card), *_parts(card), *_output(card), *_number(card), *_house(card, around), *_flags(card, around)]
    found += _notes(card)
    return tuple(sorted(found, key=lambda one: ("refused", "flagged", "noted").index(one.weighs)))


def standing(card: Card, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings that keep `card` from being approved: the refused, and the flagged unless it says why."""
    kept = bool(said(card.kept))
    return tuple(one for one in findings if one.weighs == "refused" or (one.weighs == "flagged" and not kept))


def is_kept(card: Card, findings: Sequence[Finding]) -> bool:
    """Say whether `card` is kept although it is flagged, and so lengthens the plan (PP-10)."""
    return bool(said(card.kept)) and any(one.weighs == "flagged" for one in findings)


def _work(card: Card) -> list[Finding]:
    work = said(card.work)
    like = (
        "like «Summarise incoming RFP documents and draft a structured response outline within 30 minutes of receipt»"
    )
    if not work:
        return [Finding("no-work", "work", "It does not say what is done.", f"Write one sentence, {like}.")]
    if any(pattern.search(text) for pattern in _VAGUE for text in (work, said(card.name))):
        why = "It names a wish, not a piece of work: nobody could say when it is done."
        return [Finding("vague", "work", why, f"Say what comes in, what is done with it and what comes out, {like}.")]
    if len(work.split()) < _SHORTEST:
        why = "It is too short to say what comes in and what comes out."
        return [Finding("too-short", "work", why, f"Write a sentence of five words or more, {like}.")]
    return []


def _parts(card: Card) -> list[Finding]:
    """Return what is missing among input, trigger, owner and quality check."""
    found = []
    if not said(card.input):
        instead = "Name the documents or messages it starts from, like «the RFP as PDF or Word»."
        found.append(Finding("no-input", "input", "It does not say what the work starts from.", instead))
    trigger = said(card.trigger)
    if not trigger or _WHENEVER.match(trigger):
        why = "«When needed» cannot be counted or timed." if trigger else "It does not say what sets it off."
        instead = (
            "Name the event or the time that starts it, like «an RFP arrives in the bids mailbox» or «Monday, 9:00»."
        )
        found.append(Finding("no-trigger", "trigger", why, instead))
    if not said(card.owner):
        instead = "Name one person who answers for it and signs that it works."
        found.append(Finding("no-owner", "owner", "Nobody answers for it.", instead))
    if not said(card.quality):
        instead = (
            "Say what a reviewer compares, like «every requirement of the RFP stands in the outline with its page»."
        )
        found.append(
            Finding("no-quality", "quality", "It does not say how one sees that the output is right.", instead)
        )
    return found


def _output(card: Card) -> list[Finding]:
    found = []
    words = re.findall(r"[^\W\d_]+", said(card.output))
    if not things_in(said(card.output)):
        why = (
            f"«{card.output.strip()[:60]}» is no thing that one can hold."
            if words
            else "It does not say what comes out."
        )
        instead = "Name the thing: a brief, an outline, a summary, a table, a memo, a list, a reply."
        found.append(Finding("no-output", "output", why, instead))
    if card.format not in FORMATS:
        instead = f"Choose one of: {', '.join(FORMATS)}."
        found.append(Finding("no-format", "format", "It does not say in which form the output comes.", instead))
    return found


def things_in(text: str) -> frozenset[str]:
    """Return the things in `text` that one can hold (a brief, a table, a reply), in the singular. `text` as `said`."""
    words = re.findall(r"[^\W\d_]+", text)
    return _NOUNS.intersection(
        w for word in words for w in (word, word.removesuffix("s"), word.removesuffix("es"), _ies(word))
    )


def _ies(word: str) -> str:
    return word[:-3] + "y" if word.endswith("ies") else word


def _number(card: Card) -> list[Finding]:
    if card.minutes < 1:
        why = "There is no number: without a target nobody can say whether it is faster."
        return [Finding("no-number", "minutes", why, "Give the minutes from input to accepted output, like 30.")]
    named = _WITHIN.search(said(card.work))
    if named and int(named[1]) * (60 if named[2].startswith("h") else 1) != card.minutes:
        why = f"The sentence says «{named[0]}», the target {card.minutes} minutes."
        return [Finding("two-numbers", "minutes", why, "Say the same number in both.")]
    return []


def _house(card: Card, around: Around) -> list[Finding]:
    """Return what stands against the card in this organisation: category, class, and an owner who has gone."""
    found = []
    if not said(card.category) or (around.categories is not None and card.category not in around.categories):
        why = "Its outputs have no category, so nobody knows how they are reviewed."
        known = f": {', '.join(sorted(around.categories))}" if around.categories else ""
        found.append(Finding("no-category", "category", why, f"Choose an output category{known}."))
    if card.data_class > around.highest:
        why = f"The agent may read nothing above {around.highest.name.lower()} here."
        instead = "Choose work on less sensitive documents, or have the organisation's setting changed first."
        found.append(Finding("class-too-high", "data_class", why, instead))
    if said(card.owner) and not around.owner_here:
        why = "Its owner is not here or not active any more."
        found.append(Finding("owner-gone", "owner", why, "Name somebody who is."))
    return found


def _notes(card: Card) -> list[Finding]:
    if said(card.skill):
        return []
    why = "It names no skill, so no run is counted as one of it: hours saved cannot be measured."
    instead = "Name the skill that people call for it, like «rfp-response-outline», or publish one first."
    return [Finding("no-skill", "skill", why, instead, "noted")]


def _flags(card: Card, around: Around) -> list[Finding]:
    found = []
    texts = [said(text) for text in (card.name, card.work, card.input, card.trigger, card.output)]
    if any(map(_OPEN.search, texts)):
        why = "Open-ended brainstorming underperforms: there is no before to compare with and no end."
        instead = "Narrow it to a thing with an end, like «a list of ten names, each with its source and a reason»."
        found.append(Finding("open-ended", "work", why, instead, "flagged"))
    if any(map(_LIVE.search, texts)) and not set(card.connectors) & around.enabled:
        asked = ", ".join(card.connectors)
        why = "It needs data of this moment, and no enabled connector brings it: the agent would guess."
        instead = (
            f"Have {asked} enabled first."
            if asked
            else "Name the connector that brings the data, or use a dated document."
        )
        found.append(Finding("no-live-source", "connectors", why, instead, "flagged"))
    quality = said(card.quality)
    if quality and not _CHECKS.search(quality):
        why = "It is a matter of taste: two people would not agree whether it holds."
        instead = "Name what can be compared: sources, numbers, dates, requirements, a checklist."
        found.append(Finding("subjective", "quality", why, instead, "flagged"))
    return found
