"""Output categories and their review standard (OH-2, OH-3, OH-4): data, set for the organisation, not by a person."""

from dataclasses import dataclass, replace
from typing import Final

from colleague.kit.db import Session
from colleague.policy.governance import current_governance


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of output. `high_stakes`: it leaves the organisation only after a qualified person has reviewed it."""

    id: str
    title: str
    high_stakes: bool


CATEGORIES: Final[dict[str, Category]] = {
    c.id: c
    for c in (
        Category("rfp_response", "RFP response outline", True),
        Category("contract_review", "Contract review summary", True),
        Category("financial_model", "Financial model", True),
        Category("meeting_prep", "Meeting preparation", False),
        Category("competitive_brief", "Competitive brief", False),
        Category("policy_answer", "Policy answer", False),
        Category("internal_summary", "Internal summary", False),
    )
}

FALLBACK: Final = CATEGORIES["rfp_response"]


def category(name: str) -> Category:
    """Return the category `name`; an unknown one is held to the strictest standard."""
    return CATEGORIES.get(name, Category(name, name.replace("_", " "), FALLBACK.high_stakes))


async def standard(session: Session, name: str) -> Category:
    """Return the category `name` as the organisation holds it now: it may ask for a review where the product does not,
    never the other way round (OH-4)."""
    kind = category(name)
    return replace(
        kind, high_stakes=kind.high_stakes or name in (await current_governance(session)).reviewed_categories
    )
