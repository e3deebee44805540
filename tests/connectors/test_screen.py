"""CN-7: what is blocked stays blocked when it is renamed, wrapped, embedded or spelt differently; what cannot be judged
is refused; nothing is unpacked without bounds."""

import bz2
import gzip
import io
import lzma
import tarfile
import time
import zipfile
from email.message import EmailMessage

import pytest
from docx import Document

from colleague.connectors.screen import SHIPPED, BlockedPath, BlockedType, NotInspectable, blocked_by, screen
from colleague.kit.documents.guard import DocumentBomb, guard
from colleague.kit.documents.sniff import sniff
from colleague.policy.model import Governance

PE = b"MZ\x90\x00" + b"\0" * 56 + (128).to_bytes(4, "little") + b"\0" * 64 + b"PE\0\0" + b"\0" * 400
ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 60


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return box.getvalue()


def tarred(*members: tuple[str, bytes], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> bytes:
    box = io.BytesIO()
    with tarfile.open(fileobj=box, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return box.getvalue()


def old_tar(name: str, content: bytes) -> bytes:
    """Return a tar of before POSIX: without the word that tells its kind."""
    box = bytearray(tarred((name, content), form=tarfile.USTAR_FORMAT))
    box[257:265] = b"\0" * 8
    box[148:156] = b" " * 8
    box[148:156] = f"{sum(box[:512]):06o}\0 ".encode()
    return bytes(box)


def mailed(name: str, content: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@x.example", "b@x.example", "See this"
    mail.set_content("Look.")
    mail.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return bytes(mail)


def ole(**streams: bytes) -> bytes:
    """Return an OLE container with one stream each, of at least 4,096 bytes (MS-CFB, version 3)."""
    sector = 512
    padded = {n: s + b"\0" * (max(4096, -(-len(s) // sector) * sector) - len(s)) for n, s in streams.items()}
    chains, data, at = [], b"", 2
    for content in padded.values():
        count = len(content) // sector
        chains.append((at, count))
        data += content
        at += count
    fat = [0xFFFFFFFD, 0xFFFFFFFE]
    for start, count in chains:
        fat += [*range(start + 1, start + count), 0xFFFFFFFE]
    assert len(fat) <= 128
    fat += [0xFFFFFFFF] * (128 - len(fat))

    def entry(name: str, kind: int, start: int, size: int, child: int = -1, right: int = -1) -> bytes:
        raw = name.encode("utf-16-le")
        left = (-1).to_bytes(4, "little", signed=True)
        links = left + right.to_bytes(4, "little", signed=True) + child.to_bytes(4, "little", signed=True)
        head = raw.ljust(64, b"\0") + (len(raw) + 2).to_bytes(2, "little") + bytes([kind, 1]) + links
        return head + b"\0" * 36 + start.to_bytes(4, "little") + size.to_bytes(8, "little")

    names = list(padded)
    folder = entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1)
    for n, (name, (start, _)) in enumerate(zip(names, chains, strict=True), 1):
        folder += entry(name, 2, start, len(padded[name]), right=n + 1 if n < len(names) else -1)
    folder = folder.ljust(sector, b"\0")[:sector]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + (0x3E).to_bytes(2, "little") + (3).to_bytes(2, "little")
    header += b"\xfe\xff" + (9).to_bytes(2, "little") + (6).to_bytes(2, "little") + b"\0" * 6
    header += (0).to_bytes(4, "little") + (1).to_bytes(4, "little") + (1).to_bytes(4, "little") + b"\0" * 4
    header += (4096).to_bytes(4, "little") + b"\xfe\xff\xff\xff" + b"\0" * 4 + b"\xfe\xff\xff\xff" + b"\0" * 4
    header += (0).to_bytes(4, "little") + b"\xff" * (108 * 4)
    return header + b"".join(v.to_bytes(4, "little") for v in fat) + folder + data


def package(name: str, content: bytes) -> bytes:
    """Return what Word writes for «insert object, create from file»."""
    label = name.encode() + b"\0"
    body = b"\x02\0" + label + b"C:\\" + label + b"\0\0\x03\0" + len(label).to_bytes(4, "little") + label
    body += len(content).to_bytes(4, "little") + content
    return len(body).to_bytes(4, "little") + body


def with_object(content: bytes) -> bytes:
    """Return a Word file with an embedded object."""
    box = io.BytesIO()
    document = Document()
    document.add_paragraph("See the object.")
    document.save(box)
    with zipfile.ZipFile(box, "a") as archive:
        archive.writestr("word/embeddings/oleObject1.bin", content)
    return box.getvalue()


PROGRAMS = {
    "renamed": PE,
    "a linux program": ELF,
    "in a zip": zipped(("readme.txt", PE)),
    "zip in zip": zipped(("a.pdf", zipped(("b.docx", ELF)))),
    "zip behind other bytes": b"%PDF-1.7\n" + b"x" * 5000 + zipped(("a", PE)),
    "in a tar": tarred(("a.pdf", PE)),
    "in an old tar": old_tar("a.pdf", PE),
    "in a tar.gz": tarred(("a.pdf", PE), mode="w:gz"),
    "tar in zip": zipped(("x", tarred(("y", ELF)))),
    "gzip": gzip.compress(PE),
    "bzip2": bz2.compress(PE),
    "xz": lzma.compress(PE),
    "lzma": lzma.compress(PE, lzma.FORMAT_ALONE),
    "attached to a mail": mailed("invoice.pdf", PE),
    "mail in a zip": zipped(("m.txt", mailed("a.pdf", ELF))),
    "object in a Word file": with_object(ole(**{"\x01Ole10Native": package("a.txt", PE)})),
    "stream of an old office file": ole(WordDocument=b"x" * 5000, Data=PE),
}


@pytest.mark.parametrize("content", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_program_is_found_whatever_it_is_called_or_wrapped_in(content: bytes) -> None:
    for name in ("invoice.pdf", "INVOICE.PDF.", "note.txt", "x"):
        with pytest.raises((BlockedType, NotInspectable)) as refused:
            screen(name, content)
        assert "rule blocked-type" in refused.value.message
        assert refused.value.rule == "blocked-type"


@pytest.mark.parametrize("name", ["renamed", "zip in zip", "tar in zip", "object in a Word file", "attached to a mail"])
def test_and_named_as_what_it_is(name: str) -> None:
    with pytest.raises(BlockedType):
        screen("a.pdf", PROGRAMS[name])


def test_what_is_harmless_passes() -> None:
    harmless = {
        "plain": b"Just words.", "zip": zipped(("a/b.txt", b"words"), ("c.csv", b"1,2")), "docx": with_object(b"words"),
        "object": with_object(ole(**{"\x01Ole10Native": package("prices.csv", b"a,b" * 2000)})),
        "mail": mailed("a.csv", b"a,b"), "tar": tarred(("a.txt", b"words"), mode="w:gz"), "empty": b"",
        "pdf": b"%PDF-1.7\n" + b"words " * 900, "nested": zipped(("a.zip", zipped(("b.zip", zipped(("c", b"x")))))),
    }  # fmt: skip
    for name, content in harmless.items():
        screen(name, content)


def locked() -> bytes:
    content = bytearray(zipped(("a.txt", b"words"), method=zipfile.ZIP_STORED))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


DARK = {
    "encrypted zip": locked(),
    "encrypted zip in a zip": zipped(("a.zip", locked())),
    "broken zip": b"PK\x03\x04broken",
    "rar": b"Rar!\x1a\x07\x01\x00" + b"\0" * 40,
    "7z": b"7z\xbc\xaf\x27\x1c" + b"\0" * 40,
    "rar in a zip": zipped(("a.txt", b"Rar!\x1a\x07\x01\x00" + b"\0" * 40)),
    "protected office file": ole(EncryptedPackage=b"x" * 5000),
    "broken office container": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "cut gzip": gzip.compress(b"words" * 900)[:30],
    "five deep": zipped(("1", zipped(("2", zipped(("3", zipped(("4", zipped(("5", b"x")))))))))),
}


@pytest.mark.parametrize("content", DARK.values(), ids=DARK.keys())
def test_what_cannot_be_judged_is_refused(content: bytes) -> None:
    with pytest.raises(NotInspectable, match="rule blocked-type"):
        screen("a.zip", content)


def test_bombs_are_bounded() -> None:
    layer = zipped(("z", b"\0" * 30_000_000))
    bombs = (
        zipped(*((f"{n}.zip", layer) for n in range(40))), gzip.compress(b"\0" * 450_000_000, 1),
        zipped(*((f"{n}", b"") for n in range(6000))), tarred(*((f"{n}", b"") for n in range(6000))),
    )  # fmt: skip
    for bomb in bombs:
        started = time.process_time()
        with pytest.raises(NotInspectable):
            screen("a.zip", bomb)
        assert time.process_time() - started < 10


def test_a_list_of_entries_that_alone_is_a_bomb_is_not_read() -> None:
    entry = b"PK\x01\x02" + bytes(24) + b"\x01" + bytes(17) + b"a"
    size = (len(entry) * 300_000).to_bytes(4, "little")
    content = b"PK\x03\x04" + entry * 300_000 + b"PK\x05\x06" + bytes(8) + size + b"\x04\x00\x00\x00\x00\x00"
    started = time.process_time()
    with pytest.raises(NotInspectable, match="more than 5,000 entries"):
        screen("a.zip", content)
    with pytest.raises(DocumentBomb, match="300,000 parts"):
        guard(content, sniff(content, "a.zip"))
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "path",
    [
        "keys/server.pem", "keys/SERVER.PEM", "keys/server.pem.", "keys/server.pem ", "keys/server.pem::$DATA",
        "keys\\server.pem", "keys/ser\u200bver.p\u200bem", "keys/server.\uff50\uff45\uff4d", "./keys//server.pem",
        "keys/../other/server.pem", "a/.ssh/id", "a/.SSH/x/y", "a/.ssh./id", "a/.s\u00adsh/id", "a\\.git\\config",
        "keys/server.pem\u202e", "keys/server.pem/", "x/.env", "x/.ENV.local", "keys/server.pem. . ",
    ],
)  # fmt: skip
def test_a_blocked_path_is_blocked_however_it_is_spelt(path: str) -> None:
    with pytest.raises(BlockedPath, match="rule blocked-path"):
        screen(path)
    for content in (zipped((path, b"x")), tarred((path, b"x")), zipped(("in.zip", zipped((path, b"x"))))):
        with pytest.raises(BlockedPath):
            screen("a.zip", content)


def test_names_inside_mails_objects_and_compressed_files_count() -> None:
    for name, content in (
        ("m.eml", mailed("server.key", b"x")), ("server.pem.gz", gzip.compress(b"x")),
        ("a.docx", with_object(ole(**{"\x01Ole10Native": package("server.key", b"x" * 900)}))),
    ):  # fmt: skip
        with pytest.raises(BlockedPath):
            screen(name, content)


def test_other_paths_are_let_through() -> None:
    for path in ("a/environment.md", "ssh/notes", "Bids/Note: the .pem question.md", "..", ".", "", "a/b.pem.txt"):
        assert blocked_by(path, SHIPPED.paths) is None, path


def test_the_organisations_lists_are_added_and_never_replace_what_ships() -> None:
    blocked = SHIPPED.of(Governance(blocked_paths=("**/Payroll/**",), blocked_types=("application/pdf",)))
    with pytest.raises(BlockedPath):
        screen("x/payroll/all.csv", blocked=blocked)
    with pytest.raises(BlockedType):
        screen("a.txt", zipped(("a", b"%PDF-1.7\nx")), blocked=blocked)
    with pytest.raises(BlockedType):
        screen("a.txt", PE, blocked=blocked)
