"""A collector sees every page, run, model turn, call and decision as OpenTelemetry, and no word of what was said."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.trace import NoOpTracerProvider
from tests.cli.test_demo import COLLEAGUE, environment, run
from tests.e2e.served import serving

from colleague.kit import telemetry
from colleague.kit.settings import Settings
from colleague.kit.telemetry import BadHeaders, start
from colleague.testing.serving import json_app
from colleague.testing.serving import serving as serve

pytestmark = pytest.mark.slow
KINDS: dict[str, Any] = {
    "/v1/traces": ExportTraceServiceRequest, "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}  # fmt: skip


class Collector:
    """What arrived: messages by path, all bytes, and what the senders showed."""

    def __init__(self) -> None:
        self.got: dict[str, list[Any]] = {path: [] for path in KINDS}
        self.bytes, self.shown = b"", set[str]()

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        message = KINDS[path]()
        message.ParseFromString(body)
        self.got[path].append(message)
        self.bytes += body
        self.shown.add(headers.get("x-key", ""))
        return 200, {}

    def spans(self) -> list[Any]:
        return [
            s for m in self.got["/v1/traces"] for r in m.resource_spans for scope in r.scope_spans for s in scope.spans
        ]

    def metrics(self) -> set[str]:
        return {
            one.name
            for m in self.got["/v1/metrics"] for r in m.resource_metrics for s in r.scope_metrics for one in s.metrics
        }  # fmt: skip

    def processes(self) -> set[str]:
        return {
            a.value.string_value
            for m in self.got["/v1/traces"] for r in m.resource_spans for a in r.resource.attributes
            if a.key == "colleague.process"
        }  # fmt: skip


def _facts(span: Any) -> dict[str, Any]:
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


def _first_task(folder: Path) -> None:
    """Hand over the first job and approve its mail; the worker beside the server does it."""
    (file,) = (folder / "demo" / "documents").rglob("*request for proposals.pdf")
    goal = "Summarise the RFP, draft a response outline and mail it to Dana"
    ana = ("--as", "ana@aldermoor.example")
    asked = run(folder, "task", "new", goal, "-f", str(file), *ana)
    (approval,) = re.findall(r"\b(ask_\w+)", asked.stdout + asked.stderr)
    assert run(folder, "approval", "approve", approval, "--yes", *ana).returncode == 0
    (task,) = set(re.findall(r"task_\w+", asked.stdout + asked.stderr))
    deadline = time.monotonic() + 300
    while "completed" not in run(folder, "task", "show", task, *ana).stdout and time.monotonic() < deadline:
        time.sleep(0.5)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """A demo organisation that was served, did its first task, and was stopped, all of it watched."""
    folder, collector = tmp_path_factory.mktemp("otlp"), Collector()
    with serve(json_app(collector.answer)) as port:
        more = {"COLLEAGUE_OTLP": f"http://127.0.0.1:{port}", "COLLEAGUE_OTLP_HEADERS": "x-key=open-sesame"}
        with serving(folder, **more) as served:
            theirs = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
            httpx.get(f"{served.url}/tasks/task_nobody", headers=theirs, timeout=60)
            _first_task(folder)
        deadline = time.monotonic() + 120
        while "worker" not in collector.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield collector


def test_server_and_worker_show_their_key(seen: Collector) -> None:
    assert seen.processes() == {"server", "worker"}
    assert seen.shown == {"open-sesame"}


def test_a_run_is_one_trace_of_segments_turns_and_calls(seen: Collector) -> None:
    agents = [s for s in seen.spans() if s.name == "invoke_agent colleague"]
    assert len(agents) >= 2  # parked for the approval in between
    assert len({s.trace_id for s in agents}) == 1
    same = [s for s in seen.spans() if s.trace_id == agents[0].trace_id]
    names = {s.name for s in same}
    assert {"chat extractive", "execute_tool mail_send"} <= names, names
    assert all(s.status.code != 2 for s in agents)  # to wait for a person is no error
    sent = next(s for s in same if s.name == "execute_tool mail_send")
    assert _facts(sent)["colleague.tier"] == "communicate"
    assert _facts(sent)["gen_ai.operation.name"] == "execute_tool"
    assert sent.parent_span_id in {s.span_id for s in agents}
    turn = next(s for s in same if s.name.startswith("chat "))
    assert _facts(turn)["gen_ai.request.model"] == "extractive"


def test_pages_are_named_by_their_route_and_nobody_outside_steers_traces(seen: Collector) -> None:
    pages = {s.name: s for s in seen.spans() if s.kind == 2}
    assert "GET /sign-in" in pages
    assert not any("task_nobody" in name for name in pages)
    assert all(s.trace_id.hex() != "ab" * 16 for s in seen.spans())
    scopes = {s.scope.name for m in seen.got["/v1/traces"] for r in m.resource_spans for s in r.scope_spans}
    assert scopes == {"colleague"}  # what libraries trace by themselves holds what was said


def test_numbers_arrive(seen: Collector) -> None:
    assert {
        "http.server.request.duration", "gen_ai.client.operation.duration", "gen_ai.client.token.usage",
        "colleague.decisions", "colleague.segments",
    } <= seen.metrics()  # fmt: skip


def test_logs_arrive(seen: Collector) -> None:
    lines = [
        line for m in seen.got["/v1/logs"] for r in m.resource_logs for s in r.scope_logs for line in s.log_records
    ]
    assert all(line.severity_text in ("WARNING", "ERROR", "INFO") for line in lines)


def test_no_word_of_what_was_said_or_read_goes_out(seen: Collector) -> None:
    for word in (
        b"Harbour",
        b"aldermoor",
        b"Dana",
        b"dana@",
        b"Ana ",
        b"RFP",
        b"outline",
        b"/tasks/task_",
        b"127.0.0.1",
        b"user_agent",
    ):
        assert word not in seen.bytes


def test_a_collector_that_is_away_costs_nothing_else(tmp_path: Path) -> None:
    env = environment(tmp_path / "data", COLLEAGUE_OTLP="http://127.0.0.1:9")
    words = [*COLLEAGUE, "worker", "--until-idle"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_bad_headers_and_a_missing_extra_are_refused_in_words() -> None:
    with pytest.raises(BadHeaders):
        start(Settings(otlp="http://127.0.0.1:9", otlp_headers="nonsense"), "test")  # type: ignore[arg-type]
    script = (
        "import sys; sys.modules['opentelemetry.sdk'] = None; from colleague.kit.settings import Settings\n"
        "from colleague.kit.telemetry import start; start(Settings(otlp='http://127.0.0.1:9'), 'test')"
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith("COLLEAGUE_")}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False)
    assert "TelemetryNotInstalled" in done.stderr


async def _made_up_methods() -> set[str]:
    reader = InMemoryMetricReader()
    before, telemetry._hands = telemetry._hands, telemetry._Hands(NoOpTracerProvider(), MeterProvider([reader]))
    try:

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 405, "headers": []})

        async def nothing(*_: Any) -> None:
            return None

        for method in ("GET", "ANA-RUIZ-SALARY", *(f"M{n}" for n in range(50))):
            await telemetry.Traced(answer)({"type": "http", "method": method}, nothing, nothing)
        read = reader.get_metrics_data()
        assert read is not None
        points = [
            p for r in read.resource_metrics for s in r.scope_metrics for m in s.metrics for p in m.data.data_points
        ]
        return {str((p.attributes or {})["http.request.method"]) for p in points}
    finally:
        telemetry._hands = before


def test_whoever_makes_up_methods_makes_no_series_of_numbers() -> None:
    assert asyncio.run(_made_up_methods()) == {"GET", "_OTHER"}
