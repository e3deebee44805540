"""Run Python for a task: in the sandbox, on copies of the files it names; what it writes becomes outputs, as drafts.

INVARIANT: without a tier that holds nothing is run. The program has no network, no credentials, and nothing of this
process; it can change nothing but its own folder, so that a run which was cut off can simply be repeated.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from colleague.audit.record import Ledger
from colleague.connectors.connector import Result
from colleague.files.outputs import keep_output, list_outputs, output_content
from colleague.files.uploads import FileNotThere, clean_name, file_content, label_of
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.documents.sniff import PROGRAM, sniff
from colleague.kit.errors import Invalid
from colleague.kit.sandbox.box import Sandbox
from colleague.kit.sandbox.model import Limits
from colleague.kit.sandbox.model import Result as Ended
from colleague.kit.sandbox.scratch import collect, scratch
from colleague.policy.model import Integrity, Label
from colleague.tasks.model import Run
from colleague.tasks.store import lock_run, touch

LIMITS = Limits()
MAX_FILES, MAX_BYTES, MAX_INPUT = 10, 20_000_000, 100_000_000
SHOWN, COMPLAINT = 20_000, 4_000
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
# Numeric libraries would start one thread per core of the machine, past the limit of processes.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}


class TooMuchInput(Invalid):
    """The files for this program are larger than 100 MB together."""


async def run_python(
    run: Run, arguments: Mapping[str, Any], call: str, *, sandbox: Sandbox, database: Database, ledger: Ledger,
    clock: Clock,
) -> Result:  # fmt: skip
    """Run `code` on copies of `files` and return what it printed and which outputs it wrote.

    A program that fails keeps nothing and says why (its words carry the label of what it read). Raises FileNotThere,
    TooMuchInput, or CodeRefused where no tier of the sandbox holds.
    """
    await sandbox.tier()
    inputs, label = await _inputs(run, list(arguments.get("files") or ()), database)
    with scratch(inputs) as folder:
        ended = await sandbox.run(
            [sys.executable, "-I", "-B", "-X", "utf8", "-"], folder.work, limits=LIMITS,
            env={**_ENVIRONMENT, "INPUTS": folder.inputs}, readable=(folder.inputs,), owned=(folder.root,),
            stdin=str(arguments["code"]).encode("utf-8", "replace"),
        )  # fmt: skip
        made, left_out = collect(folder.work, most_files=MAX_FILES, most_bytes=MAX_BYTES) if ended.ok else ([], [])
    made = [(_name(path), content) for path, content in made if not _hidden(path)]
    programs = [name for name, content in made if sniff(content, name) == PROGRAM]
    left_out = [path for path in left_out if not _hidden(path)] + programs
    made = [(name, content) for name, content in made if name not in programs]
    async with database.transaction() as session:
        row = await lock_run(session, run.id, run.fence)
        # INVARIANT: a program can print anything, so what it says vouches for nothing.
        label = Label.from_json(row.label).join(label).join(Label(Integrity.UNTRUSTED))
        kind = str(arguments["category"])
        written = []
        for name, content in made:
            version = await keep_output(
                session, run.id, run.task, call, content, name=name, media_type=_media_type(content, name), kind=kind,
                label=label, made_from=sorted(label.sources), ledger=ledger, clock=clock,
            )  # fmt: skip
            written.append({"output": version.output_id, "name": name, "version": version.version})
        await touch(session, row, clock.now())
    data = {"outputs": written, "exit": ended.exit, "killed_by": ended.killed_by, "left_out": left_out[:50]}
    return Result(told(ended, [str(w["name"]) for w in written], left_out), data, label)


def told(ended: Ended, written: Sequence[str], left_out: Sequence[str]) -> str:
    """Return what the model reads: how it ended, what was printed, what was written. Pure."""
    printed = ended.stdout.decode("utf-8", "replace")
    complaint = ended.stderr.decode("utf-8", "replace").strip()
    parts: list[str] = []
    if ended.killed_by:
        parts.append(f"The program was ended: it went past the limit of {ended.killed_by}. Nothing was kept.")
    elif ended.exit:
        parts.append(f"The program failed (exit {ended.exit}). Nothing was kept.")
    if printed.strip():
        cut = f"\n[{len(printed) - SHOWN} more characters were printed]" if len(printed) > SHOWN else ""
        parts.append(printed[:SHOWN].rstrip("\n") + cut)
    if complaint:
        parts.append(f"Messages:\n{complaint[-COMPLAINT:]}")
    if written:
        parts.append(f"Written as drafts: {', '.join(written)}.")
    if left_out:
        parts.append(
            f"Not kept: {', '.join(left_out[:10])} (at most {MAX_FILES} plain files, {MAX_BYTES // 1_000_000} MB "
            "together, no links and no programs)."
        )
    return "\n\n".join(parts) or "The program ran and printed nothing."


async def _inputs(run: Run, wanted: Sequence[Any], database: Database) -> tuple[dict[str, bytes], Label]:
    """Return the named files and outputs of this task by name, with what they are labelled together."""
    inputs: dict[str, bytes] = {}
    label = Label()
    async with database.transaction() as session:
        for name in dict.fromkeys(map(str, wanted)):
            found, content, its = await _input(session, run.task, name)
            inputs[found if found not in inputs else f"{len(inputs)} {found}"] = content
            label = label.join(its)
            if sum(map(len, inputs.values())) > MAX_INPUT:
                raise TooMuchInput
    return inputs, label


async def _input(session: Session, task: str, name: str) -> tuple[str, bytes, Label]:
    try:
        file, content = await file_content(session, task, name)
        return clean_name(file.name), content, label_of(file)
    except FileNotThere:
        for output, version in await list_outputs(session, task):
            if name in (output.id, output.name):
                return clean_name(output.name), await output_content(session, version), Label.from_json(version.label)
        raise


def _hidden(path: str) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in PurePosixPath(path).parts)


def _name(path: str) -> str:
    return clean_name(path.replace("/", "_"))


def _media_type(content: bytes, name: str) -> str:
    return next((kind for head, kind in _PICTURES if content.startswith(head)), None) or sniff(content, name)
