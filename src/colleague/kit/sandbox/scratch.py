"""A folder for one run: `work` is the program's own, `inputs` what it may only read.

Gone afterwards, whatever is in it.
"""

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from colleague.kit.sandbox.model import BadRequest


@dataclass(frozen=True, slots=True)
class Scratch:
    """The folders of one run. `root` holds the other two and is nobody else's."""

    root: str
    work: str
    inputs: str


@contextlib.contextmanager
def scratch(inputs: Mapping[str, bytes] | None = None) -> Iterator[Scratch]:
    """Make the folders, put the inputs in by name, and remove everything in the end. BadRequest on a path as a name."""
    root = os.path.realpath(tempfile.mkdtemp(prefix="colleague-run-"))
    try:
        made = Scratch(root, f"{root}/work", f"{root}/inputs")
        os.mkdir(made.work, 0o700)
        os.mkdir(made.inputs, 0o700)
        for name, content in (inputs or {}).items():
            if name != os.path.basename(name) or name in ("", ".", "..") or "\0" in name:
                raise BadRequest(why="a file is named by its name alone.")
            place = os.open(f"{made.inputs}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
            with os.fdopen(place, "wb") as file:
                file.write(content)
        yield made
    finally:
        remove(root)


def remove(root: str) -> None:
    """Remove a tree. Folders that were made unreadable are opened first; links are never followed."""

    def again(call: Callable[..., object], path: str, _: object) -> None:
        with contextlib.suppress(OSError):
            if path != root:
                os.chmod(os.path.dirname(path), 0o700)
            if not os.path.islink(path) and os.path.isdir(path):
                os.chmod(path, 0o700)
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)

    shutil.rmtree(root, onerror=again)


def collect(folder: str, *, most_files: int, most_bytes: int) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Return (name, content) of the plain files in a finished run's folder, and the names of what was left out.

    Links, devices and hard links are never read: they could stand for something outside.
    """
    files: list[tuple[str, bytes]] = []
    left_out: list[str] = []
    total = 0
    for here, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(here, name)
            label = os.path.relpath(path, folder)
            try:
                place = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                left_out.append(label)
                continue
            with os.fdopen(place, "rb") as file:
                facts = os.fstat(place)
                plain = stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1
                if not plain or len(files) >= most_files or total + facts.st_size > most_bytes:
                    left_out.append(label)
                    continue
                content = file.read(facts.st_size)
            total += len(content)
            files.append((label, content))
    return files, left_out
