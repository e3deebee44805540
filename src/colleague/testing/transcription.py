"""A service that writes voice notes down, on a port of this machine: it says what it was told, and keeps who asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Transcription:
    """Its address, what it answers (status and body), and the requests it got (headers, body)."""

    url: str = ""
    status: int = 200
    body: Any = field(default_factory=lambda: {"text": "brief Harbour City"})
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def transcription() -> Iterator[Transcription]:
    """Serve until left."""
    service = Transcription()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            service.asked.append(({k.casefold(): v for k, v in self.headers.items()}, content))
            status = service.status if self.path == "/v1/audio/transcriptions" else 404
            body = service.body if isinstance(service.body, bytes) else json.dumps(service.body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    service.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
