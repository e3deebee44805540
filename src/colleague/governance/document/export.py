"""The document as docx or pdf, with its signatures and what is not enforced; and the empty template (GP-6)."""

from collections.abc import Mapping

from colleague.governance.document.compile import enforced_by
from colleague.governance.document.model import PARTS, Document, Sentence
from colleague.governance.document.template import blank
from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.write.formats import write
from colleague.kit.errors import Invalid

FORMATS = ("docx", "pdf")


class NoSuchFormat(Invalid):
    """The document is written as docx or pdf."""


def export(document: Document, people: Mapping[str, str], format_name: str) -> tuple[bytes, str]:
    """Return the file and its media type; `people` are names by id. Takes a moment: call it off the loop."""
    title = (
        f"AI governance document, version {document.number}" if document.number else "AI governance document (draft)"
    )
    blocks: list[Block] = []
    if document.published_at:
        who = people.get(document.published_by, document.published_by)
        blocks.append(Block("paragraph", f"In force since {document.published_at:%d %B %Y}, published by {who}."))
    for number, (part, name) in enumerate(PARTS.items(), 1):
        blocks.append(Block("heading", f"{number}. {name}", 1))
        blocks += _sentences(document.of(part))
        blocks.append(Block("paragraph", _signed(document, part, people)))
    blocks.append(Block("heading", "Not enforced", 1))
    if document.not_enforced:
        words = "Nothing in the product holds anybody to these sentences; people do."
        blocks += [Block("paragraph", words), *(Block("item", s.text, 1) for s in document.not_enforced)]
    else:
        blocks.append(Block("paragraph", "Every sentence is enforced."))
    blocks += [Block("heading", "How each sentence is enforced", 1), Block("table", rows=_table(document))]
    blocks.append(Block("note", f"Fingerprint of the signed text (SHA-256): {document.digest}"))
    mark = "" if document.number else "Draft: not in force"
    return _write(title, blocks, mark, format_name)


def export_template(format_name: str) -> tuple[bytes, str]:
    """Return the empty template as a file and its media type."""
    blocks = [Block("paragraph", "Four parts, each with a named owner who signs it. «…» stands for what you decide.")]
    sentences = blank()
    for number, (part, name) in enumerate(PARTS.items(), 1):
        blocks.append(Block("heading", f"{number}. {name}", 1))
        blocks += _sentences([s for s in sentences if s.part == part])
        blocks.append(Block("paragraph", "Owner: ………………………………    Signed on: ……………………"))
    return _write("AI governance framework: template", blocks, "", format_name)


def _write(title: str, blocks: list[Block], mark: str, format_name: str) -> tuple[bytes, str]:
    if format_name not in FORMATS:
        raise NoSuchFormat
    return write(Draft(title, tuple(blocks), mark=mark), format_name)


def _sentences(sentences: list[Sentence]) -> list[Block]:
    return [Block("item", s.text, 1) for s in sentences]


def _signed(document: Document, part: str, people: Mapping[str, str]) -> str:
    owner = document.owners.get(part, "")
    name = people.get(owner, owner) or "not named yet"
    for s in document.signatures:
        if s.part == part and s.person == owner:
            return f"Owner: {name}. Signed on {s.at:%d %B %Y at %H:%M} UTC."
    return f"Owner: {name}. Not signed."


def _table(document: Document) -> tuple[tuple[str, ...], ...]:
    rows = [(s.text, enforced_by(s) or "not enforced") for s in document.sentences]
    return (("Sentence", "Enforced by"), *rows)
