"""One tree of files, walked so that nothing leads out of it: every step is opened without following links.

Hidden names (a leading dot) do not exist here; so our own history in `.colleague` is out of reach too.
"""

import contextlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from colleague.connectors.connector import BadArguments, NotReachable, ToolFailed
from colleague.kit.errors import Invalid

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FileTooLarge(Invalid):
    """The file is larger than {limit} MB."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder in a listing. `kind` is file or folder."""

    name: str
    kind: str
    size: int
    changed_ns: int
    inode: int


def parts_of(path: str) -> tuple[str, ...]:
    """Split a path as a model wrote it; NotReachable for `..` and hidden names, BadArguments for what no path is."""
    if len(path) > 1000 or any(unicodedata.category(c) in ("Cc", "Cs") for c in path):
        raise BadArguments("A path has at most 1,000 characters and no control characters.")
    parts = tuple(p for p in path.split("/") if p not in ("", "."))
    if any(p.startswith(".") for p in parts):
        raise NotReachable
    if any(len(os.fsencode(p)) > 255 for p in parts):
        raise BadArguments("A name in this path is longer than 255 bytes.")
    return parts


@contextmanager
def named_errors() -> Iterator[None]:
    """Turn what the system says into our refusals."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        raise NotReachable from None
    except OSError as error:
        # ELOOP: a symbolic link stands in the way. It may lead outside, so it leads nowhere.
        if error.errno in (40, 62):
            raise NotReachable from None
        raise ToolFailed(f"The folder does not answer properly ({os.strerror(error.errno or 0)}).") from None


@contextmanager
def open_folder(root: Path, parts: tuple[str, ...], *, make: bool = False) -> Iterator[int]:
    """Give a descriptor of the folder `parts` under `root`; `make` creates what is missing."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o700 if part.startswith(".") else 0o770, dir_fd=descriptor)
            deeper = os.open(part, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = deeper
        yield descriptor
    finally:
        os.close(descriptor)


def list_folder(root: Path, parts: tuple[str, ...], *, limit: int = 1000) -> list[Entry]:
    """Return files and folders of one folder by name, without hidden ones, links and special files."""
    found = []
    with named_errors(), open_folder(root, parts) as folder, os.scandir(folder) as entries:
        for entry in entries:
            # Names that are no text cannot be spoken of, so they are not listed.
            if entry.name.startswith(".") or not _speakable(entry.name):
                continue
            try:
                facts = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            kind = "folder" if stat.S_ISDIR(facts.st_mode) else "file" if stat.S_ISREG(facts.st_mode) else ""
            if kind:
                size = facts.st_size if kind == "file" else 0
                found.append(Entry(entry.name, kind, size, facts.st_mtime_ns, facts.st_ino))
    found.sort(key=lambda e: (e.kind == "file", e.name.casefold()))
    return found[:limit]


def _speakable(name: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cs") for c in name)


def read_file(root: Path, parts: tuple[str, ...], *, limit: int) -> bytes:
    """Return the bytes of a regular file; NotReachable if there is none, FileTooLarge above `limit` bytes."""
    if not parts:
        raise NotReachable
    with named_errors(), open_folder(root, parts[:-1]) as folder:
        if not stat.S_ISREG(os.stat(parts[-1], dir_fd=folder, follow_symlinks=False).st_mode):
            raise NotReachable
        descriptor = os.open(parts[-1], _FILE, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as file:
            # Looked at again on the open file: it may have been exchanged between the two steps.
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise NotReachable
            if facts.st_size > limit:
                raise FileTooLarge(limit=limit // 1_000_000)
            content = b""
            while len(content) <= limit and (more := file.read(min(limit + 1 - len(content), 1 << 24))):
                content += more
    if len(content) > limit:
        raise FileTooLarge(limit=limit // 1_000_000)
    return content


def find_file(root: Path, parts: tuple[str, ...], *, limit: int) -> bytes | None:
    """Return the bytes of a regular file, or None if there is none."""
    try:
        return read_file(root, parts, limit=limit)
    except NotReachable:
        return None


def find_entry(root: Path, parts: tuple[str, ...]) -> Entry | None:
    """Return what `parts` names, a file or a folder; None if there is neither (or a link stands there)."""
    if not parts:
        return Entry("", "folder", 0, 0, 0)
    try:
        with named_errors(), open_folder(root, parts[:-1]) as folder:
            facts = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
    except NotReachable:
        return None
    kind = "folder" if stat.S_ISDIR(facts.st_mode) else "file" if stat.S_ISREG(facts.st_mode) else ""
    size = facts.st_size if kind == "file" else 0
    return Entry(parts[-1], kind, size, facts.st_mtime_ns, facts.st_ino) if kind else None
