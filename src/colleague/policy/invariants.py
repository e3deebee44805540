"""Whatever the question: more danger never loosens a decision, and the hard limits hold. Shown by enumeration. Pure.

Every abstract state is decided (6,144 calls, 512 thoughts; about a second), and for each of its dangers the state with
one step more of it. The organisation's rules only forbid, and still can break this: one that forbids mail to colleagues
alone leaves mail to strangers the easier way.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from colleague.kit.canonical import digest
from colleague.kit.errors import Invalid
from colleague.policy.engine import Engine
from colleague.policy.governance import stored_form
from colleague.policy.model import (
    Approval,
    Ask,
    DataClass,
    Decision,
    Doubt,
    Effect,
    Governance,
    Integrity,
    Label,
    Role,
    Scope,
    Tier,
    Zone,
)
from colleague.policy.thinking import Thought


class Loosened(Invalid):
    """These rules cannot be put in force: {why}"""


INSIDE, OUTSIDE = ("dana@in.example",), ("eve@out.example",)
DOUBT = Doubt("to", "eve@out.example", Role.RECIPIENT, "mail.eml")
SCOPE = Scope("g", "files", "bids", covers=True, may_write=True, ceiling=DataClass.CONFIDENTIAL)
YES_NO = (False, True)
# Each axis from harmless to dangerous.
AXES: Final[Mapping[str, tuple[object, ...]]] = {
    "tier": (Tier.READ, Tier.COMMUNICATE, Tier.MODIFY),
    "data_class": tuple(DataClass),
    "untrusted": YES_NO,
    "audience": (INSIDE, OUTSIDE),
    "channel": ("desk", "dispatch"),
    "doubt": YES_NO,
    "egress": YES_NO,
    "carries": YES_NO,
    "plugin": YES_NO,
    "state": ("approved", "changed"),
    "approved": (True, False),
}
NAMES: Final = tuple(AXES)
MORE: Final[Mapping[str, str]] = {
    "data_class": "has read data of a higher class", "untrusted": "has read what nobody vouches for",
    "audience": "goes to somebody outside", "channel": "is started away from the desk",
    "doubt": "names somebody of unknown origin", "egress": "carries words out by an address or a search",
    "carries": "is not in the person's own words", "plugin": "comes from a plugin",
    "state": "has changed since it was approved", "approved": "was approved by nobody",
    "own": "goes to a provider elsewhere", "enabled": "goes to a provider that is switched off",
    "in_zone": "goes to a provider outside the zone", "attested": "goes to a provider without an attestation",
    "attested_fully": "goes to a provider whose attestation leaves something out",
    "health": "holds health data", "privileged": "is privileged",
}  # fmt: skip
THOUGHT_AXES: Final[Mapping[str, tuple[object, ...]]] = {
    "data_class": tuple(DataClass), "own": (True, False), "enabled": (True, False), "in_zone": (True, False),
    "attested": (True, False), "attested_fully": (True, False), "health": YES_NO, "privileged": YES_NO,
}  # fmt: skip
State = tuple[int, ...]


def ask_of(state: State) -> Ask:
    """Return the question of a state: the place on each axis, in their order."""
    v = {name: AXES[name][index] for name, index in zip(NAMES, state, strict=True)}
    tier, audience = v["tier"], v["audience"]
    assert isinstance(tier, Tier)
    assert isinstance(audience, tuple)
    assert isinstance(v["data_class"], DataClass)
    return Ask(
        "ana", frozenset({"bids"}), (SCOPE,), "files", "files_tool", tier, egress=bool(v["egress"]),
        carries=bool(v["carries"]),
        tool_state=str(v["state"]), origin="plugin" if v["plugin"] else "builtin", resource="bids",
        writes=tier is Tier.MODIFY, channel=str(v["channel"]), recipients=audience,
        label=Label(Integrity.UNTRUSTED if v["untrusted"] else Integrity.TRUSTED, v["data_class"]),
        external=audience if audience is OUTSIDE else (), doubts=(DOUBT,) if v["doubt"] else (),
        # Of the highest level: an approval that is too low is refused, never asked for again.
        approval=Approval("ben", not_self=True, level="administrator") if v["approved"] else None,
    )  # fmt: skip


def states() -> Iterator[State]:
    """Return every state."""
    return itertools.product(*(range(len(axis)) for axis in AXES.values()))


def worse(state: State) -> Iterator[tuple[str, State]]:
    """Return the states with one step more of one danger, by its name.

    A tool of another tier is another tool: communicating and modifying are not one the worse of the other.
    """
    for place, name in enumerate(NAMES):
        if state[place] + 1 < len(AXES[name]) and name != "tier":
            yield name, (*state[:place], state[place] + 1, *state[place + 1 :])


@dataclass(frozen=True, slots=True)
class Proven:
    """Settings and rules for which all of this was shown, by the digest of both; only `prove` makes one."""

    digest: str

    def holds_for(self, governance: Governance) -> bool:
        """Say whether it was shown for exactly these settings, whatever their version."""
        return self.digest == _digest(governance)


def prove(engine: Engine, governance: Governance) -> Proven:
    """Show that the invariants hold for these settings and rules; Loosened with the counterexample, in words.

    Also raises RulesInvalid or RulesLoosen. Takes about a second of one core: call it off the loop.
    """
    engine.rules_in(governance.rules)
    if why := counterexample(engine, governance):
        raise Loosened(why=why)
    return Proven(_digest(governance))


def counterexample(engine: Engine, governance: Governance) -> str:
    """Return in words where a decision is wrong or gets softer with more danger, "" if that is nowhere."""
    governance = replace(governance, internal_domains=("in.example",))
    decided = {state: engine.decide(ask_of(state), governance) for state in states()}
    for state, decision in decided.items():
        if decision.rulings[0].rule == "engine-error":
            return f"for {_words(state)} the rules cannot be evaluated."
        if why := _limit(state, decision, decided):
            return why
        for name, more in worse(state):
            if decided[more].effect < decision.effect:
                return (
                    f"{_words(state)}: {_answer(decision)} If the call also {MORE[name]}: {_answer(decided[more])} "
                    "More danger must never be the easier way."
                )
    return _thoughts(engine, governance)


def _limit(state: State, decision: Decision, decided: Mapping[State, Decision]) -> str:
    """Return which hard limit a decision breaks, "" if it breaks none."""
    ask = ask_of(state)
    leaves = ask.label.data_class is DataClass.RESTRICTED and (ask.external or ask.egress)
    if decision.effect is not Effect.DENY and (leaves or ask.tool_state != "approved"):
        return f"{_words(state)} must be denied whatever else holds."
    place = NAMES.index("approved")
    if ask.approval is None and decision.effect is not Effect.DENY:
        lifted = decided[(*state[:place], 0, *state[place + 1 :])]
        if lifted.effect is not Effect.ALLOW:
            return f"{_words(state)}: {_answer(decision)} But with that approval: {_answer(lifted)}"
    return ""


def _thoughts(engine: Engine, governance: Governance) -> str:
    names, axes = tuple(THOUGHT_AXES), tuple(THOUGHT_AXES.values())
    decided = {s: engine.decide_thought(_thought(s, governance), governance) for s in _product(axes)}
    for state, decision in decided.items():
        if decision.rulings and decision.rulings[0].rule == "engine-error":
            return "Whether a model may be asked cannot be evaluated."
        for place, name in enumerate(names):
            more = (*state[:place], state[place] + 1, *state[place + 1 :])
            if more in decided and decided[more].effect < decision.effect:
                thought = _thought(state, governance)
                return (
                    f"A model may not be given {thought.label.data_class.name.lower()} data ({_rules(decision)}), "
                    f"but it may if the task also {MORE[name]}. More danger must never be the easier way."
                )
    return ""


def _thought(state: State, governance: Governance) -> Thought:
    v = {name: axis[index] for (name, axis), index in zip(THOUGHT_AXES.items(), state, strict=True)}
    elsewhere = Zone.US if governance.zone is not Zone.US else Zone.EU
    categories = frozenset(name for name in ("health", "privileged") if v[name])
    data_class = v["data_class"]
    assert isinstance(data_class, DataClass)
    return Thought(
        "ana", "provider", "anthropic", governance.zone if v["in_zone"] else elsewhere, bool(v["enabled"]),
        own=bool(v["own"]), attested=bool(v["attested"]), attested_fully=bool(v["attested_fully"]),
        ceiling=DataClass.CONFIDENTIAL, label=Label(data_class=data_class, categories=categories),
        teams=frozenset({"bids"}),
    )  # fmt: skip


def _product(axes: tuple[tuple[object, ...], ...]) -> Iterator[State]:
    return itertools.product(*(range(len(axis)) for axis in axes))


def _words(state: State) -> str:
    """Return a state in words."""
    ask = ask_of(state)
    what = {Tier.READ: "A call that reads", Tier.COMMUNICATE: "A call that sends", Tier.MODIFY: "A call that changes"}
    dangers = [MORE[n] for n, i in zip(NAMES, state, strict=True) if i and n not in ("tier", "data_class", "approved")]
    approved = "approved by a person" if ask.approval else "approved by nobody yet"
    read = f"after reading {ask.label.data_class.name.lower()} data"
    return ", ".join([what[ask.tier], read, approved, *dangers])


def _answer(decision: Decision) -> str:
    said = {Effect.ALLOW: "it may happen", Effect.ASK: "a person is asked", Effect.DENY: "it is refused"}
    return f"{said[decision.effect]} ({_rules(decision)})."


def _rules(decision: Decision) -> str:
    return ", ".join(ruling.rule for ruling in decision.rulings)


def _digest(governance: Governance) -> str:
    return digest({k: v for k, v in stored_form(governance).items() if k != "version"})
