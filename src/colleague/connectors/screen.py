"""What no connector may hand over, whoever asks: blocked paths and blocked kinds of content (CN-7). Pure.

The kind is told by the bytes, not the name; a zip is looked into, so that wrapping does not evade.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable
from functools import lru_cache

from colleague.kit.errors import Forbidden
from colleague.policy.model import Governance

# Read when the organisation's own list is not at hand; an account's list is added to it, never put in its place.
BLOCKED_PATHS = Governance().blocked_paths
BLOCKED_TYPES = Governance().blocked_types

_ZIP_ENTRIES, _ZIP_DEPTH, _ZIP_BYTES = 5000, 3, 50_000_000
_MAGIC = (
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xfe\xed\xfa\xce", "application/x-executable"),
    (b"\xfe\xed\xfa\xcf", "application/x-executable"),
    (b"\xce\xfa\xed\xfe", "application/x-executable"),
    (b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/x-executable"),
    (b"\x00asm", "application/x-executable"),
    (b"#!", "text/x-script"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"Rar!", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)


class BlockedPath(Forbidden):
    """Files like «{pattern}» are blocked by your organisation (rule blocked-paths)."""


class BlockedType(Forbidden):
    """Files of the kind {kind} are blocked by your organisation, whatever their name (rule blocked-types)."""


class NotInspectable(Forbidden):
    """This archive cannot be looked into ({why}), so it is blocked (rule blocked-types)."""


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    """Translate a glob: `**/` any folders, `**` anything, `*` and `?` within one name. Case does not matter."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", unicodedata.normalize("NFKC", glob).casefold())
    words = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts), re.DOTALL)


def blocked_by(path: str, globs: Iterable[str]) -> str | None:
    """Return the glob that blocks `path` or a folder it lies in; None if none does."""
    name = unicodedata.normalize("NFKC", path).casefold().strip("/")
    above = [name[: m.start()] for m in re.finditer("/", name)]
    for glob in globs:
        if any(_pattern(glob).fullmatch(candidate) for candidate in (name, f"{name}/", *above)):
            return glob
    return None


def kind_of(content: bytes) -> str:
    """Return the media type told by the first bytes; `text/plain` or `application/octet-stream` if they say nothing."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            # ET_DYN is a library and a modern executable alike: both are blocked, so the stricter word does.
            return "application/x-sharedlib" if kind.endswith("executable") and content[16:18] == b"\x03\x00" else kind
    return "application/octet-stream" if b"\x00" in content[:2000] else "text/plain"


def screen(
    path: str, content: bytes | None = None, *, paths: Iterable[str] = BLOCKED_PATHS,
    types: Iterable[str] = BLOCKED_TYPES,
) -> None:  # fmt: skip
    """Refuse a blocked path, and (with `content`) a blocked kind, also inside zips.

    Raises BlockedPath, BlockedType, NotInspectable.
    """
    paths, types = tuple(paths), frozenset(types)
    if glob := blocked_by(path, paths):
        raise BlockedPath(pattern=glob)
    if content is not None:
        _screen_content(content, paths, types, 0, [_ZIP_BYTES])


def _screen_content(
    content: bytes, paths: tuple[str, ...], types: frozenset[str], depth: int, budget: list[int]
) -> None:
    kind = kind_of(content)
    if kind in types:
        raise BlockedType(kind=kind)
    if not (kind == "application/zip" or (kind in _MAY_HIDE_ZIP and zipfile.is_zipfile(io.BytesIO(content)))):
        return
    if depth >= _ZIP_DEPTH:
        raise NotInspectable(why="archives in archives, more than three deep")
    try:
        _screen_zip(content, paths, types, depth, budget)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError) as error:
        if isinstance(error, RuntimeError) and "password" in str(error):
            raise NotInspectable(why="it is encrypted") from None
        raise NotInspectable(why="it is damaged") from None


_MAY_HIDE_ZIP = frozenset({"application/octet-stream", "text/plain", "text/x-script", "application/pdf"})


def _screen_zip(content: bytes, paths: tuple[str, ...], types: frozenset[str], depth: int, budget: list[int]) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if len(entries) > _ZIP_ENTRIES:
            raise NotInspectable(why=f"more than {_ZIP_ENTRIES:,} entries")
        for entry in entries:
            if glob := blocked_by(entry.filename, paths):
                raise BlockedPath(pattern=glob)
            if entry.is_dir():
                continue
            with archive.open(entry) as inner:
                head = inner.read(4096)
                if kind_of(head) == "application/zip":
                    head += inner.read(budget[0] + 1)
                    budget[0] -= len(head)
                    if budget[0] < 0:
                        raise NotInspectable(why="too much in it")
            _screen_content(head, paths, types, depth + 1, budget)
