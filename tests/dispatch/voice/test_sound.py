"""A recording is known by its content, its length is measured, and no content makes more than a refusal."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dispatch.voice.recordings import ALL, fragmented, wav

from colleague.dispatch.voice.sound import LARGEST, NotARecording, RecordingTooLarge, sound_of


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("seconds", [2, 59, 299])
def test_the_length_is_measured(kind: str, seconds: int) -> None:
    sound = sound_of(ALL[kind](seconds))
    assert sound.seconds == pytest.approx(seconds, rel=0.02)
    assert sound.ending == {"fragmented": "mp4"}.get(kind, kind)


@pytest.mark.parametrize("kind", ALL)
def test_more_than_five_minutes_is_refused(kind: str) -> None:
    with pytest.raises(RecordingTooLarge):
        sound_of(ALL[kind](310))


def test_what_is_no_recording_is_refused() -> None:
    for content in (b"", b"%PDF-1.7", b"<html>", b"MZ" * 100, b"RIFF\x00\x00\x00\x00WAVE", b"\x1aE\xdf\xa3",
                    b"OggS" * 9, b"\x00\x00\x00\x18ftypheic", fragmented(2)[:30], b"#!AMR\n", b"ID3"):  # fmt: skip
        with pytest.raises(NotARecording):
            sound_of(content)
    with pytest.raises(RecordingTooLarge):
        sound_of(wav(1) + b"\x00" * LARGEST)


@settings(max_examples=400, deadline=None)
@given(kind=st.sampled_from(sorted(ALL)), data=st.data())
def test_no_content_does_more_than_be_refused(kind: str, data: st.DataObject) -> None:
    content = bytearray(ALL[kind](2)[:3000])
    for _ in range(data.draw(st.integers(1, 12))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(NotARecording, RecordingTooLarge):
        assert 0 < sound_of(bytes(content[: data.draw(st.integers(0, len(content)))])).seconds <= 300
