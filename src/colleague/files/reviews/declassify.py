"""A named person lowers the class of one version of an output: exactly these bytes, with a reason, on record (SC-1).

It overrules what places, rules, labels and detectors said, so whoever does it is shown each of them first. A new
version has the class of what it was made from again, and so has a version that a review writes anew.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.classify import above, classed, reason
from colleague.files.outputs import get_output
from colleague.files.tables import DeclassificationRow, OutputVersionRow
from colleague.identity.actor import Actor
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.documents.model import Document
from colleague.kit.errors import Conflict, Forbidden, Invalid
from colleague.kit.ids import new_id
from colleague.kit.seen import says
from colleague.policy.governance import current_governance
from colleague.policy.model import DataClass, Label

PERMISSION = "org:outputs:declassify"
SHORTEST = 10


class NotTheirOwn(Forbidden):
    """The class of what is restricted is lowered by somebody other than the person it was made for."""


class NotLowerThanNow(Invalid):
    """It counts as {now} already: only a lower class can be given."""


class SayWhy(Invalid):
    """Say in a sentence why it may count as less."""


class LookAgain(Conflict):
    """The file, or what is known of it, is not what you were shown. Look at it again."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one version counts as, why, and what was lowered: what is shown before it is lowered (further).

    `inherited` is the label of what it was made from, with what the detectors find in the text itself.
    """

    inherited: Label
    sha256: str
    lowered: DeclassificationRow | None = None

    @property
    def label(self) -> Label:
        """Return the label that holds now."""
        return lowered(self.inherited, self.lowered)

    @property
    def reasons(self) -> list[str]:
        """Return every reason above public, strictest first; one at least for what is not public."""
        found = above(self.inherited.reasons, DataClass.PUBLIC)
        held = self.inherited.data_class
        if held > DataClass.PUBLIC and not above(found, DataClass(held - 1)):
            where = ", ".join(sorted(self.inherited.sources)) or "what it was made from"
            found.insert(0, reason(held, f"the class of {where}"))
        return found

    @property
    def digest(self) -> str:
        """Return what a person who lowers the class has seen: the bytes and the reasons."""
        return digest([self.sha256, self.label.data_class.name, self.reasons])


def lowered(label: Label, row: DeclassificationRow | None) -> Label:
    """Return `label` with the class that a person gave it."""
    return replace(label, data_class=min(label.data_class, DataClass(row.to_class))) if row else label


async def declassified(session: Session, version: OutputVersionRow) -> DeclassificationRow | None:
    """Return the newest lowering of exactly these bytes, if there is one."""
    query = select(DeclassificationRow).where(
        DeclassificationRow.output_id == version.output_id, DeclassificationRow.version == version.version,
        DeclassificationRow.sha256 == version.sha256,
    )  # fmt: skip
    return await session.scalar(query.order_by(DeclassificationRow.at.desc(), DeclassificationRow.id.desc()).limit(1))


async def lowerings(session: Session, output_id: str) -> Sequence[DeclassificationRow]:
    """Return every lowering of an output's versions, newest first, also of bytes that are gone."""
    query = select(DeclassificationRow).where(DeclassificationRow.output_id == output_id)
    return (await session.scalars(query.order_by(DeclassificationRow.at.desc()))).all()


async def evidence(session: Session, version: OutputVersionRow, document: Document) -> Evidence:
    """Return what is known of a version; `document` is what was read from its bytes."""
    texts = [document.title, *(b.text or "\t".join(" ".join(r) for r in b.rows) for b in document.blocks)]
    label = classed(Label.from_json(version.label), "\n".join(texts), await current_governance(session))
    return Evidence(label, version.sha256, await declassified(session, version))


async def declassify(
    session: Session, actor: Actor, owner: str, output_id: str, number: int, to: DataClass, why: str, *, seen: str,
    document: Document, ledger: Ledger, clock: Clock, before: Collection[str] = (),
) -> None:  # fmt: skip
    """Give one version a lower class than what it was made from; `seen` is the digest of the evidence as it was shown.

    What is restricted is not lowered by whoever it was made for. Raises PermissionMissing, NotTheirOwn, LookAgain,
    NotLowerThanNow, SayWhy.
    """
    actor.require(PERMISSION)
    output, version = await get_output(session, output_id, number)
    await session.refresh(version, with_for_update=True)
    known = await evidence(session, version, document)
    if seen != known.digest:
        raise LookAgain
    if known.inherited.data_class is DataClass.RESTRICTED and (actor.id == owner or actor.id in before):
        raise NotTheirOwn
    if to >= known.label.data_class:
        raise NotLowerThanNow(now=known.label.data_class.name.lower())
    words = " ".join(why.split())
    if not says(words, SHORTEST):
        raise SayWhy
    row = DeclassificationRow(
        id=new_id("lowered"), output_id=output_id, version=number, sha256=version.sha256,
        from_class=int(known.label.data_class), to_class=int(to), reason=words[:1000],
        reasons=above(known.reasons, to), person_id=actor.id, at=clock.now(),
    )  # fmt: skip
    session.add(row)
    facts = {
        "version": number, "sha256": version.sha256, "from": known.label.data_class.name.lower(),
        "to": to.name.lower(), "overruled": len(row.reasons), "reason": row.reason, "lowering": row.id,
    }  # fmt: skip
    event = Event("output.declassified", actor.id, subject=output_id, run=output.run_id, data=facts)
    await ledger.record(session, event)
