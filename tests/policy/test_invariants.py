"""Whatever the question: more danger never loosens a decision, and the hard limits hold. Shown by enumeration.

Every abstract state is decided; for each of its dangers, the state with one step more of it is never decided softer.
"""

import itertools
import time
from dataclasses import replace

import pytest

from colleague.policy.engine import Engine
from colleague.policy.invariants import (
    AXES,
    NAMES,
    SCOPE,
    Loosened,
    State,
    ask_of,
    counterexample,
    prove,
    states,
    worse,
)
from colleague.policy.model import Approval, DataClass, Decision, Effect, Governance, Phase, Tier, ToolWord

ENGINE = Engine()
SOFT = frozenset(name for name, rule in ENGINE.rules.items() if rule.get("ask"))
CALL = 'forbid (principal, action == Action::"call", resource)'
THINK = 'forbid (principal, action == Action::"think", resource)'
NO_SENDING = f'@id("no-sending") @why("No.") {CALL} when {{ context.tier == 2 }};'
NOT_ELSEWHERE = f'@id("y") {THINK} when {{ context.data_class >= 3 && !context.own }};'
GOVERNANCES = (
    Governance(
        internal_domains=("in.example",), confirm_internal=False, dispatch_ceiling=Tier.MODIFY, phase=Phase.BROAD
    ),
    Governance(internal_domains=("in.example",)),
)


@pytest.fixture(scope="module", params=GOVERNANCES, ids=["lenient", "strict"])
def decided(request: pytest.FixtureRequest) -> dict[State, Decision]:
    started = time.perf_counter()
    table = {s: ENGINE.decide(ask_of(s), request.param) for s in states()}
    print(f"{len(table)} states in {time.perf_counter() - started:.2f} s")
    return table


def test_there_are_enough_states(decided: dict[State, Decision]) -> None:
    assert len(decided) == 6144
    assert {d.effect for d in decided.values()} == set(Effect)
    assert not [d for d in decided.values() if d.rulings[0].rule == "engine-error"]


def test_more_danger_never_loosens(decided: dict[State, Decision]) -> None:
    for state, decision in decided.items():
        for name, next_state in worse(state):
            assert decided[next_state].effect >= decision.effect, (name, ask_of(state))


def test_a_higher_tier_is_never_softer_than_reading(decided: dict[State, Decision]) -> None:
    for state, decision in decided.items():
        if state[0] == 0:
            assert all(decided[(tier, *state[1:])].effect >= decision.effect for tier in (1, 2))


def test_restricted_data_never_leaves(decided: dict[State, Decision]) -> None:
    for state, decision in decided.items():
        ask = ask_of(state)
        if ask.label.data_class is DataClass.RESTRICTED and (ask.external or ask.egress):
            assert decision.effect is Effect.DENY


def test_what_is_not_approved_or_has_changed_is_denied(decided: dict[State, Decision]) -> None:
    assert all(d.effect is Effect.DENY for s, d in decided.items() if ask_of(s).tool_state != "approved")


def test_a_grant_that_asks_blocks_or_has_ended_never_loosens(decided: dict[State, Decision]) -> None:
    """In each state that is asked or allowed: ask never allows unasked, block and an end deny whoever approves."""
    for state, decision in decided.items():
        if decision.effect is Effect.DENY or AXES["data_class"][state[1]] is DataClass.INTERNAL:
            continue
        ask = ask_of(state)
        asking = ENGINE.decide(replace(ask, scopes=(replace(SCOPE, word=ToolWord.ASK),)), GOVERNANCES[0])
        assert asking.effect is (Effect.ALLOW if ask.approval else Effect.ASK)
        for change in ({"word": ToolWord.BLOCK}, {"ended": True}, {"whole": True}):
            closed = replace(ask, scopes=(replace(SCOPE, **change),))
            assert ENGINE.decide(closed, GOVERNANCES[0]).effect is Effect.DENY, closed


def test_another_grant_never_opens_what_one_blocks_or_asks_about() -> None:
    for word, covers, below, writes in itertools.product(ToolWord, (False, True), (False, True), (False, True)):
        other = replace(SCOPE, id="h", covers=covers, below=below, word=word)
        ask = replace(ask_of((0,) * len(AXES)), scopes=(SCOPE, other), writes=writes, deletes=writes)
        ask = replace(ask, approval=ask.approval if writes else None)
        mute = word is ToolWord.ALLOW or not (covers or below) or (writes and word is ToolWord.ASK)
        expected = Effect.ALLOW if mute else Effect(int(word))
        assert ENGINE.decide(ask, GOVERNANCES[0]).effect is expected


def test_nothing_is_modified_unattended_beyond_the_ceiling(decided: dict[State, Decision]) -> None:
    for state, ask in ((s, ask_of(s)) for s in decided):
        if ask.channel != "desk" and ask.tier > Tier.READ:
            assert ENGINE.decide(ask, GOVERNANCES[1]).effect is Effect.DENY, state


def test_a_plugin_that_communicates_always_asks(decided: dict[State, Decision]) -> None:
    for state, decision in decided.items():
        ask = ask_of(state)
        if ask.origin == "plugin" and ask.tier is Tier.COMMUNICATE and ask.approval is None:
            assert decision.effect is not Effect.ALLOW


def test_an_approval_lifts_exactly_what_asked(decided: dict[State, Decision]) -> None:
    """Ask means: with this approval it is allowed; deny means: no approval would help."""
    place = NAMES.index("approved")
    for state, decision in decided.items():
        if AXES["approved"][state[place]] is False:
            lifted = decided[(*state[:place], 0, *state[place + 1 :])].effect
            expected = Effect.DENY if decision.effect is Effect.DENY else Effect.ALLOW
            assert lifted is expected


def test_asking_names_only_soft_rules_and_denying_a_hard_one(decided: dict[State, Decision]) -> None:
    for decision in decided.values():
        names = {r.rule for r in decision.rulings}
        match decision.effect:
            case Effect.ASK:
                assert names <= SOFT
            case Effect.DENY:
                assert not names & SOFT
            case Effect.ALLOW:
                assert all(ENGINE.rules[n]["effect"] == "permit" for n in names)


def test_stricter_settings_never_loosen() -> None:
    """For each question, a stricter value of any setting gives a decision that is at least as strict."""
    base = GOVERNANCES[0]
    stricter = (
        replace(base, confirm_internal=True),
        replace(base, highest_external=DataClass.PUBLIC),
        replace(base, highest_input=DataClass.PUBLIC),
        replace(base, dispatch_ceiling=Tier.READ),
        replace(base, input_ceilings=("bids/*=public",)),
        replace(base, rules=NO_SENDING),
    )
    for state in states():
        ask = replace(ask_of(state), resource_class=DataClass.INTERNAL)
        if ask.tool_state == "approved":
            least = ENGINE.decide(ask, base).effect
            assert all(ENGINE.decide(ask, g).effect >= least for g in stricter), ask


def test_a_place_above_the_ceiling_or_of_no_grant_is_never_opened() -> None:
    for writes, cls, covers, may_write in itertools.product((False, True), DataClass, (False, True), (False, True)):
        scope = replace(SCOPE, covers=covers, may_write=may_write)
        ask = replace(
            ask_of((0,) * len(AXES)), scopes=(scope,), writes=writes, resource_class=cls,
            approval=Approval("root", not_self=True, level="administrator"),
        )  # fmt: skip
        opened = covers and (may_write or not writes) and cls <= DataClass.CONFIDENTIAL
        assert (ENGINE.decide(ask, GOVERNANCES[0]).effect is Effect.ALLOW) == opened


LOOSENING = [
    (f'@id("x") {CALL} when {{ context.tier == 2 && context.external == 0 }};', "goes to somebody outside"),
    (f'@id("x") {CALL} when {{ context has approval }};', "approved by nobody"),
    (f'@id("x") {CALL} unless {{ context.untrusted || context has approval }};', "nobody vouches for"),
    (f'@id("x") {CALL} when {{ context.tier == 1 && context.data_class < 3 }};', "higher class"),
    (f'@id("x") @ask("reviewer") {CALL} when {{ context.tier == 2 && !(context has approval) && !context.dispatch }};',
     "away from the desk"),
    (f'@id("x") {THINK} unless {{ context.health }};', "health"),
    (f'@id("x") {THINK} when {{ context.data_class == 2 }};', "higher class"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "words"), LOOSENING)
def test_rules_that_make_danger_the_easier_way_are_refused_with_the_counterexample(rules: str, words: str) -> None:
    with pytest.raises(Loosened) as refused:
        prove(ENGINE, replace(GOVERNANCES[0], rules=rules))
    assert words in refused.value.message


@pytest.mark.parametrize("rules", ["", NO_SENDING, NOT_ELSEWHERE])
def test_what_only_tightens_is_proven_for_exactly_these_settings(rules: str) -> None:
    settings = replace(GOVERNANCES[1], rules=rules, input_ceilings=("bids/*=internal",))
    proven = prove(ENGINE, settings)
    assert proven.holds_for(replace(settings, version=9))
    assert not proven.holds_for(replace(settings, confirm_internal=False))
    assert not proven.holds_for(replace(settings, rules=rules + " "))


def test_the_shipped_settings_have_no_counterexample() -> None:
    assert not counterexample(ENGINE, Governance())
