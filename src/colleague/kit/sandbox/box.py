"""The sandbox as others use it: programs run in the strongest tier that was shown to hold here, or not at all."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence

from colleague.kit.sandbox.model import LIMITS, CodeRefused, Limits, Report, Result, Tier
from colleague.kit.sandbox.probe import probe
from colleague.kit.sandbox.start import Confined, start
from colleague.kit.settings import Settings

_FRESH = 3600.0
_AT_ONCE = 2  # each may take 1 GB


class Sandbox:
    """One for the house. The tier is probed at the first use and again every hour."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings: `sandbox` and the data folder."""
        self._settings, self._lock = settings, asyncio.Lock()
        self._report: Report | None = None
        self._at = 0.0
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def report(self) -> Report:
        """Return which tier holds."""
        async with self._lock:
            if self._report is None or time.monotonic() - self._at > _FRESH:
                self._report, self._at = await probe(self._settings), time.monotonic()
            return self._report

    async def tier(self) -> Tier:
        """Return the tier that holds; CodeRefused with the reason if none does."""
        report = await self.report()
        if report.tier is None:
            raise CodeRefused(report.sentence)
        return report.tier

    async def run(
        self, argv: Sequence[str], workspace: str, *, limits: Limits = LIMITS, env: Mapping[str, str] | None = None,
        readable: Iterable[str] = (), owned: Iterable[str] = (), stdin: bytes = b"",
    ) -> Result:  # fmt: skip
        """Run a program to its end and return its result.

        `argv` starts with an absolute path; `workspace` is the one folder it can write, `readable` what else it may
        read; `env` is all its environment. As root, `owned` and the workspace are given to the run's own user: use
        `scratch()`. Raises CodeRefused (no tier holds, nothing was run) and BadRequest.
        """
        tier = await self.tier()
        async with self._slots:
            confined = await start(tier, argv, workspace, limits=limits, env=env, readable=readable, owned=owned)
            return await confined.result(stdin)

    async def start(
        self, argv: Sequence[str], workspace: str, *, limits: Limits = LIMITS, env: Mapping[str, str] | None = None,
        readable: Iterable[str] = (), owned: Iterable[str] = (),
    ) -> Confined:  # fmt: skip
        """Start a long-lived program confined in the same way and return its pipes (`async with` ends it).

        Its limits: give `cpu_seconds=None, wall_seconds=None` for one that serves; `address_space=None` for node.
        """
        tier = await self.tier()
        return await start(tier, argv, workspace, limits=limits, env=env, readable=readable, owned=owned)
