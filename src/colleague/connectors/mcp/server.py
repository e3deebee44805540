"""A registered server and its tools as values, and what they ask an administrator for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from colleague.connectors.connector import BadArguments, Field, Tool
from colleague.connectors.mcp.definition import Definition, model_name
from colleague.connectors.mcp.propose import Proposal, propose
from colleague.connectors.mcp.stdio import Program
from colleague.kit.addresses import BadHost, host_of
from colleague.policy.model import DataClass, Role, Tier

Transport = Literal["http", "stdio"]
SignIn = Literal["none", "headers", "oauth"]
PREFIX: Final = "mcp__"

_URL = Field("url", "Address", help="Where the server listens, e.g. https://mcp.example.org/mcp.")
_HEADERS = Field(
    "headers", "Headers", secret=True, required=False,
    help="Sent with every request, one a line: «Authorization: Bearer …». Sealed, and never shown again.",
)  # fmt: skip
_OAUTH = (
    Field("auth_hosts", "Sign-in hosts", required=False,
          help="Hosts of the server that signs people in, if it is another one, e.g. auth.example.org."),
    Field("scopes", "Scopes", required=False,
          help="Asked for at sign-in, separated by blanks. Empty: what the server names. Full access is refused."),
    Field("full_access_reason", "Exception for full access: the reason", required=False,
          help="Only if scopes must open everything (10 characters or more). It is on record."),
    Field("full_access_until", "Exception for full access: its last day", required=False,
          help="Such as 2026-12-31, within a year. Then sign-ins with those scopes end."),
    Field("client_id", "Client id", required=False,
          help="If the product was registered there by hand. Empty: it registers itself."),
    Field("client_secret", "Client secret", secret=True, required=False),
    Field("oauth", "Grant", whose="person", secret=True, help="Kept by the sign-in; nothing to type."),
)  # fmt: skip
_STDIO = (
    Field("command", "Program", help="Its name or whole path, e.g. mcp-server-time. It runs in the sandbox."),
    Field("args", "Arguments", required=False, help="One a line."),
    Field("env", "Variables", secret=True, required=False,
          help="NAME=value, one a line. Sealed, and never shown again."),
    Field("readable", "Folders it may read", required=False, help="Whole paths, one a line. It can write nowhere."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Server:
    """A registered server."""

    name: str
    title: str
    transport: Transport
    sign_in: SignIn = "none"
    listed_at: datetime | None = None

    @property
    def kind(self) -> str:
        """Return the kind of its connector."""
        return f"{PREFIX}{self.name}"

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return the settings it asks for."""
        if self.transport == "stdio":
            return _STDIO
        return (_URL, *{"none": (), "headers": (_HEADERS,), "oauth": _OAUTH}[self.sign_in])


@dataclass(frozen=True, slots=True)
class Word:
    """What an administrator said of a tool."""

    tier: Tier
    data_class: DataClass
    egress: bool
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the word as it is stored."""
        return {"tier": int(self.tier), "class": int(self.data_class), "egress": self.egress, "reason": self.reason}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Word | None":
        """Read what `to_json` wrote; None for what was never said."""
        if not value:
            return None
        return Word(Tier(value["tier"]), DataClass(value["class"]), bool(value["egress"]), str(value["reason"]))


@dataclass(frozen=True, slots=True)
class Known:
    """A tool of a server: as defined, as proposed, and what was said of it."""

    server: str
    definition: Definition
    word: Word | None = None

    @property
    def name(self) -> str:
        """Return the name the model knows it by."""
        return model_name(self.server, self.definition.name)

    @property
    def proposal(self) -> Proposal:
        """Return what it is taken for while nobody has said more."""
        return propose(self.definition.name, self.definition.schema, self.definition.annotations)

    def tool(self, title: str) -> Tool:
        """Return the tool as the rest of the product sees it. `title` is the server's own."""
        made, proposal = self.definition, self.proposal
        tier = self.word.tier if self.word else proposal.tier
        roles = {name: proposal.roles.get(name, Role.CONTENT) for name in made.parameters.get("properties", {})}
        return Tool(
            self.name, f"{made.title} ({title})", f"[{title}] {made.description}", made.parameters, tier, roles,
            egress=self.word.egress if self.word else proposal.egress, writes=tier is Tier.MODIFY,
            deletes=proposal.deletes and tier is Tier.MODIFY,
            undo="nothing to undo" if tier is Tier.READ else "cannot be undone from here", pin=made.pin,
            data_class=self.word.data_class if self.word else DataClass.PUBLIC, classified=self.word is not None,
        )  # fmt: skip


def address_of(server: Server, config: Mapping[str, Any]) -> str:
    """Return where the server is, as the pin of its tools covers it."""
    if server.transport == "http":
        return str(config.get("url", ""))
    return "\n".join([str(config.get("command", "")), *lines(config.get("args"))])


def shown_address(server: Server, config: Mapping[str, Any]) -> str:
    """Return where the server is, for people: without what follows a `?`, which may hold a key."""
    return (address_of(server, config).splitlines() or [""])[0].partition("?")[0]


def program_of(config: Mapping[str, Any], secrets: Mapping[str, str]) -> Program:
    """Return the program that the settings describe."""
    env = dict(line.split("=", 1) for line in lines(secrets.get("env")) if "=" in line)
    return Program(str(config["command"]), tuple(lines(config.get("args"))), env, tuple(lines(config.get("readable"))))


def headers_of(text: str | None) -> dict[str, str]:
    """Return headers written one a line; BadArguments for a line that is none. The line is not repeated: a secret."""
    headers = {}
    for line in lines(text):
        name, sign, value = line.partition(":")
        fit = sign and name.strip().replace("-", "").replace("_", "").isalnum() and value.isprintable()
        if not fit or name.strip().casefold() in ("host", "content-length", "transfer-encoding", "connection"):
            raise BadArguments("Write headers as «Name: value», one a line.")
        headers[name.strip()] = value.strip()
    return headers


def lines(text: Any) -> list[str]:
    """Return the lines of a setting that are not empty."""
    return [line.strip() for line in str(text or "").splitlines() if line.strip()]


def hosts_of(url: str, more: Any = "") -> tuple[str, ...]:
    """Return the host of an address, and those named in `more` (separated by commas, blanks or lines)."""
    from urllib.parse import urlsplit

    try:
        first = host_of(urlsplit(url).hostname or "")
        others = [host_of(h) for h in str(more or "").replace(",", " ").split()]
    except (ValueError, BadHost):
        raise BadArguments("The address needs a host, e.g. https://mcp.example.org/mcp.") from None
    return tuple(dict.fromkeys((first, *others)))


def checked(server: Server, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a server's settings as stored (a person's own hold no address); BadArguments if they cannot be used."""
    config = dict(config)
    if "url" in config:
        url = str(config.get("url", "")).strip()
        if not url.startswith(("https://", "http://")) or "@" in url.split("/")[2]:
            raise BadArguments("The address starts with https:// and holds no user name.")
        hosts_of(url, config.get("auth_hosts"))
        config["url"] = url
    for name in lines(config.get("readable")):
        if not name.startswith("/") or name == "/" or ".." in name.split("/"):
            raise BadArguments("Folders are named by their whole path, and never the whole machine.")
    return config
