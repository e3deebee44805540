"""Outputs that go along with a call: resolved to their bytes, so that an approval is bound to them too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from colleague.connectors.connector import Attachment, Tool
from colleague.files.categories import standard
from colleague.files.outputs import list_outputs, output_content
from colleague.files.reviews.declassify import declassified, lowered
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.policy.model import Label

SIZE_LIMIT = 20_000_000


class NoSuchOutput(Invalid):
    """This task has no output «{name}» to attach: write it first."""


class AttachmentsTooLarge(Invalid):
    """The attachments are larger than 20 MB together."""


@dataclass(frozen=True, slots=True)
class Attached:
    """Files to go along, their hashes, what they were made from, and whether a mandatory review is missing.

    `lowered`: a person gave every one of them, or some, a lower class than what they were made from.
    """

    files: tuple[Attachment, ...] = ()
    hashes: tuple[str, ...] = ()
    label: Label = Label()  # noqa: RUF009
    review_missing: bool = False
    lowered: bool = False


async def attach(session: Session, task_id: str, tool: Tool, arguments: Mapping[str, Any]) -> Attached:
    """Resolve the argument `attachments` (output ids or names of this task), or `output` (a single one).

    Raises NoSuchOutput, AttachmentsTooLarge.
    """
    wanted = list(arguments.get("attachments") or ()) + ([arguments["output"]] if arguments.get("output") else [])
    if not wanted or not ({"attachments", "output"} & set(tool.parameters.get("properties", {}))):
        return Attached()
    known = {}
    for output, version in await list_outputs(session, task_id):
        known[output.id] = known[output.name] = (output, version)
    files, hashes, label, missing, less = [], [], Label(), False, False
    for name in wanted:
        if name not in known:
            raise NoSuchOutput(name=str(name)[:100])
        output, version = known[name]
        content = await output_content(session, version)
        files.append(Attachment(output.name, version.media_type, content))
        hashes.append(version.sha256)
        given = await declassified(session, version)
        label, less = label.join(lowered(Label.from_json(version.label), given)), less or given is not None
        strict = (await standard(session, output.category)).high_stakes
        # What its owner alone had accepted has had no review if its category asks for one by now.
        missing = missing or (strict and (version.review != "reviewed" or version.self_reviewed))
    if sum(len(f.content) for f in files) > SIZE_LIMIT:
        raise AttachmentsTooLarge
    return Attached(tuple(files), tuple(hashes), label, missing, less)
