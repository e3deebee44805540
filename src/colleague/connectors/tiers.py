"""The state of each tool: approved, pending or blocked, pinned to the definition that was seen (R28)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.connector import Connector, Tool
from colleague.connectors.registry import Registry, is_shipped
from colleague.connectors.tables import ToolStateRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid, NotFound

State = Literal["approved", "pending", "blocked"]


class NoSuchTool(NotFound):
    """There is no tool «{name}»."""


class NoSuchState(Invalid):
    """A tool is approved or blocked; «{state}» is neither."""


class NotClassified(Invalid):
    """Give the tool «{name}» a tier and a class first: then it can be approved."""


@dataclass(frozen=True, slots=True)
class ToolStates:
    """What was decided, by the tool's name: (hash, state)."""

    decided: Mapping[str, tuple[str, State]]

    def get(self, name: str, pin: str) -> State:
        """Return the state of tool `name` whose definition hashes to `pin`.

        A tool nobody has decided on, or one that changed since, is pending. Blocked stays blocked.
        """
        seen, state = self.decided.get(name, ("", "pending"))
        if state == "blocked":
            return "blocked"
        return state if seen == pin else "pending"


async def tool_states(session: Session) -> ToolStates:
    """Return the states of all tools at this moment."""
    rows = await session.execute(select(ToolStateRow.name, ToolStateRow.hash, ToolStateRow.state))
    return ToolStates({name: (pin, cast(State, state)) for name, pin, state in rows})


@dataclass(frozen=True, slots=True)
class Decided:
    """What somebody decided on a tool, who and when."""

    state: str
    by: str
    at: datetime


async def decided_on(session: Session, name: str) -> Decided | None:
    """Return the last decision on a tool; None if there was none."""
    row = await session.get(ToolStateRow, name)
    return Decided(row.state, row.decided_by, row.decided_at) if row else None


async def pin_tools(session: Session, actor: Actor, connector: Connector, *, clock: Clock) -> list[str]:
    """Approve the tools of a connector that ships with the product, as they are now; keep earlier decisions.

    Called when the connector is enabled. Returns the names that were new.
    """
    if not is_shipped(connector):
        return []
    known = (await tool_states(session)).decided
    fresh = [tool for tool in connector.tools() if tool.name not in known]
    for tool in fresh:
        session.add(_row(connector, tool, "approved", actor, clock))
    await session.flush()
    return [tool.name for tool in fresh]


async def decide_tool(
    session: Session, actor: Actor, registry: Registry, name: str, state: str, *, ledger: Ledger, clock: Clock
) -> None:
    """Approve a tool as it is now, or block it. Raises NoSuchTool, NoSuchState, PermissionMissing."""
    actor.require("org:connectors:manage")
    if state not in ("approved", "blocked"):
        raise NoSuchState(state=state[:40])
    try:
        connector, tool = (await registry.now(session)).tools()[name]
    except KeyError:
        raise NoSuchTool(name=name[:80]) from None
    if state == "approved" and not tool.classified:
        raise NotClassified(name=name[:80])
    await session.merge(_row(connector, tool, state, actor, clock))
    facts = {"connector": connector.kind, "hash": tool.hash}
    await ledger.record(session, Event(f"tool.{state}", actor=actor.id, subject=name, data=facts))


def _row(connector: Connector, tool: Tool, state: str, actor: Actor, clock: Clock) -> ToolStateRow:
    return ToolStateRow(
        name=tool.name, connector=connector.kind, hash=tool.hash, state=state, decided_by=actor.id,
        decided_at=clock.now(),
    )  # fmt: skip
