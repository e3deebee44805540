"""What the pilot consists of, beside what it may, and how its sponsor accepts more (PL-8, C-3)."""

from dataclasses import asdict, dataclass
from typing import Any

from colleague.audit.record import Ledger
from colleague.connectors.grants import list_grants
from colleague.connectors.registry import Registry
from colleague.connectors.surface import sources
from colleague.dispatch.schedules.store import automations
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid
from colleague.plugins.store import organisations
from colleague.policy.governance import current_governance
from colleague.policy.model import Phase
from colleague.policy.standards.surface import MOST, SHIPPED, limit
from colleague.rollout.advance import judge, propose, reason_of
from colleague.rollout.tables import MoveRow

TITLES = {"skills": "Skills of your own", "connectors": "Sources of data", "automations": "Automations"}
ROWS = {"skills": "/catalogue", "connectors": "/catalogue", "automations": "/dispatch/schedules"}


class NobodyAccepts(Conflict):
    """Nobody is named as sponsor yet, who would have to accept it: name one first."""


class SurfaceWithin(Invalid):
    """Say what there is to be more of (skills, connectors or automations) and how many, above what a pilot may have now
    and at most 100. After the pilot there is no such limit."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Of one kind: what there is, and how many there may be. `usual` is what a pilot has with nothing accepted."""

    what: str
    title: str
    names: tuple[str, ...]
    most: int
    usual: int
    rows: str

    @property
    def over(self) -> bool:
        """Say whether there is more than there may be: it was there before, and stays."""
        return len(self.names) > self.most

    @property
    def words(self) -> str:
        """Say it in a few words."""
        beyond = f", {self.usual} without what the sponsor accepted" if self.most > self.usual else ""
        return f"{len(self.names)} of {self.most}{beyond}"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self) | {"names": list(self.names), "over": self.over}


async def surface(session: Session, registry: Registry, *, clock: Clock) -> tuple[Extent, ...]:
    """Return what the pilot consists of; nothing once it is over."""
    governance, known = await current_governance(session), await registry.now(session)
    grants = [opened.grant for opened in await list_grants(session, clock=clock)]
    there = {
        "skills": await organisations(session), "connectors": sources(grants, known),
        "automations": await automations(session),
    }  # fmt: skip
    return tuple(
        Extent(what, TITLES[what], tuple(sorted(names.values())), most, SHIPPED[what], ROWS[what])
        for what, names in there.items()
        if (most := limit(governance, what)) is not None
    )


async def propose_surface(
    session: Session, actor: Actor, what: str, most: int, *, why: str, ledger: Ledger, clock: Clock
) -> MoveRow:  # fmt: skip
    """Propose that the pilot has up to `most` skills, connectors or automations: the sponsor accepts it, and it stays
    on every readout.

    Raises NobodyAccepts, SurfaceWithin, ReasonNeeded, MoveOpen.
    """
    actor.require("org:programme:manage")
    programme, evidence, judged = await judge(session, clock=clock)
    if not programme.sponsor:
        raise NobodyAccepts
    governance = await current_governance(session)
    now = limit(governance, what) if what in SHIPPED else None
    if programme.phase is not Phase.PILOT or now is None or not now < most <= MOST:
        raise SurfaceWithin
    return await propose(
        session, actor, what, programme, programme.phase, evidence, judged, reason_of(why), seats=most,  # type: ignore[arg-type]
        ledger=ledger, clock=clock,
    )  # fmt: skip
