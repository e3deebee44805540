"""Sent inside to find out whether the walls hold: tries what must fail, does what must work, prints what came of it.

Stands alone (standard library only): it runs as the foreign code would.
"""

import ctypes
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

_UNSHARE_ALL, _PTRACE_ATTACH = 0x7E020000, 16


def connect(family: int, address: tuple[str, int] | str) -> None:
    """Connect to something that listens outside."""
    with socket.socket(family, socket.SOCK_STREAM) as line:
        line.settimeout(1)
        line.connect(address)


def look(path: str) -> None:
    """Read a file."""
    with open(path, "rb") as file:
        file.read(1)


def write(folder: str) -> None:
    """Make a file and remove it."""
    path = Path(folder) / f"canary-{os.getpid()}"
    path.write_text("here")
    path.unlink()


def reach(process: int) -> None:
    """Signal another process (the signal 0 only asks whether one could)."""
    if process != os.getpid():
        os.kill(process, 0)


def system(name: str, *arguments: int) -> None:
    """Make a C library call; raise if the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)


def attempts(told: dict[str, object]) -> dict[str, Callable[[], None]]:
    """Return what must fail inside."""
    process, port = int(str(told["process"])), int(str(told["port"]))
    tries: dict[str, Callable[[], None]] = {
        "the network of this machine": lambda: connect(socket.AF_INET, ("127.0.0.1", port)),
        "a local socket by name": lambda: connect(socket.AF_UNIX, "\0" + str(told["abstract"])),
        "a local socket by path": lambda: connect(socket.AF_UNIX, str(told["socket"])),
        "/etc/shadow": lambda: look("/etc/shadow"),
        "another process's environment": lambda: look(f"/proc/{process}/environ"),
        "another process": lambda: reach(process),
        "another process's memory": lambda: system("ptrace", _PTRACE_ATTACH, process, 0, 0),
        "new namespaces": lambda: system("unshare", _UNSHARE_ALL),
    }
    for name in ("home", "data folder"):
        tries[f"a secret in the {name}"] = lambda name=name: look(str(told[f"{name} secret"]))  # type: ignore[misc]
        tries[f"writing to the {name}"] = lambda name=name: write(str(told[name]))  # type: ignore[misc]
    tries["writing to the system's temporary folder"] = lambda: write(str(told["temporary"]))
    return tries


def main() -> None:
    """Try everything; print a JSON object of name → "" (as it must be) or what was wrong."""
    told = json.loads(sys.argv[1])
    findings: dict[str, str] = {}
    for name, attempt in attempts(told).items():
        try:
            attempt()
        except OSError:
            findings[name] = ""
        else:
            findings[name] = "could be reached"
    findings["its user"] = "is root" if 0 in os.getresuid() else ""
    try:
        write(os.getcwd())
        child = os.fork()
        if child == 0:
            os._exit(7)
        works = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    except OSError:
        works = False
    findings["its own workspace"] = "" if works else "cannot be used"
    print(json.dumps(findings))


if __name__ == "__main__":
    main()
