"""Whether a model provider may see what a task has read: each rule alone, all together, and errors are refusals."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colleague.policy.engine import Engine
from colleague.policy.model import DataClass, Effect, Governance, Label, Zone
from colleague.policy.thinking import Thought

ENGINE, QUIET = Engine(), Governance()
FINE = Thought(
    "person_1", "claude-eu", "anthropic", Zone.EU, True, attested=True, attested_fully=True, baa=True,
    ceiling=DataClass.CONFIDENTIAL, label=Label(data_class=DataClass.CONFIDENTIAL),
)  # fmt: skip
HEALTH = replace(FINE, label=Label(data_class=DataClass.CONFIDENTIAL, categories=frozenset({"health"})))
PRIVILEGED = replace(FINE, label=Label(data_class=DataClass.CONFIDENTIAL, categories=frozenset({"privileged"})))
OWN = replace(FINE, zone=Zone.OWN, own=True, attested=False, attested_fully=False, baa=False)
DEPLOYED = replace(FINE, attested_fully=False, baa=False, zone=Zone.ANY)
BOUND = replace(QUIET, zone=Zone.EU)
TEAMS = replace(QUIET, input_ceilings=("bids/*=internal", "all/review=internal"))
SKILLS = replace(QUIET, input_ceilings=("*/lawyer:review=internal",))
BARE = replace(QUIET, input_ceilings=("*/review=internal",))

CASES = [
    ("think", FINE, QUIET, True),
    ("think", FINE, BOUND, True),
    ("think", HEALTH, QUIET, True),
    ("think", PRIVILEGED, QUIET, True),
    ("think", replace(OWN, label=HEALTH.label), BOUND, True),
    ("think", DEPLOYED, QUIET, True),
    ("think-provider-off", replace(FINE, enabled=False), QUIET, False),
    ("think-zone", replace(FINE, zone=Zone.US), BOUND, False),
    ("think-zone", DEPLOYED, BOUND, False),
    ("think-zone", FINE, replace(QUIET, zone=Zone.OWN), False),
    ("think-no-training", replace(FINE, attested=False, attested_fully=False), QUIET, False),
    ("think-no-training-scope", replace(PRIVILEGED, attested_fully=False), QUIET, False),
    ("think-no-training-scope", replace(DEPLOYED, label=PRIVILEGED.label), QUIET, False),
    ("think-baa", replace(HEALTH, baa=False), QUIET, False),
    ("think-baa", replace(DEPLOYED, label=HEALTH.label), QUIET, False),
    ("think-ceiling", replace(FINE, ceiling=DataClass.INTERNAL), QUIET, False),
    ("think-ceiling", replace(OWN, ceiling=DataClass.INTERNAL), QUIET, False),
    ("think-permitted-input", replace(FINE, teams=frozenset({"bids"})), TEAMS, False),
    ("think-permitted-input", replace(OWN, teams=frozenset({"bids", "all"})), TEAMS, False),
    ("think-permitted-input", replace(FINE, workflows=frozenset({"/Review"})), SKILLS, False),
    ("think-permitted-input", replace(FINE, workflows=frozenset({"/lawyer:Review"})), BARE, False),
    ("think-permitted-input", replace(FINE, workflows=frozenset({"review"})), BARE, False),
    ("think", replace(FINE, workflows=frozenset({"clerk:review"})), SKILLS, True),
    ("think", replace(FINE, teams=frozenset({"all"}), workflows=frozenset({"brief"})), TEAMS, True),
    ("think-highest-input", FINE, replace(QUIET, highest_input=DataClass.INTERNAL), False),
]


@pytest.mark.parametrize(("rule", "thought", "governance", "allowed"), CASES)
def test_each_rule_alone(rule: str, thought: Thought, governance: Governance, allowed: bool) -> None:
    decision = ENGINE.decide_thought(thought, governance)
    assert decision.effect is (Effect.ALLOW if allowed else Effect.DENY)
    assert [r.rule for r in decision.rulings] == [rule]
    assert all(r.why for r in decision.rulings)
    assert allowed or all(r.remedy for r in decision.rulings)


def test_every_rule_on_thinking_has_a_case() -> None:
    rules = {name for name in ENGINE.rules if name.startswith("think")}
    assert rules == {case[0] for case in CASES}


thoughts = st.builds(
    Thought, person=st.text(max_size=20), provider=st.text(max_size=20), kind=st.text(max_size=9),
    zone=st.sampled_from(Zone), enabled=st.booleans(), own=st.booleans(),
    attested=st.booleans(), attested_fully=st.booleans(), baa=st.booleans(), ceiling=st.sampled_from(DataClass),
    label=st.builds(
        Label, data_class=st.sampled_from(DataClass),
        categories=st.frozensets(st.sampled_from(["health", "privileged", "payment card"])),
    ),
)  # fmt: skip
settings = st.builds(Governance, highest_input=st.sampled_from(DataClass), zone=st.sampled_from(Zone))


@given(thoughts, settings)
def test_what_is_allowed_is_allowed_for_a_reason_and_more_data_never_opens_a_door(
    thought: Thought, governance: Governance
) -> None:
    decision = ENGINE.decide_thought(thought, governance)
    health, privileged = ("health" in thought.label.categories, "privileged" in thought.label.categories)
    expected = (
        thought.enabled
        and thought.label.data_class <= thought.ceiling
        and (
            thought.own
            or (
                (governance.zone is Zone.ANY or thought.zone is governance.zone)
                and thought.attested
                and (not privileged or thought.attested_fully)
                and (not health or thought.baa)
                and thought.label.data_class <= governance.highest_input
            )
        )
    )
    assert (decision.effect is Effect.ALLOW) is expected
    more = thought.label.join(Label(data_class=DataClass.RESTRICTED, categories=frozenset({"health", "privileged"})))
    after = ENGINE.decide_thought(replace(thought, label=more), governance)
    assert after.effect >= decision.effect


def test_a_rule_that_errs_or_a_question_that_makes_no_sense_is_a_refusal() -> None:
    broken = Engine('@id("mine") forbid (principal, action == Action::"think", resource) when { context.kind == "" };')
    assert broken.decide_thought(replace(FINE, kind=""), QUIET).effect is Effect.DENY
    assert ENGINE.decide_thought(replace(FINE, ceiling=None), QUIET).effect is Effect.DENY  # type: ignore[arg-type]
    assert len(fields(Thought)) == 13, "a new field needs its cases"
