"""Read an OTLP export of logs, as protobuf or as JSON, down to the attributes that are allowed. Pure.

Sources: OTLP 1.x (opentelemetry.io/docs/specs/otlp): JSON is the proto3 mapping in lowerCamelCase, but for ids in hex
and enums as numbers; 64-bit numbers come as text or number; unknown fields are ignored.
"""

import json
import math
import zlib
from collections.abc import Iterator
from typing import Any, Final

from colleague.adoption.telemetry.model import ALLOWED, NAMES, Plain, Record, short_name
from colleague.kit.errors import Invalid

BODY: Final = 4_000_000
INFLATED: Final = 4_000_000
MEMBERS: Final = 16
RECORDS: Final = 5_000
LONGEST: Final = 254
_I64: Final = 2**63


class Unreadable(Invalid):
    """This is not an OTLP export of logs in the encoding that it says it is."""


class TooMuch(Invalid):
    """At most 4 MB as sent and as unpacked, and 5,000 records at once: let the exporter send smaller batches."""


def inflate(body: bytes) -> bytes:
    """Return what was packed with gzip. Raises Unreadable, TooMuch; no more is unpacked than may be."""
    found, rest, members = bytearray(), body, 0
    while rest:
        members += 1
        if members > MEMBERS:
            raise TooMuch
        member = zlib.decompressobj(31)
        try:
            found += member.decompress(rest, INFLATED - len(found) + 1)
        except zlib.error as error:
            raise Unreadable from error
        if len(found) > INFLATED:
            raise TooMuch
        if not member.eof:
            raise Unreadable
        rest = member.unused_data
    return bytes(found)


def read_json(body: bytes) -> list[Record]:
    """Return the records of an ExportLogsServiceRequest in JSON. Raises Unreadable, TooMuch."""
    try:
        message = json.loads(body.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    found: list[Record] = []
    parts, scopes = _list(_object(message), "resourceLogs"), 0
    _few(len(parts))
    for part in parts:
        resource = _attributes_json(_object(part.get("resource") or {}))
        scopes = _few(scopes + len(_list(part, "scopeLogs")))
        for scope in _list(part, "scopeLogs"):
            for log in _list(scope, "logRecords"):
                if len(found) == RECORDS:
                    raise TooMuch
                found.append(_record_json(log, resource))
    return found


def read_protobuf(body: bytes) -> list[Record]:
    """Return the records of an ExportLogsServiceRequest in protobuf. Raises Unreadable, TooMuch."""
    # Here, not at the top: the library would make every start of the server slower.
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    message = ExportLogsServiceRequest()
    try:
        message.ParseFromString(body)
    except (DecodeError, RecursionError, ValueError) as error:
        raise Unreadable from error
    found: list[Record] = []
    scopes = 0
    _few(len(message.resource_logs))
    for part in message.resource_logs:
        resource = dict(_pairs(part.resource.attributes))
        scopes = _few(scopes + len(part.scope_logs))
        for scope in part.scope_logs:
            if len(found) + len(scope.log_records) > RECORDS:
                raise TooMuch
            for log in scope.log_records:
                attributes = dict(_pairs(log.attributes))
                said = log.body.string_value if log.body.WhichOneof("value") == "string_value" else ""
                name = _name(attributes, log.event_name, said)
                found.append(Record(name, log.time_unix_nano or log.observed_time_unix_nano, attributes, resource))
    return found


def _pairs(attributes: Any) -> Iterator[tuple[str, Plain]]:
    for one in attributes:
        if one.key not in ALLOWED:
            continue
        kind = one.value.WhichOneof("value")
        if kind in ("string_value", "int_value", "double_value", "bool_value"):
            value = _plain(getattr(one.value, kind))
            if value is not None:
                yield one.key, value


def _record_json(log: dict[str, Any], resource: dict[str, Plain]) -> Record:
    attributes = _attributes_json(log)
    body = log.get("body")
    said = body.get("stringValue") if isinstance(body, dict) else ""
    at = _nanoseconds(log.get("timeUnixNano")) or _nanoseconds(log.get("observedTimeUnixNano"))
    event = log.get("eventName")
    name = _name(attributes, event if isinstance(event, str) else "", said if isinstance(said, str) else "")
    return Record(name, at, attributes, resource)


def _attributes_json(holder: dict[str, Any]) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    for one in _list(holder, "attributes"):
        key, value = one.get("key"), one.get("value")
        if not isinstance(key, str) or key not in ALLOWED or value is None:
            continue
        if (plain := _plain(_value_json(_object(value)))) is not None:
            found[key] = plain
    return found


def _value_json(value: dict[str, Any]) -> Any:
    match value:
        case {"stringValue": str() as text}:
            return text
        case {"boolValue": bool() as truth}:
            return truth
        case {"intValue": int() | str() as number} if not isinstance(number, bool):
            return _integer(number)
        case {"doubleValue": int() | float() as number} if not isinstance(number, bool):
            return float(number) if abs(number) < _I64 else None
        case {"doubleValue": "NaN" | "Infinity" | "-Infinity"}:
            return None
        case {"arrayValue": _} | {"kvlistValue": _} | {"bytesValue": _}:
            return None
    if value:
        raise Unreadable
    return None


def _name(attributes: dict[str, Plain], event: str, said: str) -> str:
    """Return the name of the event: of its attribute, its field, or its body where that is a name we know."""
    given = attributes.get("event.name")
    for text in (given if isinstance(given, str) else "", event, said[:100]):
        if (short := short_name(text)) in NAMES:
            return short
    return ""


def _plain(value: Any) -> Plain | None:
    """Return a value that can be kept; None for text that is too long or that nothing holds, and what is no number."""
    match value:
        case str():
            fits = len(value) <= LONGEST and value.isprintable()
            return value if fits else None
        case bool():
            return value
        case int():
            return value if -_I64 <= value < _I64 else None
        case float():
            return value if math.isfinite(value) else None
    return None


def _few(parts: int) -> int:
    """Return how many parts there are; TooMuch where they are more than there may be records, empty as they may be."""
    if parts > RECORDS:
        raise TooMuch
    return parts


def _list(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = holder.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unreadable
    return [_object(one) for one in value]


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable
    return value


def _integer(value: int | str) -> int:
    if isinstance(value, int):
        return value
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
        raise Unreadable
    return int(value)


def _nanoseconds(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Unreadable
    return max(_integer(value), 0)


def _no_number(name: str) -> float:
    raise ValueError(name)
