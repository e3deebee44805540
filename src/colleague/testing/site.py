"""A web site and a search service on this machine: pages by path, redirects, slowness, and what was asked of them."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit


@dataclass
class Page:
    """What a path answers. `wait` is how many seconds it takes."""

    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0


def redirect(to: str) -> Page:
    """Return a page that sends the reader to `to`."""
    return Page(status=302, headers={"Location": to})


class FakeSite:
    """Serves `pages` by path; `asked` lists (path, headers) of each request, `/search` answers like SearXNG."""

    def __init__(self, pages: Mapping[str, Page] | None = None) -> None:
        """Take the pages by path."""
        self.pages = dict(pages or {})
        self.results: list[dict[str, str]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.port = 0

    @property
    def url(self) -> str:
        """Return the site's address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def _page(self, target: str) -> Page:
        parts = urlsplit(target)
        if parts.path == "/search" and "/search" not in self.pages:
            query = parse_qs(parts.query).get("q", [""])[0]
            return Page(json.dumps({"query": query, "results": self.results}).encode(), "application/json")
        return self.pages.get(parts.path, Page(b"Nothing here.", "text/plain", 404))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            target = head[0].split(" ")[1]
            pairs = (line.partition(":") for line in head[1:] if line)
            self.asked.append((target, {k.casefold(): v.strip() for k, _, v in pairs}))
            page = self._page(target)
            await asyncio.sleep(page.wait)
            lines = [f"HTTP/1.1 {page.status} X", f"Content-Length: {len(page.body)}", f"Content-Type: {page.kind}"]
            lines += ["Connection: close", *(f"{k}: {v}" for k, v in page.headers.items())]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + page.body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @contextmanager
    def serving(self) -> Iterator["FakeSite"]:
        """Serve on a free port of this machine, from a thread of its own, while the context lasts."""
        loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

        async def serve() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            await over.wait()
            server.close()

        def run() -> None:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve())

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        ready.wait(10)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(over.set)
            thread.join(10)
