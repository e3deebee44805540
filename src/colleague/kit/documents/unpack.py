"""What a file wraps: the members of archives, attachments of mails, objects embedded in office files. Bounded.

Nothing is written to the disk, and nothing is unpacked beyond the budget, however often archives are nested.
"""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from typing import IO, Any

import olefile

from colleague.kit.documents.sniff import EML, OLE, ZIP, entries_listed, sniff

# Head: enough to tell a kind. Tail: where a zip that hides behind something else has its end record.
HEAD, TAIL, CHUNK = 4096, 66_000, 1 << 16
LOCKED = "it is protected with a password: save it without protection first"
GZIP, BZIP, XZ, TAR = "application/gzip", "application/x-bzip2", "application/x-xz", "application/x-tar"
ARCHIVES = frozenset({ZIP, GZIP, BZIP, XZ, TAR})
# Archives that nothing here can look into.
_CLOSED = {
    "application/vnd.rar": "a rar archive", "application/x-7z-compressed": "a 7z archive",
    "application/zstd": "a zstd archive", "application/vnd.ms-cab-compressed": "a cab archive",
    "application/x-iso9660-image": "a disk image", "application/x-lha": "an lzh archive",
}  # fmt: skip
_MAGIC = (
    (b"MZ", "application/x-msdownload"), (b"\x7fELF", "application/x-executable"),
    (b"\xfe\xed\xfa\xce", "application/x-executable"), (b"\xfe\xed\xfa\xcf", "application/x-executable"),
    (b"\xce\xfa\xed\xfe", "application/x-executable"), (b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/x-executable"), (b"\x00asm", "application/x-executable"),
    (b"#!", "text/x-script"), (b"%PDF-", "application/pdf"), (b"PK\x03\x04", ZIP), (b"PK\x05\x06", ZIP),
    (b"PK\x07\x08", ZIP), (b"\x1f\x8b", GZIP), (b"BZh", BZIP), (b"\xfd7zXZ\x00", XZ), (b"]\x00\x00", XZ),
    (b"Rar!", "application/vnd.rar"), (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"), (b"MSCF", "application/vnd.ms-cab-compressed"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
)  # fmt: skip
_NOT_TO_BE_UNPACKED = (
    zipfile.BadZipFile, tarfile.TarError, NotImplementedError, RuntimeError, OSError, ValueError, EOFError, zlib.error,
    lzma.LZMAError, KeyError, IndexError, TypeError, AttributeError, LookupError,
)  # fmt: skip


class Unjudged(Exception):
    """It cannot be said what is in there; the text says why."""


@dataclass
class Budget:
    """What may still be unpacked from one file: members, and bytes that are read or held."""

    members: int = 5_000
    bytes: int = 400_000_000
    held: int = 60_000_000

    def member(self) -> None:
        """Count one more member."""
        self.members -= 1
        if self.members < 0:
            raise Unjudged("more than 5,000 entries")

    def read(self, number: int, *, hold: bool = False) -> None:
        """Count bytes that were read; Unjudged when there are too many."""
        self.bytes -= number
        self.held -= number if hold else 0
        if self.bytes < 0 or self.held < 0:
            raise Unjudged("too much in it")


def kind_of(content: bytes) -> str:
    """Return the media type told by the bytes; `text/plain` or `application/octet-stream` if they say nothing."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            # ET_DYN is a library and a modern executable alike: both are blocked, so the stricter word does.
            return "application/x-sharedlib" if kind.endswith("executable") and content[16:18] == b"\x03\x00" else kind
    if content[257:262] == b"ustar":
        return TAR
    if content[2:5] in (b"-lh", b"-lz"):
        return "application/x-lha"
    if content[32769:32774] == b"CD001":
        return "application/x-iso9660-image"
    return "application/octet-stream" if b"\x00" in content[:2000] else "text/plain"


def unpack(content: bytes, name: str, budget: Budget) -> Iterator[tuple[str, bytes | None]]:
    """Give (path, content) of everything that `content` wraps; None for a folder. Raises Unjudged."""
    kind = kind_of(content)
    if kind in _CLOSED:
        raise Unjudged(_CLOSED[kind])
    try:
        if kind == ZIP or b"PK\x05\x06" in content[-TAIL:]:
            yield from _zip(content, budget, surely=kind == ZIP)
        if kind == TAR or (kind == "application/octet-stream" and tarfile.is_tarfile(io.BytesIO(content))):
            yield from _tar(content, budget)
        elif kind in (GZIP, BZIP, XZ):
            yield _inner_name(name), _packed(content, kind, budget)
        elif kind == OLE:
            yield from _ole(content, budget)
        elif kind == "text/plain" and sniff(content, name) == EML:
            yield from _mail(content, budget)
    except _NOT_TO_BE_UNPACKED as fault:
        raise Unjudged(LOCKED if "encrypted" in str(fault) else "it is damaged") from None


def _zip(content: bytes, budget: Budget, *, surely: bool) -> Iterator[tuple[str, bytes | None]]:
    if not zipfile.is_zipfile(io.BytesIO(content)):
        if surely:
            raise Unjudged("it is damaged")
        return
    # Counted before the list is read: one of millions of entries costs minutes and gigabytes.
    if entries_listed(content) > budget.members:
        raise Unjudged("more than 5,000 entries")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            budget.member()
            if entry.flag_bits & 1:
                raise Unjudged(LOCKED)
            if entry.is_dir():
                yield entry.filename, None
                continue
            with archive.open(entry) as inner:
                yield entry.filename, _held(inner, budget)


def _tar(content: bytes, budget: Budget) -> Iterator[tuple[str, bytes | None]]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for entry in archive:
            budget.member()
            inner = archive.extractfile(entry) if entry.isfile() else None
            yield entry.name, _held(inner, budget) if inner is not None else None


def _packed(content: bytes, kind: str, budget: Budget) -> bytes:
    made: dict[str, Any] = {GZIP: gzip.open, BZIP: bz2.open, XZ: lzma.open}
    with made[kind](io.BytesIO(content)) as inner:
        return _held(inner, budget)


def _inner_name(name: str) -> str:
    """Return the name of what a single compressed file holds: a.pem.gz → a.pem."""
    return re.sub(r"\.(gz|bz2|xz|lzma|z)$", "", name.rpartition("/")[2], flags=re.IGNORECASE) or "content"


def _held(stream: IO[bytes], budget: Budget) -> bytes:
    """Return the member whole if it may wrap something; else its beginning and end, which tell its kind."""
    head = stream.read(HEAD * 9)
    budget.read(len(head))
    kind = kind_of(head)
    whole = kind in ARCHIVES or kind == OLE or (kind == "text/plain" and sniff(head, "") == EML)
    chunks, tail = [head], head[-TAIL:]
    while chunk := stream.read(CHUNK):
        budget.read(len(chunk), hold=whole)
        if whole:
            chunks.append(chunk)
        else:
            tail = (tail + chunk)[-TAIL:]
    if whole:
        return b"".join(chunks)
    if b"PK\x05\x06" in tail:
        raise Unjudged("an archive hides in one of its entries")
    return head


def _mail(content: bytes, budget: Budget) -> Iterator[tuple[str, bytes | None]]:
    for part in message_from_bytes(content, policy=default).walk():
        budget.member()
        if part.is_multipart():
            continue
        held = part.get_payload(decode=True)
        if isinstance(held, bytes):
            budget.read(len(held), hold=True)
            yield str(part.get_filename() or ""), held


def _ole(content: bytes, budget: Budget) -> Iterator[tuple[str, bytes | None]]:
    """Give the streams of an OLE container, and the file that a packaged object holds under its own name."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise Unjudged(LOCKED)
    made: Any = olefile.OleFileIO  # type: ignore[no-untyped-call, unused-ignore]
    with made(io.BytesIO(content)) as container:
        for way in container.listdir(streams=True, storages=False):
            budget.member()
            with container.openstream(way) as stream:
                held = stream.read()
            budget.read(len(held), hold=True)
            if way[-1] == "\x01Ole10Native":
                yield from _package(held)
            elif way[-1].startswith(("__substg1.0_3707", "__substg1.0_3704")):
                yield held.decode("utf-16-le" if way[-1].endswith("001F") else "latin-1", "replace").strip("\0"), None
            else:
                yield "", held


def _package(held: bytes) -> Iterator[tuple[str, bytes | None]]:
    """Give the file in an «OLE package» (MS-OLEDS 2.3.6: size, flags, label, path, …, size, data)."""
    label, _, rest = held[6:].partition(b"\0")
    path = rest.partition(b"\0")[0]
    for name in {label, path}:
        yield name.decode("latin-1"), None
    for position in range(6, min(len(held) - 4, 3000)):
        size = int.from_bytes(held[position : position + 4], "little")
        if 0 < size <= len(held) - position - 4 and size >= (len(held) - position - 4) // 2:
            yield "", held[position + 4 : position + 4 + size]
    for found in re.finditer(rb"MZ|\x7fELF", held):
        at = found.start()
        lfanew = int.from_bytes(held[at + 60 : at + 64], "little")
        if held[at : at + 4] == b"\x7fELF" or held[at + lfanew : at + lfanew + 4] == b"PE\0\0":
            yield "", held[at:]
