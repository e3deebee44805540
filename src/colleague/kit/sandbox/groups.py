"""A control group for one run, where this process may make one: the kernel then bounds memory and processes itself.

Source: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/. Elsewhere the warden's own watch keeps the bounds.
"""

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
# Per version: the file that bounds memory, swap (may be missing), processes.
_FILES = {2: ("memory.max", "memory.swap.max", "pids.max"), 1: ("memory.limit_in_bytes", "", "pids.max")}
_HEADROOM = 16  # the warden's child, bubblewrap and its reaper


@dataclass(frozen=True, slots=True)
class Group:
    """The folders of one run's group: one in version 2, one per controller in version 1."""

    version: int
    folders: tuple[Path, ...]

    def join(self) -> None:
        """Put this very process into the group; OSError if the kernel refuses."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text("0")

    def out_of_memory(self) -> bool:
        """Say whether the kernel has killed a process of the group for lack of memory."""
        return any(_oom_kills(folder) for folder in self.folders)

    def close(self) -> bool:
        """Remove the group (all of its processes are dead); say whether the kernel killed for lack of memory."""
        killed = self.out_of_memory()
        for folder in self.folders:
            for _ in range(50):
                with contextlib.suppress(OSError):
                    folder.rmdir()
                if not folder.exists():
                    break
                time.sleep(0.01)
        return killed


def parents(table: str, root: Path = ROOT) -> tuple[int, tuple[Path, ...]]:
    """Return (version, folders of this process's own group per controller) from /proc/self/cgroup; (0, ()) if none."""
    lines = [line.split(":", 2) for line in table.splitlines() if line.count(":") >= 2]
    old = {c: root / c / path.lstrip("/") for _, names, path in lines for c in names.split(",")}
    if {"memory", "pids"} <= old.keys():
        return 1, (old["memory"], old["pids"])
    for number, names, path in lines:
        if number == "0" and not names:
            here = root / path.lstrip("/")
            with contextlib.suppress(OSError):
                if {"memory", "pids"} <= set((here / "cgroup.subtree_control").read_text().split()):
                    return 2, (here,)
    return 0, ()


def open_group(name: str, memory: int, processes: int, root: Path = ROOT, table: str | None = None) -> Group | None:
    """Make a group with these bounds, or return None where that is not possible (and leave nothing behind)."""
    made: list[Path] = []
    try:
        version, folders = parents(Path("/proc/self/cgroup").read_text() if table is None else table, root)
        if not version:
            return None
        limit, swap, most = _FILES[version]
        for parent in folders:
            _sweep(parent)
            (parent / name).mkdir()
            made.append(parent / name)
        (made[0] / limit).write_text(str(memory))
        if swap and (made[0] / swap).exists():
            (made[0] / swap).write_text("0")
        (made[-1] / most).write_text(str(processes + _HEADROOM))
    except OSError:
        for folder in made:
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        return None
    return Group(version, tuple(made))


def _sweep(parent: Path) -> None:
    """Remove the groups of wardens that were killed: their number is that of no process any more."""
    for folder in parent.glob("colleague-*"):
        if not Path(f"/proc/{folder.name.rpartition('-')[2]}").exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _oom_kills(folder: Path) -> bool:
    for name in ("memory.events", "memory.oom_control"):
        with contextlib.suppress(OSError):
            words = (folder / name).read_text().split()
            return "oom_kill" in words and words[words.index("oom_kill") + 1] != "0"
    return False
