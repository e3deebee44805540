"""Say what a foreign tool is: tier and class. The proposal is the floor; below it only with a written reason (R28)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.mcp.connector import McpConnector
from colleague.connectors.mcp.server import Known, Word
from colleague.connectors.registry import Registry
from colleague.connectors.tables import McpServerRow, McpToolRow
from colleague.connectors.tiers import NoSuchTool, decide_tool
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.kit.ids import new_id
from colleague.kit.seen import says
from colleague.policy.model import DataClass, Tier

REASON = 10


class ReasonNeeded(Invalid):
    """A written reason is needed (10 characters or more): {why}."""


class NotForeign(Invalid):
    """The tool «{name}» ships with the product: its tier is fixed."""


class BadWord(Invalid):
    """A tier is read, communicate or modify, and a class public, internal, confidential or restricted."""


class ChangedMeanwhile(Invalid):
    """The tool «{name}» has changed since you looked at it. Look again."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """What is against a word: the sentence for which a reason is asked, "" if nothing is."""

    why: str = ""


def read_tier(word: str) -> Tier:
    """Return the tier named `word`; BadWord if there is none."""
    try:
        return Tier[word.strip().upper()]
    except KeyError:
        raise BadWord from None


def read_data_class(word: str) -> DataClass:
    """Return the class named `word`; BadWord if there is none."""
    try:
        return DataClass[word.strip().upper()]
    except KeyError:
        raise BadWord from None


def against(known: Known, tier: Tier, egress: bool) -> Doubtful:
    """Say why a word needs a reason: it is below the proposal, or the tool's own words are suspect. Pure."""
    proposal = known.proposal
    if tier < proposal.tier:
        return Doubtful(f"{tier.name.lower()} is less than what is proposed ({proposal.tier.name.lower()})")
    if proposal.egress and not egress:
        return Doubtful("its arguments are proposed to count as leaving the organisation")
    if known.definition.flags:
        return Doubtful(f"its description is suspect: {known.definition.flags[0]}")
    return Doubtful()


async def classify_tool(
    session: Session, actor: Actor, registry: Registry, name: str, *, tier: Tier, data_class: DataClass, egress: bool,
    reason: str = "", pin: str = "", ledger: Ledger, clock: Clock,
) -> None:  # fmt: skip
    """Give a tool its tier, class and egress mark, and approve it exactly as it is now.

    `name` is the model's name for it; `pin` is the definition that was looked at, if the door knows it.
    Raises NoSuchTool, NotForeign, ReasonNeeded, ChangedMeanwhile, PermissionMissing.
    """
    actor.require("org:connectors:manage")
    known = await find_known(session, registry, name)
    if pin and pin != known.definition.pin:
        raise ChangedMeanwhile(name=name)
    doubt = against(known, tier, egress)
    if doubt.why and not says(reason, REASON):
        raise ReasonNeeded(why=doubt.why)
    # The server first, as a listing does it: two who lock in another order would wait for each other.
    server = await session.get_one(McpServerRow, known.server, with_for_update=True)
    row = await session.get_one(McpToolRow, (known.server, known.definition.name), with_for_update=True)
    if row.pin != known.definition.pin or row.gone:
        raise ChangedMeanwhile(name=name)
    row.word = Word(tier, data_class, egress, reason.strip()[:2000]).to_json()
    # Random, not counted up: a number of a transaction that was rolled back must not come again with other content.
    server.revision = new_id("rev")
    await session.flush()
    proposal = known.proposal
    facts = {
        "server": known.server, "pin": row.pin, "tier": tier.name.lower(), "proposed": proposal.tier.name.lower(),
        "class": data_class.name.lower(), "egress": egress, "flags": len(known.definition.flags),
        "reason": reason.strip()[:2000],
    }  # fmt: skip
    await ledger.record(session, Event("tool.classified", actor=actor.id, subject=name, data=facts))
    await decide_tool(session, actor, registry, name, "approved", ledger=ledger, clock=clock)


async def approve_as_proposed(
    session: Session, actor: Actor, registry: Registry, names: Sequence[str], *, data_class: DataClass, ledger: Ledger,
    clock: Clock,
) -> tuple[list[str], list[str]]:  # fmt: skip
    """Approve many tools as proposed, with one class. Tools with suspect words are left out: (approved, left out)."""
    actor.require("org:connectors:manage")
    done, left = [], []
    for name in names:
        known = await find_known(session, registry, name)
        if known.definition.flags:
            left.append(name)
            continue
        proposal = known.proposal
        await classify_tool(
            session, actor, registry, name, tier=proposal.tier, data_class=data_class, egress=proposal.egress,
            ledger=ledger, clock=clock,
        )  # fmt: skip
        done.append(name)
    return done, left


async def find_known(session: Session, registry: Registry, name: str) -> Known:
    """Return a foreign tool by the model's name; NoSuchTool or NotForeign if it is none."""
    try:
        connector, _ = (await registry.now(session)).tools()[name]
    except KeyError:
        raise NoSuchTool(name=name[:80]) from None
    if not isinstance(connector, McpConnector):
        raise NotForeign(name=name[:80])
    return connector.known[name]


async def unusable_tools(session: Session, server: str) -> list[tuple[str, str]]:
    """Return the tools of a server that can never be used: (name, why)."""
    query = select(McpToolRow).where(McpToolRow.server == server, ~McpToolRow.gone).order_by(McpToolRow.name)
    rows = await session.scalars(query)
    return [(row.name, str(row.definition["fault"])) for row in rows if row.definition.get("fault")]
