"""What pages cost: CPU of a request, CPU and memory of a watching client (server-sent events)."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from colleague.kit.db import notify
from colleague.kit.sse import Hub
from colleague.testing.house import furnish
from colleague.testing.postgres import TestPostgres
from colleague.web.app import create_app

BASE = "http://127.0.0.1:8080"
Row = tuple[str, float, str, str]
CLIENTS, EVENTS, REQUESTS = 100, 20, 60


@asynccontextmanager
async def quiet(app: Any) -> AsyncIterator[None]:
    yield


def client_of(app: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Origin": BASE})


async def cpu_of(client: httpx.AsyncClient, path: str) -> float:
    """Return the median CPU milliseconds of a GET, the client's part included."""
    found = []
    for _ in range(REQUESTS):
        started = time.process_time()
        assert (await client.get(path)).status_code == 200
        found.append((time.process_time() - started) * 1000)
    return statistics.median(found)


async def watch(app: Any, cookie: str, path: str, heard: list[int]) -> None:
    """Read a stream straight from the application, as a connected browser would, and count its frames."""
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "scheme": "http", "http_version": "1.1", "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 8080),
        "headers": [(b"host", b"127.0.0.1:8080"), (b"cookie", cookie.encode()), (b"accept", b"text/event-stream")],
    }  # fmt: skip
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if b"data:" in message.get("body", b""):
            heard[0] += 1

    await app(scope, receive, send)


async def measure(url: str, folder: Path) -> list[Row]:
    home = await furnish(url, folder, demo=True)
    parts = {**home.house.by_type(), Hub: Hub(per_person=CLIENTS)}
    app = create_app(parts, settings=home.house.settings, lifespan=quiet)
    bare = Starlette(routes=[Route("/", lambda request: PlainTextResponse("ok"))])
    rows: list[Row] = []
    async with client_of(app) as client, client_of(bare) as plain:
        await client.post("/sign-in/demo", data={"person": "ana@aldermoor.example"})
        made = (await client.post("/api/v1/tasks", data={"goal": "Summarise the minutes"})).json()
        anchor = await cpu_of(plain, "/")
        note = f"bare Starlette «ok»: {anchor:.2f} ms"
        for path in ("/tasks/new", "/tasks", f"/tasks/{made['id']}", "/approvals"):
            name = path.replace(made["id"], "ID")
            rows.append((f"page {name}", await cpu_of(client, path), "ms CPU", note))
        cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
    rows += await streams(home, app, made, cookie)
    await home.house.close()
    return rows


async def streams(home: Any, app: Any, made: dict[str, Any], cookie: str) -> list[Row]:
    """Let many watch one task; measure memory a client and CPU a delivered frame."""
    process, heard = psutil.Process(), [0]
    before = process.memory_info().rss
    readers = [asyncio.create_task(watch(app, cookie, f"/tasks/{made['id']}/events", heard)) for _ in range(CLIENTS)]
    while heard[0] < CLIENTS:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    memory = (process.memory_info().rss - before) / CLIENTS / 1000
    heard[0], started = 0, time.process_time()
    for number in range(EVENTS):
        async with home.house.database.transaction() as session:
            from sqlalchemy import text

            change = text("UPDATE runs SET why = :why WHERE id = :run")
            await session.execute(change, {"why": f"Step {number}", "run": made["run"]})
            await notify(session, f"run:{made['run']}")
        wanted = CLIENTS * (number + 1)
        while heard[0] < wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    frame = (time.process_time() - started) / (CLIENTS * EVENTS) * 1000
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return [
        ("watching client", memory, "kB", f"{CLIENTS} on one task; ui.md: 36–42 kB"),
        ("delivered frame", frame, "ms CPU", f"{EVENTS} changes × {CLIENTS} clients, one viewer"),
    ]


def bench() -> list[Row]:
    """Return the rows."""
    with tempfile.TemporaryDirectory() as folder:
        postgres = TestPostgres(Path(folder) / "pg")
        with postgres.database() as url:
            return asyncio.run(measure(url, Path(folder)))
