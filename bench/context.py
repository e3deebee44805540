"""What summarising saves: tokens given to a model over a run of three hundred steps, with and without a window."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from colleague.agent.context import CHARACTERS_A_TOKEN
from colleague.agent.messages import Call, Message, Summary, Turn, Usage
from colleague.agent.tools import ToolSpec, size
from colleague.kit import embedded, log
from colleague.tasks.start import start
from colleague.testing.connector import FakeConnector
from colleague.testing.house import furnish, open_connector
from colleague.testing.worker import work

Row = tuple[str, float, str, str]
NOTES, AT_ONCE, CHARACTERS = 240, 6, 2_000
WINDOWS = (32_000, 16_000)
UNLIMITED = 20_000_000


class Reader:
    """Reads all notes, six at a time, and counts what it is given."""

    name = "openai:bench"

    def __init__(self) -> None:
        self.sent = self.largest = self.turns = self.summaries = 0

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        characters = sum(len(m.words if isinstance(m, Summary) else m.text) for m in messages)
        tokens = (characters + sum(map(size, tools))) // CHARACTERS_A_TOKEN
        self.sent, self.largest = self.sent + tokens, max(self.largest, tokens)
        usage = Usage(tokens, 50)
        if not tools:
            self.summaries += 1
            return Turn("The notes so far hold nothing of use. " * 20, usage=usage, model=self.name)
        first = self.turns * AT_ONCE
        self.turns += 1
        notes = range(first, min(first + AT_ONCE, NOTES))
        calls = tuple(Call("c", "fake_read", {"shelf": "bids", "note": f"n{n}"}) for n in notes)
        return Turn("" if calls else "Read.", calls, usage, self.name)


async def run_with(folder: Path, window: int) -> Reader:
    """Let one run read everything with that window; return what counted."""
    reader = Reader()
    notes = {"bids": {f"n{n}": f"Note {n}. " + "x" * CHARACTERS for n in range(NOTES)}}
    home = await furnish(
        embedded.start(folder), folder, connectors=[FakeConnector(notes)], models={Reader.name: reader},
        model=Reader.name,
        model_attestation="D; 2020-01-01; 2099-01-01; all", model_window=window,
    )  # fmt: skip
    await open_connector(home, "fake", ["*"], config={})
    await start(home.people["ana"], "Read all.", [], parts=home.house.parts, settings=home.house.settings)
    await work(home.house)
    await home.house.close()
    return reader


def bench() -> list[Row]:
    """Return rows of (what, value, unit, anchor of the same run)."""
    log.setup(level="ERROR")
    found = {}
    for window in (UNLIMITED, *WINDOWS):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            found[window] = asyncio.run(run_with(Path(folder), window))
    whole = found[UNLIMITED]
    rows = []
    for window in WINDOWS:
        reader = found[window]
        beside = (
            f"never summarised {whole.sent:,} (largest turn {whole.largest:,}); here {reader.summaries} summaries, "
            f"largest turn {reader.largest:,}"
        )
        rows.append((f"tokens given over {NOTES} reads, window {window:,}", float(reader.sent), "tokens", beside))
    return rows
