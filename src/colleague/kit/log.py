"""Logs: one JSON line an event, names and numbers only. Content and secrets never come here.

INVARIANT: callers pass identifiers, counts and class names; never text a person or a document wrote.
"""

import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import structlog

_second: Callable[[Mapping[str, Any]], None] | None = None


def also(hand: Callable[[Mapping[str, Any]], None] | None) -> None:
    """Give every line to `hand` too (kit/telemetry.py); None: to nobody else any more."""
    global _second  # noqa: PLW0603
    _second = hand


def _both(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if _second is not None:
        _second(line)
    return line


def setup(*, level: str = "INFO", human: bool = False) -> None:
    """Send logs to standard error, as JSON or (`human`) as readable lines."""
    renderer: Any = structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _both,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        # Looked up for each line: whoever replaces standard error (a test, a daemon) is followed.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def get_log(name: str) -> Any:
    """Return a logger that marks each line with `name`."""
    return structlog.get_logger(part=name)
