"""What was changed and how it was before: a hidden folder beside the files, by idempotency key.

Each change leaves a record BEFORE it happens; comparing it with the file as it is says whether it took effect.
Entries older than 30 days are forgotten.
"""

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from colleague.connectors.connector import Effected, NotReachable, ToolFailed
from colleague.connectors.folder.tree import find_file, open_folder
from colleague.connectors.undo import ChangedMeanwhile, Done, NothingToUndo, NotKept

HIDDEN = (".colleague",)
KEEP_SECONDS = 30 * 86_400
_LIMIT = 200_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """One change: which file, the hash of its content before and after ("" where there is no file)."""

    path: str
    before: str
    after: str


def hash_of(content: bytes | None) -> str:
    """Return the SHA-256 of a file's content, "" for no file."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def find_change(root: Path, key: str) -> Change | None:
    """Return the record that `key` left, or None."""
    raw = find_file(root, (*HIDDEN, f"{_name(key)}.json"), limit=100_000)
    try:
        return Change(**json.loads(raw)) if raw else None
    except (ValueError, TypeError):
        raise ToolFailed("The record of this change is damaged.") from None


def content_before(root: Path, key: str) -> bytes | None:
    """Return the file as it was before the change `key`; None if there was none, or it is no longer kept."""
    return find_file(root, (*HIDDEN, f"{_name(key)}.before"), limit=_LIMIT)


def effect_of(root: Path, key: str) -> Effected:
    """Say whether the change `key` took effect: its record against the file as it is now."""
    change = find_change(root, key)
    if change is None:
        return Effected.NO
    now = hash_of(find_file(root, tuple(change.path.split("/")), limit=_LIMIT))
    if now == change.after:
        return Effected.YES
    return Effected.NO if now == change.before else Effected.UNKNOWN


def version_before(root: Path, path: str, now: bytes | None, changes: Sequence[Done]) -> bytes | None:
    """Return a file as it was before the first of `changes` (oldest first); None if there was none.

    Walks back from what is there `now`: each change must have left exactly what the next one found.
    Raises ChangedMeanwhile, NothingToUndo, NotKept, NotReachable.
    """
    expected, first = hash_of(now), None
    for done in reversed(changes):
        change = find_change(root, done.key)
        if change is None:
            if done.surely:
                raise NotKept
            continue
        if change.path != path:
            raise NotReachable
        if change.after == expected:
            expected, first = change.before, done.key
        elif change.before != expected:
            raise ChangedMeanwhile
    if first is None:
        raise NothingToUndo
    before = content_before(root, first)
    if hash_of(before) != expected:
        raise NotKept
    return before


def apply(root: Path, parts: tuple[str, ...], content: bytes | None, *, key: str, seen: bytes | None) -> None:
    """Write `content` to a file (None: remove it), once for `key`. `seen` is the content it replaces (None: no file).

    The new content appears whole or not at all. ChangedMeanwhile if the file is no longer as `seen`.
    """
    change = Change("/".join(parts), hash_of(seen), hash_of(content))
    try:
        with open_folder(root, HIDDEN, make=True) as history:
            _forget_old(history)
            if seen is not None:
                _put(history, f"{_name(key)}.before", seen)
            _put(history, f"{_name(key)}.json", json.dumps(asdict(change)).encode())
            os.fsync(history)
            with open_folder(root, parts[:-1], make=content is not None) as folder:
                if hash_of(find_file(root, parts, limit=_LIMIT)) != change.before:
                    raise ChangedMeanwhile
                if content is None:
                    os.unlink(parts[-1], dir_fd=folder)
                else:
                    _put(folder, parts[-1], content, fresh=seen is None)
                os.fsync(folder)
    except (FileNotFoundError, NotADirectoryError):
        raise NotReachable from None
    except FileExistsError:
        raise ChangedMeanwhile from None
    except OSError as error:
        raise ToolFailed(f"The file could not be changed ({os.strerror(error.errno or 0)}).") from None


def _put(folder: int, name: str, content: bytes, *, fresh: bool = False) -> None:
    """Write a file through a temporary one in the same folder. `fresh`: FileExistsError if the name is taken."""
    temporary = f".{os.urandom(8).hex()}.part"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o660, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        if fresh:
            # A hard link, unlike a rename, never takes the place of a file that came in between.
            _link(folder, temporary, name)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.chmod(temporary, os.stat(name, dir_fd=folder).st_mode & 0o777, dir_fd=folder)
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)


def _link(folder: int, temporary: str, name: str) -> None:
    try:
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP):
            raise
        # A file system without hard links (SMB): the exclusive creation reserves the name, the rename fills it.
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o660, dir_fd=folder))
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def _forget_old(history: int) -> None:
    """Remove entries older than 30 days, measured by the file system's own clock."""
    _put(history, "now", b"")
    now = os.stat("now", dir_fd=history).st_mtime
    with os.scandir(history) as entries:
        for entry in entries:
            if entry.stat(follow_symlinks=False).st_mtime < now - KEEP_SECONDS:
                os.unlink(entry.name, dir_fd=history)
