"""A person's review of an output: who, when, how long, what was said; only then the draft mark goes (R74, OH-1, OH-2).

Some of the light ones that their owner accepted go to a second look by somebody else (OH-3). Which ones is drawn by an
id that is made with the decision and stands in the ledger: nobody picks, and everybody can count it again.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.categories import standard
from colleague.files.forget import release
from colleague.files.outputs import get_output, read_blocks
from colleague.files.reviews.look import (
    REVIEW,
    SECOND,
    AlreadyReviewed,
    close_look,
    find_look,
    require_reviewer,
    require_second,
)
from colleague.files.tables import OutputReviewRow, OutputVersionRow
from colleague.identity.actor import Actor
from colleague.kit.blobs import get_blob, put_blob
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.kit.documents.model import Draft
from colleague.kit.documents.write.formats import write
from colleague.kit.errors import Conflict, Invalid
from colleague.kit.ids import new_id
from colleague.policy.standards.category import Category


class OpenItFirst(Conflict):
    """Open the review first: it shows what you are asked to look at."""


class NotAllTicked(Invalid):
    """Before it is accepted, each point of the checklist must be ticked. Missing: {missing}"""


class NoSecondLook(Conflict):
    """This version waits for no second look."""


def drawn(draw: str, sample: int) -> bool:
    """Say whether the id `draw` is among `sample` of a hundred: the same for whoever counts again."""
    return int.from_bytes(hashlib.sha256(draw.encode()).digest()[:8]) % 100 < sample


async def review_output(
    session: Session, actor: Actor, owner: str, output_id: str, number: int, *, accept: bool, note: str, ledger: Ledger,
    clock: Clock, before: Collection[str] = (), checklist: Sequence[str] = (),
) -> None:  # fmt: skip
    """Accept or reject one version made for `owner`. High stakes: a qualified reviewer who is not the owner (OH-2),
    who has opened the review and, to accept, ticked every point of the category's `checklist`.

    `before`: those who were in charge of the task before the owner: they are no second person either.

    Accepting writes the file anew without its draft mark; a file that a program made has none and stays as it is.
    Raises PermissionMissing, NotYourReview, NotQualified, AlreadyReviewed, OpenItFirst, NotAllTicked.
    """
    output, version = await get_output(session, output_id, number)
    await session.refresh(version, with_for_update=True)
    kind = await standard(session, output.category)
    require_reviewer(actor, kind, owner, before)
    if version.review != "draft":
        raise AlreadyReviewed
    row = await _begun(session, actor, version, kind)
    ticked = [item for item in kind.checklist if item in set(checklist)]
    if accept and kind.high_stakes and (missing := [item for item in kind.checklist if item not in ticked]):
        raise NotAllTicked(missing=" ".join(missing))
    old = version.sha256
    version.review = "reviewed" if accept else "rejected"
    version.reviewed_by, version.reviewed_at, version.review_note = actor.id, clock.now(), note[:2000]
    version.self_reviewed = actor.id == owner
    if accept:
        await _written_anew(session, version, mark="")
    close_look(row, "accepted" if accept else "rejected", note, version, old, ticked, clock)
    facts: dict[str, Any] = {
        "version": number, "accepted": accept, "sha256": version.sha256, "sha256_before": old,
        "category": output.category, "review": row.id, "seconds": row.seconds, "ticked": len(ticked),
        "self": version.self_reviewed,
    }  # fmt: skip
    if accept and version.self_reviewed:
        draw = new_id("draw")
        version.second_look = "wanted" if drawn(draw, kind.sample) else ""
        facts |= {"draw": draw, "second_look": version.second_look == "wanted"}
    await ledger.record(session, Event("output.reviewed", actor.id, subject=output_id, run=output.run_id, data=facts))
    await notify(session, f"run:{output.run_id}")


async def _begun(session: Session, actor: Actor, version: OutputVersionRow, kind: Category) -> OutputReviewRow:
    row = await find_look(session, actor, version, REVIEW)
    if row is None:
        if kind.high_stakes:
            raise OpenItFirst
        row = OutputReviewRow(
            id=new_id("review"), output_id=version.output_id, version=version.version, kind=REVIEW, person_id=actor.id
        )
        session.add(row)
    return row


async def _written_anew(session: Session, version: OutputVersionRow, *, mark: str) -> None:
    """Write a document again with another draft mark, "" for none; its metadata say the same (OH-1)."""
    if not version.draft:
        return
    raw = version.draft
    draft = Draft(raw["title"], read_blocks(raw["blocks"]), mark=mark, formulas=raw["formulas"])
    used = raw.get("template")
    # By its hash: the review changes the mark only, also where the template has a new version by now.
    template = await get_blob(session, used["sha256"]) if used else None
    stated = {"reviewed": "no" if mark else "yes"}
    content, _ = write(replace(draft, metadata=stated), version.media_type, template)
    old = version.sha256
    version.sha256, version.size = await put_blob(session, content), len(content)
    await session.flush()
    await release(session, [old])  # Nobody opens the bytes with the other mark any more.


async def look_again(
    session: Session, actor: Actor, owner: str, output_id: str, number: int, *, agree: bool, note: str, ledger: Ledger,
    clock: Clock, before: Collection[str] = (),
) -> None:  # fmt: skip
    """Say whether one agrees with what the owner accepted (OH-3). It holds nothing up and takes nothing back.

    Raises NoSecondLook, OpenItFirst, PermissionMissing, NotYourReview.
    """
    output, version = await get_output(session, output_id, number)
    await session.refresh(version, with_for_update=True)
    require_second(actor, version, owner, before)
    if version.second_look != "wanted":
        raise NoSecondLook
    row = await find_look(session, actor, version, SECOND)
    if row is None:
        raise OpenItFirst
    version.second_look = "agreed" if agree else "disagreed"
    close_look(row, version.second_look, note, version, version.sha256, (), clock)
    facts = {
        "version": number, "agreed": agree, "sha256": version.sha256, "category": output.category, "review": row.id,
        "seconds": row.seconds,
    }  # fmt: skip
    event = Event("output.looked_at_again", actor.id, subject=output_id, run=output.run_id, data=facts)
    await ledger.record(session, event)
    await notify(session, f"run:{output.run_id}")


async def mark_again(session: Session, version: OutputVersionRow) -> None:
    """Make a draft of what its owner alone had accepted: its category asks for more by now."""
    version.review, version.reviewed_by, version.reviewed_at, version.review_note = "draft", None, None, ""
    version.self_reviewed, version.second_look = False, ""
    mark = (version.draft or {}).get("mark") or "Draft: not reviewed"
    await _written_anew(session, version, mark=mark)
