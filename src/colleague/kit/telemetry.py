"""Traces, metrics and logs for an OpenTelemetry collector; nothing at all until an address is set (R68).

INVARIANT: attributes are names, ids, counts and times. What a person, a document or a model said never goes here.
Names follow OpenTelemetry's semantic conventions for HTTP and for generative AI (`gen_ai.*`).
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.propagate import set_global_textmap
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from colleague import __version__
from colleague.kit import log
from colleague.kit.errors import Invalid
from colleague.kit.settings import Settings

Attributes = Mapping[str, str | int | float | bool]


class TelemetryNotInstalled(Invalid):
    """COLLEAGUE_OTLP is set, but the extra `telemetry` is not installed: pip install 'colleague[telemetry]'."""


class BadHeaders(Invalid):
    """COLLEAGUE_OTLP_HEADERS must be name=value, several with commas."""


class _Hands:
    """What spans are made with and numbers are told to."""

    def __init__(self, traces: trace.TracerProvider, numbers: metrics.MeterProvider) -> None:
        self.tracer = traces.get_tracer("colleague", __version__)
        meter = numbers.get_meter("colleague", __version__)
        self.seconds = meter.create_histogram(
            "gen_ai.client.operation.duration", "s", "How long a model turn, a tool call or a segment of a run took."
        )
        self.tokens = meter.create_histogram("gen_ai.client.token.usage", "{token}", "Tokens of a model turn.")
        self.requests = meter.create_histogram("http.server.request.duration", "s", "How long a page or the API took.")
        self.decisions = meter.create_counter(
            "colleague.decisions", "{decision}", "What policy decided about tool calls."
        )
        self.segments = meter.create_counter("colleague.segments", "{segment}", "Segments of runs, by what ended them.")


# Of our own, never the process-wide ones: libraries that trace by themselves would tell what was said.
_hands = _Hands(trace.NoOpTracerProvider(), metrics.NoOpMeterProvider())


@contextmanager
def operation(
    name: str, subject: str, attributes: Attributes, *, outwards: bool = False,
    expected: tuple[type[BaseException], ...] = (),
) -> Iterator[Span]:  # fmt: skip
    """Trace and time one `invoke_agent`, `chat` or `execute_tool` (gen_ai.operation.name) of `subject`.

    What is raised inside marks the span as failed with the name of its class, unless it is `expected`, and goes on.
    """
    facts = {"gen_ai.operation.name": name, **attributes}
    kind = SpanKind.CLIENT if outwards else SpanKind.INTERNAL
    began, failed = time.monotonic(), {}
    with _hands.tracer.start_as_current_span(
        f"{name} {subject}", kind=kind, attributes=facts, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except expected:
            raise
        except BaseException as error:
            failed = {"error.type": type(error).__name__}
            broke(span, error)
            raise
        finally:
            kept = {k: v for k, v in facts.items() if k not in _MANY}
            _hands.seconds.record(time.monotonic() - began, {**kept, **failed})


# Of these there are too many to be a dimension of a metric.
_MANY = ("gen_ai.conversation.id", "gen_ai.tool.call.id", "colleague.run.id", "colleague.run.segment")


def broke(span: Span, error: BaseException) -> None:
    """Mark a span as failed, with the name of the error's class and nothing that it says."""
    span.set_attribute("error.type", type(error).__name__)
    span.set_status(Status(StatusCode.ERROR))


@contextmanager
def one_trace(key: str) -> Iterator[None]:
    """Put what is traced inside into the trace of `key`: all segments of a run make one trace, on whichever worker."""
    name = hashlib.sha256(key.encode()).digest()
    parent = SpanContext(
        int.from_bytes(name[:16], "big"), int.from_bytes(name[16:24], "big"), True, TraceFlags(TraceFlags.SAMPLED)
    )
    with trace.use_span(NonRecordingSpan(parent)):
        yield


def used(tokens: Mapping[str, int], attributes: Attributes) -> None:
    """Count the tokens of a turn, by type (`input`, `output`)."""
    for kind, count in tokens.items():
        _hands.tokens.record(count, {**attributes, "gen_ai.token.type": kind})


def decided(effect: str, tier: str, connector: str) -> None:
    """Count a decision."""
    _hands.decisions.add(1, {"effect": effect, "tier": tier, "connector": connector})


def ended(by: str) -> None:
    """Count a segment of a run, by what ended it: `end`, or the name of an interrupt or error."""
    _hands.segments.add(1, {"by": by})


# Whoever can reach the server may make up methods: told apart, they would be a new series each, kept for good.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})


class Traced:
    """Plain ASGI, outermost: a span and a duration for each request; an event stream counts up to its first byte.

    A `traceparent` from outside is not followed: whoever can reach the server must not steer its traces.
    """

    def __init__(self, app: Any) -> None:
        """Take the rest of the application."""
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Run the rest and tell how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        began, span = time.monotonic(), _hands.tracer.start_span(method, kind=SpanKind.SERVER)
        told = False

        def tell(status: int) -> None:
            nonlocal told
            if told:
                return
            told = True
            # The pattern, not the path: a path may hold an id that nobody needs to group by.
            route = getattr(scope.get("route"), "path", "")
            facts = {"http.request.method": method, "http.response.status_code": status, "http.route": route}
            _hands.requests.record(time.monotonic() - began, facts)
            span.update_name(f"{method} {route}".strip())
            span.set_attributes(facts)
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))
            span.end()

        status = 500

        async def watched(message: Any) -> None:
            nonlocal status
            await send(message)
            if message["type"] == "http.response.start":
                status = message["status"]
                if any(k == b"content-type" and v.startswith(b"text/event-stream") for k, v in message["headers"]):
                    tell(status)

        try:
            with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                await self._app(scope, receive, watched)
        finally:
            tell(status)


def start(settings: Settings, process: str) -> Callable[[], None]:
    """Send traces, metrics and logs of this process (`server`, `worker`) to the configured collector.

    Returns what ends it: it sends what is left. Without an address nothing is sent. Raises TelemetryNotInstalled,
    BadHeaders. A collector that is away costs nothing but what was meant for it.
    """
    if not settings.otlp:
        return lambda: None
    try:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise TelemetryNotInstalled from None
    # Its own complaints about a collector that is away would fill the logs.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    given: dict[str, Any] = {"headers": _headers(settings), "timeout": 10}
    base = settings.otlp.rstrip("/")
    about = Resource.create({"service.name": "colleague", "service.version": __version__, "colleague.process": process})
    traces = TracerProvider(resource=about, shutdown_on_exit=False)
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{base}/v1/traces", **given)))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{base}/v1/metrics", **given))
    numbers = MeterProvider([reader], resource=about, shutdown_on_exit=False)
    lines = LoggerProvider(about, shutdown_on_exit=False)
    lines.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"{base}/v1/logs", **given)))
    _use(_Hands(traces, numbers))
    # Nothing about our traces goes along with calls to foreign servers, and nothing is taken from those that call us.
    set_global_textmap(CompositePropagator([]))
    log.also(_emit(lines.get_logger("colleague", __version__)))

    def end() -> None:
        log.also(None)
        _use(_Hands(trace.NoOpTracerProvider(), metrics.NoOpMeterProvider()))
        for provider in (traces, numbers, lines):
            provider.shutdown()

    return end


def _use(hands: _Hands) -> None:
    global _hands  # noqa: PLW0603
    _hands = hands


def _headers(settings: Settings) -> dict[str, str]:
    if settings.otlp_headers is None:
        return {}
    found = {}
    for pair in settings.otlp_headers.get_secret_value().split(","):
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise BadHeaders
        found[name.strip()] = value.strip()
    return found


def _emit(logger: Any) -> Callable[[Mapping[str, Any]], None]:
    from opentelemetry._logs import LogRecord, SeverityNumber

    levels = {"debug": SeverityNumber.DEBUG, "info": SeverityNumber.INFO, "warning": SeverityNumber.WARN}

    def emit(line: Mapping[str, Any]) -> None:
        rest = {k: v if isinstance(v, str | int | float | bool) else str(v) for k, v in line.items()}
        body, level = rest.pop("event", ""), str(rest.pop("level", "info"))
        rest.pop("timestamp", None)
        logger.emit(
            LogRecord(
                timestamp=time.time_ns(), body=body, severity_text=level.upper(),
                severity_number=levels.get(level, SeverityNumber.ERROR), attributes=rest,
            )
        )  # fmt: skip

    return emit
