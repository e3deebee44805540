"""What the tests in a browser know of the running product, and how it is started."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True)
class Served:
    """A running product: its address, its data folder, seconds from command to first page."""

    url: str
    folder: Path
    seconds: float


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving(folder: Path, *, demo: bool = True, **more: str) -> Iterator[Served]:
    """Run `colleague serve` (with `--demo`) on a free port until left; `more` goes into its environment."""
    port = free_port()
    command = [sys.executable, "-m", "colleague.cli.main", "serve", *["--demo"] * demo, "--port", str(port)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COLLEAGUE_", "DATABASE_URL"))}
    started = time.monotonic()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment | {"COLLEAGUE_DATA_DIR": str(folder)} | more, stdout=log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            while time.monotonic() < started + 300:
                assert process.poll() is None, (folder / "log").read_text()
                try:
                    if httpx.get(f"{url}/sign-in").status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield Served(url, folder, time.monotonic() - started)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
