"""What a door takes for a search, and what the deed makes of it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from pydantic import BaseModel, Field, field_validator

from colleague.tasks.keeping.search import Filters
from colleague.tasks.model import State


class Given(BaseModel):
    """A search as an address says it; an empty field of a form says nothing. `until` is the last day."""

    q: str = Field("", max_length=1000)
    state: State | None = None
    since: date | None = None
    until: date | None = None
    project: str = Field("", max_length=60)
    pinned: bool = False
    archived: Literal["any", "only", "without"] = "any"
    before: str = Field("", max_length=60)

    @field_validator("state", "since", "until", mode="before")
    @classmethod
    def nothing(cls, value: object) -> object:
        """Take an empty field as none."""
        return None if value == "" else value


def filters_of(given: Given) -> Filters:
    """Return the filters; days are whole days (UTC)."""
    return Filters(
        given.state,
        datetime.combine(given.since, time.min, tzinfo=UTC) if given.since else None,
        datetime.combine(given.until, time.min, tzinfo=UTC) + timedelta(days=1) if given.until else None,
        given.project,
        given.pinned,
        given.archived,
    )
