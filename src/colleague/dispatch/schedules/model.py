"""The words of schedules: what a person orders, what a slot is, what a schedule looks like from outside."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

from colleague.policy.model import Tier

Kind = Literal["cron", "once", "skill", "file"]
CatchUp = Literal["skip", "once", "all"]
Delivery = Literal["notice", "quiet", "email", "sms", "slack"]
State = Literal["draft", "active", "paused", "ended"]

KINDS: Final[dict[str, str]] = {
    "cron": "by the clock", "once": "one time", "skill": "after a task with a skill", "file": "when a file appears",
}  # fmt: skip
CATCH_UPS: Final[dict[str, str]] = {
    "skip": "leave missed ones out",
    "once": "start the last missed one",
    "all": "start all missed ones, up to a number",
}
DELIVERIES: Final[dict[str, str]] = {
    "notice": "tell me when a run has ended", "quiet": "only show it in the list",
    "email": "send me what came out by mail", "sms": "send me what came out as a text message",
    "slack": "send me what came out in Slack",
}  # fmt: skip


class SlotState(StrEnum):
    """What became of one slot. Claimed: it is its turn, and its task begins."""

    CLAIMED = "claimed"
    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"
    MISSED = "missed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Order:
    """What a person wants done, and when. `words` are those of a task.

    `kind` says which of the others count: `cron` with `zone`; `at` (aware); `skill`, whose name a task of theirs must
    have followed; `place`, «connector:folder», in which a file appears. `most`: how many missed slots are caught up
    with `all`. `micros`: the ceiling of one run, in millionths of the organisation's currency.
    """

    name: str
    words: str
    kind: Kind = "cron"
    cron: str = ""
    zone: str = "UTC"
    at: datetime | None = None
    skill: str = ""
    place: str = ""
    tier: Tier = Tier.READ
    delivery: Delivery = "notice"
    catch_up: CatchUp = "once"
    most: int = 3
    micros: int = 2_000_000

    @property
    def recurring(self) -> bool:
        """Say whether it runs again and again without a person."""
        return self.kind != "once"


@dataclass(frozen=True, slots=True)
class Slot:
    """One time at which a schedule ran, was to run, or was tried by its owner. `also`: how many older ones it stands
    for (of a long outage, the oldest row). `cause`: the file that appeared, or the task that was completed."""

    id: str
    schedule: str
    at: datetime
    state: SlotState
    why: str
    task: str
    caught_up: bool
    by_hand: bool
    cause: str
    also: int

    def to_json(self) -> dict[str, Any]:
        """Return the slot as JSON."""
        return {
            "id": self.id, "at": self.at, "state": self.state.value, "why": self.why, "task": self.task or None,
            "caught_up": self.caught_up, "by_hand": self.by_hand, "cause": self.cause, "also": self.also,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as it stands. `why` and `by` (an id, or «system») say of a state how it came."""

    id: str
    owner: str
    order: Order
    state: State
    why: str
    by: str
    since: datetime
    next_at: datetime | None
    revision: int
    offered_to: str
    trouble: str

    def to_json(self) -> dict[str, Any]:
        """Return the schedule as JSON."""
        o = self.order
        return {
            "id": self.id, "owner": self.owner, "name": o.name, "words": o.words, "kind": o.kind, "cron": o.cron,
            "zone": o.zone, "at": o.at, "skill": o.skill, "place": o.place, "tier": o.tier.name.lower(),
            "delivery": o.delivery, "catch_up": o.catch_up, "most": o.most, "micros": o.micros, "state": self.state,
            "why": self.why, "by": self.by, "since": self.since, "next_at": self.next_at, "revision": self.revision,
            "offered_to": self.offered_to or None, "trouble": self.trouble,
        }  # fmt: skip
