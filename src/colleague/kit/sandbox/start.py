"""Start a program confined in a given tier: once with its result, or long-lived with its pipes.

`box.py` chooses the tier and is what others use; the probe uses this to find out which tier holds.
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from colleague.kit.sandbox.model import LIMITS, BadRequest, CodeRefused, Limits, Result, Tier
from colleague.kit.sandbox.mounts import package_root, readable_paths
from colleague.kit.sandbox.plan import Plan

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENDING = 15.0
_CHUNK = 1 << 16


class Confined:
    """A running confined program: its three pipes, and a way to end it. Use it as `async with`."""

    def __init__(self, process: asyncio.subprocess.Process, life: int, report: int, limits: Limits) -> None:
        """Take the warden's process, this end of the life line, and where the report will come."""
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.stdin, self.stdout, self.stderr = process.stdin, process.stdout, process.stderr
        self._process, self._life, self._report, self._limits = process, life, report, limits
        self._reason = ""
        self._outcome: dict[str, object] = {}

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the program with everything it has started."""
        await asyncio.shield(self.stop())

    @property
    def pid(self) -> int:
        """The warden's process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Say whether the program still runs."""
        return self._process.returncode is None

    async def stop(self, reason: str = "stopped") -> None:
        """Kill the program and all it has started; returns when nothing of it is left."""
        if self.running:
            self._reason = self._reason or reason
            self._let_go()
        await self.wait()

    async def wait(self) -> dict[str, object]:
        """Wait until nothing of the program is left and return the warden's report (empty if it was killed)."""
        await self._process.wait()
        self._let_go()
        if self._report >= 0:
            with os.fdopen(self._report, "rb") as file, contextlib.suppress(ValueError):
                self._outcome = json.load(file)
            self._report = -1
        return self._outcome

    def _let_go(self) -> None:
        if self._life >= 0:
            os.close(self._life)
            self._life = -1

    async def result(self, given: bytes = b"") -> Result:
        """Feed `given`, read all output up to the limit, wait for the end. CodeRefused if it was never started."""
        try:
            _, out, err = await asyncio.gather(self._feed(given), self._read(self.stdout), self._read(self.stderr))
            report = await self.wait()
        finally:
            await asyncio.shield(self.stop())
        return result_of(report, out, err, self._reason)

    async def _feed(self, given: bytes) -> None:
        # A program may close its input without reading it.
        with contextlib.suppress(ConnectionError):
            self.stdin.write(given)
            await self.stdin.drain()
            self.stdin.close()
            await self.stdin.wait_closed()

    async def _read(self, stream: asyncio.StreamReader) -> bytes:
        taken = bytearray()
        while chunk := await stream.read(_CHUNK):
            taken += chunk[: max(self._limits.output - len(taken), 0)]
            if len(taken) >= self._limits.output and self.running and self._life >= 0:
                self._reason = self._reason or "output"
                self._let_go()
        return bytes(taken)


def result_of(report: Mapping[str, object], out: bytes, err: bytes, reason: str) -> Result:
    """Return the result of a finished run from the warden's report, or raise CodeRefused: nothing was started."""
    if not report:
        raise CodeRefused(why="its warden was killed.")
    if why := report.get("unconfined"):
        detail = err.decode("utf-8", "replace").strip().splitlines()[:1]
        raise CodeRefused(why=f"{why}{f' ({detail[0][:200]})' if detail else ''}.")
    killed = str(report["killed_by"])
    numbers = {name: float(str(report[name])) for name in ("seconds", "cpu_seconds")}
    return Result(
        int(str(report["exit"])), out, err, numbers["seconds"], numbers["cpu_seconds"],
        reason if killed == "stopped" and reason else killed,
    )  # fmt: skip


async def start(
    tier: Tier, argv: Sequence[str], workspace: str, *, limits: Limits = LIMITS, env: Mapping[str, str] | None = None,
    readable: Iterable[str] = (), owned: Iterable[str] = (),
) -> Confined:  # fmt: skip
    """Start `argv` (an absolute path first) confined in `tier`, with nothing in its environment but `env`.

    `workspace` is the one folder it can write; `readable` what else it may read. As root these folders stay where they
    are, but `owned` (and the workspace) is given to a user made for the run. Raises BadRequest; what goes wrong
    later is told by `Confined.result`.
    """
    life, keep = os.pipe()
    report, told = os.pipe()
    place = -1
    try:
        plan = plan_of(tier, argv, workspace, limits, env or {}, tuple(readable), tuple(owned))
        place = plan.write()
        process = await asyncio.create_subprocess_exec(
            *plan.stage("colleague.kit.sandbox.warden", place, told, life),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={}, pass_fds=(place, told, life), start_new_session=True, limit=1 << 20,
        )  # fmt: skip
    except BaseException:
        for number in (keep, report):
            os.close(number)
        raise
    finally:
        for number in (life, told, place):
            if number >= 0:
                os.close(number)
    return Confined(process, keep, report, limits)


def plan_of(
    tier: Tier, argv: Sequence[str], workspace: str, limits: Limits, env: Mapping[str, str],
    readable: tuple[str, ...], owned: tuple[str, ...],
) -> Plan:  # fmt: skip
    """Check a request and return its plan; BadRequest says what is wrong with it."""
    if not argv or not os.path.isabs(argv[0]):
        raise BadRequest(why="a program is named by its whole path.")
    if any("\0" in text for text in (*argv, *env.values())):
        raise BadRequest(why="an argument or a variable holds a zero byte.")
    if bad := next((n for n in env if not _NAME.fullmatch(n) or n.startswith("LD_")), None):
        raise BadRequest(why=f"the variable «{bad[:50]}» cannot be given.")
    if not os.path.isdir(workspace) or os.path.realpath(workspace) != workspace:
        raise BadRequest(why="the workspace must be a folder, named without symlinks.")
    program = ""
    if tier is Tier.BUBBLEWRAP and not (program := shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin") or ""):
        raise CodeRefused(why="bubblewrap is not installed.")
    base = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": workspace, "TMPDIR": workspace, "LANG": "C.UTF-8"}
    return Plan(
        argv=tuple(argv), env={**base, **env}, workspace=workspace, readable=readable_paths(readable),
        owned=(workspace, *owned), package=package_root(), python=os.path.realpath(sys.executable),
        memory=limits.memory, address_space=limits.address_space, cpu_seconds=limits.cpu_seconds,
        wall_seconds=limits.wall_seconds, processes=limits.processes, file_size=limits.file_size, disk=limits.disk,
        open_files=limits.open_files, bubblewrap=program,
    )  # fmt: skip
