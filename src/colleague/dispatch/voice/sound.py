"""What kind of recording bytes are and how long it lasts, by the content alone. Pure; malformed content is refused.

Formats that phones, browsers and MMS make: WebM and Ogg (Opus), MP4 (AAC), MP3, WAV, AMR.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from colleague.kit.errors import Invalid

LARGEST, LONGEST = 10_000_000, 300.0
AMR_FRAMES: Final = (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1)
AMR_WIDE_FRAMES: Final = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1)
MP3_RATES: Final = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
# In EBML: containers whose children are looked at, and the places of time.
_SEGMENT, _CLUSTER, _GROUP, _INFO = 0x18538067, 0x1F43B675, 0xA0, 0x1549A966
_SCALE, _CLUSTER_TIME, _BLOCK, _SIMPLE = 0x2AD7B1, 0xE7, 0xA1, 0xA3
_BOXES: Final = (b"moov", b"trak", b"mdia", b"moof", b"traf")


class NotARecording(Invalid):
    """This is no recording that can be written down: send WebM, Ogg, MP4, MP3, WAV or AMR."""


class RecordingTooLarge(Invalid):
    """A voice note has at most 10 MB and five minutes. Say it in two, or write it."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording: the ending of its file, its media type, how many seconds it lasts."""

    ending: str
    media_type: str
    seconds: float


def sound_of(content: bytes) -> Sound:
    """Return what a recording is. Raises NotARecording (also if it does not say how long it is), RecordingTooLarge."""
    if len(content) > LARGEST:
        raise RecordingTooLarge
    for looks, ending, media_type, seconds in _KINDS:
        if looks(content):
            try:
                lasts = seconds(content)
            except (struct.error, IndexError, ValueError, ZeroDivisionError, OverflowError):
                raise NotARecording from None
            if lasts <= 0:
                raise NotARecording
            if lasts > LONGEST:
                raise RecordingTooLarge
            return Sound(ending, media_type, lasts)
    raise NotARecording


def _wav(content: bytes) -> float:
    at, rate = 12, 0
    while at + 8 <= len(content):
        name, size = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
        if name == b"fmt ":
            rate = struct.unpack_from("<I", content, at + 16)[0]
        if name == b"data":
            return float(min(size, len(content) - at - 8)) / rate
        at += 8 + size + size % 2
    raise ValueError


def _ogg(content: bytes) -> float:
    if content.find(b"OpusHead", 0, 400) < 0:
        raise ValueError  # Vorbis is no format of voice notes.
    last = content.rfind(b"OggS")
    return float(struct.unpack_from("<q", content, last + 6)[0]) / 48_000


def _amr(content: bytes) -> float:
    wide = content.startswith(b"#!AMR-WB\n")
    sizes, at, frames = (AMR_WIDE_FRAMES if wide else AMR_FRAMES), 9 if wide else 6, 0
    while at < len(content):
        at += sizes[content[at] >> 3 & 15]
        frames += 1
    return frames / 50


def _mp3(content: bytes) -> float:
    at = 0
    if content.startswith(b"ID3"):
        at = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=True))
    header = struct.unpack_from(">I", content, at)[0]
    version, rate = header >> 19 & 3, header >> 12 & 15
    if header >> 21 != 0x7FF or header >> 17 & 3 != 1 or version == 1 or rate == 15:
        raise ValueError
    kilobits = MP3_RATES[0 if version == 3 else 1][rate]
    sampling = (44_100, 48_000, 32_000)[header >> 10 & 3] // {3: 1, 2: 2, 0: 4}[version]
    for mark in (b"Xing", b"Info"):
        found = content.find(mark, at, at + 200)
        if found > 0 and content[found + 7] & 1:
            frames = struct.unpack_from(">I", content, found + 8)[0]
            return float(frames) * (1152 if version == 3 else 576) / sampling
    return (len(content) - at) * 8 / (kilobits * 1000)


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    at = start
    while at + 8 <= end:
        size, name = struct.unpack_from(">I4s", content, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", content, at + 8)[0], 16
        stop = end if size == 0 else at + size
        if stop < at + head or stop > end:
            stop = end  # Cut off: what is there still counts.
        yield name, at + head, stop
        if name in _BOXES:
            yield from _boxes(content, at + head, stop)
        at = stop


def _mp4(content: bytes) -> float:
    """Return the duration of the movie; of a fragmented one, when its last fragment begins."""
    scale, longest = 0, 0.0
    for name, at, _ in _boxes(content, 0, len(content)):
        wide = name in (b"mvhd", b"mdhd", b"tfdt") and content[at] == 1
        if name in (b"mvhd", b"mdhd"):
            scale, lasts = struct.unpack_from(">IQ" if wide else ">II", content, at + (20 if wide else 12))
            if lasts not in (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF):
                longest = max(longest, lasts / scale)
        if name == b"tfdt":
            begins = struct.unpack_from(">Q" if wide else ">I", content, at + 4)[0]
            longest = max(longest, begins / scale, 0.01)
    return longest


def _number(content: bytes, at: int, *, marked: bool) -> tuple[int, int]:
    """Return a variable-length number of EBML and where it ends; `marked` keeps its length bits (as in ids)."""
    length = 9 - content[at].bit_length()
    if length > 8 or at + length > len(content):
        raise ValueError
    value = int.from_bytes(content[at : at + length], "big")
    whole = (1 << 7 * length) - 1
    return (value if marked else -1 if value & whole == whole else value & whole), at + length


def _webm(content: bytes) -> float:
    """Return when the last block begins: recordings made in a browser say no duration."""
    at, scale, cluster, last = 0, 1_000_000, 0, 0
    while at < len(content):
        try:
            name, start = _number(content, at, marked=True)
            size, start = _number(content, start, marked=False)
        except (ValueError, IndexError):
            break  # Cut off in the middle: what is there still counts.
        if name in (_SEGMENT, _CLUSTER, _GROUP, _INFO):
            at = start
            continue
        if size < 0:
            raise ValueError
        if name == _SCALE:
            scale = int.from_bytes(content[start : start + min(size, 8)], "big")
        if name == _CLUSTER_TIME:
            cluster = int.from_bytes(content[start : start + min(size, 8)], "big")
        if name in (_BLOCK, _SIMPLE):
            _, after = _number(content, start, marked=False)
            last = max(last, cluster + struct.unpack_from(">h", content, after)[0])
        at = start + size
    return max(last * scale / 1e9, 0.01 if last == 0 and b"Opus" in content[:2000] else 0)


_Looks = Callable[[bytes], bool]
_KINDS: Final[tuple[tuple[_Looks, str, str, Callable[[bytes], float]], ...]] = (
    (lambda c: c.startswith(b"\x1aE\xdf\xa3"), "webm", "audio/webm", _webm),
    (lambda c: c.startswith(b"OggS"), "ogg", "audio/ogg", _ogg),
    (lambda c: c[4:8] == b"ftyp", "mp4", "audio/mp4", _mp4),
    (lambda c: c.startswith(b"RIFF") and c[8:12] == b"WAVE", "wav", "audio/wav", _wav),
    (lambda c: c.startswith(b"#!AMR"), "amr", "audio/amr", _amr),
    (lambda c: c.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")), "mp3", "audio/mpeg", _mp3),
)
