"""Hostile files end in a document or in a clear word, within 1 GB and 30 CPU seconds; the process that asked lives."""

import asyncio
import io
import os
import resource
import signal
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.kit.documents import docx, outcome, p, pdf, xlsx, zipped

from colleague.kit.documents.guard import DocumentDamaged
from colleague.kit.documents.read import DocumentTooHeavy, Limits, ReaderUnavailable, read_document
from colleague.kit.errors import Failure

pytestmark = pytest.mark.anyio
GB, CPU = 1 << 30, 32.0
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + "]>"
)
XXE = '<!DOCTYPE x [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>'


def lying_zip() -> bytes:
    """A part that says it is small and unpacks to 300 MB."""
    raw = bytearray(docx(p("x" * 10), {"word/big.xml": b"<x>" + b" " * 300_000_000 + b"</x>"}))
    for marker, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = 0
        while (start := raw.find(marker, start)) != -1:
            name_at = start + (46 if marker == b"PK\x01\x02" else 30)
            if raw[name_at : name_at + 12] == b"word/big.xml":
                raw[start + place : start + place + 4] = struct.pack("<I", 2000)
            start += 4
    return bytes(raw)


def bomb_in_bomb() -> bytes:
    inner = zipped({"a": b"\0" * 50_000_000})
    return docx(p("x"), {"word/embeddings/a.zip": zipped({"b.zip": inner * 50})})


def pages_loop() -> bytes:
    return pdf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>",
               "<< /Type /Pages /Kids [2 0 R] /Parent 2 0 R /Count 1 >>")  # fmt: skip


def form_loop() -> bytes:
    return pdf(
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>",
        "<< /Length 4 >>\nstream\n/F Do\nendstream",
        "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >> /Length 4 >>\n"
        "stream\n/F Do\nendstream",
    )  # fmt: skip


def stream_bomb() -> bytes:
    data = zlib.compress(b"BT /F 9 Tf (a) Tj ET " * 15_000_000)
    body = data.decode("latin-1")
    return pdf(
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
        f"<< /Length {len(data)} /Filter /FlateDecode >>\nstream\n{body}\nendstream",
    )  # fmt: skip


def nested_mail(depth: int) -> bytes:
    head = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return b"From: a@b.example\r\nMIME-Version: 1.0\r\n" + head + b"\r\nhello"


def forwarded(depth: int) -> bytes:
    return b"From: a@b.example\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"hello"


def _flagged(content: bytes) -> bytes:
    """Set the encryption flag of every part, as a zip with a password has it."""
    raw = bytearray(content)
    for marker, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = -1
        while (start := raw.find(marker, start + 1)) != -1:
            raw[start + place] |= 1
    return bytes(raw)


def _encrypted_pdf() -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, encrypt=StandardEncryption("user", "owner", strength=128))
    canvas.drawString(100, 100, "secret")
    canvas.save()
    return out.getvalue()


FORBIDDEN = docx(p("secret"))
SPAN = "<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='2000000000'/></w:tcPr>" + p("x") + "</w:tc></w:tr></w:tbl>"
DEEP = "<w:sdt><w:sdtContent>" * 5_000 + p("x") + "</w:sdtContent></w:sdt>" * 5_000
ROW = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row>{}</sheetData>'
FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'

REFUSED: dict[str, tuple[Callable[[], bytes], str, set[str]]] = {
    "empty": (lambda: b"", "a.pdf", {"DocumentEmpty"}),
    "program as pdf": (lambda: b"\x7fELF" + b"\0" * 500, "a.pdf", {"DocumentTypeUnknown"}),
    "windows program": (lambda: b"MZ\x90\0" + b"\0" * 500, "report.docx", {"DocumentTypeUnknown"}),
    "script": (lambda: b"#!/bin/sh\nrm -rf /\n", "a.txt", {"DocumentTypeUnknown"}),
    "picture as docx": (lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a.docx", {"DocumentTypeUnknown"}),
    "plain zip": (lambda: zipped({"a.txt": "x"}), "a.docx", {"DocumentTypeUnknown"}),
    "zip bomb by ratio": (lambda: docx(p("x"), {"word/big.xml": b"a" * 150_000_000}), "a.docx", {"DocumentBomb"}),
    "zip bomb by total": (
        lambda: docx(p("x"), {f"m/{n}.bin": b"\0" * 45_000_000 for n in range(9)}), "a.docx", {"DocumentBomb"}),
    "zip bomb by parts": (lambda: docx(p("x"), {f"m/{n}": "" for n in range(5_001)}), "a.docx", {"DocumentBomb"}),
    "zip bomb in a zip, never opened": (bomb_in_bomb, "a.docx", {""}),
    "plain zip bomb": (lambda: zipped({"a": b"\0" * 450_000_000}), "a.zip", {"DocumentBomb"}),
    "zip that lies": (lying_zip, "a.docx", {"DocumentDamaged"}),
    "zip with another method": (
        lambda: zipped({"word/document.xml": "x"}, zipfile.ZIP_LZMA), "a.docx", {"DocumentDamaged"}),
    "far corner": (lambda: xlsx(ROW.format(FAR)), "a.xlsx", {"DocumentBomb"}),
    "far corner, other quotes": (lambda: xlsx(ROW.format(FAR.replace('"', "'"))), "a.xlsx", {"DocumentBomb"}),
    "far corner after 5 MB": (
        lambda: xlsx(ROW.format("<!--" + "x" * 5_000_000 + "-->" + FAR)), "a.xlsx", {"DocumentBomb"}),
    "laughs in docx": (lambda: docx(p("&a9;"), prolog=LAUGHS), "a.docx", {"DocumentBomb"}),
    "laughs after padding": (
        lambda: docx(p("&a9;"), prolog="<!--" + "x" * 9_000 + "-->" + LAUGHS), "a.docx", {"DocumentBomb"}),
    "xxe in docx": (lambda: docx(p("&xxe;"), prolog=XXE), "a.docx", {"DocumentBomb"}),
    "xxe in utf-16": (
        lambda: docx("", {"word/comments.xml": (XXE + "<x>&xxe;</x>").encode("utf-16")}), "a.docx", {"DocumentBomb"}),
    "xxe in xlsx": (lambda: xlsx(ROW.format(""), prolog=XXE), "a.xlsx", {"DocumentBomb"}),
    "laughs in xlsx": (lambda: xlsx(ROW.format(""), prolog=LAUGHS), "a.xlsx", {"DocumentBomb"}),
    "encrypted office": (
        lambda: OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600, "a.docx",
        {"DocumentEncrypted"}),
    "old office": (lambda: OLE + b"\0" * 600, "a.doc", {"DocumentTypeUnknown"}),
    "encrypted zip": (lambda: _flagged(FORBIDDEN), "a.docx", {"DocumentEncrypted"}),
    "msg garbage": (lambda: OLE + os.urandom(3_000), "a.msg", {"DocumentDamaged", "DocumentTooHeavy"}),
    "pdf head only": (lambda: b"%PDF-1.7\n", "a.pdf", {"DocumentDamaged"}),
    "pdf garbage": (lambda: b"%PDF-1.7\n" + os.urandom(5_000), "a.pdf", {"DocumentDamaged"}),
    "encrypted pdf": (_encrypted_pdf, "a.pdf", {"DocumentEncrypted"}),
    "half a docx": (lambda: FORBIDDEN[: len(FORBIDDEN) // 2], "a.docx", {"DocumentTypeUnknown", "DocumentDamaged"}),
    "docx without its body": (lambda: zipped({"word/document.xml": ""}), "a.docx", {"DocumentDamaged"}),
    "wide span": (lambda: docx(SPAN), "a.docx", {"", "DocumentTooHeavy"}),
    "deep controls": (lambda: docx(DEEP), "a.docx", {"", "DocumentDamaged", "DocumentTooHeavy"}),
    "pdf page tree loop": (pages_loop, "a.pdf", {"", "DocumentDamaged"}),
    "pdf form loop": (form_loop, "a.pdf", {""}),
    "pdf stream bomb": (stream_bomb, "a.pdf", {"", "DocumentTooHeavy", "DocumentDamaged"}),
    "mail of 3,000 levels": (lambda: nested_mail(3_000), "a.eml", {"", "DocumentTooHeavy", "DocumentDamaged"}),
    "mail in mail in mail": (lambda: forwarded(3_000), "a.eml", {"", "DocumentTooHeavy", "DocumentDamaged"}),
    "mail header of 5 MB": (
        lambda: b"From: " + b"(" * 5_000_000 + b"\r\n\r\nx", "a.eml", {"", "DocumentTooHeavy", "DocumentDamaged"}),
    "page of 40,000 levels": (lambda: b"<html>" + b"<div>" * 40_000 + b"x", "a.html", {"", "DocumentTooHeavy"}),
    "one line of 20 MB": (lambda: b"|:-" * 7_000_000 + b"x", "a.md", {"", "DocumentTooHeavy"}),
    "cell of 10 MB": (lambda: b'a,"' + b"x" * 10_000_000 + b'"\n', "a.csv", {""}),
}  # fmt: skip


@pytest.mark.parametrize("case", list(REFUSED))
async def test_a_hostile_file_ends_in_a_clear_word_within_the_limits(case: str) -> None:
    make, name, words = REFUSED[case]
    own_before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    content = make()
    made = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    result = await outcome(content, name)
    guarded = resource.getrusage(resource.RUSAGE_SELF).ru_utime - made
    assert result.code in words, (result.code, result.document and result.document.title)
    assert result.cpu < CPU
    assert result.peak < GB
    assert guarded < 10, f"the worker itself spent {guarded:.1f} s ({made - own_before:.1f} s to make the file)"
    if result.refusal:
        assert len(result.refusal.message) > 15
        assert "secret" not in result.refusal.message
    assert (await read_document(b"still here", "a.txt")).blocks[0].text == "still here"


async def test_secrets_of_the_machine_do_not_come_in_through_a_document() -> None:
    raw = docx(p("&xxe;"), prolog=XXE)
    svg = b"<html><svg><!DOCTYPE x [<!ENTITY xxe SYSTEM 'file:///etc/passwd'>]><text>&xxe;</text></svg><p>ok</p></html>"
    for content, name in (
        (raw, "a.docx"),
        (svg, "a.html"),
        (b"<?xml version='1.0'?>" + XXE.encode() + b"<svg>&xxe;</svg>", "a.svg"),
    ):
        result = await outcome(content, name)
        assert "root:" not in str(result.document)


async def test_a_polyglot_is_what_its_content_says_and_nothing_runs() -> None:
    office = docx(p("words"))
    assert (await outcome(b"%PDF-1.7\n" + office, "a.docx")).code == "DocumentDamaged"
    page = await read_document(b"<html><script>alert(1)</script><p>words</p>", "a.pdf")
    assert page.media_type == "text/html"
    assert [b.text for b in page.blocks] == ["words"]
    assert (await read_document(office, "a.pdf")).blocks[0].text == "words"
    assert (await read_document(b"MZ is how this note begins", "a.txt")).blocks[0].text.startswith("MZ is")


async def test_macros_are_said_and_not_run() -> None:
    document = await read_document(docx(p("words"), {"word/vbaProject.bin": OLE}), "a.docx")
    assert document.warnings == ("The file holds macros. They were not run and not read.",)


async def test_a_pdf_with_scripts_and_a_huge_page_is_only_text() -> None:
    content = pdf(
        "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 2000000000 2000000000] /Contents 4 0 R "
        "/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        "<< /Length 40 >>\nstream\nBT /F 12 Tf 10 10 Td (Plain words) Tj ET    \nendstream",
    )  # fmt: skip
    result = await outcome(content, "a.pdf")
    assert result.document
    assert [b.text for b in result.document.blocks] == ["Plain words"]
    assert result.peak < GB


@pytest.mark.slow
async def test_ten_thousand_pages_are_read_or_refused_within_the_limits() -> None:
    kids = " ".join(f"{n} 0 R" for n in range(5, 10_005))
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 3 0 R /Resources << /Font << /F 4 0 R >> >> >>"
    content = pdf(
        "<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count 10000 >>",
        "<< /Length 38 >>\nstream\nBT /F 12 Tf 10 50 Td (Some words) Tj ET\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", *[page] * 10_000,
    )  # fmt: skip
    result = await outcome(content, "a.pdf")
    assert result.code in ("", "DocumentTooHeavy")
    assert result.cpu < CPU
    assert result.peak < GB
    if result.document:
        assert result.document.pages == 10_000


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\0b.txt", "C:\\x.txt", "-rf.txt", "é\u202e.txt", "", "x" * 5000,
                                  "\udcff.txt", "a\nb.txt", "--memory=1"])  # fmt: skip
async def test_any_name_is_only_a_name(name: str) -> None:
    document = await read_document(b"words", name)
    assert document.blocks[0].text == "words"
    assert "\0" not in document.title


async def test_the_limits_hold_in_the_child() -> None:
    big = docx(p("word " * 20) * 60_000)
    with pytest.raises(DocumentTooHeavy):
        await read_document(big, "a.docx", limits=Limits(cpu_seconds=1))
    with pytest.raises(DocumentTooHeavy):
        await read_document(big, "a.docx", limits=Limits(memory=120_000_000))
    with pytest.raises(DocumentTooHeavy):
        await read_document(b"x" * 20_000, "a.txt", limits=Limits(output=10_000))
    with pytest.raises(DocumentTooHeavy):
        await read_document(big, "a.docx", limits=Limits(wall_seconds=0.05))


async def test_a_child_killed_midway_is_a_clear_word_and_leaves_nothing_behind() -> None:
    big = docx(p("word " * 20) * 60_000)
    reading = asyncio.create_task(read_document(big, "a.docx"))
    child = None
    while child is None:
        await asyncio.sleep(0.02)
        child = next(iter(_children("colleague.kit.documents.child")), None)
    os.kill(child, signal.SIGKILL)
    with pytest.raises(DocumentTooHeavy):
        await reading
    leaving = asyncio.create_task(read_document(big, "a.docx"))
    while not _children("colleague.kit.documents.child"):
        assert not leaving.done()
        await asyncio.sleep(0.02)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert _children("colleague.kit.documents.child") == []


def _children(module: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if (
                entry.name.isdecimal()
                and module in line
                and f"PPid:\t{os.getpid()}\n" in (entry / "status").read_text()
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


async def test_many_at_once_use_two_children() -> None:
    results = await asyncio.gather(*(read_document(b"words %d" % n, "a.txt") for n in range(6)))
    assert [r.blocks[0].text for r in results] == [f"words {n}" for n in range(6)]


def test_readers_work_in_one_event_loop_after_another() -> None:
    async def several() -> None:
        await asyncio.gather(*(read_document(b"x", "a.txt") for _ in range(3)))

    asyncio.run(several())
    asyncio.run(several())


HEADS = [
    b"",
    b"%PDF-1.4\n",
    b"PK\x03\x04",
    OLE,
    b"<html>",
    b"From: a@b.example\n",
    b"\xff\xfe",
    b"# x\n",
    b"\xef\xbb\xbf",
]
WHOLE = [docx(p("words")), xlsx(ROW.format("")), pages_loop(), form_loop()]
NAMES = ["a.txt", "a.csv", "a.md", "a.eml", "a.msg", "a.html", "a.pdf", "a"]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    head=st.sampled_from(HEADS), body=st.binary(max_size=3000), name=st.sampled_from(NAMES),
    whole=st.sampled_from([None, *WHOLE]), place=st.integers(0, 10_000), cut=st.integers(0, 10_000),
)  # fmt: skip
def test_any_bytes_end_in_a_document_or_a_clear_word(
    head: bytes, body: bytes, name: str, whole: bytes | None, place: int, cut: int
) -> None:
    content = head + body
    if whole is not None:
        at = place % len(whole)
        content = (whole[:at] + body[:40] + whole[at + min(len(body), 40) :])[: len(whole) - cut % 50]

    words: list[str] = []

    async def work() -> None:
        try:
            document = await read_document(content, name)
        except ReaderUnavailable:
            raise
        except Failure as failure:
            words.append(failure.message)
        else:
            text = str(document.to_json())
            text.encode()
            assert "\x00" not in text

    asyncio.run(work())
    assert all(words)


@pytest.mark.parametrize("name", ["a.csv", "a.md", "a.txt", "a.html", "a.eml"])
async def test_texts_with_control_characters_come_out_clean(name: str) -> None:
    content = b"From: x@y.example\n\n" + b"word \\u0000 here\n" * 700 + b"odd \x00\x01\x1b[2J end\n"
    document = await read_document(content, name)
    text = "".join(b.text + "".join("".join(r) for r in b.rows) for b in document.blocks)
    assert not any(ord(c) < 32 and c not in "\n\t" for c in text)
    assert "\\u0000 here" in text.replace("\\\\", "\\")
    assert "odd" in text


def test_the_reader_says_so_where_the_child_cannot_be_confined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 'unconfined: Operation not permitted' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    with pytest.raises(ReaderUnavailable, match="cannot be read safely on this machine: Operation not permitted"):
        asyncio.run(read_document(b"x", "a.txt"))


def test_a_child_that_floods_or_lies_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec cat /dev/zero\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    with pytest.raises(DocumentTooHeavy):
        asyncio.run(read_document(b"x", "a.txt", limits=Limits(output=5_000_000)))
    program.write_text("#!/bin/sh\necho '{\"blocks\": 7}'\n")
    with pytest.raises(DocumentDamaged):
        asyncio.run(read_document(b"x", "a.txt"))
