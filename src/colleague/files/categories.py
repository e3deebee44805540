"""Output categories as the organisation holds them at this moment (policy/standards/category.py says what they are)."""

from typing import Final

from colleague.kit.db import Session
from colleague.policy.governance import current_governance
from colleague.policy.standards.category import SHIPPED, Category, standard_of

CATEGORIES: Final = SHIPPED


async def standard(session: Session, name: str) -> Category:
    """Return the category `name`; an unknown one is held to the strictest standard (OH-4)."""
    return standard_of(await current_governance(session), name)
