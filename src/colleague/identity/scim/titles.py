"""What people are called at work, as the identity provider says: nobody else knows it here."""

from collections.abc import Iterable

from sqlalchemy import select

from colleague.identity.tables import ProvisionedRow
from colleague.kit.db import Session


async def titles_of(session: Session, people: Iterable[str]) -> dict[str, str]:
    """Return the job titles of those of `people` that a provider described with one, by id."""
    title = ProvisionedRow.body["title"].as_string()
    query = select(ProvisionedRow.person_id, title).where(
        ProvisionedRow.person_id.in_(sorted(set(people))), ProvisionedRow.gone_at.is_(None), title.is_not(None)
    )
    return {person: " ".join(said.split())[:120] for person, said in await session.execute(query)}
