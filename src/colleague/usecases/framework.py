"""The prompt framework of a use case: the words that people start from, each change a version (PP-7, TP-2)."""

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden
from colleague.usecases.around import one_line, some_lines
from colleague.usecases.define import UseCaseRetired
from colleague.usecases.model import Framework
from colleague.usecases.store import frameworks_of, get_use_case
from colleague.usecases.tables import FrameworkRow

LONGEST = 12_000


class FrameworkChanged(Conflict):
    """The prompt framework was changed meanwhile: look at version {version} and write on from there."""


class NotYourFramework(Forbidden):
    """The prompt framework is written by the owner of the use case, or by who manages use cases."""


async def write_framework(
    session: Session, actor: Actor, use_case: str, text: str, why: str, *, passed: str = "", after: int, ledger: Ledger,
    clock: Clock,
) -> Framework:  # fmt: skip
    """Write the next version, made from version `after` (0: the first); the same words make none. `passed`: when what
    comes of it is good enough; "" keeps what the version before says, and the first says it.

    Raises BadText, FrameworkChanged, NotYourFramework, UseCaseRetired.
    """
    actor.require("own:tasks:use")
    actor.require("org:usecases:read")
    text = some_lines(text, "prompt framework", LONGEST)
    found = await get_use_case(session, use_case, lock=True)
    if actor.id != found.card.owner and not actor.may("org:usecases:manage"):
        raise NotYourFramework
    if found.state == "retired":
        raise UseCaseRetired
    newest = next(iter(await frameworks_of(session, found.id)), None)
    version = newest.version if newest else 0
    if version != after:
        raise FrameworkChanged(version=version)
    passed = one_line(passed, "when a result is good enough", 300, needed=not (newest and newest.passed))
    passed = passed or (newest.passed if newest else "")
    if newest and (newest.text, newest.passed) == (text, passed):
        return newest
    why = one_line(why, "what changed and why", 300, needed=newest is not None)
    one = Framework(version + 1, text, why, actor.id, clock.now(), passed)
    session.add(
        FrameworkRow(use_case_id=found.id, version=one.version, text=text, why=why, by=one.by, at=one.at, passed=passed)
    )  # fmt: skip
    await session.flush()
    facts = {"version": one.version, "text": digest(text), "passed": digest(passed)}
    await ledger.record(session, Event("framework.written", actor.id, subject=found.id, data=facts))
    return one
