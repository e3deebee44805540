"""Rows of connectors: accounts, grants, states of tools."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class AccountRow(Base):
    """A connection. Without a person it is the organisation's own: the connector is enabled while it is active."""

    __tablename__ = "connector_accounts"

    id: Mapped[str] = mapped_column(primary_key=True)
    connector: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    config: Mapped[dict[str, Any]]
    sealed: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    healthy: Mapped[bool | None]
    health: Mapped[str] = mapped_column(default="")


Index(
    "uq_connector_accounts_owner",
    AccountRow.connector,
    func.coalesce(AccountRow.person_id, text("''")),
    unique=True,
)


class GrantRow(Base):
    """A connector opened to a team or to a role. Rows stay after they are revoked: the past must be readable.

    `tools`: allow, ask or block, by a tool's name or `*`. `used_at`: when a call last rested on it, to the hour.
    """

    __tablename__ = "connector_grants"
    __table_args__ = (CheckConstraint("(team_id IS NULL) <> (role = '')", name="one_holder"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    connector: Mapped[str] = mapped_column(index=True)
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(default="", server_default=text("''"), index=True)
    places: Mapped[list[str]]
    may_write: Mapped[bool]
    ceiling: Mapped[int]
    place_class: Mapped[int]
    trusted: Mapped[bool]
    reason: Mapped[str]
    granted_by: Mapped[str]
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(default="")
    tools: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    used_at: Mapped[datetime | None]


class ToolStateRow(Base):
    """What an administrator said of a tool, pinned to the definition they saw."""

    __tablename__ = "tool_states"

    name: Mapped[str] = mapped_column(primary_key=True)
    connector: Mapped[str]
    hash: Mapped[str]
    state: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]


class McpServerRow(Base):
    """An MCP server that an administrator registered. Its address and credentials are in its connector's account.

    `revision` is another one after every change of it or its tools: whoever holds an older one reads it again.
    """

    __tablename__ = "mcp_servers"

    name: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    transport: Mapped[str]
    sign_in: Mapped[str]
    revision: Mapped[str]
    removed: Mapped[bool] = mapped_column(default=False)
    registered_by: Mapped[str]
    registered_at: Mapped[datetime]
    listed_at: Mapped[datetime | None]


class McpToolRow(Base):
    """A tool as its server defined it last, and what an administrator said of it (`word`, empty before)."""

    __tablename__ = "mcp_tools"

    server: Mapped[str] = mapped_column(ForeignKey("mcp_servers.name", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    pin: Mapped[str]
    definition: Mapped[dict[str, Any]]
    word: Mapped[dict[str, Any]]
    first_seen: Mapped[datetime]
    changed_at: Mapped[datetime]
    gone: Mapped[bool] = mapped_column(default=False)
