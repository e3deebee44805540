"""An error is a denial with its reason: a broken rule, odd names, a wrong value; extra rules only tighten."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colleague.policy.engine import Engine, RulesInvalid, RulesLoosen
from colleague.policy.model import Approval, Ask, DataClass, Effect, Governance, Scope, Tier

ENGINE = Engine()
SCOPE = Scope("g", "files", "bids", covers=True, may_write=True, ceiling=DataClass.CONFIDENTIAL)
READ = Ask("ana", frozenset({"bids"}), (SCOPE,), "files", "files_read", Tier.READ, resource="bids")
SEND = replace(READ, tier=Tier.COMMUNICATE, recipients=("a@in.example",))
QUIET = Governance(internal_domains=("in.example",), confirm_internal=False)

NAMES = [
    'a"b',
    "a\nb",
    "a\r\nb",
    "a\x00b",
    "a\\b",
    'a\\"b',
    '") || true || ("',
    "Ünïcødé 東京 🦊",
    "a'b",
    "\u202eabc",
    "a\tb",
    "a\x1b[31m",
    "\x7f",
    "",
    " ",
    "x" * 10_000,
    'Place::"x"',
    "{{}}",
    "\\u{0}",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda n: ascii(n)[:16])
def test_odd_names_open_nothing_that_is_not_granted_and_break_nothing(name: str) -> None:
    for ask in (
        replace(READ, person=name),
        replace(READ, resource=name),
        replace(READ, tool=name),
        replace(READ, scopes=(replace(SCOPE, id=name),)),
    ):
        assert ENGINE.decide(ask, QUIET).effect is Effect.ALLOW
        closed = ENGINE.decide(replace(ask, scopes=()), QUIET)
        assert (closed.effect, closed.rulings[0].rule) == (Effect.DENY, "no-permit")


@given(name=st.text(max_size=60), other=st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_name_reaches_another_ones_place(name: str, other: str) -> None:
    """The place is opened by the scope whose id is meant, and by no other, however ids are spelt."""
    scopes = (replace(SCOPE, id=f"r:{name}", covers=False), replace(SCOPE, id=f"s:{other}", covers=False))
    ask = replace(READ, person=name, resource=other, scopes=scopes)
    assert ENGINE.decide(ask, QUIET).effect is Effect.DENY
    assert (
        ENGINE.decide(replace(ask, scopes=(scopes[0], replace(scopes[1], covers=True))), QUIET).effect is Effect.ALLOW
    )


BROKEN: list[dict[str, Any]] = [
    {"tier": "read"},
    {"tier": None},
    {"writes": "no"},
    {"tool_state": None},
    {"person": None},
    {"person": "\ud800"},
    {"resource": "\udfff"},
    {"label": None},
    {"scopes": None},
    {"recipients": None},
    {"doubts": 3},
    {"tier": 1 << 70},
    {"zone_ok": "yes"},
    {"tool": b"x"},
    {"approval": "yes"},
    {"approval": Approval("ana", not_self="x")},
]


@pytest.mark.parametrize("change", BROKEN, ids=str)
def test_a_wrong_value_is_a_denial_with_its_reason(change: dict[str, Any]) -> None:
    decision = ENGINE.decide(replace(READ, **change), QUIET)
    assert decision.effect is Effect.DENY
    assert decision.rulings[0].rule == "engine-error"
    assert "could not be evaluated" in decision.why
    assert decision.rulings[0].remedy


def test_an_approval_of_an_unknown_level_is_a_denial() -> None:
    approval = Approval("ana", not_self=True, level="king")
    assert ENGINE.decide(replace(SEND, approval=approval), Governance()).effect is Effect.DENY


def test_broken_settings_are_a_denial() -> None:
    for change in ({"highest_input": None}, {"confirm_internal": "no"}, {"dispatch_ceiling": "read"}):
        decision = ENGINE.decide(READ, replace(QUIET, **change))  # type: ignore[arg-type]
        assert (decision.effect, decision.rulings[0].rule) == (Effect.DENY, "engine-error")


def test_a_rule_that_errs_while_it_is_evaluated_denies_although_cedar_would_skip_it() -> None:
    """Cedar skips a policy that errs; an overflow passes validation and errs only when it is evaluated."""
    rule = (
        '@id("sum") forbid (principal, action == Action::"call", resource) '
        "when { context.tier + 9223372036854775807 < 0 };"
    )
    decision = Engine(rule).decide(READ, QUIET)
    assert decision.effect is Effect.DENY
    assert decision.rulings[0].rule == "engine-error"


WRONG = [
    ('forbid (principal, action == Action::"call", resource) when { context.nope };', "nope"),
    ("forbid (principal, action, resource", "unexpected"),
    ('@ask("boss") forbid (principal, action == Action::"call", resource);', "lifted by one of"),
    ('@ask forbid (principal, action == Action::"call", resource);', "lifted by one of"),
    (
        '@id("tool-approved") @ask("user") forbid (principal, action == Action::"call", resource);',
        "two rules are called",
    ),
    ('forbid (principal, action == Action::"other", resource);', "other"),
    ('forbid (principal, action == Action::"call", resource) when { context.approval.by == "x" };', "approval"),
    ('forbid (principal, action == Action::"call", resource) when { context.tier == "read" };', "Long and String"),
    ("\x00", "invalid token"),
]


@pytest.mark.parametrize(("text", "why"), WRONG, ids=range(len(WRONG)))
def test_rules_that_cannot_be_used_are_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(RulesInvalid) as refused:
        Engine(text)
    assert "cannot be used" in refused.value.message
    assert why in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        'permit (principal, action == Action::"call", resource);',
        'permit (principal, action == Action::"call", resource) when { context.tool == "x" };',
        "forbid (principal == ?principal, action, resource);",
        'forbid (principal, action == Action::"call", resource) when { context.tool == "x" };\n'
        'permit (principal, action == Action::"call", resource);',
    ],
)
def test_rules_of_the_organisation_only_forbid(text: str) -> None:
    with pytest.raises(RulesLoosen):
        Engine(text)


def test_a_rule_of_the_organisation_tightens() -> None:
    tight = Engine(
        '@id("no-bids") @why("Not the bids.") forbid (principal, action == Action::"call", resource) '
        'when { context.connector == "files" };'
    )
    decision = tight.decide(READ, QUIET)
    assert (decision.effect, decision.why) == (Effect.DENY, "Not the bids.")
    elsewhere = replace(READ, connector="mail", scopes=(replace(SCOPE, connector="mail"),))
    assert tight.decide(elsewhere, QUIET).effect is Effect.ALLOW


FOUR_EYES = (
    '@id("four-eyes") @ask("other") @why("Two people.") '
    'forbid (principal, action == Action::"call", resource) '
    "when { context.tier == 2 && !(context has approval && context.approval.not_self) };"
)


def test_separation_of_duties_asks_somebody_else_and_the_requester_lifts_nothing() -> None:
    engine = Engine(FOUR_EYES)
    decision = engine.decide(SEND, Governance())
    assert (decision.effect, decision.approver) == (Effect.ASK, "other")
    assert {r.rule for r in decision.rulings} == {"four-eyes", "communicate-internal"}
    own = engine.decide(replace(SEND, approval=Approval("ana", not_self=False, level="other")), Governance())
    assert own.effect is Effect.DENY
    second = engine.decide(replace(SEND, approval=Approval("ben", not_self=True, level="other")), Governance())
    assert second.effect is Effect.ALLOW


@pytest.mark.parametrize("level", ["other", "reviewer", "administrator"])
def test_an_approval_given_before_a_rule_came_does_not_lift_it(level: str) -> None:
    """Approved by the person; meanwhile a rule wants somebody higher: refused, with that rule's words."""
    rule = f'@id("new") @ask("{level}") @why("New.") ' + (
        'forbid (principal, action == Action::"call", resource) when { !(context has approval) };'
    )
    engine = Engine(rule)
    decision = engine.decide(replace(SEND, approval=Approval("ana", not_self=False)), Governance())
    assert (decision.effect, decision.why) == (Effect.DENY, "New.")
    enough = Approval("rita", not_self=True, level="administrator")
    assert engine.decide(replace(SEND, approval=enough), Governance()).effect is Effect.ALLOW
    assert engine.decide(SEND, Governance()).approver == level
