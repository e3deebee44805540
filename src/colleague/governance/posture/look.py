"""Looks at every check, dates what deviates, and puts on record what begins and ends to deviate (CT-2)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, select

from colleague.audit.event import Event
from colleague.audit.read import oldest
from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.governance.posture.checks import CHECKS, GRACE
from colleague.governance.posture.governed import (
    of_document,
    of_grants,
    of_models,
    of_people,
    of_proposals,
    of_settings,
    of_tools,
)
from colleague.governance.posture.installed import of_record
from colleague.governance.posture.installed import of_settings as of_deployment
from colleague.governance.posture.model import Finding, Posture, results_of
from colleague.governance.posture.tables import DeviationRow
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.sandbox.box import Sandbox
from colleague.kit.settings import Settings
from colleague.models.minds import Minds

LOCK = 727_093
# A look at what stands on a higher floor: the composition root says at what.
Look = Callable[[Session], Awaitable[Sequence[Finding]]]


@dataclass(frozen=True, slots=True)
class Looking:
    """What a look needs of the house; `also`: looks of higher floors."""

    settings: Settings
    registry: Registry
    minds: Minds
    sandbox: Sandbox
    ledger: Ledger
    clock: Clock
    also: tuple[Look, ...] = ()


async def posture_of(session: Session, actor: Actor, parts: Looking) -> Posture:
    """Return how the installation stands to every check. What deviates for the first time is dated and put on record,
    and so is what has ended. Needs org:policy:read. Raises PermissionMissing."""
    actor.require("org:policy:read")
    now = parts.clock.now()
    report = await parts.sandbox.report()
    found = [*of_deployment(parts.settings, report), *await of_record(session, now), *await of_settings(session)]
    found += [*await of_people(session), *await of_document(session, parts.clock)]
    found += [*await of_grants(session, now, parts.clock), *await of_tools(session, parts.registry)]
    found += [*await of_models(session, parts.minds, now.date()), *await of_proposals(session, parts.clock)]
    for look in parts.also:
        found += await look(session)
    started = await first_owner(session)
    found = [_due(f, started, now) for f in found]
    dated = await _dated(session, found, parts, now)
    names = await names_of(session, {f.by for f in dated})
    return Posture(results_of([replace(f, by=names.get(f.by, f.by)) for f in dated]), now, started)


async def first_owner(session: Session) -> datetime | None:
    """Return since when there is an owner: the beginning of the set-up (ID-1)."""
    first = await oldest(session, "role.assigned")
    return first.at if first else None


def _due(finding: Finding, started: datetime | None, now: datetime) -> Finding:
    """A step of the set-up is a deviation once thirty days have passed since the first owner."""
    if finding.state != "to do" or started is None or now - started <= GRACE:
        return finding
    return replace(finding, state="deviation", since=started + GRACE)


async def _dated(session: Session, found: Sequence[Finding], parts: Looking, now: datetime) -> list[Finding]:
    """Remember when each deviation was first seen, for those whose day stands nowhere else."""
    await advisory_lock(session, LOCK)
    seen = {row.key: row for row in await session.scalars(select(DeviationRow))}
    stands = {f.key: f for f in found if f.state == "deviation"}
    for key, finding in stands.items():
        if key not in seen:
            seen[key] = DeviationRow(key=key, first_seen=finding.since or now)
            session.add(seen[key])
            facts = {"what": finding.what, "severity": CHECKS[finding.check].severity.name.lower()}
            event = Event("posture.deviation_found", "system", subject=finding.check, data=facts)
            await parts.ledger.record(session, event)
    if gone := sorted(seen.keys() - stands.keys()):
        await session.execute(delete(DeviationRow).where(DeviationRow.key.in_(gone)))
        for key in gone:
            event = Event("posture.deviation_ended", "system", subject=key.partition(" ")[0], data={"what": key})
            await parts.ledger.record(session, event)
    return [
        replace(f, since=f.since or seen[f.key].first_seen) if f.state == "deviation" else f for f in found
    ]  # fmt: skip
