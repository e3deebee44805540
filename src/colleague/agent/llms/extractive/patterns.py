"""What key facts look like, kind of document by kind of document: data for facts.py."""

import re
from dataclasses import dataclass
from typing import Final

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?"
)
DATE: Final = (
    rf"(?:\b\d{{1,2}}(?:st|nd|rd|th)?(?:\s+to\s+\d{{1,2}})?\s+{_MONTH}(?:\s+\d{{4}})?\b"
    rf"|\b(?:{_MONTH}|MONTH)\s+(?:\d{{1,2}}|DD)\b(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?"
    r"|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{4}\b)"
)
_OPEN: Final = r"(?:\bTBD\b|\bTBC\b|\bMONTH DD\b|\bto be (?:determined|confirmed|announced)\b(?! in writing))"
MONEY: Final = (
    r"(?:[$€£]\s?\d[\d,.]*(?:\s?(?:billion|million|thousand|bn|k|m)\b)?|\b(?:USD|EUR|GBP|CHF)\s?\d[\d,.]*"
    r"|\b\d[\d,.]*\s?(?:USD|EUR|GBP|CHF|euros?|dollars|pounds|pence)\b|\b\d[\d,.]*p\b)"
)
ADDRESS: Final = r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
UNDECIDED: Final = re.compile(
    rf"{_OPEN}|\bX{{3,}}\b|\bsection X\b|\bwill be provided at time of award\b"
    r"|\[(?:agency|vendor|name|date|insert)[^\]]*\]"
    r"|\{\{", re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pattern:
    """What to look for.

    `tiers`: expressions for a sentence or a row (cells parted by « | »), the surest first. `most`: how many to keep.
    `unless`: what a statement must not say. `section`: all that stands under such a heading comes first. `once`: a
    statement whose dates and amounts have all been given already is not given again.
    """

    label: str
    tiers: tuple[re.Pattern[str], ...]
    most: int
    unless: re.Pattern[str] | None
    section: re.Pattern[str] | None
    once: bool


def _p(label: str, *tiers: str, most: int = 2, unless: str = "", section: str = "", once: bool = False) -> Pattern:
    fold = re.IGNORECASE
    return Pattern(
        label, tuple(re.compile(t, fold) for t in tiers), most,
        re.compile(unless, fold) if unless else None, re.compile(section, fold) if section else None, once,
    )  # fmt: skip


_OFFER = r"(?:proposals?|quotes?|quotations?|tenders?|bids?|offers?|submissions?|responses?)"
_KEY = r"\s*:?\s*(?:\||:)\s*"  # after the first cell of a row, or a word with a colon

RFP: Final = (
    _p(
        "Reference",
        rf"^(?:reference|(?:rfq|rfp|tender|solicitation|procurement) (?:no\.?|number|id|reference)){_KEY}.*\d",
        r"\b(?:RFQ|RFP|RFT|ITT|IFB)[ -]?(?:no\.?|number|#)?[ :]*[A-Z-]*\d[\w/-]*",
        r"\b(?:reference|solicitation|tender)\s(?:no\.?|number)?\s*:?\s*[A-Z]{1,6}[-/][\w/-]*\d[\w/-]*",
        most=1,
    ),
    _p(
        "Issued by",
        rf"^(?:from|issued (?:by|for)|issuer|contracting (?:authority|office)|buyer){_KEY}\S",
        r"\bon behalf of (?:the )?[A-Z]|\bissued by\b",
        rf"\binvites (?:{_OFFER}|suppliers|vendors|bidders)",
        most=3,
    ),
    _p(
        "What is wanted",
        rf"^(?:subject|service|services|project|title|object){_KEY}\S",
        r"\b(?:is|are) (?:seeking|looking for|inviting)\b|\bseeks\b",
        most=3, unless=r"\bbidder|evaluat|seeks to incorporate",
    ),
    _p("Issued on", rf"^(?:date|issue date|rfq posting date|(?:request for \w+ )?published|posted){_KEY}\S|"
       rf"^request for \w+ published{_KEY}", most=2),
    _p("Who may bid", rf"^(?:set[- ]aside|eligib\w+|contract vehicles?){_KEY}\S", r"\bset-aside\b|\beligible to bid\b"),
    _p(
        "Submission deadline",
        rf"^(?:[^|]*\b(?:{_OFFER}\s(?:by|due)|closing|technical volume|pric(?:e|ing) (?:sheet|volume)|deadline for"
        rf" {_OFFER}|submission deadline|due date)\b[^|]*)\|.*(?:{DATE}|{_OPEN}|noon)",
        rf"\b{_OFFER}\b.*\b(?:received|submitted|due|no later than|uploaded)\b.*{DATE}",
        rf"\b(?:deadline|closing date|no later than)\b.*(?:{DATE}|{_OPEN})",
        most=4, once=True, unless=r"\bquestions?\b|\bpresentation",
    ),
    _p(
        "Questions",
        r"^[^|]{0,60}\bquestions?\b[^|]*\|\s*[^|\s]",
        r"\bquestions?\b.*\b(?:must|shall|should|may|to)\b.*\b(?:submitted|asked|sent|received|addressed)\b",
        r"\banswers (?:to|will)\b",
        most=5, once=True, unless=r"^Q\d|\bscore\b|\banswering questions\b|\bverbal\b|^criteri",
    ),
    _p(
        "Contact",
        rf"^(?:contact|point of contact|contracting officer|e-?mail|telephone|phone){_KEY}\S",
        rf"\bcontact\b.*{ADDRESS}", rf"{ADDRESS}", most=3,
    ),
    _p(
        "How to submit",
        rf"\b{_OFFER}\b.*\b(?:must|shall|will|should)\b.*\b(?:portal|e-?mail|google form|electronic\w*|upload\w*)\b",
        rf"\b{_OFFER}\b.*\b(?:must|shall)\b.*\b(?:pdf|excel|spreadsheet|files?|format|written in)\b"
        r"|\bsubmit an? \w+[- ]based spreadsheet\b|\bemail subject\b",
        most=5, unless=r"\binvoice|\bquestions?\b.*\bportal|\bmatrix \(|\bcharges?\b",
    ),
    _p(
        "Form and length",
        r"\b(?:no more than|not exceed|maximum|up to|cannot exceed|limited to|at most)\b[^.|]*\bpages?\b",
        r"\bpage limits?\b|\b\d{1,2}[- ]point\b|\bfont\b",
        most=6, unless=r"\bpages? (?:a|per) (?:minute|month|year)\b",
    ),
    _p(
        "Value or ceiling",
        rf"^[^|]*\b(?:value|budget|ceiling)\b[^|]*\|.*{MONEY}|\bpay up to\b.*{MONEY}",
        rf"\b(?:ceiling|budget|estimates? the value|not[- ]to[- ]exceed|maximum|upper limit)\b.*{MONEY}",
        rf"\b{_OFFER} above\b.*{MONEY}",
        most=3, once=True, unless=r"\binsurance\b|\bliab|\bfor each event\b",
    ),
    _p(
        "Period of performance",
        rf"^(?:term|duration|contract (?:term|period)|period of performance){_KEY}\S"
        r"|\bperiod of performance (?:will|shall|is)\b|\btotal duration\b",
        r"\bbase (?:period|year)\b.*\boption|\bterm of (?:the (?:contract|agreement)|\w+ (?:years|months))\b",
        most=2, unless=r"\binvoice|\bprice for\b|\bevaluat|\bvalue\b",
    ),
    _p(
        "Contract type",
        r"\bcompensated\b|\b(?:time[- ]and[- ]materials?|labou?r[- ]hours?)\b.*\b(?:contract|order|basis)",
        r"\b(?:firm[- ]fixed[- ]price|fixed[- ]price (?:contract|order|basis)|cost[- ]plus|framework agreement)\b",
        r"\bprices are fixed\b|\bpays per\b",
        most=2,
    ),
    _p(
        "Basis of award",
        r"\bbest value\b|\bsignificantly more important\b|\bcounts? for\b.*\b(?:per cent|%)|\blowest[- ]priced?\b"
        r"|\bmost economically\b",
        r"\b(?:evaluat\w+|scored|assessed)\b.*\b(?:criteria|factors)\b",
        most=4, unless=r"\bperformance evaluation|will receive\b|\blisted below\b",
    ),
    _p("Criteria and weights", r"^(?!SL\d)[^|]+\|.*\b\d{1,3}\s?%\s*(?:\||$)", most=10,
       unless=r"\bliab|\bmonthly\b|missed", section=r"\b(?:award criteria|evaluation criteria)\b(?!.*\bsubmi)"),
    _p(
        "Place",
        rf"^place of performance{_KEY}\S|\bchoose the locations?\b|\bchoose the location\(s\)",
        r"\bwork at a [\w-]+ facility\b|\bwithin the city boundary\b|\bremote(?:ly)?\b|\bshall not leave\b",
        most=2,
    ),
    _p(
        "Timetable",
        rf"^[^|]*\b(?:award|go-live|briefing|site visit|presentations?|interviews?|kick-?off|start|begins)\b"
        rf"[^|]*\|.*{DATE}",
        rf"\b(?:kick-?off|interviews?)\b.*\b(?:days|{DATE}|minute)\b",
        most=8, once=True, unless=r"\bweight\b|%",
    ),
)  # fmt: skip
CONTRACT: Final = (
    _p("Reference", rf"^reference\b.*\d|\breference{_KEY}", most=1),
    _p("Parties", r"[(«“\"](?:the )?[«“\"](?:the )?[A-Z][\w -]+[»”\"]\)|\b(?:by and )?between\b.*\band\b.*\(", most=4,
       section=r"\bparties\b"),
    _p("Effective date", rf"\b(?:effective|commenc\w+)\b.*{DATE}|\bdated?\b.*{DATE}", most=2,
       unless=r"\binvoice|\bdue\b"),
    _p("Term and renewal", r"\binitial term\b.*\b(?:months|years)|\bterm of\b|\bagreement\b.*\bcontinues? for\b",
       r"\brenew(?:s|al|ed)?\b", most=4, unless=r"\bterminat|\bmay not end\b|\bwithdraw"),
    _p("Termination", r"\b(?:terminat\w+|end this agreement)\b", most=6),
    _p("Fees and payment", rf"\b(?:fees?|charges?|pay(?:ment|able)?|invoices?|interest|increase)\b.*(?:{MONEY}|\bdays\b"
       r"|\bper cent\b|%|\bprice index\b)", most=14, unless=r"\bliab|\binsurance",
       section=r"\b(?:charges|fees|payment|prices)\b"),
    _p("Minimum commitment", r"\b(?:at least|minimum|not use another|exclusiv\w+)\b.*\b(?:boxes|units|volume|supplier"
       r"|term|purchase|hours)\b", most=3, unless=r"\binsurance|\bnotice\b"),
    _p("Liability", r"\bliab(?:ility|le)\b", most=8, unless=r"\binsurance\b", section=r"\bliability\b"),
    _p("Data protection", r"\b(?:personal data|data protection|GDPR|sub-?processors?)\b", most=7),
    _p("Confidentiality", r"\bconfidential(?:ity| information)?\b.*\b(?:shall|must|secret)\b", r"\bconfidential\b",
       most=2, section=r"\bconfidential"),
    _p("Service levels", r"\bservice (?:levels?|credits?)\b|\bavailability\b.*%", r"^[^|]+\|\s*\d[\d.]*\s?%", most=6),
    _p("Assignment and subcontracting", r"\b(?:assign|subcontract)\w*\b", most=3),
    _p("Insurance", r"\binsurance\b", most=2),
    _p("Audit", r"\baudit\b|\bvisit a site\b", most=2, unless=r"\|"),
    _p("Changes", r"\bno (?:change|amendment|variation)\b|\bin writing and signed\b", most=1),
    _p("Governing law", r"\bgoverned by\b|\bjurisdiction\b", most=1),
)  # fmt: skip
MEETING: Final = (
    _p("When and where", rf"\b(?:next (?:meeting|review)|meeting|call|workshop|visit|meet|review)\b.*(?:{DATE}"
       r"|\d{1,2}[:.]\d{2}|\b(?:mon|tues|wednes|thurs|fri)day\b)", most=5, unless=r"\bred-team\b|\bwhat do we\b"),
    _p("Who", r"^(?:present|apologies|attendees|participants|from|to|cc)\b[^.:]*:", most=6),
    _p("Decisions", r"^\W*decisions?\b|\b(?:decided|agreed|resolved|approved)\b", most=8, section=r"\bdecisions?\b",
       unless=r"\bmay approve\b|\|"),
    _p("Actions", r"\b(?:action|to do)\b|\bwill (?:send|prepare|check|confirm|share|draft|provide|have|bring)\b"
       r"|^[A-Z][\w ]+: .*\bby\b", most=16, section=r"\b(?:actions?|to do|next steps|who writes what)\b"),
    _p("Open questions", r"\?$|\b(?:open (?:point|question|issue)s?|to be clarified|unclear|pending|please explain)\b",
       r"\b(?:asked|wants|expects|needs?)\b", most=8),
    _p("Numbers and dates", rf"{MONEY}|{DATE}|\b\d+(?:\.\d+)?\s?(?:%|per cent)", most=10),
)  # fmt: skip
BRIEF: Final = (
    _p("In short", most=3, section=r"\bin short\b|\bsummary\b|\boverview\b"),
    _p("Positioning", r"\b(?:position(?:s|ed|ing)|target(?:s|ing)|focus(?:es)? on|aimed at|sells? to)\b", most=3,
       section=r"\bpositioning\b"),
    _p("Price", rf"{MONEY}\s(?:per|an?)\b|\bper (?:user|seat|month|page)\b|\bdiscount", most=8,
       section=r"\bpric(?:e|es|ing)\b"),
    _p("Strengths", r"\b(?:strengths?|leading|advantage|best|faste(?:r|st)|award)\b", most=6,
       section=r"\bstrengths?\b"),
    _p("Weaknesses", r"\b(?:weak(?:ness(?:es)?)?|lacks?|missing|slow|complain\w*|outages?|delay\w*"
       r"|no (?:support|api))\b", most=6, section=r"\bweakness"),
    _p("Facts", most=12, section=r"\bfacts\b|\bcompany\b"),
    _p("Recent moves", r"\b(?:announced|launched|acquired|released|hired|opened|won|lost)\b", most=4),
    _p("Customers", r"\bcustomers?\b|\bclients?\b", most=2),
    _p("How we answer", most=4,
       section=r"\bwhat we would say\b|\bour (?:answer|position)\b|\bhow (?:we|to) (?:win|answer)\b"),
    _p("Checked", rf"\b(?:last checked|as of|prepared by)\b.*{DATE}", most=1),
)  # fmt: skip
SUMMARY: Final = (
    _p("What it is", r"^(?:owner|version|from|to|subject|reference|date|prepared by)\b[^|]{0,40}[:|]", most=4),
    _p("Dates", DATE, most=8),
    _p("Amounts", MONEY, most=8),
    _p("Contact", ADDRESS, most=3),
    _p("Decisions", r"\b(?:decided|agreed|resolved)\b|^\W*decision\b", most=5, unless=r"\|"),
)
DATED: Final = (
    _p("Dated", rf"\b(?:version|in force|valid|effective (?:from|since|as of)|last (?:checked|updated|reviewed|changed)"
       rf"|as of|prepared)\b.*{DATE}|^(?:date|dated|issued|issue date|published)\s?[:|].*{DATE}",
       r"^[^.|]{0,60}\bversion\s?:?\s\d",
       rf"\b(?:mon|tues|wednes|thurs|fri)day,?\s{DATE}", most=1, unless=r"\b(?:means?|shall|must)\b"),
)  # fmt: skip
