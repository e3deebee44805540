"""Runs one program in the sandbox for a test, under whatever user this script was started as.

Reads a JSON request on standard input and prints the result as JSON. Needs the standard library only, so that a user
without access to the test environment's packages can run it.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from colleague.kit.errors import Failure
from colleague.kit.sandbox.model import Limits, Tier
from colleague.kit.sandbox.scratch import collect, scratch
from colleague.kit.sandbox.start import start
from colleague.kit.sandbox.trial import fault_of


async def main() -> dict[str, object]:
    told = json.load(sys.stdin)
    tier = Tier(told["tier"])
    if told.get("fault_of"):
        return {"fault": await fault_of(tier, Path(told["fault_of"]))}
    inputs = {name: text.encode() for name, text in told.get("inputs", {}).items()}
    limits = Limits(**told.get("limits", {}))
    with scratch(inputs) as folder:
        argv = [a.replace("{work}", folder.work).replace("{inputs}", folder.inputs) for a in told["argv"]]
        env = told.get("env") or {}
        if told.get("info") is not None:
            info = {**told["info"], "pid": os.getpid(), "inputs": folder.inputs, "tier": told["tier"]}
            env["INFO"] = json.dumps(info)
        if told.get("unconfined"):
            whole = {**os.environ, **env}
            done = subprocess.run(  # noqa: ASYNC221 - nothing else runs here
                [sys.executable, *argv], cwd=folder.work, env=whole, input=told["stdin"].encode(), capture_output=True,
                check=False, timeout=300,
            )  # fmt: skip
            return {"stdout": done.stdout.decode(), "stderr": done.stderr.decode(), "exit": done.returncode}
        confined = await start(
            tier, [sys.executable, *argv], folder.work, limits=limits, env=env, readable=(folder.inputs,),
            owned=() if told.get("far") else (folder.root,),
        )  # fmt: skip
        if told.get("print_pid"):
            print(json.dumps({"warden": confined.pid, "root": folder.root}), flush=True)
        result = await confined.result(told.get("stdin", "").encode())
        made, left_out = collect(folder.work, most_files=20, most_bytes=1_000_000)
        unchanged = all(Path(folder.inputs, name).read_bytes() == content for name, content in inputs.items())
    return {
        "exit": result.exit, "killed_by": result.killed_by, "seconds": result.seconds, "cpu": result.cpu_seconds,
        "stdout": result.stdout.decode("utf-8", "replace"), "stderr": result.stderr.decode("utf-8", "replace"),
        "made": [name for name, _ in made], "left_out": left_out, "inputs_unchanged": unchanged,
        "gone": not os.path.exists(folder.root),
    }  # fmt: skip


try:
    outcome = asyncio.run(main())
except Failure as failure:
    outcome = {"refused": failure.message}
print(json.dumps(outcome))
