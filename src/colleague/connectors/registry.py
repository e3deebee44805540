"""The connectors of this installation, by kind, and their tools by the name the model knows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from colleague.connectors.connector import Account, Connector, Field, Grant, Tool
from colleague.kit.db import Session
from colleague.kit.errors import Invalid, NotFound


class NoSuchConnector(NotFound):
    """There is no connector «{kind}» in this installation."""


class ToolNameTaken(Invalid):
    """Two connectors bring a tool or kind named «{name}»: each name must stand once."""


class Source(Protocol):
    """Where connectors come from that are data, not code: servers that an administrator registered."""

    async def connectors(self, session: Session) -> tuple[str, Sequence[Connector]]:
        """Return a stamp that changes whenever the connectors do, and the connectors as they are now."""
        ...


class Registry:
    """All connectors, whether enabled or not. Iterating gives them in the order they were registered.

    `now` adds those that the sources hold at this moment: whoever has a session asks it first.
    """

    def __init__(self, connectors: Iterable[Connector] = (), *, sources: Iterable[Source] = ()) -> None:
        """Take the connectors and sources; ToolNameTaken if a kind or the name of a tool comes twice."""
        self._sources, self._last = tuple(sources), ("", self)
        self._connectors: dict[str, Connector] = {}
        self._tools: dict[str, tuple[Connector, Tool]] = {}
        for connector in connectors:
            if connector.kind in self._connectors:
                raise ToolNameTaken(name=connector.kind)
            self._connectors[connector.kind] = connector
            for tool in connector.tools():
                if tool.name in self._tools:
                    raise ToolNameTaken(name=tool.name)
                self._tools[tool.name] = (connector, tool)

    async def now(self, session: Session) -> "Registry":
        """Return the registry with what the sources hold now, in this process and every other."""
        if not self._sources:
            return self
        given = [await source.connectors(session) for source in self._sources]
        stamp = "\n".join(s for s, _ in given)
        if self._last[0] != stamp:
            more = [c for _, connectors in given for c in connectors]
            self._last = (stamp, Registry([*self._connectors.values(), *more]))
        return self._last[1]

    def __iter__(self) -> Iterator[Connector]:
        """Give every connector."""
        return iter(self._connectors.values())

    def get(self, kind: str) -> Connector:
        """Return the connector of `kind`; NoSuchConnector if there is none."""
        try:
            return self._connectors[kind]
        except KeyError:
            raise NoSuchConnector(kind=kind[:80]) from None

    def tools(self) -> Mapping[str, tuple[Connector, Tool]]:
        """Return every tool with its connector, by the tool's name (`folder_read`)."""
        return self._tools


def fields_of(connector: Connector) -> tuple[Field, ...]:
    """Return the settings that `connector` asks for; none if it names none."""
    fields: tuple[Field, ...] = getattr(connector, "fields", ())
    return fields


def is_personal(connector: Connector) -> bool:
    """Say whether each person needs an account of their own (a mailbox), besides what the organisation sets."""
    return any(f.whose == "person" for f in fields_of(connector))


def tools_for(connector: Connector, grants: Sequence[Grant]) -> Sequence[Tool]:
    """Return the tools of `connector` that these grants open at all; all of them unless it tells them apart itself."""
    narrow = getattr(connector, "tools_for", None)
    found: Sequence[Tool] = narrow(grants) if narrow else connector.tools()
    return found


def is_shipped(connector: Connector) -> bool:
    """Say whether the connector's tools are part of the product; those of others wait for an administrator."""
    return bool(getattr(connector, "shipped", True))


def accepted(connector: Connector, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` as the connector stores it; its own `accept` may refuse (BadArguments) or put it straight."""
    accept = getattr(connector, "accept", None)
    return dict(accept(config)) if accept else dict(config)


def place_of(connector: Connector, tool: str, arguments: Mapping[str, Any], account: Account) -> str:
    """Return the place a call touches: what its arguments name, or else the account's own (a mailbox); "" if none."""
    home = getattr(connector, "home", None)
    return connector.place(tool, arguments) or (str(home(account)) if home else "")


def normal_place(connector: Connector, place: str) -> str:
    """Return `place` in the connector's own notation; BadArguments if it is none."""
    normal = getattr(connector, "normal_place", None)
    return str(normal(place)) if normal else place.strip()
