"""Where a SIEM takes events in: a file, a syslog collector over TCP or TLS, or an https address.

Not offered: syslog over UDP, which loses what does not arrive and says nothing.
"""

import asyncio
import json
import os
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from colleague.kit.errors import Invalid, Unavailable
from colleague.kit.settings import Settings

SECONDS = 15
_FACILITY = 13  # log audit (RFC 5424, 6.2.1)
_SYSLOG = {1: 6, 2: 5, 3: 4, 4: 2}  # OCSF severity to syslog severity: informational, notice, warning, critical
_HERE = ("127.0.0.1", "::1", "localhost")
_PORTS = {"syslog+tcp": 601, "syslog+tls": 6514}  # RFC 3195 and RFC 5425


class SiemUnavailable(Unavailable):
    """The SIEM could not be reached; entries wait and are sent later, in order."""


class BadSiem(Invalid):
    """COLLEAGUE_SIEM must be `file:/path`, `syslog+tls://host:port`, `syslog+tcp://host:port` or an https address,
    without a password or a query in it: a key belongs into COLLEAGUE_SIEM_AUTHORIZATION."""


class Target(Protocol):
    """A place that takes events."""

    async def send(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Send a batch, in order; SiemUnavailable if it did not go out whole (then it is sent again)."""
        ...


def _line(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


class FileTarget:
    """Appends one JSON line an event to a file that a log shipper follows."""

    def __init__(self, file: Path) -> None:
        """Take the file; its folder must exist."""
        self._file = file

    async def send(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Append and force to the disk."""
        try:
            await asyncio.to_thread(self._append, b"".join(_line(e) + b"\n" for e in events))
        except OSError as error:
            raise SiemUnavailable from error

    def _append(self, data: bytes) -> None:
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            if os.write(descriptor, data) != len(data):
                raise OSError("the disk is full")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class SyslogTarget:
    """Sends RFC 5424 messages over TCP with octet counting (RFC 6587, 3.4.1), or over TLS (RFC 5425)."""

    def __init__(self, host: str, port: int, *, tls: bool, context: ssl.SSLContext | None = None) -> None:
        """Take the address. `context`: what is trusted, instead of the machine's certificates."""
        self._host, self._port = host, port
        self._tls = (context or ssl.create_default_context()) if tls else None

    async def send(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Connect, send all, and close in order: what the collector's machine took is not lost with the connection."""
        try:
            async with asyncio.timeout(SECONDS):
                _, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
                try:
                    for event in events:
                        message = syslog(event)
                        writer.write(b"%d %b" % (len(message), message))
                    await writer.drain()
                finally:
                    writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError, ssl.SSLError) as error:
            raise SiemUnavailable from error


def syslog(event: Mapping[str, Any]) -> bytes:
    """Return an event as an RFC 5424 message: facility «log audit», the OCSF event as its text."""
    meta, stamp = event["metadata"], json.loads(event["raw_data"])["at"]
    priority = _FACILITY * 8 + _SYSLOG[event["severity_id"]]
    # The mark of UTF-8 before the text is what the RFC asks for (6.4).
    head = f"<{priority}>1 {stamp} - colleague - {str(meta['event_code'])[:32]} - "
    return head.encode() + b"\xef\xbb\xbf" + _line(event)


class HttpTarget:
    """Posts JSON lines to an https address."""

    def __init__(self, url: str, authorization: str = "") -> None:
        """Take the address, and what to say in the Authorization header («Bearer …», «Splunk …»)."""
        self._url = url
        self._headers = {"Content-Type": "application/x-ndjson"}
        if authorization:
            self._headers["Authorization"] = authorization

    async def send(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Post a batch; anything but a 2xx answer is a failure."""
        body = b"".join(_line(e) + b"\n" for e in events)
        try:
            async with httpx.AsyncClient(timeout=SECONDS, follow_redirects=False) as client:
                (await client.post(self._url, content=body, headers=self._headers)).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise SiemUnavailable from error


def target_of(settings: Settings) -> Target | None:
    """Return the configured SIEM, if any. Raises BadSiem."""
    text = settings.siem
    if not text:
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BadSiem from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise BadSiem
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        return FileTarget(Path(parts.path))
    if parts.scheme in _PORTS and parts.hostname and not parts.path.strip("/"):
        return SyslogTarget(parts.hostname, port or _PORTS[parts.scheme], tls=parts.scheme == "syslog+tls")
    # In plain text only within this machine.
    if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and parts.hostname in _HERE):
        return HttpTarget(text, settings.siem_authorization.get_secret_value() if settings.siem_authorization else "")
    raise BadSiem
