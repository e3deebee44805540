"""The tools of this person for this task, right now: the workspace, and every connector that a grant opens to them.

Read anew for each call, so that a revoked grant is gone at the next call.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from colleague.agent.tools import ToolSpec
from colleague.connectors.accounts import account_for
from colleague.connectors.choose import Choice, narrow
from colleague.connectors.connector import Account, Connector, Grant, Tool
from colleague.connectors.grants import Opened, grants_of, lapsed_of
from colleague.connectors.registry import Registry, tools_for
from colleague.connectors.screen import SHIPPED, Blocked
from colleague.connectors.tiers import tool_states
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.secrets import Secrets
from colleague.policy.governance import current_governance
from colleague.policy.model import Tier, ToolWord
from colleague.tasks.workspace import KIND


@dataclass(frozen=True, slots=True)
class Bound:
    """A tool with all it needs to be called: connector, account, grants, and its state.

    `lapsed` are grants that have ended: they open nothing, and are told to policy, which says so.
    `blocked` is what the organisation blocks at this moment.
    """

    name: str
    connector: Connector
    tool: Tool
    account: Account
    grants: tuple[Grant, ...]
    state: str
    lapsed: tuple[Opened, ...] = ()
    blocked: Blocked = SHIPPED

    @property
    def offered(self) -> bool:
        """Say whether the model is told of it: it is approved, and something opens it that does not block it."""
        opens = self.builtin or any(g.word(self.name) is not ToolWord.BLOCK for g in self.grants)
        return self.state == "approved" and opens

    @property
    def builtin(self) -> bool:
        """Say whether this is a tool of the task's own workspace."""
        return self.connector.kind == KIND

    @property
    def merely_reads(self) -> bool:
        """Say whether a call of it may simply be repeated: it changes nothing."""
        return self.tool.tier is Tier.READ and not self.tool.writes and not self.tool.deletes


class Toolbox:
    """Tools by the name the model knows."""

    def __init__(self, tools: Sequence[Bound]) -> None:
        """Take the tools; a name stands once."""
        self.tools: dict[str, Bound] = {}
        for tool in tools:
            # The first one stands: nothing that comes later can pass for a tool of the workspace.
            self.tools.setdefault(tool.name, tool)

    def only(self, names: Container[str]) -> "Toolbox":
        """Return the toolbox with no other tools than those."""
        return Toolbox([tool for name, tool in self.tools.items() if name in names])

    def specs(self) -> list[ToolSpec]:
        """Return what the model is told: approved tools only, for the words of others are not read before."""
        offered = [t for t in self.tools.values() if t.offered]
        return [ToolSpec(t.name, t.tool.description, t.tool.parameters) for t in offered]

    def hashes(self) -> dict[str, str]:
        """Return each tool's pin, to be frozen at the start of a run."""
        return {name: bound.tool.hash for name, bound in self.tools.items()}


async def open_toolbox(
    session: Session, person: str, holders: frozenset[str], workspace: Connector | None, *, registry: Registry,
    secrets: Secrets, clock: Clock, only: str = "", places: Sequence[Choice] = (),
) -> Toolbox:  # fmt: skip
    """Return the tools of `person`, who has what `holders` are given, at this moment (`only`: those beside that one).

    `places`: the files and folders the task is limited to.
    """
    own = Account("workspace", KIND, {})
    bound = [Bound(t.name, workspace, t, own, (), "approved") for t in workspace.tools()] if workspace else []
    states = await tool_states(session)
    blocked = Blocked.of(await current_governance(session))
    for connector in await registry.now(session):
        if only and all(tool.name != only for tool in connector.tools()):
            continue
        grants = narrow(await grants_of(session, holders, connector.kind, clock=clock), connector.kind, places)
        lapsed = await lapsed_of(session, holders, connector.kind, clock=clock)
        some = grants or lapsed
        account = await account_for(session, person, connector.kind, secrets=secrets) if some else None
        if account is None:
            continue
        for tool in tools_for(connector, (*grants, *(o.grant for o in lapsed))):
            state = states.get(tool.name, tool.hash)
            bound.append(Bound(tool.name, connector, tool, account, grants, state, lapsed, blocked))
    return Toolbox(bound)
