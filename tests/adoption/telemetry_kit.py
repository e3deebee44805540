"""Exports as an agent of another make sends them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from sqlalchemy import text

from colleague.adoption.facts.read import actions, runs

EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
SESSION, PROMPT = "5f1b6c1e-0000-4000-8000-000000000001", "9c6f0b7a-0000-4000-8000-00000000000a"


def event(name: str, at: datetime, number: int | None = 1, **attributes: Any) -> dict[str, Any]:
    """Return a log record in OTLP/JSON; `__` in a name stands for `.`, None leaves an attribute out."""
    told: dict[str, Any] = {
        "event.name": name, "event.timestamp": at.isoformat(), "session.id": SESSION, "prompt.id": PROMPT,
        "user.email": "ana@aldermoor.example", "event.sequence": number,
    }  # fmt: skip
    told |= {key.replace("__", "."): value for key, value in attributes.items()}
    return {
        "timeUnixNano": str(int(at.timestamp()) * 1_000_000_000), "traceId": "5B8EFFF798038103D269B633813FC60C",
        "spanId": "EEE19B7EC3C1B174", "severityNumber": 9, "body": {"stringValue": f"claude_code.{name}"},
        "attributes": [{"key": k, "value": _value(v)} for k, v in told.items() if v is not None],
    }  # fmt: skip


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
    return {"stringValue": str(value)}


def export(*records: Mapping[str, Any], service: str = "claude-code") -> dict[str, Any]:
    """Return the message of an export in OTLP/JSON."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    scope = {"scope": {"name": "com.anthropic.claude_code.events"}, "logRecords": list(records)}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [scope]}]}


def as_json(message: Mapping[str, Any]) -> bytes:
    """Return a message as it goes over the wire in JSON."""
    return json.dumps(message).encode()


def as_protobuf(message: Mapping[str, Any]) -> bytes:
    """Return a message as it goes over the wire in protobuf."""
    found = ExportLogsServiceRequest()
    for part in message["resourceLogs"]:
        out = found.resource_logs.add()
        _fill(out.resource.attributes, part["resource"]["attributes"])
        for scope in part["scopeLogs"]:
            logs = out.scope_logs.add()
            for record in scope["logRecords"]:
                log = logs.log_records.add()
                log.time_unix_nano = int(record["timeUnixNano"])
                log.trace_id = bytes.fromhex(record["traceId"])
                log.body.string_value = record["body"]["stringValue"]
                _fill(log.attributes, record["attributes"])
    return found.SerializeToString()


def _fill(attributes: Any, told: Any) -> None:
    for one in told:
        added = attributes.add()
        added.key = one["key"]
        for kind, value in one["value"].items():
            match kind:
                case "stringValue":
                    added.value.string_value = value
                case "intValue":
                    added.value.int_value = int(value)
                case "doubleValue":
                    added.value.double_value = value
                case "boolValue":
                    added.value.bool_value = value


@dataclass
class Fleet:
    """A house with a source of telemetry, and its door."""

    programme: Any
    client: httpx.AsyncClient
    source: str
    token: str
    email: str

    @property
    def now(self) -> datetime:
        return self.programme.clock.now()

    def event(self, name: str, number: int | None = 1, *, at: datetime | None = None, **more: Any) -> dict[str, Any]:
        return event(name, at or self.now, number, **{"user__email": self.email} | more)

    async def send(self, *records: dict[str, Any], kind: str = "json", token: str = "", **headers: str) -> Any:
        message = export(*records)
        body = as_json(message) if kind == "json" else as_protobuf(message)
        return await self.post(body, kind, token, **headers)

    async def post(self, body: bytes, kind: str = "json", token: str = "", **headers: str) -> httpx.Response:
        given = {
            "authorization": f"Bearer {token or self.token}",
            "content-type": "application/json" if kind == "json" else "application/x-protobuf",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post("/v1/logs", content=body, headers=given)

    async def acted(self) -> list[tuple[str, str, datetime]]:
        await self.programme.rolled()
        async with self.programme.house.database.transaction() as session:
            return [(a.person, a.kind, a.at) for a in await actions(session, *EVER)]

    async def ran(self) -> list[Any]:
        await self.programme.rolled()
        async with self.programme.house.database.transaction() as session:
            return await runs(session, *EVER, by=("asked_at",))

    async def stored(self) -> str:
        """Return every text the database holds."""
        found = []
        async with self.programme.house.database.transaction() as session:
            names = await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
            for name in list(names):
                found += list(await session.scalars(text(f'SELECT CAST(t AS text) FROM "{name}" t')))
        return "\n".join(found)
