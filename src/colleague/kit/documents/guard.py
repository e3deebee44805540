"""Looks at a file before any parser does: bombs, encryption and traps are refused by what they are. Pure."""

import re
import zipfile
from io import BytesIO
from typing import IO

from colleague.kit.documents.sniff import DOCX, OLE, PPTX, PROGRAM, UNKNOWN, XLSX, ZIP, entries_listed
from colleague.kit.errors import Invalid

MAX_PARTS, MAX_PART, MAX_TOTAL, MAX_RATIO = 5_000, 200_000_000, 400_000_000, 200
MAX_CELLS = 5_000_000
_CELL = re.compile(rb"""<(?:\w{1,20}:)?c\b[^>]{0,200}?\br\s*=\s*["']([A-Z]{1,3})(\d{1,7})["']""")
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_OFFICE = frozenset({DOCX, XLSX, PPTX})


class DocumentEmpty(Invalid):
    """The file is empty."""


class DocumentTypeUnknown(Invalid):
    """This kind of file cannot be read. Readable are pdf, docx, xlsx, pptx, html, md, txt, csv, eml and msg."""


class DocumentEncrypted(Invalid):
    """The file is protected with a password or rights management. Save it without protection first."""


class DocumentBomb(Invalid):
    """The file unpacks to far more than it should ({why}). It was not opened."""


class DocumentDamaged(Invalid):
    """The file is damaged or incomplete and cannot be read."""


def guard(content: bytes, media_type: str) -> None:
    """Raise a named refusal for what must not reach a parser."""
    if not content:
        raise DocumentEmpty
    if media_type in (PROGRAM, UNKNOWN, ZIP):
        if media_type == ZIP:
            _unpacked(content)
        raise DocumentTypeUnknown
    if media_type == OLE:
        # Old binary office files and encrypted new ones share this container; neither is read.
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise DocumentEncrypted
        raise DocumentTypeUnknown
    if media_type in _OFFICE:
        _office(content, media_type)


def _unpacked(content: bytes) -> list[zipfile.ZipInfo]:
    if (listed := entries_listed(content)) > 4 * MAX_PARTS:
        raise DocumentBomb(why=f"{listed:,} parts")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise DocumentDamaged from error
    if any(p.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for p in parts):
        # Office packages know no other method (ISO/IEC 29500-2); others may ask for gigabytes before the first byte.
        raise DocumentDamaged
    if len(parts) > MAX_PARTS:
        raise DocumentBomb(why=f"{len(parts):,} parts")
    if any(p.flag_bits & 1 for p in parts):
        raise DocumentEncrypted
    total = sum(p.file_size for p in parts)
    if total > MAX_TOTAL:
        raise DocumentBomb(why=f"{total // 1_000_000:,} MB")
    for part in parts:
        xml = part.filename.lower().endswith((".xml", ".rels", ".vml"))
        ratio = part.file_size / max(part.compress_size, 1)
        if part.file_size > MAX_PART or (xml and part.file_size > 20_000_000 and ratio > MAX_RATIO):
            raise DocumentBomb(why=f"one part of {part.file_size // 1_000_000:,} MB")
        if part.filename.lower().endswith((".zip", ".docx", ".xlsx", ".pptx")) and ratio > MAX_RATIO:
            raise DocumentBomb(why="an archive in an archive")
    return parts


def _office(content: bytes, media_type: str) -> None:
    parts = _unpacked(content)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for part in parts:
            if not part.filename.lower().endswith((".xml", ".rels")):
                continue
            try:
                with archive.open(part) as stream:
                    _scan(stream, cells=media_type == XLSX and part.filename.startswith("xl/worksheets/"))
            except Invalid:
                raise
            except Exception as error:
                # zipfile raises whatever its decompressors raise.
                raise DocumentDamaged from error


def _scan(stream: IO[bytes], *, cells: bool) -> None:
    """Refuse entity declarations anywhere in a part, and a sheet whose far corner makes a parser hold billions of cells
    (calamine aborts its process)."""
    rows = columns = 0
    rest = stream.read(1_000_000)
    # The blanks of UTF-16 are NULs: taken out, its letters are plain ones.
    wide = rest[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in rest[:4]
    while rest:
        plain = rest.replace(b"\x00", b"") if wide else rest
        if _ENTITIES.search(plain):
            raise DocumentBomb(why="it declares XML entities")
        for letters, number in _CELL.findall(plain) if cells else ():
            column = 0
            for letter in letters:
                column = column * 26 + letter - 64
            rows, columns = max(rows, int(number)), max(columns, column)
        if rows * columns > MAX_CELLS and (rows > 200_000 or columns > 2_000):
            raise DocumentBomb(why=f"a sheet of {rows:,} rows and {columns:,} columns")
        more = stream.read(1_000_000)
        rest = rest[-300:] + more if more else b""
