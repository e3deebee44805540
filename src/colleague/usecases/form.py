"""A card as a form and as JSON say it; several times as a form says them."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from colleague.policy.model import DataClass
from colleague.usecases.baseline import BadObservation
from colleague.usecases.define import BadCard
from colleague.usecases.model import Card, Ritual

CLASSES = {one.name.lower(): one for one in DataClass}


def _number(value: Any) -> Any:
    """A field of a form that was left empty is no number yet; the linter says so."""
    return 0 if isinstance(value, str) and not value.strip() else value


def _kinds(value: Any) -> Any:
    """A form writes connectors in one field, with commas."""
    one = value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) else value
    return one.split(",") if isinstance(one, str) else value


Short = Annotated[str, Field(max_length=300)]
Long = Annotated[str, Field(max_length=2000)]
Minutes = Annotated[int, BeforeValidator(_number), Field(ge=0, le=100_000)]


class Given(BaseModel):
    """A card as it is written. `owner` is a person's id or mail address, `minutes` the target."""

    model_config = ConfigDict(extra="ignore")

    name: Short = ""
    work: Long = ""
    department: Short = ""
    input: Long = ""
    trigger: Long = ""
    output: Long = ""
    format: Short = ""
    minutes: Minutes = 0
    owner: Short = ""
    quality: Long = ""
    data_class: Short = "confidential"
    category: Short = ""
    ritual_team: Short = ""
    ritual_weekday: Short = ""
    ritual_artefact: Short = ""
    skill: Short = ""
    profile: Short = ""
    connectors: Annotated[
        list[Annotated[str, Field(max_length=100)]], BeforeValidator(_kinds), Field(max_length=30)
    ] = []
    kept: Long = ""

    def card(self) -> Card:
        """Return what was written as a card; BadCard for a class that does not exist."""
        if self.data_class not in CLASSES:
            raise BadCard(why=f"its class is one of {', '.join(CLASSES)}")
        asked = (self.ritual_team, self.ritual_weekday, self.ritual_artefact)
        plain = self.model_dump(exclude={"version", "ritual_team", "ritual_weekday", "ritual_artefact"})
        return Card(**plain | {
            "data_class": CLASSES[self.data_class], "connectors": tuple(self.connectors),
            "ritual": Ritual(*asked) if any(asked) else None,
        })  # fmt: skip


class Changed(Given):
    """A changed card, with the version it was made from."""

    version: int = Field(0, ge=0, le=1_000_000)


MOST_LINES = 100


def read_times(text: str, today: date) -> list[tuple[float, date]]:
    """Read times, one a line: the minutes, then the day (2026-12-01), or today where none is named.

    Raises BadObservation with the line that is no time, or if there is none at all.
    """
    lines = [(n, line.split()) for n, line in enumerate(text.replace(";", " ").splitlines(), 1) if line.strip()]
    if not 1 <= len(lines) <= MOST_LINES:
        raise BadObservation(why=f"write one to {MOST_LINES} times, each on its own line")
    times = []
    for n, (minutes, *day) in lines:
        try:
            # «92,5» and «92, 2026-12-01» are both written.
            on = date.fromisoformat(day[0].strip(",")) if len(day) == 1 else today
            times.append((float(minutes.rstrip(",").replace(",", ".")), on))
        except ValueError:
            raise BadObservation(why=f"line {n} is not minutes and a day, such as «92, {today.isoformat()}»") from None
        if len(day) > 1:
            raise BadObservation(why=f"line {n} has more than minutes and a day")
    return times
