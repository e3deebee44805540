"""The MCP servers of the organisation: register, remove, keep what they list, and say what each tool is (CN-3).

They are rows, read at every use: what is registered or decided in one process holds at once in all of them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import select, update

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.accounts import AccountView, disable_connector, enable_connector
from colleague.connectors.connector import Connector
from colleague.connectors.grants import is_enabled
from colleague.connectors.mcp.connector import McpConnector, Means
from colleague.connectors.mcp.definition import Definition
from colleague.connectors.mcp.server import PREFIX, Known, Server, SignIn, Transport, Word
from colleague.connectors.mcp.words import plain
from colleague.connectors.registry import Registry
from colleague.connectors.tables import McpServerRow, McpToolRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.kit.secrets import Secrets

_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")
MOST_SERVERS = 200


class BadServer(Invalid):
    """The server cannot be registered like this: {why}."""


class ServerTaken(Conflict):
    """There is a server «{name}» already: change its settings, or take another name."""


class NoSuchServer(NotFound):
    """There is no MCP server «{name}»."""


class McpServers:
    """The source of MCP connectors. Connectors are kept by revision, so that a use reads one small table only."""

    def __init__(self, means: Means) -> None:
        """Take what all servers share."""
        self._means = means
        self._built: dict[str, tuple[str, McpConnector]] = {}

    async def connectors(self, session: Session) -> tuple[str, Sequence[Connector]]:
        """Return the stamp and the connectors of all registered servers."""
        query = select(McpServerRow).where(~McpServerRow.removed).order_by(McpServerRow.name)
        rows = (await session.scalars(query)).all()
        for row in rows:
            if self._built.get(row.name, ("", None))[0] != row.revision:
                tools = await session.scalars(
                    select(McpToolRow).where(McpToolRow.server == row.name, ~McpToolRow.gone).order_by(McpToolRow.name)
                )
                made = McpConnector(_server(row), list(map(_known, tools)), self._means)
                self._built[row.name] = (row.revision, made)
        stamp = " ".join(f"{row.name}.{row.revision}" for row in rows)
        return stamp, [self._built[row.name][1] for row in rows]


async def register_server(
    session: Session, actor: Actor, registry: Registry, name: str, title: str, values: Mapping[str, Any], *,
    transport: str = "http", sign_in: str = "none", ledger: Ledger, secrets: Secrets, clock: Clock,
) -> AccountView:  # fmt: skip
    """Register a server with its settings. It reaches nobody: no tool is classified, no team has a grant.

    Raises BadServer, ServerTaken, BadAccount, BadArguments, PermissionMissing.
    """
    actor.require("org:connectors:manage")
    name = name.strip().casefold()
    if not _NAME.fullmatch(name) or name in ("signed-in", "tools"):
        raise BadServer(why="its name has 1 to 20 small letters, digits and hyphens, and starts with a letter")
    if transport not in ("http", "stdio") or sign_in not in ("none", "headers", "oauth"):
        raise BadServer(why="it is reached by http or stdio, and signs in with none, headers or oauth")
    if transport == "stdio" and sign_in != "none":
        raise BadServer(why="a program is given its credentials as variables, not by a sign-in")
    row = await session.get(McpServerRow, name, with_for_update=True)
    if row is not None and not row.removed:
        raise ServerTaken(name=name)
    if len((await session.scalars(select(McpServerRow.name))).all()) >= MOST_SERVERS:
        raise BadServer(why=f"{MOST_SERVERS} servers are enough for one installation")
    if row is None:
        row = McpServerRow(name=name)
        session.add(row)
    row.title, row.transport, row.sign_in, row.removed = plain(title, 60) or name, transport, sign_in, False
    row.registered_by, row.registered_at, row.listed_at = actor.id, clock.now(), None
    row.revision = new_id("rev")
    await session.flush()
    facts = {"server": name, "transport": transport, "sign_in": sign_in}
    await ledger.record(session, Event("mcp.registered", actor=actor.id, subject=name, data=facts))
    return await enable_connector(
        session, actor, registry, PREFIX + name, values, ledger=ledger, secrets=secrets, clock=clock
    )


async def remove_server(session: Session, actor: Actor, name: str, *, ledger: Ledger, clock: Clock) -> None:
    """Take a server away: its tools are gone at the next call. Every word said of them is forgotten."""
    actor.require("org:connectors:manage")
    row = await _row(session, name)
    row.removed, row.revision = True, new_id("rev")
    await session.execute(update(McpToolRow).where(McpToolRow.server == row.name).values(word={}, gone=True))
    if await is_enabled(session, PREFIX + row.name):
        await disable_connector(session, actor, PREFIX + row.name, ledger=ledger, clock=clock)
    await ledger.record(session, Event("mcp.removed", actor=actor.id, subject=row.name))


async def keep_listing(
    session: Session, server: str, listing: Sequence[Definition], *, partial: bool, ledger: Ledger, clock: Clock
) -> str:
    """Keep what a server lists, and say what is new, changed or gone, in a sentence.

    A changed or new tool loses what was said of it: it waits again. `partial`: another person may be shown other tools,
    so nothing counts as gone.
    """
    row = await _row(session, server)
    found = await session.scalars(select(McpToolRow).where(McpToolRow.server == row.name).with_for_update())
    before = {t.name: t for t in found}
    now = clock.now()
    fresh: list[str] = []
    changed: list[str] = []
    for one in listing:
        old = before.get(one.name)
        if old is not None and old.pin == one.pin and not old.gone:
            continue
        (fresh if old is None or old.gone else changed).append(one.name)
        if old is None:
            old = McpToolRow(server=row.name, name=one.name, first_seen=now)
            session.add(old)
        old.pin, old.definition, old.word, old.changed_at, old.gone = one.pin, one.to_json(), {}, now, False
    names = {one.name for one in listing}
    gone = [] if partial else [t for t in before.values() if not t.gone and t.name not in names]
    for tool in gone:
        tool.gone, tool.word = True, {}
    row.listed_at = now
    if fresh or changed or gone:
        row.revision = new_id("rev")
    await session.flush()
    facts = {"tools": len(listing), "new": fresh[:50], "changed": changed[:50], "gone": [t.name for t in gone][:50]}
    if fresh or changed or gone:
        await ledger.record(session, Event("mcp.listed", actor="system", subject=row.name, data=facts))
    unfit = sum(bool(one.fault) for one in listing)
    parts = [
        f"{count} {word}"
        for count, word in (
            (len(fresh), "new"), (len(changed), "changed"), (len(gone), "gone"), (unfit, "cannot be used"),
        ) if count
    ]  # fmt: skip
    return f"{len(listing)} tools" + (f" ({', '.join(parts)})." if parts else ".")


def listed_by(database: Database, *, ledger: Ledger, clock: Clock) -> Any:
    """Return the function that keeps a listing in a transaction of its own, for `Means.listed`."""

    async def listed(server: Server, listing: Sequence[Definition], partial: bool) -> str:
        async with database.transaction() as session:
            return await keep_listing(session, server.name, listing, partial=partial, ledger=ledger, clock=clock)

    return listed


async def find_server(session: Session, registry: Registry, name: str) -> McpConnector:
    """Return the connector of a registered server; NoSuchServer if there is none."""
    try:
        connector = (await registry.now(session)).get(PREFIX + name.removeprefix(PREFIX))
    except NotFound:
        raise NoSuchServer(name=name[:40]) from None
    if not isinstance(connector, McpConnector):
        raise NoSuchServer(name=name[:40])
    return connector


async def _row(session: Session, name: str) -> McpServerRow:
    row = await session.get(McpServerRow, name.removeprefix(PREFIX), with_for_update=True)
    if row is None or row.removed:
        raise NoSuchServer(name=name[:40])
    return row


def _server(row: McpServerRow) -> Server:
    return Server(row.name, row.title, cast(Transport, row.transport), cast(SignIn, row.sign_in), row.listed_at)


def _known(row: McpToolRow) -> Known:
    return Known(row.server, Definition.from_json(row.name, row.pin, row.definition), Word.from_json(row.word))
