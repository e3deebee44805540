"""What stands in the files: every entry as a value that is checked when it is read. Nothing here knows the database.

An entry is known by its `key`; two files are compared entry by entry.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

FORMAT = 1
Word = Annotated[str, Field(max_length=300)]
Text = Annotated[str, Field(max_length=4000)]
ClassWord = Literal["public", "internal", "confidential", "restricted"]
TierWord = Literal["read", "communicate", "modify"]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def _moment(text: str) -> str:
    if text and datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("name the time zone, such as 2026-12-31T00:00:00+00:00")
    return text


def _day(text: str) -> str:
    if text:
        date.fromisoformat(text)
    return text


Moment = Annotated[str, AfterValidator(_moment)]
Day = Annotated[str, AfterValidator(_day)]


class Entry(BaseModel):
    """One entry of a file. Unknown keys and other kinds of values are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @property
    def key(self) -> str:
        """Return what the entry is known by among its equals."""
        raise TypeError

    @property
    def words(self) -> str:
        """Return what the entry is called in a list of changes."""
        return self.key

    @property
    def kin(self) -> str:
        """Return what an entry of another key may have in common, so that the one became the other; "" for nothing."""
        return ""

    def written(self) -> dict[str, Any]:
        """Return the entry as it stands in its file: what is empty is left out."""
        return {k: v for k, v in self.model_dump().items() if v not in (None, "", [], {})}


class Setting(Entry):
    """One setting that the rules rest on, as it is stored; ceilings name teams by their name."""

    name: Word
    value: bool | Word | list[Text]

    @property
    def key(self) -> str:
        return self.name


class Rules(Entry):
    """The organisation's own rules in Cedar."""

    text: Annotated[str, Field(max_length=500_000)]

    @property
    def key(self) -> str:
        return "rules.cedar"

    @property
    def words(self) -> str:
        return "the organisation's own rules"


class TeamEntry(Entry):
    """A team, without its people."""

    name: Annotated[str, Field(min_length=1, max_length=80)]

    @property
    def key(self) -> str:
        return self.name


class RoleEntry(Entry):
    """A role that the organisation made."""

    name: Word
    meaning: Word
    permissions: list[Word]

    @property
    def key(self) -> str:
        return self.name


class GroupRule(Entry):
    """A group of a directory gives its people a team or a role. `source`: scim, or the sign-on's key."""

    source: Word
    group: Word
    gives: Literal["team", "role"]
    name: Word

    @property
    def key(self) -> str:
        return f"{self.source}: «{self.group}» gives the {self.gives} «{self.name}»"


class ConnectorEntry(Entry):
    """An enabled connector with its settings. Of its secrets only the names stand here."""

    kind: Word
    settings: dict[Word, str | bool | int] = Field(default_factory=dict)
    secrets: list[Word] = Field(default_factory=list)
    title: Word = ""
    transport: Literal["", "http", "stdio"] = ""
    sign_in: Literal["", "none", "headers", "oauth"] = ""

    @property
    def key(self) -> str:
        return self.kind


class GrantEntry(Entry):
    """A connector opened to a team or a role for named places."""

    connector: Word
    team: Word = ""
    role: Word = ""
    places: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(min_length=1, max_length=100)]
    may_write: bool = False
    ceiling: ClassWord = "internal"
    place_class: ClassWord = "internal"
    trusted: bool = False
    tools: dict[Word, Literal["allow", "ask", "block"]] = Field(default_factory=dict)
    reason: Text = ""
    until: Moment = ""

    @model_validator(mode="after")
    def _one_holder(self) -> "GrantEntry":
        if bool(self.team) == bool(self.role):
            raise ValueError("name a team or a role, one of them")
        return self

    @property
    def holder(self) -> str:
        """Return to whom it is given, in words."""
        return f"team «{self.team}»" if self.team else f"role «{self.role}»"

    @property
    def kin(self) -> str:
        return f"{self.connector} for the {self.holder}"

    @property
    def key(self) -> str:
        return f"{self.kin}: {', '.join(p or 'everything' for p in self.places)}"

    def written(self) -> dict[str, Any]:
        """Return the entry with its classes, rights and places always there."""
        kept = {"places": self.places, "may_write": self.may_write, "trusted": self.trusted}
        return {**super().written(), **kept}


class ToolEntry(Entry):
    """What was decided of a tool, pinned to its definition; of a foreign one also what it is."""

    name: Word
    state: Literal["approved", "blocked"]
    hash: Hash
    tier: Literal["", "read", "communicate", "modify"] = ""
    data_class: Literal["", "public", "internal", "confidential", "restricted"] = ""
    egress: bool = False
    reason: Text = ""

    @property
    def key(self) -> str:
        return self.name


class ProviderEntry(Entry):
    """A model provider without its key."""

    name: Word
    kind: Word
    zone: Word
    ceiling: ClassWord
    enabled: bool = False
    address: Word = ""
    region: Word = ""
    project: Word = ""
    version: Word = ""
    streams: bool = True

    @property
    def key(self) -> str:
        return self.name


class PaperEntry(Entry):
    """What is on record of a document of a provider; the document itself is kept elsewhere."""

    provider: Word
    kind: Literal["no-training", "baa"]
    document: Annotated[str, Field(max_length=500)]
    counterparty: Annotated[str, Field(max_length=500)] = ""
    covers: list[Word] = Field(default_factory=list)
    scope: Annotated[str, Field(max_length=500)] = ""
    signed_on: Annotated[Day, Field(min_length=10)]
    expires_on: Day = ""

    @property
    def key(self) -> str:
        until = f" to {self.expires_on}" if self.expires_on else ""
        covers = f" ({', '.join(self.covers)})" if self.covers else ""
        more = "".join(f", {text}" for text in (self.counterparty, self.scope) if text)
        return f"{self.provider}: {self.kind} «{self.document}»{more}, {self.signed_on}{until}{covers}"


class RouteEntry(Entry):
    """Which models think for which tasks; `subject` names a team, a zone or a use case."""

    target: Literal["organisation", "use case", "team", "zone"]
    subject: Word = ""
    chain: list[Word]

    @property
    def key(self) -> str:
        return f"{self.target} {self.subject}".strip()


class CeilingEntry(Entry):
    """The most that may be spent in a month, in millionths of a US dollar; `each`: for each without one of its own."""

    scope: Literal["organisation", "team", "person"]
    team: Word = ""
    each: bool = False
    micros: Annotated[int, Field(ge=0, le=10**15)]

    @model_validator(mode="after")
    def _subject(self) -> "CeilingEntry":
        fits = {"organisation": not self.team and not self.each, "person": self.each and not self.team,
                "team": bool(self.team) != self.each}  # fmt: skip
        if not fits[self.scope]:
            raise ValueError("a team by its name or each; a person only as each; the organisation alone")
        return self

    @property
    def key(self) -> str:
        return f"each {self.scope}" if self.each else f"{self.scope} {self.team}".strip()


class SkillEntry(Entry):
    """A package of skills that was approved, by the hash of what is in it."""

    name: Word
    sha256: Hash
    teams: list[Word] = Field(default_factory=list)

    @property
    def key(self) -> str:
        return self.name


class SwitchEntry(Entry):
    """A skill that is switched off for everybody."""

    name: Word
    reason: Text = ""

    @property
    def key(self) -> str:
        return self.name


# Which files there are, which lists stand in each, and of what. A file that is not there leaves its lists alone.
FILES: Mapping[str, Mapping[str, type[Entry]]] = {
    "settings.yaml": {"settings": Setting},
    "rules.cedar": {"rules": Rules},
    "teams.yaml": {"teams": TeamEntry},
    "roles.yaml": {"roles": RoleEntry},
    "groups.yaml": {"groups": GroupRule},
    "connectors.yaml": {"connectors": ConnectorEntry},
    "tools.yaml": {"tools": ToolEntry},
    "grants.yaml": {"grants": GrantEntry},
    "models.yaml": {
        "providers": ProviderEntry, "papers": PaperEntry, "routes": RouteEntry, "ceilings": CeilingEntry,
    },
    "skills.yaml": {"approved": SkillEntry, "switched_off": SwitchEntry},
}  # fmt: skip

# A configuration: the lists by name, each with its entries by key.
Lists = dict[str, dict[str, Entry]]


def numbered(held: Mapping[str, object], entry: Entry) -> str:
    """Return a key for `entry` that is not held yet: the same places may be opened twice to the same team."""
    number, key = 1, entry.key
    while key in held:
        number += 1
        key = f"{entry.key} ({number})"
    return key
