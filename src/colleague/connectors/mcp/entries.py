"""Registered servers and what was said of their tools, as plain values for configuration in files (R66)."""

from collections.abc import Mapping
from typing import Any

from colleague.audit.record import Ledger
from colleague.connectors.mcp.classify import classify_tool, read_data_class, read_tier
from colleague.connectors.mcp.review import review_servers
from colleague.connectors.mcp.server import PREFIX
from colleague.connectors.mcp.servers import register_server, remove_server
from colleague.connectors.registry import Registry
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.secrets import Secrets


class McpEntries:
    """What the composition root hands to configuration as files, which knows no connector by name."""

    prefix = PREFIX

    async def servers(self, session: Session, actor: Actor, registry: Registry) -> dict[str, dict[str, str]]:
        """Return title, transport and sign-in of each registered server, by its connector's kind."""
        return {
            r.server.kind: {"title": r.server.title, "transport": r.server.transport, "sign_in": r.server.sign_in}
            for r in await review_servers(session, actor, registry)
        }

    async def words(self, session: Session, actor: Actor, registry: Registry) -> dict[str, dict[str, Any]]:
        """Return tier, class, egress and reason of each tool that was classified, by its name."""
        return {
            t.known.name: {
                "tier": t.known.word.tier.name.lower(), "data_class": t.known.word.data_class.name.lower(),
                "egress": t.known.word.egress, "reason": t.known.word.reason,
            }
            for r in await review_servers(session, actor, registry)
            for t in r.tools
            if t.known.word is not None
        }  # fmt: skip

    async def register(
        self, session: Session, actor: Actor, registry: Registry, kind: str, about: Mapping[str, str],
        values: Mapping[str, Any], *, ledger: Ledger, secrets: Secrets, clock: Clock,
    ) -> None:  # fmt: skip
        """Register a server that needs no secret. Raises what `register_server` raises."""
        await register_server(
            session, actor, registry, kind.removeprefix(PREFIX), about["title"], values,
            transport=about["transport"] or "http", sign_in=about["sign_in"] or "none", ledger=ledger, secrets=secrets,
            clock=clock,
        )  # fmt: skip

    async def remove(self, session: Session, actor: Actor, kind: str, *, ledger: Ledger, clock: Clock) -> None:
        """Take a server away. Raises what `remove_server` raises."""
        await remove_server(session, actor, kind.removeprefix(PREFIX), ledger=ledger, clock=clock)

    async def classify(
        self, session: Session, actor: Actor, registry: Registry, name: str, word: Mapping[str, Any], *, ledger: Ledger,
        clock: Clock,
    ) -> None:  # fmt: skip
        """Say what a tool is and approve it as it is now. Raises what `classify_tool` raises."""
        await classify_tool(
            session, actor, registry, name, tier=read_tier(word["tier"]),
            data_class=read_data_class(word["data_class"]), egress=word["egress"], reason=word["reason"], ledger=ledger,
            clock=clock,
        )  # fmt: skip
