"""Pictures, papers and voice that came with a text message: fetched from the provider, with the account's sign-in."""

import base64
from collections.abc import Sequence
from urllib.parse import urlsplit

from colleague.dispatch.doors.parts import Doors
from colleague.dispatch.doors.sms.verify import NotAMessage
from colleague.kit.errors import Failure, Unavailable

SIZE, SECONDS = 5_000_000, 10.0
# Where the provider keeps files; it redirects there, and the sign-in stays behind (kit/http.py).
STORES = ("mms.twiliocdn.com", "media.twiliocdn.com", "s3-external-1.amazonaws.com")
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF8", "gif"), (b"%PDF-", "pdf"),
    (b"#!AMR", "amr"), (b"OggS", "ogg"), (b"ID3", "mp3"), (b"\xff\xfb", "mp3"), (b"\xff\xf3", "mp3"), (b"fLaC", "flac"),
    (b"caff", "caf"),
)  # fmt: skip
AUDIO = frozenset({"amr", "ogg", "mp3", "flac", "caf", "wav", "m4a", "3gp"})
Files = tuple[tuple[str, bytes], ...]


class FileNotFetched(Unavailable):
    """A file that came along could not be fetched, or is no picture, PDF or voice note of at most 5 MB."""


async def fetch(doors: Doors, message: str, media: Sequence[tuple[str, str]]) -> Files:
    """Return the files of a message with names made here. NotAMessage for a foreign address, FileNotFetched."""
    settings = doors.settings
    base = f"{settings.sms_url.rstrip('/')}/2010-04-01/Accounts/{settings.sms_account}/Messages/{message}/Media/"
    token = settings.sms_token.get_secret_value() if settings.sms_token else ""
    sign_in = base64.b64encode(f"{settings.sms_account}:{token}".encode()).decode()
    files: list[tuple[str, bytes]] = []
    left = SIZE
    for number, (url, _) in enumerate(media, 1):
        # Only files of this very message: the sign-in opens all of the account's.
        if not url.startswith(base) or not url[len(base) :].isalnum():
            raise NotAMessage(why="a file is not the provider's")
        try:
            answer = await doors.egress.request(
                "GET", url, headers={"authorization": f"Basic {sign_in}"}, size_limit=left, seconds=SECONDS,
                hosts=(urlsplit(base).hostname or "", *STORES),
            )  # fmt: skip
        except Failure:
            raise FileNotFetched from None
        ending = ending_of(answer.content)
        if answer.status != 200 or not ending:
            raise FileNotFetched
        left -= len(answer.content)
        files.append((f"{'voice' if ending in AUDIO else 'file'}-{number}.{ending}", answer.content))
    return tuple(files)


def ending_of(content: bytes) -> str:
    """Return the ending that a file of this content has; "" for what is no picture, PDF or sound."""
    for beginning, ending in _BEGINNINGS:
        if content.startswith(beginning):
            return ending
    if content.startswith(b"RIFF"):
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(content[8:12], "")
    if content[4:8] == b"ftyp":
        brand = content[8:12]
        return "3gp" if brand.startswith(b"3g") else "m4a" if brand in (b"M4A ", b"isom", b"mp42") else ""
    return ""
