"""What a record of another agent tells: who did what when, once. Or why it is not taken. Pure."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from colleague.adoption.telemetry.model import AHEAD, OLDEST, TOKENS, Record
from colleague.kit.canonical import canonical

# Claude Code writes these for skills whose names its own settings hide: a run of them is of no workflow we could name.
HIDDEN: Final = frozenset({"custom_skill", "third-party", "custom"})
_WORD = re.compile(r"[A-Za-z0-9_.:@/-]{1,100}")
NO_TIME: Final = "without a time"
FUTURE: Final = "more than five minutes in the future"
OLD: Final = "more than thirty days old"
NO_ID: Final = "without session.id and event.sequence, and without prompt.id"


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of another agent. `key`: what it is known by when it comes again; `who`: a mail address or another id;
    `verb`: what it says of a person, "" where it is only counted; `prompt`: digest of the prompt it belongs to.
    """

    key: bytes
    name: str
    at: datetime
    who: str
    verb: str = ""
    prompt: str = ""
    skill: str = ""
    headless: bool = False
    service: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    model: str = ""


def judge(record: Record, source: str, *, now: datetime) -> Happened | str:
    """Return what a record with a known name tells, or the reason it is refused."""
    at = _moment(record)
    if at is None:
        return NO_TIME
    if at > now + AHEAD:
        return FUTURE
    if at < now - OLDEST:
        return OLD
    prompt = _text(record, "prompt.id")
    key = _key(record, source, prompt)
    if key is None:
        return NO_ID
    skill = _word(record, "skill.name") if record.name == "skill_activated" else ""
    return Happened(
        key, record.name, at, _who(record), _verb(record), _prompt(source, prompt), "" if skill in HIDDEN else skill,
        headless=_text(record, "app.entrypoint").startswith("sdk"), service=_word(record, "service.name"),
        counts=_counts(record), model=_word(record, "model") if record.name == "api_request" else "",
    )  # fmt: skip


def summary(events: Iterable[Happened]) -> dict[str, Any]:
    """Return what is put on record of a batch: how many of what, no more."""
    names: Counter[str] = Counter()
    services: set[str] = set()
    models: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    first = last = None
    for one in events:
        names[one.name] += 1
        services |= {one.service} - {""}
        models.update([one.model] if one.model else ())
        totals.update(one.counts)
        first, last = min(first or one.at, one.at), max(last or one.at, one.at)
    return {
        "events": dict(sorted(names.items())), "services": sorted(services)[:5],
        "models": dict(models.most_common(20)), "totals": dict(sorted(totals.items())),
        "first": first.isoformat() if first else "", "last": last.isoformat() if last else "",
    }  # fmt: skip


def _verb(record: Record) -> str:
    match record.name:
        case "user_prompt":
            return "telemetry.prompted"
        case "tool_decision" if _text(record, "source").startswith("user_"):
            # What a configuration or a hook decided is nobody's doing.
            return "telemetry.decided"
        case "skill_activated":
            return "telemetry.skill_used"
        case "assistant_response":
            return "telemetry.answered"
        case "api_error":
            return "telemetry.failed"
    return ""


def _moment(record: Record) -> datetime | None:
    """Return when it happened: by its own word, else by the record's time."""
    said = _text(record, "event.timestamp")
    try:
        at = datetime.fromisoformat(said) if said else None
    except ValueError:
        at = None
    try:
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=record.at // 1000) if record.at else None
    except OverflowError:
        return None


def _key(record: Record, source: str, prompt: str) -> bytes | None:
    """Return what the event is known by: its number in its session, else what it says of its prompt."""
    session, given = _text(record, "session.id"), record.get("event.sequence")
    number = "" if given is None or isinstance(given, bool) else str(given).removesuffix(".0")
    if session and number.isascii() and number.isdigit() and len(number) < 20:
        what: list[Any] = ["number", source, session, int(number)]
    elif prompt:
        what = ["event", source, prompt, record.name, record.at, dict(record.attributes)]
    else:
        return None
    return hashlib.sha256(canonical(what).encode()).digest()[:16]


def _prompt(source: str, prompt: str) -> str:
    return hashlib.sha256(canonical(["prompt", source, prompt]).encode()).hexdigest()[:32] if prompt else ""


def _who(record: Record) -> str:
    email = _text(record, "user.email").strip().casefold()
    return email or _text(record, "user.account_uuid") or _text(record, "user.id")


def _counts(record: Record) -> dict[str, int]:
    found: dict[str, int] = {}
    if record.name == "tool_result" and str(record.get("success")).casefold() == "false":
        found["failed tools"] = 1
    if record.name == "tool_decision" and (word := _text(record, "decision")) in ("accept", "reject"):
        found[word] = 1
    if record.name == "api_request":
        found |= {name: min(int(n), 10**9) for name in TOKENS if (n := _number(record.get(name))) > 0}
        if (cost := _number(record.get("cost_usd"))) > 0:
            found["cost_microusd"] = round(min(cost, 10**6) * 1_000_000)
    return found


def _number(value: object) -> float:
    """Return a number that came as one or as text; 0 for anything else."""
    try:
        found = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return found if abs(found) < 1e15 else 0.0


def _text(record: Record, key: str) -> str:
    value = record.get(key)
    return value if isinstance(value, str) else ""


def _word(record: Record, key: str) -> str:
    value = _text(record, key)
    return value if _WORD.fullmatch(value) else ""
