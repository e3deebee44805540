"""What an administrator sees of a server before they decide: its tools, their proposals, what is suspect, states."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from colleague.connectors.accounts import AccountView, list_accounts
from colleague.connectors.connector import Tool
from colleague.connectors.mcp.classify import unusable_tools
from colleague.connectors.mcp.connector import McpConnector
from colleague.connectors.mcp.server import PREFIX, Known, Server, shown_address
from colleague.connectors.mcp.servers import NoSuchServer
from colleague.connectors.registry import Registry
from colleague.connectors.tables import McpServerRow
from colleague.connectors.tiers import tool_states
from colleague.identity.actor import Actor
from colleague.kit.db import Session


@dataclass(frozen=True, slots=True)
class ToolReview:
    """One tool: as defined, as the product sees it, and its state."""

    known: Known
    tool: Tool
    state: str

    @property
    def proposed(self) -> str:
        """Return the tier that is proposed."""
        return self.known.proposal.tier.name.lower()

    def to_json(self) -> dict[str, Any]:
        """Return the tool as JSON."""
        made, word = self.known.definition, self.known.word
        return {
            "name": self.tool.name, "server_name": made.name, "title": made.title, "description": made.description,
            "parameters": made.parameters, "annotations": made.annotations, "flags": list(made.flags),
            "pin": made.pin, "state": self.state, "proposed_tier": self.proposed, "why": self.known.proposal.why,
            "proposed_egress": self.known.proposal.egress, "classified": word is not None,
            "tier": word.tier.name.lower() if word else None,
            "class": word.data_class.name.lower() if word else None, "egress": word.egress if word else None,
            "reason": word.reason if word else "", "roles": {n: r.value for n, r in self.tool.roles.items()},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServerReview:
    """One server with its tools; `unfit` are those that can never be used, with the reason."""

    server: Server
    account: AccountView | None
    listed_at: datetime | None
    tools: tuple[ToolReview, ...]
    unfit: tuple[tuple[str, str], ...]

    @property
    def waiting(self) -> int:
        """Return how many tools wait for a decision."""
        return sum(t.state == "pending" for t in self.tools)

    @property
    def address(self) -> str:
        """Return where the server is."""
        return shown_address(self.server, self.account.config) if self.account else ""

    def to_json(self) -> dict[str, Any]:
        """Return the server as JSON, without secrets."""
        return {
            "name": self.server.name, "title": self.server.title, "kind": self.server.kind,
            "transport": self.server.transport, "sign_in": self.server.sign_in, "address": self.address,
            "account": self.account.to_json() if self.account else None,
            "listed_at": self.listed_at.isoformat() if self.listed_at else None, "waiting": self.waiting,
            "tools": [t.to_json() for t in self.tools], "unfit": [{"name": n, "why": w} for n, w in self.unfit],
        }  # fmt: skip


async def review_servers(session: Session, actor: Actor, registry: Registry) -> list[ServerReview]:
    """Return every registered server with its tools; needs org:connectors:read."""
    actor.require("org:connectors:read")
    states = await tool_states(session)
    found = []
    for connector in await registry.now(session):
        if isinstance(connector, McpConnector):
            row = await session.get(McpServerRow, connector.server.name)
            accounts = await list_accounts(session, connector=connector.kind)
            tools = {t.name: t for t in connector.tools()}
            found.append(
                ServerReview(
                    connector.server,
                    next((a for a in accounts if not a.person), None),
                    row.listed_at if row else None,
                    tuple(
                        ToolReview(known, tools[name], states.get(name, tools[name].hash))
                        for name, known in sorted(connector.known.items())
                    ),
                    tuple(await unusable_tools(session, connector.server.name)),
                )
            )
    return found


async def review_server(session: Session, actor: Actor, registry: Registry, name: str) -> ServerReview:
    """Return one server with its tools. Raises NoSuchServer, PermissionMissing."""
    for review in await review_servers(session, actor, registry):
        if review.server.name == name.removeprefix(PREFIX):
            return review
    raise NoSuchServer(name=name[:40])
