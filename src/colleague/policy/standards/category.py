"""Output categories and their review standards as data (OH-1 to OH-4, R74). Pure.

Some ship; the organisation changes them and adds its own in the setting `output_categories`, one JSON object each, so
that a change towards less needs a second person like every other setting. What nobody has described is held to the
strictest standard.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from colleague.policy.model import Governance

LONGEST = 6000
_ID = re.compile(r"[a-z][a-z0-9_]{1,39}")
_ROLE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


class BadCategory(ValueError):
    """Raised for what does not describe a category; its text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of output. `high_stakes`: it leaves the organisation only after a qualified person has reviewed it.

    `standard` says in words what the review is about; every item of `checklist` is ticked before a high-stakes output
    is accepted. `reviewers` are the roles that may review it, besides holding the permission; none named: whoever
    holds it. `sample`: how many of a hundred light ones go to a second look by somebody else.
    """

    id: str
    title: str
    high_stakes: bool
    standard: str = ""
    checklist: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    sample: int = 5

    def to_json(self) -> dict[str, Any]:
        """Return the category as JSON."""
        return {**asdict(self), "checklist": list(self.checklist), "reviewers": list(self.reviewers)}

    def __str__(self) -> str:
        """Return the category as the setting stores it: JSON in one spelling, on one line."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))

    @staticmethod
    def read(text: str) -> "Category":
        """Read one entry of the setting; BadCategory says what is wrong with it."""
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as fault:
            raise BadCategory("it is no JSON") from fault
        return Category.of(raw)

    @staticmethod
    def of(raw: Any) -> "Category":
        """Make a category of what somebody typed or sent; BadCategory says what is wrong with it."""
        if not isinstance(raw, dict) or set(raw) - {f.name for f in fields(Category)}:
            raise BadCategory("it is no object with the fields of a category")
        if not isinstance(raw.get("id"), str) or not _ID.fullmatch(raw["id"]):
            raise BadCategory("its id is made of small letters, digits and _, 2 to 40 of them, a letter first")
        if not isinstance(raw.get("high_stakes"), bool):
            raise BadCategory("say whether it is of high stakes")
        sample = raw.get("sample", 5)
        if isinstance(sample, bool) or not isinstance(sample, int) or not 0 <= sample <= 100:
            raise BadCategory("its sample is a number from 0 to 100")
        reviewers = _lines(raw.get("reviewers", ()), "reviewers", 10, 60)
        if any(not _ROLE.fullmatch(role) for role in reviewers):
            raise BadCategory("its reviewers are names of roles")
        return Category(
            raw["id"], _line(raw.get("title"), "title", 80) or raw["id"].replace("_", " ").capitalize(),
            raw["high_stakes"], _line(raw.get("standard", ""), "standard", 1000),
            _lines(raw.get("checklist", ()), "checklist", 20, 200), reviewers, sample,
        )  # fmt: skip


def _line(value: Any, name: str, longest: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadCategory(f"its {name} is no text")
    text = " ".join(value.split())
    if len(text) > longest or not text.isprintable():
        raise BadCategory(f"its {name} has more than {longest} characters, or some that cannot be seen")
    return text


def _lines(value: Any, name: str, most: int, longest: int) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > most:
        raise BadCategory(f"its {name} is no list of at most {most}")
    return tuple(dict.fromkeys(line for item in value if (line := _line(item, name, longest))))


_SOURCES = "Every statement was compared with its source."
_NUMBERS = "Every number was recalculated or compared with its source."
SHIPPED: Final[dict[str, Category]] = {
    c.id: c
    for c in (
        Category(
            "rfp_response", "RFP response outline", True, "It binds the organisation once it is sent: a bid reviewer "
            "stands behind every promise in it.",
            (_SOURCES, "Every requirement of the request is answered.", "Nothing is promised that nobody has agreed."),
        ),
        Category(
            "contract_review", "Contract review summary", True, "A person who may give legal advice has read the "
            "contract beside it.",
            (_SOURCES, "Clauses that matter and are missing here were looked for in the contract."),
        ),
        Category(
            "financial_model", "Financial model", True, "Somebody who could have built it has checked it.",
            (_NUMBERS, "The assumptions are named and are ours.", "No formula was replaced by a typed result."),
        ),
        Category(
            "regulatory_filing", "Regulatory filing", True, "The person who answers for the filing has read all of it.",
            (_SOURCES, _NUMBERS, "It answers what the authority asks, in the form it asks for."),
        ),
        Category(
            "clinical_note", "Clinical note", True, "A clinician who knows the patient compared it with the record.",
            (_SOURCES, "Patient, dates, drugs and doses agree with the record."),
        ),
        Category(
            "legal_advice", "Legal advice", True, "A lawyer has verified the law and the facts it rests on.",
            (_SOURCES, "Every authority that is cited exists and says this.", "Privilege was considered."),
        ),
        Category(
            "client_proposal", "Client proposal", True, "The person who answers for the client has read all of it.",
            (_SOURCES, _NUMBERS, "Prices, dates and promises are agreed inside."),
        ),
        Category("meeting_prep", "Meeting preparation", False, "A look by the person who asked."),
        Category("competitive_brief", "Competitive brief", False, "A look by the person who asked."),
        Category("policy_answer", "Policy answer", False, "A look by the person who asked, at the cited passages."),
        Category("internal_summary", "Internal summary", False, "A look by the person who asked."),
    )
}  # fmt: skip
_STRICTEST: Final = ("Its category was settled by somebody who may review it.", _SOURCES, _NUMBERS)


def categories(governance: Governance) -> dict[str, Category]:
    """Return every category as the organisation holds it, by id: what ships, its own in their place, what it made
    stricter."""
    held = SHIPPED | {c.id: c for c in map(Category.read, governance.output_categories)}
    return {
        c.id: replace(c, high_stakes=c.high_stakes or c.id in governance.reviewed_categories) for c in held.values()
    }


def unknown(name: str) -> Category:
    """Return the standard of a category that nobody has described: the strictest."""
    return Category(name, name.replace("_", " "), True, "Nobody has described this category.", _STRICTEST)


def standard_of(governance: Governance, name: str) -> Category:
    """Return the category `name` as the organisation holds it; an unknown one is held to the strictest standard."""
    return categories(governance).get(name) or unknown(name)


def stricter_of(governance: Governance, names: Iterable[str], or_else: str = "internal_summary") -> str:
    """Return the first category of high stakes among `names`, else the first of them, else `or_else` (OH-4)."""
    given = [name for name in names if name]
    return next((n for n in given if standard_of(governance, n).high_stakes), given[0] if given else or_else)


def lighter(before: Category, after: Category) -> bool:
    """Say whether `after` asks for less than `before`, or for what cannot be compared."""
    if before.high_stakes != after.high_stakes:
        return before.high_stakes
    return bool(
        set(before.checklist) - set(after.checklist)
        or (before.reviewers and (not after.reviewers or set(after.reviewers) - set(before.reviewers)))
        or (not before.high_stakes and after.sample < before.sample)
        or (before.standard and before.standard != after.standard)
    )


def categories_weaker(before: Governance, after: Governance) -> bool:
    """Say whether any category, described in either or not, is held to less after. A new light one is: until now it
    was unknown, and so strict. `reviewed_categories` is compared by itself."""
    old, new = (categories(replace(g, reviewed_categories=())) for g in (before, after))
    return any(lighter(old.get(n) or _open(n), new.get(n) or unknown(n)) for n in {*old, *new})


def _open(name: str) -> Category:
    """Return what a name stood for before it was described: high stakes, nothing said that could be lost."""
    return Category(name, name, True)
