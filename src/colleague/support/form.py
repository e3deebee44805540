"""What a ticket and a support model look like as forms and as JSON, and the file of an import."""

from typing import Annotated, Any, Literal

from fastapi import Depends, UploadFile
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from colleague.audit.record import Ledger
from colleague.kit.doors import part
from colleague.support.model import SupportModel, Wish
from colleague.support.parse import MOST_BYTES
from colleague.tasks.parts import Parts

TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheParts = Annotated[Parts, Depends(part(Parts))]
Short = Annotated[str, Field(max_length=300)]
Long = Annotated[str, Field(max_length=20_000)]


def _channels(value: Any) -> Any:
    """A form writes channels in one field, with commas."""
    one = value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) else value
    return one.split(",") if isinstance(one, str) else value


class Given(BaseModel):
    """A ticket as it is written. `task` and `rule` say where it happened."""

    model_config = ConfigDict(extra="ignore")

    title: Short
    text: Long
    category: Short = ""
    use_case: Short = ""
    connector: Short = ""
    task: Short = ""
    rule: Short = ""

    def wish(self) -> Wish:
        """Return what was written."""
        return Wish(self.title, self.text, self.category, self.use_case, self.connector, self.task, self.rule)


class About(BaseModel):
    """What a ticket is about."""

    category: Short
    use_case: Short = ""
    connector: Short = ""


class Said(BaseModel):
    """What is said on a ticket. `close`: with it, the ticket is closed."""

    text: Long
    close: bool = False


class Model(BaseModel):
    """The next version of the support model, made from version `after`. `owner`: an id or a mail address."""

    model_config = ConfigDict(extra="ignore")

    channels: Annotated[list[Short], BeforeValidator(_channels), Field(max_length=20)]
    hours: Short
    owner: Short
    champion_hours: Annotated[int, Field(ge=0, le=100_000)]
    everybody_hours: Annotated[int, Field(ge=0, le=100_000)]
    after: Annotated[int, Field(ge=0, le=1_000_000)] = 0

    def card(self) -> SupportModel:
        """Return what was written."""
        return SupportModel(
            tuple(self.channels), self.hours, self.owner, self.champion_hours, self.everybody_hours
        )  # fmt: skip


class Looked(BaseModel):
    """The version that was looked at."""

    version: Annotated[int, Field(ge=0, le=1_000_000)]


StateName = Literal["", "open", "answered", "closed"]


async def bytes_of(file: UploadFile) -> bytes:
    """Return an uploaded list; one byte more than may be is enough to refuse it."""
    return await file.read(MOST_BYTES + 1)
