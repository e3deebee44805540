"""Who may look at an output, and when they began to: the row that a review and a second look are decided on."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.categories import standard
from colleague.files.outputs import get_output
from colleague.files.tables import OutputReviewRow, OutputVersionRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden
from colleague.kit.ids import new_id
from colleague.policy.standards.category import Category

PERMISSION = "org:outputs:review"
REVIEW, SECOND = "review", "second look"


class NotYourReview(Forbidden):
    """An output of this category is reviewed by somebody other than the person who asked for it."""


class NotQualified(Forbidden):
    """An output of this category is reviewed by: {roles}."""


class AlreadyReviewed(Conflict):
    """This version has been reviewed already."""


def require_reviewer(actor: Actor, kind: Category, owner: str, before: Collection[str] = ()) -> None:
    """Refuse whoever may not review this. High stakes: a qualified person who is neither the owner nor was in charge
    (OH-2). Light: the owner, or whoever may review. Raises PermissionMissing, NotYourReview, NotQualified."""
    if not kind.high_stakes and actor.id == owner:
        return
    actor.require(PERMISSION)
    if kind.high_stakes and (actor.id == owner or actor.id in before):
        raise NotYourReview
    if kind.reviewers and not actor.roles & set(kind.reviewers):
        raise NotQualified(roles=", ".join(kind.reviewers))


def require_second(actor: Actor, version: OutputVersionRow, owner: str, before: Collection[str] = ()) -> None:
    """Refuse whoever is no second person for this version. Raises PermissionMissing, NotYourReview."""
    actor.require(PERMISSION)
    if actor.id == owner or actor.id in before or actor.id == version.reviewed_by:
        raise NotYourReview


def kind_of_look(version: OutputVersionRow) -> str:
    """Return which look a version waits for: a review, a second look, or none ("")."""
    if version.review == "draft":
        return REVIEW
    return SECOND if version.second_look == "wanted" else ""


def look_for(actor: Actor, version: OutputVersionRow, kind: Category, owner: str, before: Collection[str] = ()) -> str:
    """Return which look at this version waits for `actor`: review, second look, or none ("")."""
    what = kind_of_look(version)
    try:
        if what == SECOND:
            require_second(actor, version, owner, before)
        elif what == REVIEW:
            require_reviewer(actor, kind, owner, before)
    except Forbidden:
        return ""
    return what


async def open_look(
    session: Session, actor: Actor, owner: str, output_id: str, number: int | None, *, ledger: Ledger, clock: Clock,
    before: Collection[str] = (),
) -> OutputReviewRow | None:  # fmt: skip
    """Note that `actor` opened what waits for them; the first time counts. None if they decide nothing here: it waits
    for nothing, or for somebody else."""
    output, version = await get_output(session, output_id, number)
    what = look_for(actor, version, await standard(session, output.category), owner, before)
    if not what:
        return None
    row = await find_look(session, actor, version, what)
    if row is None:
        row = OutputReviewRow(
            id=new_id("review"), output_id=output_id, version=version.version, kind=what, person_id=actor.id,
            opened_at=clock.now(),
        )  # fmt: skip
        session.add(row)
        facts = {"version": version.version, "kind": what, "sha256": version.sha256, "review": row.id}
        await ledger.record(
            session, Event("output.review_opened", actor.id, subject=output_id, run=output.run_id, data=facts)
        )
        await session.flush()
    return row


async def find_look(session: Session, actor: Actor, version: OutputVersionRow, kind: str) -> OutputReviewRow | None:
    """Return the look that `actor` has begun or ended at this version."""
    mine = (OutputReviewRow.output_id == version.output_id, OutputReviewRow.version == version.version)
    query = select(OutputReviewRow).where(*mine, OutputReviewRow.kind == kind, OutputReviewRow.person_id == actor.id)
    return await session.scalar(query.with_for_update())


async def looks_at(session: Session, output_id: str, number: int) -> Sequence[OutputReviewRow]:
    """Return the decided looks at one version, oldest first."""
    here = (OutputReviewRow.output_id == output_id, OutputReviewRow.version == number)
    query = select(OutputReviewRow).where(*here, OutputReviewRow.verdict != "")
    return (await session.scalars(query.order_by(OutputReviewRow.decided_at))).all()


def close_look(
    row: OutputReviewRow, verdict: str, note: str, version: OutputVersionRow, before: str, checklist: Sequence[str],
    clock: Clock,
) -> None:  # fmt: skip
    """Write down what was decided, and how long it took from the first opening: the page may have lain open."""
    row.decided_at, row.verdict, row.note, row.checklist = clock.now(), verdict, note[:2000], list(checklist)
    row.seconds = int((row.decided_at - row.opened_at).total_seconds()) if row.opened_at else None
    row.sha256_before, row.sha256_after = before, version.sha256
