"""Shared by the tests of documents: make files by hand, read them, and measure what that cost."""

import io
import resource
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from colleague.kit.documents.model import Block, Document
from colleague.kit.documents.read import read_document
from colleague.kit.errors import Failure

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>{}</Types>'
)
_O = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}'
    "</Relationships>"
)


def zipped(parts: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip file of `parts`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(body: str, more: Mapping[str, bytes | str] | None = None, *, prolog: str = "") -> bytes:
    """Return a Word file with this body."""
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    override = f'<Override PartName="/word/document.xml" ContentType="{main}"/>'
    rel = f'<Relationship Id="rId1" Type="{_O}/officeDocument" Target="word/document.xml"/>'
    return zipped({
        "[Content_Types].xml": TYPES.format(override), "_rels/.rels": _RELS.format(rel),
        "word/document.xml": f'<?xml version="1.0"?>{prolog}<w:document {W}><w:body>{body}</w:body></w:document>',
        **(more or {}),
    })  # fmt: skip


def p(text: str, properties: str = "", run: str = "") -> str:
    """Return a paragraph."""
    return (
        f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr>{run}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r></w:p>"
    )


def xlsx(sheet: str, more: Mapping[str, bytes | str] | None = None, *, prolog: str = "") -> bytes:
    """Return a workbook with one sheet of this content."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    overrides = (
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/>'
    )
    s = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return zipped({
        "[Content_Types].xml": TYPES.format(overrides),
        "_rels/.rels": _RELS.format(f'<Relationship Id="rId1" Type="{_O}/officeDocument" Target="xl/workbook.xml"/>'),
        "xl/workbook.xml": f'<workbook {s} xmlns:r="{_O}"><sheets><sheet name="Prices" sheetId="1" r:id="rId1"/>'
                           "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _RELS.format(
            f'<Relationship Id="rId1" Type="{_O}/worksheet" Target="worksheets/sheet1.xml"/>'),
        "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?>{prolog}<worksheet {s}>{sheet}</worksheet>',
        **(more or {}),
    })  # fmt: skip


def pdf(*objects: str, tail: str = "") -> bytes:
    """Return a PDF of hand-made objects, the first of which is the catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{text}\nendobj\n".encode("latin-1")
    start = len(out)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return out + f"trailer << /Size {len(objects) + 1} /Root 1 0 R {tail} >>\nstartxref\n{start}\n%%EOF".encode()


@dataclass(frozen=True)
class Outcome:
    """What became of a file: a document, or a refusal; what the child cost."""

    document: Document | None
    refusal: Failure | None
    cpu: float
    peak: int

    @property
    def code(self) -> str:
        """The refusal's word, "" if there is none."""
        return self.refusal.code if self.refusal else ""


async def outcome(content: bytes, name: str) -> Outcome:
    """Read a file through the public function; anything but a document or a named refusal is raised."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    document, refusal = None, None
    try:
        document = await read_document(content, name)
    except Failure as failure:
        refusal = failure
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # The mark is the highest of all children there ever were: it tells of this one only where it rose.
    peak = after.ru_maxrss * 1024 if after.ru_maxrss > before.ru_maxrss else 0
    return Outcome(document, refusal, cpu, peak)


async def blocks(content: bytes, name: str) -> list[Block]:
    """Return the blocks of a file that can be read."""
    return list((await read_document(content, name)).blocks)
