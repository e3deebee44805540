"""One registered MCP server as a connector (R25, CN-3). Its places are its tools' own names, so that a grant may open
some of them only.

Right before every call the tool is listed again: one that is not exactly what was approved is not called. An MCP server
keeps no keys, so what broke off in the middle is not known. Nothing that comes from a server is trusted.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from colleague.connectors.connector import (
    Access,
    Account,
    AccountExpired,
    BadArguments,
    Effected,
    Grant,
    NotReachable,
    OutOfScope,
    Preview,
    Result,
    Tool,
)
from colleague.connectors.grants import covers
from colleague.connectors.mcp.definition import Definition, define_all
from colleague.connectors.mcp.result import read_result
from colleague.connectors.mcp.server import (
    Known,
    Server,
    address_of,
    checked,
    headers_of,
    hosts_of,
    program_of,
    shown_address,
)
from colleague.connectors.mcp.session import Conversation, Line, converse
from colleague.connectors.visible import marked
from colleague.kit.errors import Conflict, NotFound
from colleague.kit.http import Egress
from colleague.kit.sandbox.box import Sandbox
from colleague.policy.model import Integrity, Label, Role, Tier

T = TypeVar("T")
SECONDS, KEYS = 60.0, 5000


class ToolChanged(Conflict):
    """The server has changed this tool since it was approved. It was not called: an administrator must look at it."""


class ToolGone(NotFound):
    """The server does not offer this tool any more; it was not called."""


@dataclass
class Means:
    """What all connectors of this kind share: the ways out, what to do with a listing, and how to get a fresh token.

    `listed` keeps a listing and returns a sentence about it (its last argument: others may be shown other tools).
    `token` gives a token that holds and is not the stale one. `done` holds the keys of calls answered in this process.
    """

    egress: Egress
    sandbox: Sandbox
    listed: Callable[[Server, Sequence[Definition], bool], Awaitable[str]]
    token: Callable[[Account, str], Awaitable[str]]
    seconds: float = SECONDS
    done: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def remember(self, key: str) -> None:
        """Keep a key; the oldest ones go."""
        self.done[key] = None
        while len(self.done) > KEYS:
            self.done.popitem(last=False)


class McpConnector:
    """The tools of one server, as they were listed last."""

    shipped = False
    places_help = "Names of its tools, e.g. read_note. A tool that is not opened here is not there for the team."

    def __init__(self, server: Server, known: Sequence[Known], means: Means) -> None:
        """Take the server, its tools, and what all servers share."""
        self.server, self._means = server, means
        self.kind, self.title, self.fields = server.kind, server.title, server.fields
        self.known = {k.name: k for k in known if not k.definition.fault}
        self._tools = tuple(k.tool(server.title) for k in self.known.values())

    @property
    def signs_in(self) -> bool:
        """Say whether each person signs in at the server (OAuth)."""
        return self.server.sign_in == "oauth"

    def accept(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings as stored; BadArguments if they cannot be used."""
        return checked(self.server, config)

    def normal_place(self, place: str) -> str:
        """Return a grant's place: `*`, or the name of one tool as the server or the model knows it."""
        text = place.strip()
        if text in ("", "*"):
            return "*"
        return self.known[text].definition.name if text in self.known else text

    def tools(self) -> Sequence[Tool]:
        """Return the server's tools."""
        return self._tools

    def tools_for(self, grants: Sequence[Grant]) -> Sequence[Tool]:
        """Return the tools that these grants open."""
        return [t for t in self._tools if any(covers(g, self.place(t.name, {})) for g in grants)]

    def place(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Return the tool's own name: a tool is what a grant opens."""
        found = self.known.get(tool)
        return found.definition.name if found else "(no such tool)"

    def recipients(self, tool: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return whom a call speaks to: what it names, and always «somebody», for nobody knows who listens there."""
        shown = next((t for t in self._tools if t.name == tool), None)
        if shown is None or shown.tier is not Tier.COMMUNICATE:
            return ()
        named = [v for n, v in arguments.items() if shown.roles.get(n) is Role.RECIPIENT]
        flat = [str(v) for one in named for v in (one if isinstance(one, list) else [one])]
        return tuple(dict.fromkeys([*flat, f"somebody at {self.title}"]))

    def preview(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Preview:
        """Show every argument as it will be sent, hidden characters written out, and to which server."""
        shown = self._tool(tool)
        short = {marked(n): marked(_text(v)) for n, v in arguments.items()}
        fields = [("Server", f"{self.title} ({shown_address(self.server, access.account.config)})")]
        fields += [(n, t) for n, t in short.items() if len(t) <= 200 and "\n" not in t]
        body = "\n\n".join(f"{n}:\n{t}" for n, t in short.items() if len(t) > 200 or "\n" in t)
        return Preview(shown.title, tuple(fields), body, undo=shown.undo)

    async def call(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Result:
        """Call the tool, if it is still what was approved.

        Raises NotReachable, OutOfScope, ToolChanged, ToolGone, AccountExpired and what `converse` raises.
        """
        shown = self._tool(tool)
        grants = self._opened(shown, access.grants)
        if access.idempotency_key in self._means.done and shown.tier is not Tier.READ:
            said = "This was done before; it is not done a second time."
            return Result(said, {"again": True}, self._label(grants, shown))
        wanted, address = self.known[tool].definition, address_of(self.server, access.account.config)

        async def work(talk: Conversation) -> dict[str, Any]:
            listing = define_all(await talk.tools(), self.server.name, address)
            now = next((d for d in listing if d.name == wanted.name), None)
            if now is None or now.pin != wanted.pin or now.fault:
                await self._means.listed(self.server, listing, self.signs_in)
                raise ToolChanged if now is not None else ToolGone
            return await talk.call(wanted.name, arguments)

        answer = await self._talk(access.account, work, harmless=shown.tier is Tier.READ)
        if shown.tier is not Tier.READ:
            self._means.remember(access.idempotency_key)
        text, data = read_result(answer)
        return Result(text, data, self._label(grants, shown))

    async def effected(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Effected:
        """Say what is known of an earlier call: what only reads has no effect; of the rest only what was answered."""
        if self._tool(tool).tier is Tier.READ:
            return Effected.NO
        return Effected.YES if access.idempotency_key in self._means.done else Effected.UNKNOWN

    async def check(self, account: Account) -> str:
        """List the server's tools, keep what is new or changed, and say so."""
        if self.signs_in and not account.secrets.get("oauth"):
            return "Set up. Each person signs in for themselves; the tools are read at the first sign-in."
        address = address_of(self.server, account.config)

        async def work(talk: Conversation) -> list[Definition]:
            return define_all(await talk.tools(), self.server.name, address)

        listing = await self._talk(account, work)
        return await self._means.listed(self.server, listing, self.signs_in)

    async def _talk(
        self, account: Account, work: Callable[[Conversation], Awaitable[T]], *, harmless: bool = True
    ) -> T:
        """Have a conversation; once more with a fresh token if the old one was refused (then nothing was done)."""
        line = await self._line(account)
        for last in (not self.signs_in, True):
            try:
                return await converse(
                    line, work, egress=self._means.egress, sandbox=self._means.sandbox, seconds=self._means.seconds,
                    harmless=harmless,
                )  # fmt: skip
            except AccountExpired:
                if last:
                    raise
                line = await self._line(account, line.headers.get("Authorization", "").partition(" ")[2])
        raise AccountExpired

    async def _line(self, account: Account, stale: str = "") -> Line:
        config, secrets = account.config, account.secrets
        if self.server.transport == "stdio":
            return Line(program=program_of(config, secrets))
        headers = headers_of(secrets.get("headers"))
        if self.signs_in:
            if not secrets.get("oauth"):
                raise AccountExpired
            headers["Authorization"] = f"Bearer {await self._means.token(account, stale)}"
        url = str(config["url"])
        return Line(url, headers, hosts_of(url))

    def _opened(self, tool: Tool, grants: Sequence[Grant]) -> tuple[Grant, ...]:
        place = self.place(tool.name, {})
        opened = tuple(g for g in grants if covers(g, place) and max(g.place_class, tool.data_class) <= g.ceiling)
        if not opened:
            raise NotReachable
        if tool.writes and not any(g.may_write for g in opened):
            raise OutOfScope
        return opened

    def _label(self, grants: Sequence[Grant], tool: Tool) -> Label:
        """Whatever the grant says: what a foreign server answers is untrusted."""
        highest = max(tool.data_class, *(g.place_class for g in grants))
        return Label(Integrity.UNTRUSTED, highest, sources=frozenset({f"{self.kind}:{self.place(tool.name, {})}"}))

    def _tool(self, name: str) -> Tool:
        for tool in self._tools:
            if tool.name == name:
                return tool
        raise BadArguments(f"There is no tool {name[:80]}.")


def _text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
