"""One version of an output with all that is known of it: what a review is decided on, for pages, API and terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from colleague.audit.record import Ledger
from colleague.files.outputs import get_output, list_versions, output_content
from colleague.files.readings import list_readings, places_of
from colleague.files.reviews.declassify import PERMISSION as DECLASSIFY
from colleague.files.reviews.declassify import Evidence, evidence, lowerings
from colleague.files.reviews.look import PERMISSION, find_look, look_for, looks_at, open_look
from colleague.files.tables import DeclassificationRow, OutputReviewRow, OutputRow, OutputVersionRow
from colleague.files.uploads import list_files
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.documents.difference import Change, differences
from colleague.kit.documents.model import Block, Document
from colleague.kit.documents.read import read_document
from colleague.kit.errors import Invalid
from colleague.policy.governance import current_governance
from colleague.policy.model import DataClass
from colleague.policy.standards.category import Category, categories, standard_of
from colleague.tasks.sight import see_output
from colleague.tasks.tables import TaskRow
from colleague.tasks.together.hand_over import had_before


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is shown. `waits`: the look that waits for the reader (review, second look or ""), `look` is theirs once it
    is opened. `looks` are those of others and theirs that were decided; `lowerings` of all versions.

    `categories` are those it can be put into, `classes` those its class can be lowered to, by this reader.
    """

    task: TaskRow
    output: OutputRow
    version: OutputVersionRow
    kind: Category
    document: Document
    changes: Sequence[Change]
    versions: Sequence[OutputVersionRow]
    looks: Sequence[OutputReviewRow]
    look: OutputReviewRow | None
    waits: str
    evidence: Evidence
    lowerings: Sequence[DeclassificationRow]
    categories: Sequence[Category]
    classes: Sequence[DataClass]
    people: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it for programs; times as they are, the text of the document left out: download it."""
        known = self.evidence
        return {
            "output": self.output.id, "name": self.output.name, "version": self.version.version, "task": self.task.id,
            "sha256": self.version.sha256, "review": self.version.review, "second_look": self.version.second_look,
            "waits_for_you": self.waits, "opened_at": self.look.opened_at if self.look else None,
            "category": self.kind.to_json(), "may_become": [c.id for c in self.categories],
            "made_from": list(self.version.made_from), "changes": [list(c) for c in self.changes],
            "class": known.label.data_class.name.lower(), "reasons": known.reasons, "seen": known.digest,
            "may_be_lowered_to": [c.name.lower() for c in self.classes],
            "looks": [self._look(row) for row in self.looks],
            "lowerings": [self._lowering(row) for row in self.lowerings],
        }  # fmt: skip

    def _look(self, row: OutputReviewRow) -> dict[str, Any]:
        return {
            "kind": row.kind, "by": self.people.get(row.person_id, row.person_id), "verdict": row.verdict,
            "at": row.decided_at, "seconds": row.seconds, "note": row.note, "ticked": row.checklist,
            "sha256_before": row.sha256_before, "sha256_after": row.sha256_after,
        }  # fmt: skip

    def _lowering(self, row: DeclassificationRow) -> dict[str, Any]:
        return {
            "version": row.version, "sha256": row.sha256, "from": DataClass(row.from_class).name.lower(),
            "to": DataClass(row.to_class).name.lower(), "by": self.people.get(row.person_id, row.person_id),
            "at": row.at, "reason": row.reason, "overruled": row.reasons,
            "holds": self.evidence.lowered is not None and self.evidence.lowered.id == row.id,
        }  # fmt: skip


def _upwards(known: Mapping[str, Category], kind: Category) -> list[Category]:
    return [c for c in known.values() if c.id != kind.id and (c.high_stakes or not kind.high_stakes)]


def _downwards(known: Evidence, *, may: bool, own: bool) -> list[DataClass]:
    if not may or (own and known.inherited.data_class is DataClass.RESTRICTED):
        return []
    return [c for c in DataClass if c < known.label.data_class]


async def read_output(content: bytes, name: str) -> Document:
    """Return what can be read of an output. A program may have made something that has no text, like a chart."""
    try:
        return await read_document(content, name)
    except Invalid as fault:
        return Document(name, "", "", 0, (Block("note", f"No preview: {fault.message} Download it to look at it."),))


async def read_version(database: Database, actor: Actor, output_id: str, number: int | None) -> Document:
    """Return what can be read of one version of an output; TaskNotFound if it is not for `actor`."""
    async with database.transaction() as session:
        _, row, version = await see_output(session, actor, output_id, number)
        content = await output_content(session, version)
    return await read_output(content, row.name)


async def sheet_of(
    actor: Actor, output_id: str, number: int | None = None, *, opens: bool, database: Database, ledger: Ledger,
    clock: Clock,
) -> Sheet:  # fmt: skip
    """Return what `actor` may see of one version; with `opens` their time begins, if a look waits for them here.

    Raises TaskNotFound, OutputNotThere.
    """
    async with database.transaction() as session:
        task, row, shown = await see_output(session, actor, output_id, number)
        content, old = await output_content(session, shown), None
        if shown.version > 1:
            _, earlier = await get_output(session, output_id, shown.version - 1)
            old = await output_content(session, earlier)
    document = await read_output(content, row.name)
    changes = differences(await read_output(old, row.name), document) if old is not None else []
    async with database.transaction() as session:
        task, row, shown = await see_output(session, actor, output_id, shown.version)
        before = await had_before(session, task.id)
        governance = await current_governance(session)
        kind = standard_of(governance, row.category)
        waits = look_for(actor, shown, kind, task.person_id, before)
        look = await find_look(session, actor, shown, waits) if waits else None
        if opens and waits:
            look = await open_look(
                session, actor, task.person_id, output_id, shown.version, ledger=ledger, clock=clock, before=before
            )
        known, versions = await evidence(session, shown, document), await list_versions(session, output_id)
        looks, down = await looks_at(session, output_id, shown.version), await lowerings(session, output_id)
        people = {task.person_id, *(w.person_id for w in looks), *(w.person_id for w in down)}
        people |= {v.reviewed_by for v in versions if v.reviewed_by}
        places = places_of(task.id, await list_readings(session, task.id))
        places |= {f.name: f"/tasks/{task.id}/files/{f.id}" for f in await list_files(session, task.id)}
        mine = actor.id == task.person_id
        return Sheet(
            task, row, shown, kind, document, [c for c in changes if c[0] != "same"], versions, looks, look, waits,
            known, down, _upwards(categories(governance), kind) if mine or actor.may(PERMISSION) else (),
            _downwards(known, may=actor.may(DECLASSIFY), own=mine or actor.id in before),
            await names_of(session, people), places,
        )  # fmt: skip
