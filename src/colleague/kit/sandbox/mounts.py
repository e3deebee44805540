"""What a program inside can see: the interpreter and the system's own software, read-only, and its workspace.

No /proc, no home, no /etc beyond what the loader and the clock need. Both tiers use the same list.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from colleague.kit.sandbox.plan import DEVICES, Plan

_SYSTEM = (
    "/usr/bin", "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/share", "/usr/local/bin", "/usr/local/lib",
    "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/etc/fonts",
)  # fmt: skip


def package_root() -> str:
    """Return the folder that holds this package (what the bare interpreter puts on its path)."""
    return str(Path(__file__).resolve().parents[3])


def interpreter_paths() -> tuple[str, ...]:
    """Return what the running interpreter needs: its own library, its environment's packages, and this package."""
    found = [f"{package_root()}/colleague"]
    for prefix in dict.fromkeys((sys.base_prefix, sys.prefix)):
        found += [f"{prefix}/{name}" for name in ("bin", "lib", "lib64", "pyvenv.cfg")]
    return tuple(found)


def readable_paths(extra: Iterable[str] = ()) -> tuple[str, ...]:
    """Return every path that may be read inside: those that exist here, each once, symlinks kept as they are."""
    paths = dict.fromkeys((*_SYSTEM, *interpreter_paths(), *extra))
    return tuple(p for p in paths if os.path.exists(p))


def bubblewrap(plan: Plan) -> list[str]:
    """Return the bubblewrap command of a plan. Nothing is writable but the workspace; there is no network at all."""
    command = [
        plan.bubblewrap, "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net", "--unshare-ipc",
        "--unshare-uts", "--unshare-cgroup-try",
    ]  # fmt: skip
    if plan.user < 0:
        command.append("--unshare-user")
    # Folders above what is shown are made anew, passable for the run's own user (bubblewrap would copy their modes).
    shown = sorted((*plan.readable, *DEVICES, plan.workspace), key=lambda p: p.count("/"))
    above = dict.fromkeys(str(folder) for path in shown for folder in reversed(Path(path).parents))
    for folder in above:
        if folder != "/":
            command += ["--perms", "0755", "--dir", folder]
    for path in sorted(plan.readable, key=lambda p: p.count("/")):
        if os.path.islink(path) and path.count("/") == 1:
            command += ["--symlink", os.readlink(path), path]
        else:
            command += ["--ro-bind", path, path]
    for device in DEVICES:
        command += ["--dev-bind", device, device]
    command += ["--bind", plan.workspace, plan.workspace, "--remount-ro", "/", "--chdir", plan.workspace, "--"]
    return [*command, *plan.stage("colleague.kit.sandbox.confine", plan.write())]
