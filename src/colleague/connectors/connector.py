"""What every connector keeps: tools with tiers and argument roles, one way to call, one way to ask «did it happen?»."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from colleague.connectors.screen import SHIPPED, Blocked
from colleague.kit.canonical import digest
from colleague.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from colleague.policy.borrowed import Passage
from colleague.policy.model import DataClass, Label, Role, Tier, ToolWord


class NotReachable(NotFound):
    """This place does not exist, or it is outside what you were given."""


class OutOfScope(Forbidden):
    """This place is outside what the connector was opened for."""


class BadArguments(Invalid):
    """The tool cannot use these arguments."""


class AccountExpired(Unavailable):
    """The connection has expired: connect the account again."""


class ToolFailed(Unavailable):
    """The tool could not do it; nothing was changed."""


class OutcomeUnknown(Conflict):
    """It is not known whether this took effect: the connection broke in the middle."""


class Effected(StrEnum):
    """What a connector knows of an earlier call: it happened, it did not, or it cannot say."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of a connector. `roles` gives the role of each argument by its name (missing: CONTENT).

    `egress`: its arguments leave the organisation even though it only reads (URLs, search words).
    `writes`/`deletes`: it changes or removes something in the place it touches.
    `place`: the argument that names the place (a path, a folder, a mailbox), if any.
    `alone`: never performed beside another call, although it only reads (it waits for a person, or shows an order).
    Of tools that others define: `pin` is the hash of their definition, `data_class` the class of what they give, and
    `classified` says that an administrator has given tier and class.
    """

    name: str
    title: str
    description: str
    parameters: dict[str, Any]
    tier: Tier
    roles: Mapping[str, Role] = field(default_factory=dict)
    egress: bool = False
    writes: bool = False
    deletes: bool = False
    place: str = ""
    alone: bool = False
    undo: str = "cannot be undone"
    pin: str = ""
    data_class: DataClass = DataClass.PUBLIC
    classified: bool = True

    @property
    def hash(self) -> str:
        """The pin: changes when the name, description, schema, tier or roles change, or a foreign definition."""
        return digest(
            [self.name, self.description, self.parameters, self.tier, dict(sorted(self.roles.items())),
             self.egress, self.writes, self.deletes, *([self.pin, self.data_class] if self.pin else [])]
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    """A connector opened to a team or a role for named places. Places are prefixes in the connector's own notation.

    `tools` says allow, ask or block for single tools by name, and under `*` for all that are not named (R28).
    """

    id: str
    connector: str
    team: str
    places: tuple[str, ...]
    may_write: bool = False
    ceiling: DataClass = DataClass.INTERNAL
    place_class: DataClass = DataClass.CONFIDENTIAL
    trusted: bool = False
    role: str = ""
    tools: Mapping[str, ToolWord] = field(default_factory=dict)

    @property
    def holder(self) -> str:
        """To whom it is opened: a team's id, or `role:NAME`."""
        return f"role:{self.role}" if self.role else self.team

    def word(self, tool: str) -> ToolWord:
        """Return what this grant says of a tool; allow if it says nothing."""
        return self.tools.get(tool) or self.tools.get("*") or ToolWord.ALLOW


@dataclass(frozen=True, slots=True)
class Account:
    """One connection: which connector, whose, its public configuration and its secrets (never logged, never shown)."""

    id: str
    connector: str
    config: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    person: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along with a call: its name, type and content."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """With what a call is made: the account, the grants that open places, a key that makes it happen once, and what the
    organisation blocks whoever asks."""

    account: Account
    grants: tuple[Grant, ...]
    idempotency_key: str
    on_behalf_of: str = ""
    attachments: tuple[Attachment, ...] = ()
    blocked: Blocked = SHIPPED


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave: text for the model, data for programs, and the label of what was read."""

    text: str
    data: dict[str, Any] = field(default_factory=dict)
    label: Label = field(default_factory=Label)


@dataclass(frozen=True, slots=True)
class Preview:
    """Exactly what will happen, for a person: a title, lines of (name, value), the body, and attachments by name.

    `borrowed` are the passages of fields and body that stand in texts nobody vouches for. A connector leaves it empty.
    """

    title: str
    fields: tuple[tuple[str, str], ...] = ()
    body: str = ""
    attachments: tuple[str, ...] = ()
    undo: str = "cannot be undone"
    borrowed: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A setting of a connector. `whose`: the organisation sets it once, or each person for their own account.

    `secret` ones are sealed when stored and never shown again.
    """

    name: str
    title: str
    whose: Literal["organisation", "person"] = "organisation"
    secret: bool = False
    required: bool = True
    help: str = ""


class Connector(Protocol):
    """One kind of place. Stateless: all it needs comes with the call."""

    kind: str
    title: str

    def tools(self) -> Sequence[Tool]:
        """Return the tools this connector offers."""
        ...

    def place(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Return the place a call touches, in the grants' notation; "" if none."""
        ...

    def recipients(self, tool: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return every address that would receive something from this call."""
        ...

    def preview(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Preview:
        """Show exactly what the call would do, without doing it."""
        ...

    async def call(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Result:
        """Do it. Raises a Failure; OutcomeUnknown if it may have happened."""
        ...

    async def effected(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Effected:
        """Say whether the call with this idempotency key took effect."""
        ...

    async def check(self, account: Account) -> str:
        """Try the connection; return a sentence about it, or raise a Failure that says what is wrong."""
        ...
