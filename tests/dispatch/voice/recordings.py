"""Recordings of silence, made here: each format with a known length."""

import io
import struct
import wave


def wav(seconds: float, rate: int = 8000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate)
        file.writeframes(b"\x80" * int(seconds * rate))
    return out.getvalue()


def _page(position: int, number: int, body: bytes) -> bytes:
    return b"OggS" + struct.pack("<BBqIIIB", 0, 0, position, 1, number, 0, 1) + bytes([len(body)]) + body


def ogg(seconds: float) -> bytes:
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48000, 0, 0)
    return _page(0, 0, head) + _page(0, 1, b"OpusTags") + _page(int(seconds * 48000), 2, b"\xf8\xff\xfe")


def amr(seconds: float) -> bytes:
    return b"#!AMR\n" + (b"\x3c" + b"\x00" * 31) * int(seconds * 50)


def mp3(seconds: float) -> bytes:
    frame = b"\xff\xfb\x90\x00" + b"\x00" * 413  # 128 kbit/s, 44.1 kHz
    return b"ID3\x04\x00\x00\x00\x00\x00\x05hello" + frame * int(seconds * 44100 / 1152)


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + name + body


def mp4(seconds: float) -> bytes:
    times = struct.pack(">IIIII", 0, 0, 0, 1000, int(seconds * 1000))
    return _box(b"ftyp", b"M4A \x00\x00\x00\x00") + _box(b"moov", _box(b"mvhd", times + b"\x00" * 80))


def fragmented(seconds: float) -> bytes:
    """As a browser records: the movie says no length, its fragments say when they begin."""
    movie = _box(b"moov", _box(b"trak", _box(b"mdia", _box(b"mdhd", struct.pack(">IIIII", 0, 0, 0, 48000, 0)))))
    begins = b"\x01\x00\x00\x00" + struct.pack(">Q", int(seconds * 48000))
    return _box(b"ftyp", b"mp42\x00\x00\x00\x00") + movie + _box(b"moof", _box(b"traf", _box(b"tfdt", begins)))


def webm(seconds: float) -> bytes:
    """As a browser records: a segment and clusters of unknown size, no duration."""
    out = b"\x1aE\xdf\xa3\x80" + b"\x18S\x80g\x01\xff\xff\xff\xff\xff\xff\xff"
    for start in range(0, max(int(seconds * 1000), 1), 10_000):
        out += b"\x1fC\xb6u\x01\xff\xff\xff\xff\xff\xff\xff" + b"\xe7\x84" + struct.pack(">I", start)
        end = min(int(seconds * 1000) - start, 10_000)
        out += b"\xa3\x86\x81" + struct.pack(">h", end) + b"\x80\xf8\xff"
    return out


ALL = {"wav": wav, "ogg": ogg, "amr": amr, "mp3": mp3, "mp4": mp4, "fragmented": fragmented, "webm": webm}
