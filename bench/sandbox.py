"""What confinement costs: starting Python in each tier, from the request to the result, beside a bare start."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from colleague.kit.sandbox.model import Limits, Tier
from colleague.kit.sandbox.scratch import scratch
from colleague.kit.sandbox.start import start
from colleague.kit.sandbox.trial import fault_of

Row = tuple[str, float, str, str]
TIMES = 15
PROGRAMS = {"nothing": "pass", "numpy and pandas": "import numpy, pandas"}
LIMITS = Limits()


def bare(code: str) -> float:
    """Return the median milliseconds of a start without a sandbox."""
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-c", code], check=True, env={"OPENBLAS_NUM_THREADS": "1"})
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


async def confined(tier: Tier, code: str) -> float:
    """Return the median milliseconds of a run in a tier, its folder made and removed included."""
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        with scratch() as folder:
            run = await start(
                tier, [sys.executable, "-I", "-c", code], folder.work, limits=LIMITS, owned=(folder.root,),
                env={"OPENBLAS_NUM_THREADS": "1"},
            )  # fmt: skip
            result = await run.result()
        assert result.ok, result
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def bench() -> list[Row]:
    """Measure a bare start, each tier that holds here, and how long the canary takes."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as data:
        holding = []
        for tier in Tier:
            began = time.perf_counter()
            fault = asyncio.run(fault_of(tier, Path(data)))
            if fault:
                rows.append((f"{tier.value}: does not hold here", 0.0, "", fault))
                continue
            holding.append(tier)
            rows.append((f"canary, {tier.value}", (time.perf_counter() - began) * 1000, "ms", "once an hour"))
    for name, code in PROGRAMS.items():
        if subprocess.run([sys.executable, "-I", "-c", code], check=False, capture_output=True).returncode:
            continue
        anchor = bare(code)
        rows.append((f"python with {name}, bare", anchor, "ms", "anchor"))
        for tier in holding:
            value = asyncio.run(confined(tier, code))
            rows.append((f"python with {name}, {tier.value}", value, "ms", f"bare {anchor:.0f} ms"))
    return rows
