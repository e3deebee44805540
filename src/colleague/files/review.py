"""A person's review of an output: who, when, what was said; only then the draft mark goes (R74, OH-1 to OH-3)."""

from collections.abc import Collection
from dataclasses import replace

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.categories import standard
from colleague.files.forget import release
from colleague.files.outputs import get_output, read_blocks
from colleague.identity.actor import Actor
from colleague.kit.blobs import get_blob, put_blob
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.kit.documents.model import Draft
from colleague.kit.documents.write.formats import write
from colleague.kit.errors import Conflict, Forbidden


class NotYourReview(Forbidden):
    """An output of this category is reviewed by somebody other than the person who asked for it."""


class AlreadyReviewed(Conflict):
    """This version has been reviewed already."""


async def review_output(
    session: Session, actor: Actor, owner: str, output_id: str, number: int, *, accept: bool, note: str, ledger: Ledger,
    clock: Clock, before: Collection[str] = (),
) -> None:  # fmt: skip
    """Accept or reject one version made for `owner`. High stakes: a reviewer who is not the owner (OH-2).

    `before`: those who were in charge of the task before the owner: they are no second person either.

    Accepting writes the file anew without its draft mark; a file that a program made has none and stays as it is.
    Raises PermissionMissing, NotYourReview, AlreadyReviewed.
    """
    output, version = await get_output(session, output_id, number)
    await session.refresh(version, with_for_update=True)
    if (await standard(session, output.category)).high_stakes:
        actor.require("org:outputs:review")
        if actor.id == owner or actor.id in before:
            raise NotYourReview
    elif actor.id != owner:
        actor.require("org:outputs:review")
    if version.review != "draft":
        raise AlreadyReviewed
    version.review = "reviewed" if accept else "rejected"
    version.reviewed_by, version.reviewed_at, version.review_note = actor.id, clock.now(), note[:2000]
    if accept and version.draft:
        raw = version.draft
        clean = Draft(raw["title"], read_blocks(raw["blocks"]), mark="", formulas=raw["formulas"])
        used = raw.get("template")
        # By its hash: the review changes the mark only, also where the template has a new version by now.
        template = await get_blob(session, used["sha256"]) if used else None
        content, _ = write(replace(clean, metadata={"reviewed": "yes"}), version.media_type, template)
        before = version.sha256
        version.sha256, version.size = await put_blob(session, content), len(content)
        await session.flush()
        await release(session, [before])  # Nobody opens the draft's own bytes any more.
    facts = {"version": number, "accepted": accept, "sha256": version.sha256, "category": output.category}
    await ledger.record(session, Event("output.reviewed", actor.id, subject=output_id, run=output.run_id, data=facts))
    await notify(session, f"run:{output.run_id}")
