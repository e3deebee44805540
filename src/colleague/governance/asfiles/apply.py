"""Exports the configuration, compares files with it, applies exactly the plan that was seen, takes it back (R66)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.governance.asfiles.files import read_files, write_files
from colleague.governance.asfiles.parts.part import Foreign, Means
from colleague.governance.asfiles.plan import Change, Plan, differences, in_force, make_plan, perform
from colleague.governance.asfiles.tables import AppliedRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session, advisory_lock
from colleague.kit.errors import Conflict, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.kit.secrets import Secrets
from colleague.policy.second_person.on_record import changing

LOCK, MOST_KEPT = 727_051, 100
NOTES = {
    "settings.yaml": "A setting that is left out stays as it is. What weakens one waits for a second person.",
    "rules.cedar": "",
    "teams.yaml": "Without people: they come from the identity provider, or are put into teams by hand.",
    "roles.yaml": "Roles of your own. Who holds them by hand is not configuration.",
    "connectors.yaml": "Of secrets only the names: give them on the page.",
    "tools.yaml": "Decisions on tools, pinned to the hash of their definition.",
    "models.yaml": "Without keys: give them on the page. Ceilings in millionths of a US dollar a month.",
    "skills.yaml": "Approvals by hash; the skills themselves are handed in.",
}


class PlanStale(Conflict):
    """This is not the plan for these files any more: the files, what is in force or the people have changed. Plan
    again."""


class NotWhole(Conflict):
    """Nothing was applied, because not all of it can be: {what}: {why}"""


class NothingToApply(Conflict):
    """Nothing was applied: there is nothing in this plan that files can change."""


class NeverApplied(NotFound):
    """No files were applied here yet, or not these."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What these deeds need of the house."""

    database: Database
    registry: Registry
    secrets: Secrets
    ledger: Ledger
    clock: Clock
    foreign: Foreign

    def means(self, actor: Actor) -> Callable[[Session], Means]:
        """Return what makes the means of `actor` in a transaction."""
        return lambda session: Means(session, actor, self.registry, self.secrets, self.ledger, self.clock, self.foreign)


@dataclass(frozen=True, slots=True)
class Applied:
    """One application on record, newest last in time; `changes` as they were applied."""

    id: str
    digest: str
    changes: tuple[Change, ...]
    applied_by: str
    applied_at: datetime
    rolls_back: str

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, without the files of before."""
        return {
            "id": self.id, "digest": self.digest, "changes": [c.to_json() for c in self.changes],
            "applied_by": self.applied_by, "applied_at": self.applied_at.isoformat(),
            "rolls_back": self.rolls_back or None,
        }  # fmt: skip


async def export_files(parts: Parts, actor: Actor) -> dict[str, str]:
    """Return the configuration in force as files by name, and put on record that it was taken.

    No secret, no key and no person is in it. Raises PermissionMissing for who may not see all of it.
    """
    async with parts.database.transaction() as session:
        files = write_files(await in_force(parts.means(actor)(session)), NOTES)
        facts = {"files": sorted(files)}
        await parts.ledger.record(session, Event("configuration.exported", actor.id, data=facts))
    return files


async def drift_of(parts: Parts, actor: Actor, files: Mapping[str, str]) -> list[Change]:
    """Return how what is in force differs from the files. Raises BadFile, UnknownFile, NoFiles, PermissionMissing."""
    wanted = read_files(files)
    async with parts.database.transaction() as session:
        return differences(await in_force(parts.means(actor)(session)), wanted)


async def plan_files(parts: Parts, actor: Actor, files: Mapping[str, str]) -> Plan:
    """Return what applying the files would change, in order, and its digest; nothing changes. Raises as `drift_of`."""
    return await make_plan(parts.database, parts.means(actor), read_files(files))


async def apply_files(
    parts: Parts, actor: Actor, files: Mapping[str, str], seen: str, *, rolls_back: str = ""
) -> Applied:
    """Apply exactly the plan whose digest was `seen`, all of it or nothing; what weakens a rule becomes a proposal.

    Raises PlanStale, NotWhole, NothingToApply, and as `drift_of`.
    """
    wanted = read_files(files)
    async with changing(parts.database, actor, "files", parts.ledger) as session:
        await advisory_lock(session, LOCK)
        means = parts.means(actor)(session)
        before = write_files(await in_force(means), NOTES)
        plan = await perform(means, wanted)
        if plan.digest != seen:
            raise PlanStale
        if refused := plan.of("refused"):
            raise NotWhole(what=refused[0].line, why=refused[0].words)
        if not plan.applicable:
            raise NothingToApply
        row = AppliedRow(
            id=new_id("applied"), digest=plan.digest, changes=[c.to_json() for c in plan.changes], before=before,
            applied_by=actor.id, applied_at=parts.clock.now(), rolls_back=rolls_back,
        )  # fmt: skip
        session.add(row)
        await session.flush()
        newest = select(AppliedRow.id).order_by(AppliedRow.id.desc()).limit(MOST_KEPT)
        await session.execute(delete(AppliedRow).where(AppliedRow.id.not_in(newest)))
        facts = {"digest": plan.digest, "applied": len(plan.of("applies")), "waits": len(plan.of("waits")),
                 "by_hand": len(plan.of("by hand")), "rolls_back": rolls_back}  # fmt: skip
        await parts.ledger.record(session, Event("configuration.applied", actor.id, subject=row.id, data=facts))
    return _applied(row)


async def list_applied(parts: Parts, actor: Actor) -> Sequence[Applied]:
    """Return what was applied, newest first. Raises PermissionMissing."""
    actor.require("org:policy:read")
    async with parts.database.transaction() as session:
        rows = await session.scalars(select(AppliedRow).order_by(AppliedRow.id.desc()))
        return [_applied(row) for row in rows]


async def files_before(parts: Parts, actor: Actor, applied: str = "") -> tuple[str, dict[str, str]]:
    """Return the id of an application (the newest without one) and the files of what was in force before it.

    Raises NeverApplied, PermissionMissing.
    """
    actor.require("org:policy:read")
    async with parts.database.transaction() as session:
        query = select(AppliedRow).order_by(AppliedRow.id.desc()).limit(1)
        if applied:
            query = query.where(AppliedRow.id == (applied if is_id(applied) else ""))
        row = await session.scalar(query)
    if row is None:
        raise NeverApplied
    return row.id, {name: str(text) for name, text in row.before.items()}


def _applied(row: AppliedRow) -> Applied:
    changes = tuple(Change(**{**c, "details": tuple(c["details"])}) for c in row.changes)
    return Applied(row.id, row.digest, changes, row.applied_by, row.applied_at, row.rolls_back)
