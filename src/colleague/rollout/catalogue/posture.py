"""What the posture finds in the catalogue: what is in use with no owner, no review, or one that is over (PL-7)."""

from collections.abc import Sequence

from colleague.connectors.registry import Registry
from colleague.governance.posture.model import Finding
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.catalogue.collect import catalogue
from colleague.usecases.around import Reach

CHECK = "catalogue-reviewed"


async def of_catalogue(
    session: Session, *, registry: Registry, reach: Reach, clock: Clock
) -> Sequence[Finding]:  # fmt: skip
    """Return a finding for each entry that has a fault; nothing is switched off by it."""
    found = await catalogue(session, reach=reach, registry=registry, clock=clock, use=False)
    return [
        Finding(CHECK, f"{one.kind}:{one.name}", f"{one.title}: {' and '.join(one.faults)}.", by=one.owner)
        for one in found if one.faults
    ]  # fmt: skip
