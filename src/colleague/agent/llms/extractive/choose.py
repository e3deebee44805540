"""From one sentence of a person to a skill, the documents it is about, and who gets the result. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

RULES: Final = (
    (
        "synthesis",
        r"\bsynthes\w+|\bwhat (?:is|do we|does anybody) (?:already )?know\w? (?:about|of|on)\b"
        r"|\bbring\b.{0,80}\b(?:documents|files|notes|sources|reports)\b.{0,80}\btogether\b"
        r"|\bbring together\b.{0,40}\b(?:documents|files|notes|sources|reports)\b",
    ),
    ("rfp", r"\b(?:rfps?|rfqs?|rft|tenders?|request for (?:proposals?|quot\w+)|bid|solicitation|response outline)\b"),
    ("contract", r"\b(?:contract|agreement|nda|clauses?|msa)\b"),
    ("brief", r"\b(?:competit\w+|rivals?|market brief)\b"),
    ("meeting", r"\b(?:meeting|prepare me|call with|briefing for|agenda|minutes)\b"),
    ("qa", r"\?\s*$|\b(?:polic(?:y|ies)|am i allowed|may i|are we allowed|how many|what does|who (?:approves|may))\b"),
    ("summary", r"\b(?:summar\w+|overview|key (?:facts|points)|digest|in short)\b"),
)
COMMANDS: Final = {
    "rfp-response-outline": "rfp", "contract-review-summary": "contract", "meeting-prep": "meeting",
    "competitive-brief": "brief", "policy-qa": "qa", "knowledge-synthesis": "synthesis",
}  # fmt: skip
_NAMED: Final = {
    "rfp": r"\b(?:rf[pqt]s?|itt|tender|solicitation|request for (?:proposals?|quot\w+|tenders?))\b",
    "contract": r"\b(?:contract|agreement|nda|msa)\b",
}  # fmt: skip
_UNWORDED: Final = re.compile(r"[_.-]+")
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
    "Bring several documents together on a question": "synthesis",
    "Summarise a document": "summary",
}
BEYOND: Final = (
    ("translat", "translating"), ("rewrite", "rewriting"), ("rephrase", "rewriting"), ("persua", "persuasive writing"),
    ("calculat", "calculating"), ("recommend", "recommending"), ("your opinion", "opinions"), ("compare", "comparing"),
    ("creative", "creative writing"), ("write the answers", "writing answers"),
    ("draft the answers", "writing answers"),
)  # fmt: skip
FORMATS: Final = {
    "pdf": "pdf", "word": "docx", "docx": "docx", "markdown": "md", "md": "md", "excel": "xlsx", "xlsx": "xlsx",
    "spreadsheet": "xlsx", "workbook": "xlsx", "csv": "csv", "html": "html", "web page": "html",
}  # fmt: skip
CANNOT: Final = ("pptx", "powerpoint", "slides", "presentation", "odt", "rtf", "epub", "audio", "video")
_NAMES = "|".join((*FORMATS, *CANNOT))
_FORMAT = re.compile(
    rf"\b(?:as|into|in|to|make (?:it|them|that|this)|save (?:it )?as|export(?: it)?(?: as| to)?|want|need|give me)\s"
    rf"(?:an?\s|the\s)?(?:new\s)?\.?(?P<first>{_NAMES})\b(?:\s(?:and|or)\s(?:as\s)?(?:an?\s)?(?P<second>{_NAMES})\b)?"
    rf"|\b(?:an?|also)\s(?P<third>{_NAMES})\s(?:version|copy|file)\b|\b(?P<fourth>{_NAMES})\s(?:version|please)\b",
    re.IGNORECASE,
)
_SHORTER = re.compile(r"\b(?:shorter|shorten|too long|briefer|key facts only|only the (?:key )?facts|one page)\b", re.I)
_WORK = re.compile(r"\b(?:summari[sz]e|review|prepare|brief me|outline|draft an?|write an?)\b", re.IGNORECASE)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_REST = r"(?:[^.;!?\n]|\.(?=\S))+"
_TO = re.compile(
    rf"\b(?:e-?mail|mail|send|forward|cc)\b(?:\s"
    rf"(?:(?:it|them|this|that|everything|(?:the|a|an|my)\s[\w -]{{1,40}}?)\s)?"
    rf"(?:also\s|too\s|over\s|again\s|on\s|straight\s|directly\s)?to\s(?P<who>{_REST}))",
    re.IGNORECASE,
)
_DIRECT = re.compile(rf"\b(?i:e-?mail|send|mail|forward|cc)\s(?P<who>[A-ZÀ-Ý][\w'’-]+{_REST}|[\w.+-]+@{_REST})")
_SHORT_VERB = re.compile(r"\b[Cc][Cc]:?\s(?P<who>[A-ZÀ-Ý][\w'’-]+|[\w.+-]+@\S+\w)")
# «the mail to Dana», «do not send it to Ben»: spoken of, or forbidden, is not asked for.
_NOT_ASKED = re.compile(
    r"(?:\b(?:the|a|an|this|that|these|my|our|his|her|their|last|every|each|any|['’]s)\s|(?:\bnot|\bnever|n['’]t|\bwithout|\bbefore|"
    r"\bafter|\binstead of)\s(?:\w+\s)?)$", re.IGNORECASE,
)  # fmt: skip
_NO_NAMES: Final = (
    "it them this that the a an all everyone everybody us our team colleagues people client customer supplier bidder "
    "and or also too both him her as by with when once after before please if"
)
_NO_TOPICS: Final = (
    "rfp rfq what prepare summarise summarize i word excel pdf markdown monday tuesday wednesday thursday friday "
    "january february march april may june july august september october november december"
)
_STOP_NAMES, _NO_TOPIC = frozenset(_NO_NAMES.split()), frozenset(_NO_TOPICS.split())
_ME = frozenset(("me", "myself"))
_PERSON = r"[A-ZÀ-Ý][\w'’.-]*[\w'’-]"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person wants.

    A skill («» if unclear), recipients by address and by name («me» for the person), groups that are no person,
    formats, formats that cannot be written, whether it shall be shorter, what is beyond copying, what to search for.
    """

    skill: str
    addresses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    impossible: tuple[str, ...] = ()
    shorter: bool = False
    beyond: tuple[str, ...] = ()
    topic: str = ""

    @property
    def mails(self) -> bool:
        """Say whether somebody shall get the result by mail."""
        return bool(self.addresses or self.names or self.groups)


def own_words(text: str) -> str:
    """Return what the person wrote, without the list of attached files that the product adds."""
    return text.split("\n\nAttached files:", maxsplit=1)[0]


def wish_of(request: str) -> Wish:
    """Read the request. Only the person's own words are looked at, never a document's."""
    text = " ".join(own_words(request).split())
    folded = text.casefold()
    addresses, names, groups = _recipients(text)
    said = [word.casefold() for m in _FORMAT.finditer(text) for word in m.groups() if word]
    formats = tuple(dict.fromkeys(FORMATS[w] for w in said if w in FORMATS))
    without = _TO.sub(" ", text).casefold() if names or addresses or groups else folded
    skill = _called(folded) or _skill(without) or _skill(folded)
    return Wish(
        skill, addresses, names, groups, formats, tuple(dict.fromkeys(w for w in said if w in CANNOT)),
        bool(_SHORTER.search(text)), tuple(dict.fromkeys(word for stem, word in BEYOND if stem in folded)),
        topic_of(text),
    )  # fmt: skip


def command_in(text: str) -> str:
    """Return the name in the slash command that the person's words begin with, "" if there is none."""
    word = re.match(r"\s*/((?:[\w.-]+:)?[\w.-]+)", own_words(text))
    return word[1] if word else ""


def _called(folded: str) -> str:
    """Return the skill that a slash command at the beginning calls: «/rfp-response-outline», «/lawyer:…»."""
    return COMMANDS.get(command_in(folded).rpartition(":")[2].casefold(), "")


def question_of(text: str) -> str:
    """Return what a person asks about, without the command, whom to send it to and in which form."""
    plain = re.sub(r"^/\S+\s*", "", " ".join(own_words(text).split()))
    for expression in (_TO, _DIRECT, _SHORT_VERB, _FORMAT, _SHORTER):
        plain = expression.sub(" ", plain)
    return " ".join(plain.split())


def _skill(folded: str) -> str:
    found = [name for name, rule in RULES if re.search(rule, folded)]
    if (
        folded.rstrip().endswith("?")
        and not _WORK.search(folded)
        and not {"meeting", "brief", "synthesis"} & set(found)
    ):
        return "qa"  # «What does the contract say of liability?» is a question, not a review.
    return found[0] if found else ""


def folder_words(skill: str, request: str) -> str:
    """Return what else to search the folders for: a question about a contract is answered from contracts."""
    if skill != "qa":
        return FOLDER_WORDS[skill]
    about = [name for name, rule in RULES[:2] if re.search(rule, request.casefold())]
    return FOLDER_WORDS[about[0] if about else skill]


def named_so(skill: str, paths: Sequence[str], topic: str) -> list[str]:
    """Return the paths whose file name says that they are what `skill` works on, about `topic` if any says that."""
    named = [p for p in paths if re.search(_NAMED[skill], _UNWORDED.sub(" ", p.rpartition("/")[2].casefold()))]
    words = [w for w in topic.casefold().split() if len(w) > 2]
    about = [p for p in named if any(w in p.casefold() for w in words)]
    return about or named


def _recipients(text: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return (addresses, names, groups) that the person asks to send the result to."""
    addresses: list[str] = []
    names: list[str] = []
    groups: list[str] = []
    for expression in (_TO, _DIRECT, _SHORT_VERB):
        for match in expression.finditer(text):
            if _NOT_ASKED.search(text[: match.start()]):
                continue
            who = match["who"]
            addresses += _MAIL.findall(who)
            for part in re.split(r",|\band\b|&|\bas well as\b", _MAIL.sub(",", who)):
                _one(" ".join(re.sub(r"^\s*(?:also\s|then\s)?(?:to\s|cc\s)?", "", part).split()), names, groups)
                if not re.fullmatch(rf"\s*(?:to\s)?(?:the\s)?(?:{_PERSON}\s?){{0,3}}[\w ]{{0,25}}\s*", part):
                    break
    return tuple(dict.fromkeys(addresses)), tuple(dict.fromkeys(names)), tuple(dict.fromkeys(groups))


def _one(part: str, names: list[str], groups: list[str]) -> None:
    """Add who is named at the beginning of `part`: a name, «me», a lower-case first name, or a group."""
    first = part.split(" ", 1)[0].casefold()
    named = re.match(rf"(?:{_PERSON}\s?){{1,3}}", part)
    if first in _ME:
        names.append("me")
    elif named and first not in _STOP_NAMES and named.group().casefold().split()[0] not in _STOP_NAMES:
        names.append(named.group().strip())
    elif re.match(r"(?:everyone|everybody|all|us|(?:the|our|my|his|her)\s\w+)\b", part):
        groups.append(" ".join(part.split()[:3]))
    elif re.fullmatch(r"[a-zà-ÿ][\w'’-]{1,20}", part) and first not in _STOP_NAMES:
        names.append(part.capitalize())


def topic_of(text: str) -> str:
    """Return the words a folder is searched by: capitalised names, without verbs of asking."""
    plain = _DIRECT.sub(" ", _TO.sub(" ", text))
    names = re.findall(r"\b[A-ZÀ-Ý][\w&-]+(?:\s+[A-ZÀ-Ý][\w&-]+)*", plain)
    first = plain.split(" ", 1)[0]
    kept = [n for n in names if n != first and n.casefold() not in _NO_TOPIC]
    return " ".join(kept)[:150]


_ASKING = re.compile(r"\?\s*$|\b(?:answer|what|how|who|when|where|which)\b", re.IGNORECASE)


def asks_anew(request: str, wish: Wish) -> bool:
    """Say whether words in a task that has ended ask for new work, not for the old result in another shape."""
    text = own_words(request)
    reshape = wish.formats or wish.shorter or wish.mails
    return bool(_WORK.search(text)) or (not reshape and bool(_ASKING.search(text)))
