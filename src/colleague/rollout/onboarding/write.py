"""Write playbooks and modules: each change is a version with a reason, checked before it is kept (TP-2)."""

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict
from colleague.rollout.onboarding.model import read_module, read_playbook
from colleague.rollout.onboarding.store import MODULE, PLAYBOOK, Version, module_text
from colleague.rollout.onboarding.tables import VersionRow
from colleague.usecases.around import one_line

_LOCK = 727_082


class VersionWritten(Conflict):
    """Somebody wrote version {version} meanwhile: look at it first."""


async def write_playbook(
    session: Session, actor: Actor, department: str, text: str, why: str, *, after: int, ledger: Ledger, clock: Clock
) -> Version:  # fmt: skip
    """Write the next version of a department's playbook ("": everybody's), made from version `after`.

    Raises BadPlaybook, BadText, VersionWritten, PermissionMissing.
    """
    actor.require("org:programme:manage")
    text = text.replace("\r\n", "\n")
    read_playbook(text)
    department = one_line(department, "department", 80)
    return await _write(session, actor, PLAYBOOK, department, text, why, after, again=False, ledger=ledger, clock=clock)


async def write_module(
    session: Session, actor: Actor, key: str, text: str, why: str, *, after: int, again: bool = False,
    ledger: Ledger, clock: Clock,
) -> Version:  # fmt: skip
    """Write the next version of a module. `again`: who passed an earlier one is asked again.

    Raises NoSuchModule, BadTraining, BadText, VersionWritten, PermissionMissing.
    """
    actor.require("org:programme:manage")
    text = text.replace("\r\n", "\n")
    await module_text(session, key)
    read_module(key, text)
    return await _write(session, actor, MODULE, key, text, why, after, again=again, ledger=ledger, clock=clock)


async def _write(
    session: Session, actor: Actor, kind: str, key: str, text: str, why: str, after: int, *, again: bool,
    ledger: Ledger, clock: Clock,
) -> Version:  # fmt: skip
    why = one_line(why, "what changed and why", 300, needed=True)
    await advisory_lock(session, _LOCK)
    stands = select(func.max(VersionRow.version)).where(VersionRow.kind == kind, VersionRow.key == key)
    last = await session.scalar(stands) or 0
    if last != after:
        raise VersionWritten(version=last)
    row = VersionRow(
        kind=kind, key=key, version=last + 1, text=text, why=why, again=again, by=actor.id, at=clock.now()
    )  # fmt: skip
    session.add(row)
    await session.flush()
    facts = {"key": key, "version": row.version, "text": digest(text), "again": again}
    verb = "playbook.written" if kind == PLAYBOOK else "training.written"
    await ledger.record(session, Event(verb, actor.id, subject=key or "everybody", data=facts))
    return Version(key, row.version, text, why, actor.id, row.at)
