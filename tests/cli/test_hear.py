"""`colleague dispatch hear` shows what the service makes of a recording, or says in one line why it does not."""

from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.dispatch.voice.recordings import ogg

from colleague.bootstrap import House
from colleague.testing.transcription import transcription


def test_a_recording_is_written_down(call: Call, demo: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, other = tmp_path / "note.ogg", tmp_path / "note.txt"
    file.write_bytes(ogg(3))
    other.write_text("No sound at all.")
    absent = call("dispatch", "hear", str(file), as_="ana")
    assert absent.code == 1
    assert "COLLEAGUE_TRANSCRIPTION_URL" in absent.err
    with transcription() as service:
        monkeypatch.setenv("COLLEAGUE_TRANSCRIPTION_URL", service.url)
        monkeypatch.setenv("COLLEAGUE_TRANSCRIPTION_ZONE", "own")
        said = call("dispatch", "hear", str(file), as_="ana")
        assert (said.code, said.out.strip()) == (0, "brief Harbour City")
        wrong = call("dispatch", "hear", str(other), as_="ana")
        assert wrong.code == 1
        assert wrong.err.startswith("This is no recording that can be written down")
        assert len(service.asked) == 1
