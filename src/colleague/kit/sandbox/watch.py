"""What all processes of a run use together, read from /proc: the bounds that the kernel only keeps per process."""

import contextlib
import ctypes
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from colleague.kit.sandbox.plan import Plan

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MOST_FILES = 20_000


@dataclass(frozen=True, slots=True)
class Use:
    """Sums over the living processes of a run."""

    memory: int
    cpu_seconds: float
    processes: int


def descendants(root: int) -> list[int]:
    """Return every living process below `root`. Orphans are adopted by the warden, so none is missing.

    Raises OSError where /proc does not tell children.
    """
    found, open_ = [], [root]
    while open_:
        parent = open_.pop()
        try:
            threads = os.listdir(f"/proc/{parent}/task")
        except OSError:
            if parent == root:
                raise
            continue
        for thread in threads:
            try:
                with open(f"/proc/{parent}/task/{thread}/children") as file:
                    children = [int(word) for word in file.read().split()]
            except OSError:
                if parent == root:
                    raise
                continue
            found += children
            open_ += children
    return found


def use_of(processes: list[int], plan: Plan) -> Use:
    """Add up what these processes use; memory that several share counts once where that is near the limit."""
    memory, ticks, count = 0, 0, 0
    for process in processes:
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{process}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            if fields[0] == "Z":
                continue
            ticks += sum(int(f) for f in fields[11:15])
            memory += int(fields[21]) * _PAGE
            count += int(fields[17])
    if memory > plan.memory:
        with _acting_as(plan.user):
            memory = sum(_proportional(p) for p in processes)
    return Use(memory, ticks / _TICKS, count)


def disk_of(processes: list[int], plan: Plan) -> int:
    """Return the bytes in the workspace, with files that were deleted but are still open."""
    total, seen = 0, 0
    folders = [plan.workspace]
    while folders:
        with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                seen += 1
                with contextlib.suppress(OSError):
                    facts = entry.stat(follow_symlinks=False)
                    total += facts.st_blocks * 512 + 256
                    if stat.S_ISDIR(facts.st_mode):
                        folders.append(entry.path)
                if total > plan.disk or seen > _MOST_FILES:
                    return plan.disk + 1
    with _acting_as(plan.user):
        return total + sum(_deleted(p) for p in processes)


def _proportional(process: int) -> int:
    try:
        with open(f"/proc/{process}/smaps_rollup") as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{process}/statm") as file:
            return int(file.read().split()[1]) * _PAGE
    return 0


def _deleted(process: int) -> int:
    total = 0
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{process}/fd"):
            with contextlib.suppress(OSError):
                facts = os.stat(f"/proc/{process}/fd/{name}")
                if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 0:
                    total += facts.st_blocks * 512
    return total


@contextlib.contextmanager
def _acting_as(user: int) -> Iterator[None]:
    """Look with the run's own user's rights: a root without CAP_SYS_PTRACE may not look into another user's process."""
    libc = ctypes.CDLL(None)
    before = libc.setfsuid(user) if user >= 0 else -1
    try:
        yield
    finally:
        if user >= 0:
            libc.setfsuid(before)
