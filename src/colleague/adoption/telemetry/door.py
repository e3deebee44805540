"""The door of telemetry: POST /v1/logs, OTLP/HTTP, for tokens of sources. A batch is one transaction, or nothing."""

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Final
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from colleague.adoption.telemetry.accept import Taken, accept
from colleague.adoption.telemetry.model import Record
from colleague.adoption.telemetry.parts import TelemetryIn
from colleague.adoption.telemetry.read import BODY, TooMuch, Unreadable, inflate, read_json, read_protobuf
from colleague.adoption.telemetry.sources import source_of_token
from colleague.kit.doors import part
from colleague.kit.log import get_log

router = APIRouter(include_in_schema=False)
Parts = Annotated[TelemetryIn, Depends(part(TelemetryIn))]
log = get_log("telemetry")
PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
READERS: Final = 2
_readers: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
# google.rpc.Code, as OTLP asks for it in the body of a refusal.
CODES: Final[Mapping[int, int]] = {400: 3, 401: 16, 413: 3, 415: 3, 429: 8, 503: 14}


class Refused(Exception):
    """A batch that is not taken: with which status, and why."""

    def __init__(self, status: int, words: str, *, wait: int = 0) -> None:
        """Take the status, the reason, and after how many seconds it may be sent again."""
        super().__init__(words)
        self.status, self.words, self.wait = status, words, wait


@router.post("/v1/logs")
async def export(request: Request, parts: Parts) -> Response:
    """Take in an export of logs."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    try:
        taken = await _take(request, parts, kind)
    except Refused as no:
        return _refusal(no, kind)
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        # The statement and its values stay out of the log.
        log.warning("telemetry.not_kept", kind=type(error).__name__)
        return _refusal(Refused(503, "This could not be kept right now. Send it again.", wait=5), kind)
    return _answer(taken, kind)


async def _take(request: Request, parts: TelemetryIn, kind: str) -> Taken:
    address = request.client.host if request.client else ""
    async with parts.database.transaction() as session:
        source = await source_of_token(session, request.headers.get("authorization", ""), clock=parts.clock)
    if source is None:
        if not parts.strangers.allows(address):
            raise Refused(429, "Too many calls without a token that holds.", wait=10)
        raise Refused(401, "This needs the token of a source that holds: it is made under Adoption, Telemetry.")
    if not parts.rate.allows(source):
        raise Refused(429, "Too many exports at once from this source. Send it again in a second.", wait=1)
    if kind not in (PROTOBUF, JSON):
        raise Refused(415, f"Send {PROTOBUF} or {JSON}.")
    packed = request.headers.get("content-encoding", "identity").strip().casefold()
    if packed not in ("identity", "gzip", ""):
        raise Refused(415, "Send it with gzip, or not packed.")
    body = await _body(request)
    try:
        # Off the loop: the largest batch takes a moment to read, and more than a hundred megabytes while it does.
        async with _readers.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(READERS)):
            records = await run_in_threadpool(_read, body, kind, packed == "gzip")
    except Unreadable as error:
        raise Refused(400, error.message) from error
    except TooMuch as error:
        raise Refused(413, error.message) from error
    async with parts.database.transaction() as session:
        return await accept(
            session, source, records, secrets=parts.secrets, ledger=parts.ledger, clock=parts.clock
        )  # fmt: skip


async def _body(request: Request) -> bytes:
    raw = bytearray()
    try:
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > BODY:
                raise Refused(413, TooMuch().message)
    except HTTPException as error:
        raise Refused(413, TooMuch().message) from error
    return bytes(raw)


def _read(body: bytes, kind: str, packed: bool) -> list[Record]:
    plain = inflate(body) if packed else body
    return read_json(plain) if kind == JSON else read_protobuf(plain)


def _answer(taken: Taken, kind: str) -> Response:
    """Return ExportLogsServiceResponse: empty, or with what was refused and why (partial success)."""
    refused = sum(taken.refused.values())
    words = "Not taken: " + ", ".join(f"{n} {why}" for why, n in sorted(taken.refused.items())) + "."
    if kind == JSON:
        # A 64-bit number is a text in JSON (proto3).
        partial = {"partialSuccess": {"rejectedLogRecords": str(refused), "errorMessage": words}}
        return Response(json.dumps(partial if refused else {}), 200, media_type=JSON)
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

    answer = ExportLogsServiceResponse()
    if refused:
        answer.partial_success.rejected_log_records = refused
        answer.partial_success.error_message = words
    return Response(answer.SerializeToString(), 200, media_type=PROTOBUF)


def _refusal(no: Refused, kind: str) -> Response:
    """Return a refusal as google.rpc.Status, in the encoding of the request."""
    headers = {"Retry-After": str(no.wait)} if no.wait else {}
    if no.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    code = CODES[no.status]
    if kind != PROTOBUF:
        return Response(json.dumps({"code": code, "message": no.words}), no.status, headers, JSON)
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsPartialSuccess

    # Its first field is a number and its second a text, as those of google.rpc.Status: the bytes are the same.
    status = ExportLogsPartialSuccess(rejected_log_records=code, error_message=no.words)
    return Response(status.SerializeToString(), no.status, headers, PROTOBUF)
