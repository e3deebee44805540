"""Move a use case on: approved by somebody else than who wrote it, live once its baseline is measured, retired."""

from dataclasses import replace

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Forbidden, Invalid
from colleague.usecases.around import Reach, here, one_line
from colleague.usecases.baseline import baseline_of
from colleague.usecases.define import LOCK, CardChanged
from colleague.usecases.lint import is_kept, standing
from colleague.usecases.model import WRONG_CASE_WEEKS, Card, State, UseCase, skill_of
from colleague.usecases.store import get_use_case, list_use_cases
from colleague.usecases.tables import UseCaseRow


class NotSpecific(Invalid):
    """This use case cannot be approved yet. {reasons}"""


class ApprovedByAnother(Forbidden):
    """A use case is approved by somebody else than who wrote it."""


class OtherState(Conflict):
    """This use case is {state}: only {wanted} can be {done}."""


class BaselineMissing(Conflict):
    """Its baseline is not measured yet: {short}. Measure on, or say why there is no before to compare with."""


class SkillTaken(Conflict):
    """«{name}» has this skill already, for the same people. End that one first, or name another department or team."""


async def approve_use_case(
    session: Session, actor: Actor, use_case: str, *, version: int, reach: Reach, ledger: Ledger, clock: Clock
) -> UseCase:  # fmt: skip
    """Approve a draft in the version that was looked at.

    A flagged use case that says why it is kept is approved, and six weeks are added to the plan (PP-10).
    Raises ApprovedByAnother, CardChanged, NotSpecific, OtherState, SkillTaken.
    """
    actor.require("org:usecases:manage")
    await advisory_lock(session, LOCK)
    found = await _at(session, use_case, "draft", "approved")
    if found.version != version:
        raise CardChanged(version=found.version)
    if found.by == actor.id:
        raise ApprovedByAnother
    await _alone(session, found)
    findings = (await here(session, [found.card], reach=reach)).lint(found.card)
    if against := standing(found.card, findings):
        kept = " Those that are only flagged may be kept with a reason." if against[-1].weighs == "flagged" else ""
        raise NotSpecific(reasons=" ".join(f"{one.why} {one.instead}" for one in against) + kept)
    row = await session.get_one(UseCaseRow, found.id)
    row.state, row.approved_by, row.approved_at = "approved", actor.id, clock.now()
    kept_now = is_kept(found.card, findings)
    facts = {
        "version": found.version, "kept": [one.code for one in findings] if kept_now else [],
        "weeks_added": WRONG_CASE_WEEKS if kept_now else 0,
    }  # fmt: skip
    await ledger.record(session, Event("use_case.approved", actor.id, subject=found.id, data=facts))
    return replace(found, state="approved")


async def launch_use_case(
    session: Session, actor: Actor, use_case: str, *, new_capability: str = "", ledger: Ledger, clock: Clock
) -> UseCase:  # fmt: skip
    """Let an approved use case go live; the first launch closes its baseline. Raises BaselineMissing, OtherState,
    SkillTaken.

    `new_capability`: why there is no before. It is then left out of hours saved (B-8).
    """
    actor.require("org:usecases:manage")
    why = one_line(new_capability, "why there is no before", 300, needed=bool(new_capability.strip()))
    await advisory_lock(session, LOCK)
    found = await _at(session, use_case, "approved", "launched")
    await _alone(session, found)
    if found.live_at is None:
        measured = await baseline_of(session, found.id)
        if not measured.enough and not why:
            raise BaselineMissing(short=measured.short)
        found = replace(found, live_at=clock.now(), new_capability="" if measured.enough else why)
    row = await session.get_one(UseCaseRow, found.id)
    row.state, row.live_at, row.new_capability = "live", found.live_at, found.new_capability
    facts = {"version": found.version, "new_capability": bool(found.new_capability)}
    await ledger.record(session, Event("use_case.launched", actor.id, subject=found.id, data=facts))
    return replace(found, state="live")


async def retire_use_case(
    session: Session, actor: Actor, use_case: str, why: str, *, ledger: Ledger, clock: Clock
) -> UseCase:  # fmt: skip
    """End a use case, with a reason; what was measured stays. Raises BadText, OtherState."""
    actor.require("org:usecases:manage")
    why = one_line(why, "why it ends", 300, needed=True)
    found = await get_use_case(session, use_case, lock=True)
    if found.state == "retired":
        raise OtherState(state="retired", wanted="one that is not", done="retired")
    row = await session.get_one(UseCaseRow, found.id)
    row.state, row.retired_at, row.retired_why = "retired", clock.now(), why
    facts = {"version": found.version, "was": found.state}
    await ledger.record(session, Event("use_case.retired", actor.id, subject=found.id, data=facts))
    return replace(found, state="retired")


async def _alone(session: Session, found: UseCase) -> None:
    """Raise SkillTaken where another use case that stands has the same skill for the same department, or for everybody
    as this one. Under LOCK: two that are moved at once wait for each other.
    """
    skill, of = skill_of(found.card.skill), _whose(found.card)
    for other in await list_use_cases(session) if skill else ():
        stands = other.state in ("approved", "live") or (other.live_at and other.state != "retired")
        if other.id == found.id or not stands or skill_of(other.card.skill) != skill:
            continue
        department, team = _whose(other.card)
        if department == of[0] and (team == of[1] or not team or not of[1]):
            raise SkillTaken(name=other.card.name)


def _whose(card: Card) -> tuple[str, str]:
    return card.department.casefold(), card.ritual.team.casefold() if card.ritual else ""


async def _at(session: Session, use_case: str, wanted: State, done: str) -> UseCase:
    """Return a use case, locked; OtherState unless it stands where the deed begins."""
    found = await get_use_case(session, use_case, lock=True)
    if found.state != wanted:
        raise OtherState(state=found.state, wanted=f"a use case that is {wanted}", done=done)
    return found
