"""The command line as people call it: `main()` with words, on the demo organisation in a real database."""

import asyncio
import io
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from colleague.bootstrap import House, build
from colleague.cli.aldermoor.documents import make_documents
from colleague.cli.aldermoor.house import documents_folder, prepare_demo, start_mail_sink
from colleague.cli.main import main
from colleague.kit.settings import Settings


@dataclass(frozen=True)
class Said:
    """What a call printed, and its exit code."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], database_url: str, tmp_path: Path) -> Call:
    """Call `colleague` with words, in this process, as a member of the demo if `as_` says so."""
    monkeypatch.setenv("COLLEAGUE_DATABASE_URL", database_url)
    monkeypatch.setenv("COLLEAGUE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NO_COLOR", "1")
    # Nobody is at a terminal.
    monkeypatch.setattr(sys, "stdin", io.StringIO())

    def do(*words: str, as_: str = "") -> Said:
        capfd.readouterr()
        more = ["--as", f"{as_}@aldermoor.example"] if as_ else []
        monkeypatch.setattr(sys, "argv", ["colleague", *words, *more])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return Said(code, out, err)

    return do


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's documents, written once: making them is half of making the demo."""
    folder = tmp_path_factory.mktemp("aldermoor") / "documents"
    make_documents(folder)
    return folder


@pytest.fixture
def demo(call: Call, database_url: str, documents: Path, tmp_path: Path) -> Iterator[House]:
    """The demo organisation, with its mail server."""
    settings = Settings(demo=True, data_dir=tmp_path / "data", database_url=database_url)
    shutil.copytree(documents, documents_folder(settings))
    sink = start_mail_sink(settings, show=False)
    house = build(settings)
    asyncio.run(prepare_demo(house))
    yield house
    sink.stop()
