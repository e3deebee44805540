"""Which connectors are sources of data that a pilot counts: it has one (PL-8). Pure.

A channel that only sends does not count: a shipped connector of which every open tool merely communicates. A registered
server counts as soon as it is opened, for its tools may change.
"""

from collections.abc import Iterable

from colleague.connectors.connector import Connector, Grant
from colleague.connectors.registry import Registry, is_shipped
from colleague.policy.model import Governance, Tier, ToolWord
from colleague.policy.standards.surface import check_surface


def is_source(grant: Grant, connector: Connector) -> bool:
    """Say whether `grant` opens more of `connector` than sending."""
    opened = [
        tool for tool in connector.tools()
        if grant.word(tool.name) is not ToolWord.BLOCK and (grant.may_write or not (tool.writes or tool.deletes))
    ]  # fmt: skip
    return not is_shipped(connector) or any(tool.tier is not Tier.COMMUNICATE for tool in opened)


def sources(grants: Iterable[Grant], registry: Registry) -> dict[str, str]:
    """Return the sources of data that `grants` open, by kind with their titles."""
    known = {connector.kind: connector for connector in registry}
    return {
        g.connector: known[g.connector].title
        for g in grants
        if g.connector in known and is_source(g, known[g.connector])
    }


def check_source(governance: Governance, grants: Iterable[Grant], new: Grant, registry: Registry) -> None:
    """Raise BeyondThePilot if `new` beside `grants` is one source of data more than a pilot may have."""
    before = sources(grants, registry)
    check_surface(governance, "connectors", before, before | sources([new], registry))
