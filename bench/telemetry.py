"""Telemetry in: events a second through the door (gzip, protobuf, 510 a batch), beside the bare rows it must write."""

import asyncio
import gzip
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from sqlalchemy import text

from colleague.adoption.facts.roll_up import roll_up
from colleague.adoption.telemetry.read import inflate, read_protobuf
from colleague.adoption.telemetry.sources import create_source
from colleague.audit.seal import seal
from colleague.kit import embedded, log
from colleague.testing.house import furnish
from colleague.web.app import create_app

Row = tuple[str, float, str, str]
# What one prompt brings with it, as a rule: seventeen events, of which three tell of the person or the run.
PROMPT = ("user_prompt", *("api_request", "tool_decision", "tool_result") * 5, "assistant_response")
BATCHES, PROMPTS, WRITERS = 60, 30, 4


def bench() -> list[Row]:
    """Return what was measured."""
    log.setup(level="ERROR")
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


def _batch(number: int, now: datetime) -> bytes:
    message = ExportLogsServiceRequest()
    logs = message.resource_logs.add().scope_logs.add().log_records
    count = 0
    for prompt in range(PROMPTS):
        for name in PROMPT:
            log_ = logs.add()
            log_.time_unix_nano = int(now.timestamp() * 1e9) + count
            count += 1
            told: dict[str, Any] = {
                "event.name": name, "session.id": f"s{number}", "event.sequence": count,
                "prompt.id": f"{number}-{prompt}",
                "user.email": "ana@aldermoor.example", "user.account_uuid": "5f1b6c1e-0000-4000-8000-000000000001",
                "model": "sonnet-5", "tool_name": "Read", "source": "config", "decision": "accept", "duration_ms": "31",
            }  # fmt: skip
            for key, value in told.items():
                one = log_.attributes.add()
                one.key = key
                if isinstance(value, int):
                    one.value.int_value = value
                else:
                    one.value.string_value = value
    return gzip.compress(message.SerializeToString())


async def _measure(folder: Path) -> list[Row]:
    home = await furnish(embedded.start(folder), folder, connectors=(), telemetry_in_rate=10_000)
    house = home.house
    told = {"ledger": house.ledger, "clock": house.clock}
    async with house.database.transaction() as session:
        source, token = await create_source(session, home.people["owner"], "bench", days=1, **told)
    batches = [_batch(n, house.clock.now()) for n in range(BATCHES)]
    events = BATCHES * PROMPTS * len(PROMPT)
    began = time.perf_counter()
    for one in batches:
        read_protobuf(inflate(one))
    reading = events / (time.perf_counter() - began)
    bare = await _bare(house, source)
    headers = {
        "authorization": f"Bearer {token}", "content-type": "application/x-protobuf", "content-encoding": "gzip",
    }  # fmt: skip
    transport = httpx.ASGITransport(create_app(house.by_type(), settings=house.settings, lifespan=None))

    async def send() -> float:
        left = list(batches)

        async def write() -> None:
            while left:
                answer = await http.post("/v1/logs", content=left.pop(), headers=headers)
                assert answer.status_code == 200, answer.text

        started = time.perf_counter()
        await asyncio.gather(*(write() for _ in range(WRITERS)))
        return events / (time.perf_counter() - started)

    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as http:
        first, again = await send(), await send()
    while await seal(house.database, signer=house.signer, sink=None, clock=house.clock):
        pass
    began, entries = time.perf_counter(), 0
    while took := await roll_up(house.database):
        entries += took
    rolled = entries / (time.perf_counter() - began)
    await house.close()
    share = f"{100 * first / bare:.0f} % of the bare rows ({bare:,.0f}/s)"
    return [
        ("events through the door", first, "a second", share),
        ("the same once more", again, "a second", "all known: nothing is written but counts"),
        ("events read, nothing written", reading, "a second", "gzip and protobuf alone, one core"),
        ("entries rolled up into facts", rolled, "a second", f"{entries} entries of {events} events"),
    ]


async def _bare(house: Any, source: str) -> float:
    """Return how many events a second are noted by plain inserts in transactions of a batch: the physical limit."""
    count = PROMPTS * len(PROMPT)
    insert = text("INSERT INTO telemetry_seen (source_id, key, at) VALUES (:source, :key, now())")

    async def write(writer: int) -> None:
        for batch in range(BATCHES // WRITERS):
            rows = [
                {"source": source, "key": f"{writer}.{batch}.{n}".encode().ljust(16, b"-")} for n in range(count)
            ]  # fmt: skip
            async with house.database.transaction() as session:
                await session.execute(insert, rows)

    began = time.perf_counter()
    await asyncio.gather(*(write(n) for n in range(WRITERS)))
    return count * BATCHES / (time.perf_counter() - began)
