"""What the tests in a browser know of the running product, and how it is started."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from colleague.testing.serving import free_port


@dataclass(frozen=True)
class Served:
    """A running product: its address and its data folder."""

    url: str
    folder: Path


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and kill it where it does not."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(30)
        return
    process.kill()
    process.wait()


def answering(url: str, process: subprocess.Popen[bytes], log: Path | None = None) -> None:
    """Wait until a process answers at an address; fail with its log when it ends before that."""
    end = time.monotonic() + 300
    while True:
        assert process.poll() is None, log.read_text() if log else f"{process.args} ended"
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=30).status_code < 500:
                return
        assert time.monotonic() < end, f"{url} does not answer"
        time.sleep(0.1)


@contextmanager
def serving(folder: Path, *, demo: bool = True, **more: str) -> Iterator[Served]:
    """Run `colleague serve` (with `--demo`) on a free port until left; `more` goes into its environment."""
    port = free_port()
    command = [sys.executable, "-m", "colleague.cli.main", "serve", *["--demo"] * demo, "--port", str(port)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COLLEAGUE_", "DATABASE_URL"))}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment | {"COLLEAGUE_DATA_DIR": str(folder)} | more, stdout=log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            answering(f"{url}/sign-in", process, folder / "log")
            yield Served(url, folder)
        finally:
            end(process)
