"""A tier of the sandbox on trial: a canary goes inside and must not reach what is set up outside.

A tier counts only if the canary fails to reach real listeners, secrets and processes, and can use its own workspace.
"""

import contextlib
import json
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from colleague.kit.errors import Failure
from colleague.kit.sandbox import canary
from colleague.kit.sandbox.model import Limits, Tier
from colleague.kit.sandbox.scratch import scratch
from colleague.kit.sandbox.start import start

_LIMITS = Limits(memory=512 << 20, address_space=512 << 20, cpu_seconds=10, wall_seconds=20)


async def fault_of(tier: Tier, data_dir: Path) -> str:
    """Send the canary into a tier; return what is wrong with it, or nothing if it holds."""
    with contextlib.ExitStack() as stack:
        try:
            outside = stack.enter_context(_outside(data_dir))
            folder = stack.enter_context(scratch())
            argv = [sys.executable, "-I", canary.__file__, json.dumps(outside.told)]
            confined = await start(tier, argv, folder.work, limits=_LIMITS, owned=(folder.root,))
            result = await confined.result()
        except Failure as failure:
            return failure.message
        except OSError as error:
            return f"it could not be tried ({error.strerror})."
        if not result.ok:
            last = result.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            return f"nothing can run in it ({(result.killed_by or ' '.join(last) or f'exit {result.exit}')[:200]})."
        if outside.was_reached():
            return "the network of this machine could be reached from inside."
        try:
            findings = dict(json.loads(result.stdout))
        except ValueError:
            return "what runs in it cannot report."
    wrong = [f"{name} {fault}" for name, fault in findings.items() if fault]
    return f"it does not hold: {', '.join(wrong)}." if wrong or not findings else ""


class Outside:
    """What stands outside while the canary is sent in: real listeners, real secrets, this process."""

    def __init__(self, told: dict[str, object], listeners: list[socket.socket]) -> None:
        """Take what the canary is told and the listeners it must not reach."""
        self.told, self._listeners = told, listeners

    def was_reached(self) -> bool:
        """Say whether anything has connected to a listener."""
        for listener in self._listeners:
            listener.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                listener.accept()[0].close()
                return True
        return False


@contextlib.contextmanager
def _outside(data_dir: Path) -> Iterator[Outside]:
    """Set up what the canary must not reach; everything is removed afterwards."""
    with contextlib.ExitStack() as stack:
        temporary = stack.enter_context(tempfile.TemporaryDirectory(prefix="colleague-canary-"))
        folders = {"home": Path.home(), "data folder": data_dir}
        told: dict[str, object] = {"process": os.getpid(), "temporary": tempfile.gettempdir()}
        for name, folder in folders.items():
            usable = folder if folder.is_dir() and os.access(folder, os.W_OK) else Path(temporary)
            file = stack.enter_context(tempfile.NamedTemporaryFile(dir=usable, prefix=".canary-"))
            told |= {name: str(usable.resolve()), f"{name} secret": str(Path(file.name).resolve())}
        told |= {"abstract": f"canary-{secrets.token_hex(8)}", "socket": f"{temporary}/socket"}
        listeners: list[socket.socket] = []
        places: tuple[tuple[int, tuple[str, int] | str], ...] = (
            (socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_UNIX, f"\0{told['abstract']}"),
            (socket.AF_UNIX, f"{temporary}/socket"),
        )  # fmt: skip
        for family, address in places:
            listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listener.bind(address)
            listener.listen(4)
            listeners.append(listener)
        told["port"] = listeners[0].getsockname()[1]
        yield Outside(told, listeners)
