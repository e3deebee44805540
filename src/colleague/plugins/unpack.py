"""From a folder, an archive or single files to paths with contents: bounded, no links, nothing outside."""

import io
import os
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from colleague.kit.errors import Invalid
from colleague.plugins.model import Notice

MOST_BYTES, MOST_FILES, RATIO = 256 << 20, 5000, 200
_SMALL, _PATH_LIMIT, _DIRECTORY_LIMIT = 1_000_000, 400, 4_000_000
_JUNK: Final = frozenset({"__MACOSX", ".git", ".hg", ".svn", "__pycache__", "node_modules", ".DS_Store", "Thumbs.db"})
_MARKERS: Final = frozenset({"SKILL.md", "skills", "commands", ".claude-plugin", "plugin.json"})


class BadPackage(Invalid):
    """This cannot be read as a skill or plugin: {why}"""


def clean_path(name: str) -> str:
    """Return the path of an entry inside its package; "" for what is left out. BadPackage for one that leads out."""
    if "\x00" in name or "\\" in name or name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        raise BadPackage(why=f"the path «{_shown(name)}» leads out of it.")
    parts = [p for p in unicodedata.normalize("NFC", name).split("/") if p not in ("", ".")]
    if ".." in parts:
        raise BadPackage(why=f"the path «{_shown(name)}» leads out of it.")
    if any(unicodedata.category(c)[0] == "C" for c in name):
        raise BadPackage(why=f"the path «{_shown(name)}» has characters that cannot be seen.")
    path = "/".join(parts)
    if len(path) > _PATH_LIMIT:
        raise BadPackage(why="a path in it is longer than 400 characters.")
    return "" if any(part in _JUNK for part in parts) else path


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)[:80]


class _Files:
    """What is collected, with the limits kept."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._folded: set[str] = set()
        self._size = 0

    def room(self) -> int:
        return MOST_BYTES - self._size

    def add(self, path: str, content: bytes) -> None:
        if path.casefold() in self._folded:
            raise BadPackage(why=f"«{_shown(path)}» is in it twice.")
        self._folded.add(path.casefold())
        self.files[path] = content
        self._size += len(content)
        if self._size > MOST_BYTES:
            raise BadPackage(why="it holds more than 256 MiB.")
        if len(self.files) > MOST_FILES:
            raise BadPackage(why="it holds more than 5,000 files.")


def read_archive(content: bytes) -> tuple[dict[str, bytes], list[Notice]]:
    """Return the files of a zip; links are left out with a notice. BadPackage for bombs, traversal, broken archives."""
    _check_directory(content)
    collected, notices = _Files(), []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(not e.is_dir() for e in entries) > MOST_FILES:
                raise BadPackage(why="it holds more than 5,000 files.")
            if sum(e.file_size for e in entries) > MOST_BYTES:
                raise BadPackage(why="it holds more than 256 MiB.")
            for entry in entries:
                path = clean_path(entry.filename)
                if not path or entry.is_dir():
                    continue
                if stat.S_ISLNK(entry.external_attr >> 16):
                    notices.append(Notice("link", "A link was left out.", path))
                    continue
                if entry.flag_bits & 1:
                    raise BadPackage(why="it is encrypted.")
                collected.add(path, _inflate(archive, entry, collected.room()))
    except BadPackage:
        raise
    except Exception as error:
        # zipfile raises a dozen kinds for broken archives; none of them says more to a person than this.
        raise BadPackage(why="it is no readable zip archive.") from error
    return _rooted(collected.files), notices


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> bytes:
    """Read one entry, never more than there is room for; what an entry says of its size is not believed."""
    with archive.open(entry) as file:
        content = file.read(room + 1)
    if len(content) > room:
        raise BadPackage(why="it holds more than 256 MiB.")
    if len(content) > _SMALL and len(content) > RATIO * max(entry.compress_size, 1):
        raise BadPackage(why=f"«{_shown(entry.filename)}» unfolds to over {RATIO} times its size.")
    return content


def _check_directory(content: bytes) -> None:
    """Refuse an archive whose directory alone would take much memory, before it is read."""
    end = content.rfind(b"PK\x05\x06", max(0, len(content) - 65_557))
    if end < 0 or len(content) - end < 22:
        raise BadPackage(why="it is no readable zip archive.")
    (size,) = struct.unpack_from("<I", content, end + 12)
    if size > _DIRECTORY_LIMIT or content[max(0, end - 20) : end].startswith(b"PK\x06\x07"):
        raise BadPackage(why="it holds more than 5,000 files.")


def read_folder(folder: Path) -> tuple[dict[str, bytes], list[Notice]]:
    """Return the files of a folder. A link is followed only to a plain file inside; BadPackage past the limits."""
    root = folder.resolve()
    if not root.is_dir():
        raise BadPackage(why="there is no such folder.")
    collected, notices = _Files(), []
    for here, folders, names in os.walk(root, followlinks=False):
        for name in list(folders):
            if name in _JUNK:
                folders.remove(name)
            elif (Path(here) / name).is_symlink():
                folders.remove(name)
                notices.append(Notice("link", "A link to a folder was left out.", f"{name}/"))
        folders.sort()
        for name in sorted(names):
            file = Path(here) / name
            path = clean_path(file.relative_to(root).as_posix())
            if not path:
                continue
            target = file.resolve()
            if not target.is_relative_to(root) or not target.is_file():
                notices.append(Notice("link", "A link that leaves the folder, or no plain file: left out.", path))
                continue
            collected.add(path, _read(target, collected.room()))
    return collected.files, notices


def _read(file: Path, room: int) -> bytes:
    place = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(place, "rb") as opened:
        content = opened.read(room + 1)
    if len(content) > room:
        raise BadPackage(why="it holds more than 256 MiB.")
    return content


def read_files(given: Iterable[tuple[str, bytes]]) -> tuple[dict[str, bytes], list[Notice]]:
    """Return files that a browser sent by (relative path, content)."""
    collected = _Files()
    for name, content in given:
        if path := clean_path(name):
            collected.add(path, content)
    return _rooted(collected.files), []


def _rooted(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Take away the one folder everything lies in, if it is only a wrapping."""
    while files:
        tops = {path.partition("/")[0] for path in files}
        if len(tops) > 1 or tops & _MARKERS or any("/" not in path for path in files):
            break
        files = {path.partition("/")[2]: content for path, content in files.items()}
    return dict(files)


def folder_of(given: Iterable[str]) -> str:
    """Return the name of the folder that all paths lie in, "" if there is none: a name for what has no other."""
    tops = {PurePosixPath(path).parts[0] for path in given if "/" in path}
    return tops.pop() if len(tops) == 1 and not tops & _MARKERS else ""
