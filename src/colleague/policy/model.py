"""The words of policy: tiers, classes, labels, what is asked and what is decided.

Enums are ordered so that `max()` is the strictest.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any


class Tier(IntEnum):
    """What a tool can do to the world (brief: three tiers)."""

    READ = 1
    COMMUNICATE = 2
    MODIFY = 3


class Phase(IntEnum):
    """How far the organisation has come (PH-1 to PH-4): each opens one tier more away from the desk."""

    PILOT = 1
    EXPANSION = 2
    BROAD = 3
    ENTERPRISE = 4


class DataClass(IntEnum):
    """How closely a thing is held (SC-1). Unknown counts as CONFIDENTIAL."""

    PUBLIC = 1
    INTERNAL = 2
    CONFIDENTIAL = 3
    RESTRICTED = 4


class Integrity(IntEnum):
    """Who stands behind a text: the person, a source the organisation trusts, or nobody."""

    PERSON = 1
    TRUSTED = 2
    UNTRUSTED = 3


class Effect(IntEnum):
    """What a decision says."""

    ALLOW = 1
    ASK = 2
    DENY = 3


class ToolWord(IntEnum):
    """What a grant says of a tool (R28). It only ever takes away: allow lifts no rule of the organisation."""

    ALLOW = 1
    ASK = 2
    BLOCK = 3


class Zone(StrEnum):
    """Where data may lie and be worked on (DA-1). `OWN`: on the organisation's own machines, wherever those are."""

    ANY = "any"
    US = "us"
    EU = "eu"
    APAC = "apac"
    OWN = "own"


class Role(StrEnum):
    """What an argument of a tool is. Identity-bearing roles (all but CONTENT, OPTION) must have a known origin."""

    RECIPIENT = "recipient"
    TARGET = "target"
    URL = "url"
    AMOUNT = "amount"
    IDENTIFIER = "identifier"
    CONTENT = "content"
    OPTION = "option"


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of a text: integrity, class, categories (personal, health, …) and where it came from.

    `reasons` say what gave it its class, each «class: why» (files/classify.py): they go wherever the class goes.
    """

    integrity: Integrity = Integrity.PERSON
    data_class: DataClass = DataClass.PUBLIC
    categories: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()

    def join(self, other: "Label") -> "Label":
        """Return the label of a text made from both: the strictest of each."""
        return Label(
            max(self.integrity, other.integrity),
            max(self.data_class, other.data_class),
            self.categories | other.categories,
            self.sources | other.sources,
            self.reasons | other.reasons,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the label as JSON."""
        return {
            "integrity": self.integrity.name.lower(),
            "class": self.data_class.name.lower(),
            "categories": sorted(self.categories),
            "sources": sorted(self.sources),
            "reasons": sorted(self.reasons),
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Label":
        """Read what `to_json` wrote, also before there were reasons."""
        return Label(
            Integrity[value["integrity"].upper()],
            DataClass[value["class"].upper()],
            frozenset(value["categories"]),
            frozenset(value["sources"]),
            frozenset(value.get("reasons", ())),
        )


@dataclass(frozen=True, slots=True)
class Doubt:
    """An argument whose origin is not known: which one, its value, its role, and the text it was found in, if any.

    `odd` says what about the value itself deceives («mixes letters of different alphabets»), "" if nothing does.
    """

    argument: str
    value: str
    role: Role
    found_in: str = ""
    odd: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's answer to an earlier ask, as the policy sees it. `level`: who had to answer (Decision.approver)."""

    by: str
    not_self: bool
    level: str = "user"


@dataclass(frozen=True, slots=True)
class Scope:
    """A grant as policy sees it: a connector opened to a team or role. `covers`: the resource of this call lies in it.

    `below`: it opens something inside the resource (a folder of the folder that is searched). `word`: what it says of
    the tool. `ended`: its end date has passed. `whole`: it opens everything and no exception that holds is on record.
    """

    id: str
    connector: str
    team: str
    covers: bool
    may_write: bool = False
    ceiling: DataClass = DataClass.INTERNAL
    below: bool = False
    word: ToolWord = ToolWord.ALLOW
    ended: bool = False
    whole: bool = False

    @property
    def holds(self) -> bool:
        """Say whether it opens anything at this moment."""
        return not (self.ended or self.whole)


@dataclass(frozen=True, slots=True)
class Governance:
    """The organisation's settings that rules rest on; stored as versioned data. Defaults are the strict ones (CT-2).

    `internal_domains`: mail domains of the organisation. `confirm_internal`: mail inside needs a person too (DI-8).
    `highest_input`: class above which nothing reaches the agent. `highest_external`: class above which nothing is
    sent outside, whoever approves. `label_classes`: «GUID=class», what a sensitivity label of office files stands for.
    `dispatch_ceiling`: highest tier that Dispatch and schedules may reach; none lies above the `phase` (C-3).
    `second_person_above`: «WHAT=LIMIT», what away from the desk needs a second person (standards/thresholds.py).
    `time_zone`: IANA name, in which «today» is meant and weeks are counted (B-0).
    `pilot_surface`: «WHAT=LIMIT», what the sponsor accepted beyond a pilot's surface (standards/surface.py).
    `entry_phases`: «KIND:NAME=phase», from which phase on a skill or connector may be used (standards/entries.py).
    `dispatch_free_text`: words that fit no trigger may be read as one, after the sender has confirmed it (R52).
    `ask_champions_early`: champions are asked after one quiet week, not two (B-5, CH-4).
    `zone`: where models must work (`any`: wherever; `own`: only on the organisation's own machines).
    `input_ceilings`: «TEAM/SKILL=class», `*` for any: what may reach the agent for a team, with a skill (inputs.py).
    `reviewed_categories`: output categories that need a second person's review, besides those that ship as such.
    `output_categories`: what the organisation changed of the shipped categories, and its own (standards/category.py).
    `retention`: «SURFACE=DAYS» after the last touch; `kept_by_law`: longer by statute (standards/retention.py).
    `path_classes`: «PATTERN=class», the class that what lies there has at least, in connectors and by names of uploads.
    `rules`: the organisation's own rules in Cedar, which only forbid. `require_acknowledgement`: nobody starts a task
    before they have acknowledged the governance document in force.
    """

    internal_domains: tuple[str, ...] = ()
    confirm_internal: bool = True
    highest_input: DataClass = DataClass.CONFIDENTIAL
    highest_external: DataClass = DataClass.INTERNAL
    dispatch_ceiling: Tier = Tier.READ
    phase: Phase = Phase.PILOT
    second_person_above: tuple[str, ...] = ("amount=1000", "records=10", "recipients=10", "class=confidential")
    pilot_surface: tuple[str, ...] = ()
    entry_phases: tuple[str, ...] = ()
    dispatch_free_text: bool = False
    ask_champions_early: bool = False
    time_zone: str = "UTC"
    zone: Zone = Zone.ANY
    blocked_types: tuple[str, ...] = ("application/x-msdownload", "application/x-executable", "application/x-sharedlib")
    label_classes: tuple[str, ...] = ()
    path_classes: tuple[str, ...] = ()
    blocked_paths: tuple[str, ...] = ("**/.ssh/**", "**/.git/**", "**/*.pem", "**/*.key", "**/.env*")
    input_ceilings: tuple[str, ...] = ()
    reviewed_categories: tuple[str, ...] = ()
    output_categories: tuple[str, ...] = ()
    retention: tuple[str, ...] = ("tasks=90", "dispatch=90", "tickets=90")
    kept_by_law: tuple[str, ...] = ()
    rules: str = ""
    require_acknowledgement: bool = False
    version: int = 0

    @property
    def away(self) -> Tier:
        """The highest tier away from the desk: what the organisation allows, and no more than its phase opens."""
        return Tier(min(self.dispatch_ceiling, self.phase))


@dataclass(frozen=True, slots=True)
class Ask:
    """Everything a decision may rest on. Built by tasks/governed.py for each call; a value, no I/O.

    `resource` is the id of the container (grant place) the call touches, "" for the task's own workspace.
    `recipients` are all addresses that would receive something, `external` those outside the organisation.
    `scopes` are the grants of this person's teams for this connector; a connector of the product itself
    (`builtin_connector`) needs none.
    `tool_state`: approved | pending | blocked | changed. `channel`: desk | dispatch | schedule.
    `mapped`: the tier that the trigger or automation is mapped to; `amount`, `records`: standards/thresholds.py.
    `carries`: something in the call stands not in the person's own words. `denied_before`: a person denied this very
    call since they last spoke; `denials`: how many questions of this run they denied since. `skill`: the skill that the
    person called and that does not leave this tool to the agent. `workflows`: skills the run follows, as written;
    `called`: those that the person's newest words call or that this call takes up, by their full names.
    """

    person: str
    teams: frozenset[str]
    scopes: tuple[Scope, ...]
    connector: str
    tool: str
    tier: Tier
    builtin_connector: bool = False
    egress: bool = False
    tool_state: str = "approved"
    origin: str = "builtin"  # builtin | plugin
    resource: str = ""
    writes: bool = False
    deletes: bool = False
    label: Label = field(default_factory=Label)
    resource_class: DataClass = DataClass.PUBLIC
    blocked_path: bool = False
    channel: str = "desk"
    mapped: Tier = Tier.MODIFY
    amount: str = ""
    records: int = 0
    recipients: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    zone_ok: bool = True
    output_review_missing: bool = False
    carries: bool = True
    denied_before: bool = False
    denials: int = 0
    skill: str = ""
    workflows: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()
    approval: Approval | None = None

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The grants that open the place of this call."""
        return tuple(s.id.partition("/")[0] for s in self.scopes if s.covers and s.holds)


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule's answer, in words: the rule's id, what it says, why, and what a person can do about it."""

    rule: str
    effect: Effect
    why: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: the strictest of all rulings, who may lift an ASK, and hashes of what it rests on.

    `approver`: user | other | reviewer | administrator; only meaningful when the effect is ASK.
    """

    effect: Effect
    rulings: tuple[Ruling, ...]
    approver: str = "user"
    policy_hash: str = ""

    @property
    def why(self) -> str:
        """The reasons, as one text for a person."""
        return " ".join(ruling.why for ruling in self.rulings)

    def to_json(self) -> dict[str, Any]:
        """Return the decision as JSON, for the ledger and the pages."""
        return {
            "effect": self.effect.name.lower(),
            "approver": self.approver,
            "policy_hash": self.policy_hash,
            "rulings": [
                {"rule": r.rule, "effect": r.effect.name.lower(), "why": r.why, "remedy": r.remedy}
                for r in self.rulings
            ],
        }
