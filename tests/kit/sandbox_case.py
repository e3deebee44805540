"""Who runs what for the sandbox's tests: users, tiers, and what stands outside to be reached."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from colleague.kit.sandbox.calls import NUMBERS

HERE = Path(__file__).parent
SRC = HERE.parents[1] / "src"
SECRET = "the-secret-that-stands-outside"
OTHER = 1234
TIERS = [pytest.param("landlock", id="landlock"), pytest.param("bubblewrap", marks=pytest.mark.peer("bubblewrap"))]


def interpreter(user: int | None) -> str:
    """Return an interpreter that `user` can run; the test is skipped where there is none."""
    if user is None:
        return sys.executable
    code = "import sys; sys.exit(sys.version_info < (3, 11))"
    for path in (os.path.realpath(sys.executable), "/usr/local/bin/python3", "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            if (
                subprocess.run([path, "-I", "-c", code], user=user, group=user, extra_groups=[], check=False).returncode
                == 0
            ):
                return path
    pytest.skip("no Python here that another user can run")


@dataclass
class Case:
    """One tier under one user (None: whoever runs the tests)."""

    tier: str
    user: int | None
    outside: Path

    def command(self) -> list[str]:
        return [interpreter(self.user), "-I", str(HERE / "sandbox_driver.py"), str(SRC)]

    def popen(self, **options: Any) -> subprocess.Popen[str]:
        rights = {"user": self.user, "group": self.user, "extra_groups": []} if self.user is not None else {}
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.outside), "OUTSIDE_SECRET": SECRET, "PYTHONSTARTUP": "/etc/x"}
        return subprocess.Popen(
            self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env,
            cwd="/", **rights, **options,
        )  # fmt: skip

    def run(self, code: str, *arguments: str, fds: tuple[int, ...] = (), **told: Any) -> dict[str, Any]:
        """Run Python code inside and return what the driver prints."""
        request = {"tier": self.tier, "argv": ["-I", "-c", code, *arguments], **told}
        with self.popen(pass_fds=fds) as process:
            out, err = process.communicate(json.dumps(request), timeout=300)
        assert process.returncode == 0, err
        return dict(json.loads(out.splitlines()[-1]))


@contextlib.contextmanager
def case(tier: str, user: int | None) -> Iterator[Case]:
    """Make a case with its folder outside, which belongs to the user."""
    if user is not None and os.getuid() != 0:
        pytest.skip("only root can try it as another user")
    folder = Path(tempfile.mkdtemp(prefix="colleague-outside-")).resolve()
    try:
        for name in ("data/master.key", "home-secret"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(SECRET)
            (folder / name).chmod(0o600)
        if user is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, user, user)
        yield Case(tier, user, folder)
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def outside(made: Case) -> Iterator[tuple[dict[str, Any], list[socket.socket], int]]:
    """Set up what must not be reached: listeners and an open file; yield what the attempts are told."""
    with contextlib.ExitStack() as stack:
        name = f"colleague-test-{os.getpid()}-{os.urandom(4).hex()}"
        places: list[tuple[int, int, Any]] = [
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            (socket.AF_UNIX, socket.SOCK_STREAM, str(made.outside / "socket")),
            (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{name}"),
            (socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{name}-datagram"),
        ]
        listeners = []
        for family, kind, address in places:
            listener = stack.enter_context(socket.socket(family, kind))
            listener.bind(address)
            if kind == socket.SOCK_STREAM:
                listener.listen(64)
            listener.setblocking(False)
            listeners.append(listener)
        (made.outside / "socket").chmod(0o777)
        datagrams = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagrams.bind(listeners[0].getsockname())
        datagrams.setblocking(False)
        file = stack.enter_context((made.outside / "home-secret").open())
        yield {
            "home": str(made.outside / "home-secret"), "key": str(made.outside / "data/master.key"),
            "data": str(made.outside / "data"), "port": listeners[0].getsockname()[1],
            "socket": str(made.outside / "socket"), "abstract": name, "datagram": f"{name}-datagram",
            "fd": file.fileno(), "calls": NUMBERS,
        }, [*listeners, datagrams], file.fileno()  # fmt: skip


def was_reached(listener: socket.socket) -> bool:
    """Say whether anything came to a listener."""
    try:
        if listener.type == socket.SOCK_STREAM:
            listener.accept()[0].close()
        else:
            listener.recv(16)
    except BlockingIOError:
        return False
    return True
