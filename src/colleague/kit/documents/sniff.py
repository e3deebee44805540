"""What a file is, by its content; its name decides only between kinds of text. Pure."""

import zipfile
from io import BytesIO

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
HTML, MARKDOWN, TEXT, CSV = "text/html", "text/markdown", "text/plain", "text/csv"
EML, MSG, ZIP, OLE = "message/rfc822", "application/vnd.ms-outlook", "application/zip", "application/x-ole-storage"
PROGRAM, UNKNOWN = "application/x-executable", "application/octet-stream"

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROGRAMS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
_ENDINGS = {"md": MARKDOWN, "markdown": MARKDOWN, "csv": CSV, "tsv": CSV, "html": HTML, "htm": HTML, "eml": EML}
_MAIL_HEADERS = (b"from:", b"received:", b"return-path:", b"message-id:", b"delivered-to:", b"mime-version:", b"date:")


def sniff(content: bytes, name: str) -> str:
    """Return the media type of `content`; `application/octet-stream` if it is nothing that can be read."""
    if content.startswith(b"%PDF-") or b"%PDF-" in content[:1024]:
        return PDF
    if content.startswith(b"PK\x03\x04"):
        return _zip_kind(content)
    if content.startswith(_OLE_MAGIC):
        return MSG if "__substg1.0_".encode("utf-16-le") in content or name.lower().endswith(".msg") else OLE
    if content.startswith(_PROGRAMS) or (content.startswith(b"MZ") and b"\x00" in content[:1024]):
        return PROGRAM
    if b"\x00" in content[:8192] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return UNKNOWN
    return _text_kind(content, name)


def entries_listed(content: bytes) -> int:
    """Return how many entries a zip lists, those of stored zips in it too, without reading the list: it may hold
    millions."""
    return content.count(b"PK\x01\x02")


def _zip_kind(content: bytes) -> str:
    if entries_listed(content) > 20_000:
        return ZIP
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return ZIP
    for part, kind in (("word/document.xml", DOCX), ("xl/workbook.xml", XLSX), ("ppt/presentation.xml", PPTX)):
        if part in names:
            return kind
    return XLSX if "xl/workbook.bin" in names else ZIP


def _text_kind(content: bytes, name: str) -> str:
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return HTML
    ending = name.lower().rpartition(".")[2]
    first = head.split(b"\n", 1)[0]
    if ending == "eml" or any(first.startswith(h) for h in _MAIL_HEADERS):
        return EML
    return _ENDINGS.get(ending, TEXT)
