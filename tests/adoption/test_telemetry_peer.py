"""The exporter of the OpenTelemetry SDK is understood; whatever comes is read or refused; late weeks, sources."""

import asyncio
import gzip
import json
import logging
import random
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from tests.adoption.telemetry_kit import Fleet, as_json, as_protobuf, event, export
from tests.adoption.test_frozen import freeze, lived, rows

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.recount import recount
from colleague.adoption.frozen import recheck as checks
from colleague.adoption.frozen.recheck import recheck
from colleague.adoption.telemetry.judge import Happened, judge
from colleague.adoption.telemetry.model import ALLOWED, NAMES
from colleague.adoption.telemetry.read import TooMuch, Unreadable, inflate, read_json, read_protobuf
from colleague.adoption.weekly import lines
from colleague.identity.people import create_person
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
KEYS = st.sampled_from([
    "resourceLogs", "scopeLogs", "logRecords", "resource", "attributes", "key", "value", "stringValue", "intValue",
    "doubleValue", "boolValue", "arrayValue", "body", "timeUnixNano", "eventName", "event.name", "event.sequence",
    "session.id", "prompt.id", "user.email", "cost_usd",
])  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | KEYS
    | st.sampled_from(["user_prompt", "api_request", "1", "-1", "9" * 25, "NaN", "\x00", "²"])
)  # fmt: skip
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15
)
VALUES = st.one_of(
    st.builds(lambda v: {"stringValue": v}, st.text(max_size=12)), st.builds(lambda v: {"doubleValue": v}, st.floats()),
    st.builds(lambda v: {"intValue": v}, st.integers() | st.text(max_size=5)), JSON,
)  # fmt: skip
LOGS = st.fixed_dictionaries({
    "timeUnixNano": st.integers(-1, 2**70) | st.text(max_size=22), "body": JSON,
    "attributes": st.lists(st.fixed_dictionaries({"key": KEYS, "value": VALUES}), max_size=6),
})  # fmt: skip


def taken(records: list[Any]) -> None:
    for record in records:
        if record.name:
            found = judge(record, "fleet", now=NOW)
            assert isinstance(found, Happened | str)


@given(JSON | st.builds(lambda logs: export(*logs), st.lists(LOGS, max_size=3)))
@settings(max_examples=300, deadline=None)
def test_whatever_json_comes_is_records_or_unreadable(message: Any) -> None:
    try:
        taken(read_json(json.dumps(message).encode()))
    except (Unreadable, TooMuch):
        return


WHOLE = as_protobuf(export(event("user_prompt", NOW, 1, cost_usd=0.5), event("api_request", NOW, 2, success=True)))


@given(st.binary(max_size=60) | st.tuples(st.integers(0, len(WHOLE)), st.binary(max_size=6)).map(
    lambda cut: WHOLE[: cut[0]] + cut[1] + WHOLE[cut[0] + len(cut[1]) :]
))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_whatever_bytes_come_are_records_or_unreadable(body: bytes) -> None:
    for read in (read_protobuf, read_json, lambda b: read_json(inflate(b)), lambda b: read_protobuf(inflate(b))):
        try:
            taken(read(body))
        except (Unreadable, TooMuch):
            continue


async def test_whatever_is_sent_to_the_door_is_answered(fleet: Fleet) -> None:
    chance = random.Random(6)
    odd = [
        "\ud800",
        "\x00",
        "'; DROP TABLE people; --",
        2**63,
        -(2**63),
        1e308,
        "x" * 300,
        "9" * 19,
        True,
        "2026-13-01",
    ]
    for number in range(60):
        more = {key: chance.choice(odd) for key in chance.sample(sorted(ALLOWED), 4)}
        record = fleet.event(chance.choice(sorted(NAMES)), number, **more)
        assert (await fleet.send(record)).status_code in (200, 400), more
        cut = bytearray(as_protobuf(export(fleet.event("user_prompt", number))))
        for _ in range(3):
            cut[chance.randrange(len(cut))] = chance.randrange(256)
        assert (await fleet.post(bytes(cut), "protobuf")).status_code in (200, 400)
    await fleet.programme.rolled()
    assert not await recount(fleet.programme.house.database)


async def test_both_encodings_say_the_same() -> None:
    message = export(event("user_prompt", NOW, 1, cost_usd=0.5, success=True), event("api_request", NOW, None))
    assert read_json(as_json(message)) == read_protobuf(as_protobuf(message))
    assert inflate(gzip.compress(b"a") + gzip.compress(b"b")) == b"ab"


async def test_what_the_exporter_of_the_sdk_sends_is_counted(fleet: Fleet) -> None:
    house = fleet.programme.house
    app = create_app(house.by_type(), settings=house.settings, lifespan=None)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    at = int(fleet.now.timestamp()) * 1_000_000_000

    def send() -> None:
        exporter = OTLPLogExporter(
            endpoint=f"http://127.0.0.1:{port}/v1/logs", headers={"authorization": f"Bearer {fleet.token}"},
            compression=Compression.Gzip,
        )  # fmt: skip
        provider = LoggerProvider(resource=Resource({"service.name": "cowork", "host.name": "laptop-of-ana"}))
        provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
        logger = provider.get_logger("events")
        common = {"session.id": "s", "prompt.id": "p", "user.email": fleet.email}
        for number, name in enumerate(("user_prompt", "tool_decision", "assistant_response"), 1):
            more = {"source": "user_temporary", "decision": "accept", "tool_name": "Edit"} if number == 2 else {}
            logger.emit(LogRecord(
                timestamp=at, body=f"cowork.{name}", severity_number=SeverityNumber.INFO,
                attributes=common | more | {"event.name": name, "event.sequence": number},
            ))  # fmt: skip
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        assert provider.force_flush()
        provider.shutdown()

    await asyncio.to_thread(send)
    server.should_exit = True
    await serving
    assert [kind for _, kind, _ in await fleet.acted()] == ["start", "decide"]
    (run,) = await fleet.ran()
    assert run.end == "delivered"
    assert "laptop-of-ana" not in await fleet.stored()


async def test_what_comes_weeks_late_corrects_the_frozen_week(fleet: Fleet) -> None:
    programme = fleet.programme
    week = await lived(programme)
    programme.clock.advance(days=18)
    await freeze(programme)
    calendar = await programme.do(read_calendar)
    dana = programme.home.people["dana"].email
    late = fleet.event("user_prompt", 1, at=calendar.start(week).replace(hour=12), user__email=dana)
    assert (await fleet.send(late)).json() == {}
    await programme.rolled()
    checked = await recheck(programme.house.database, **programme.told)
    assert checked.corrected == {str(week): checks.LATE}
    versions = [r for r in await rows(programme) if (r.kind, r.week, r.part) == ("organisation", str(week), "activity")]
    assert [r.version for r in versions] == [1, 2]
    assert versions[1].figures != versions[0].figures


async def test_numbers_are_told_by_source(fleet: Fleet) -> None:
    programme, owner = fleet.programme, fleet.programme.home.people["owner"]
    groups = programme.house.groups
    assert await programme.do(lines, programme.lead, groups, kind="source", clock=programme.clock) == []
    for n in range(9):
        await programme.do(create_person, owner, f"p{n}@aldermoor.example", f"P {n}", **programme.told)
    programme.clock.advance(days=6)
    await fleet.send(*(fleet.event("user_prompt", n, user__email=f"p{n}@aldermoor.example", prompt__id=f"p{n}")
                       for n in range(6)))  # fmt: skip
    await programme.record("task.delegated", "ana", run="run_a")
    await programme.rolled()
    found = await programme.do(lines, programme.lead, groups, kind="source", clock=programme.clock, count=1)
    told = {one.name: one.weeks[0] for one in found}
    assert told.keys() == {"Colleague", "Laptops"}
    assert told["Laptops"].people == 6
    # Who works here alone is too few to be told of.
    assert told["Colleague"].suppressed
