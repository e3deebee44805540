"""Every rule says what it should: for each a case where it speaks and one where it is silent, with its words."""

from dataclasses import replace
from typing import Any

import pytest

from colleague.policy.engine import Engine
from colleague.policy.explain import explain
from colleague.policy.model import (
    Approval,
    Ask,
    DataClass,
    Doubt,
    Effect,
    Governance,
    Integrity,
    Label,
    Phase,
    Role,
    Scope,
    Tier,
    ToolWord,
)

ENGINE = Engine()
PLACE = Scope("g1", "files", "bids", covers=True, may_write=True, ceiling=DataClass.CONFIDENTIAL)
BLOCKS = replace(PLACE, id="g2", word=ToolWord.BLOCK)
ASKING = replace(PLACE, id="g3", word=ToolWord.ASK)
QUIET = Governance(
    internal_domains=("inside.example",), confirm_internal=False, dispatch_ceiling=Tier.MODIFY, phase=Phase.BROAD
)
READ = Ask("ana", frozenset({"bids"}), (PLACE,), "files", "files_read", Tier.READ, resource="bids/q1.docx")
OWN = Ask("ana", frozenset({"bids"}), (), "workspace", "write_document", Tier.READ, builtin_connector=True, writes=True)
SEND = replace(READ, tool="files_send", tier=Tier.COMMUNICATE, recipients=("dana@inside.example",))
OUT = replace(SEND, recipients=("x@out.example",), external=("x@out.example",))
WRITE = replace(READ, tool="files_write", tier=Tier.MODIFY, writes=True)
YES = Approval("ben", not_self=True, level="other")
DOUBT = Doubt("to", "eve@out.example", Role.RECIPIENT, "mail.eml")


def label(data_class: DataClass, integrity: Integrity = Integrity.TRUSTED) -> Label:
    return Label(integrity, data_class)


ALLOW, ASKS, DENY = Effect.ALLOW, Effect.ASK, Effect.DENY
# (rule, question, governance, effect, a piece of the words)
CASES: list[tuple[str, Ask, Governance, Effect, str]] = [
    ("own-workspace", OWN, QUIET, ALLOW, "stays inside the task"),
    ("granted-read", READ, QUIET, ALLOW, "was given this place"),
    ("granted-write", replace(WRITE, approval=YES), QUIET, ALLOW, "may change things"),
    ("no-permit", replace(READ, scopes=()), QUIET, DENY, "outside what your team was given"),
    ("no-permit", replace(READ, scopes=(replace(PLACE, covers=False),)), QUIET, DENY, "outside what your team"),
    ("no-permit", replace(WRITE, scopes=(replace(PLACE, may_write=False),), doubts=(DOUBT,)), QUIET, DENY, "to change"),
    ("no-permit", replace(OUT, scopes=(), doubts=(DOUBT,)), QUIET, DENY, "outside what your team"),
    ("no-permit", replace(READ, scopes=(replace(PLACE, connector="mail"),)), QUIET, DENY, "outside what your team"),
    ("tool-approved", replace(READ, tool_state="pending"), QUIET, DENY, "not approved, or it has changed"),
    ("tool-approved", replace(OWN, tool_state="changed"), QUIET, DENY, "not approved, or it has changed"),
    ("tool-approved", replace(READ, tool_state="blocked"), QUIET, DENY, "not approved, or it has changed"),
    ("tool-approved", replace(READ, tool_state="Approved"), QUIET, DENY, "not approved, or it has changed"),
    ("blocked-path", replace(READ, blocked_path=True), QUIET, DENY, "keeps this kind of file"),
    ("zone", replace(READ, zone_ok=False), QUIET, DENY, "leave the zone"),
    (
        "permitted-input",
        replace(READ, resource_class=DataClass.CONFIDENTIAL),
        replace(QUIET, input_ceilings=("bids/*=internal",)),
        DENY,
        "permits less than this class",
    ),
    (
        "permitted-input",
        replace(OWN, label=label(DataClass.CONFIDENTIAL), workflows=frozenset({"contract-review"})),
        replace(QUIET, input_ceilings=("*/lawyer:contract-review=internal",)),
        DENY,
        "permits less than this class",
    ),
    (
        "highest-input",
        replace(READ, resource_class=DataClass.RESTRICTED),
        QUIET,
        DENY,
        "above the class that may reach",
    ),
    (
        "class-ceiling",
        replace(READ, scopes=(replace(PLACE, ceiling=DataClass.INTERNAL),), resource_class=DataClass.CONFIDENTIAL),
        QUIET,
        DENY,
        "above the class that your team was given",
    ),
    ("restricted-never-leaves", replace(OUT, label=label(DataClass.RESTRICTED)), QUIET, DENY, "restricted data"),
    (
        "restricted-never-leaves",
        replace(READ, egress=True, label=label(DataClass.RESTRICTED)),
        QUIET,
        DENY,
        "restricted",
    ),
    ("restricted-never-leaves", replace(SEND, recipients=(), label=label(DataClass.RESTRICTED)), QUIET, DENY, "restr"),
    (
        "highest-external",
        replace(OUT, label=label(DataClass.CONFIDENTIAL)),
        QUIET,
        DENY,
        "above the class that may leave",
    ),
    ("highest-external", replace(SEND, recipients=(), label=label(DataClass.CONFIDENTIAL)), QUIET, DENY, "may leave"),
    ("output-review-missing", replace(OUT, output_review_missing=True), QUIET, DENY, "reviewed by a qualified person"),
    ("denied-before", replace(OUT, denied_before=True), QUIET, DENY, "denied exactly this already"),
    ("skill-tools", replace(SEND, skill="x:tidy"), QUIET, DENY, "Skill: x:tidy."),
    ("skill-tools", replace(OWN, skill="x:tidy"), QUIET, DENY, "other tools than this one"),
    ("entry-phase", READ, replace(QUIET, entry_phases=("connector:files=enterprise",)), DENY, "«files» from phase 4"),
    (
        "entry-phase",
        replace(OWN, called=frozenset({"x:tidy"})),
        replace(QUIET, entry_phases=("skill:x:tidy=enterprise",)),
        DENY,
        "skill «x:tidy» from phase 4 (enterprise) on",
    ),
    (
        "granted-read",
        READ,
        replace(QUIET, entry_phases=("connector:files=broad", "skill:x:tidy=enterprise")),
        ALLOW,
        "",
    ),
    ("own-workspace", OWN, replace(QUIET, entry_phases=("connector:workspace=enterprise",)), ALLOW, "stays inside"),
    ("denied-often", replace(OUT, denials=5), QUIET, DENY, "it asks no more"),
    ("denied-often", replace(WRITE, denials=6), QUIET, DENY, "it asks no more"),
    ("denied-often", replace(READ, egress=True, denials=5), QUIET, DENY, "reaches nobody"),
    ("communicate-external", replace(OUT, denials=4), QUIET, ASKS, "Outside"),
    ("granted-read", replace(READ, denials=9), QUIET, ALLOW, "given this place"),
    ("own-workspace", replace(OWN, denials=9), QUIET, ALLOW, "stays inside the task"),
    ("dispatch-ceiling", replace(SEND, channel="dispatch"), replace(QUIET, dispatch_ceiling=Tier.READ), DENY, "desk"),
    (
        "dispatch-ceiling",
        replace(WRITE, channel="schedule"),
        replace(QUIET, dispatch_ceiling=Tier.COMMUNICATE),
        DENY,
        "Away from the desk",
    ),
    (
        "dispatch-modify",
        replace(WRITE, tier=Tier.READ, channel="schedule"),
        replace(QUIET, dispatch_ceiling=Tier.COMMUNICATE),
        DENY,
        "unattended",
    ),
    ("dispatch-ceiling", replace(SEND, channel="dispatch"), replace(QUIET, phase=Phase.PILOT), DENY, "phase"),
    ("dispatch-ceiling", replace(WRITE, channel="dispatch"), replace(QUIET, phase=Phase.EXPANSION), DENY, "phase"),
    ("mapped-tier", replace(SEND, channel="dispatch", mapped=Tier.READ), QUIET, DENY, "mapped to a lower tier"),
    ("mapped-tier", replace(WRITE, channel="schedule", mapped=Tier.COMMUNICATE), QUIET, DENY, "mapped to a lower"),
    ("granted-read", replace(SEND, mapped=Tier.READ), QUIET, ALLOW, "given this place"),
    ("granted-read", replace(READ, channel="dispatch", mapped=Tier.READ), QUIET, ALLOW, "given this place"),
    ("own-workspace", replace(OWN, channel="dispatch", mapped=Tier.READ), QUIET, ALLOW, "stays inside the task"),
    ("above-threshold", replace(SEND, channel="dispatch", amount="1000.01"), QUIET, ASKS, "an amount above 1,000"),
    ("above-threshold", replace(SEND, channel="dispatch", amount="?"), QUIET, ASKS, "an amount above 1,000"),
    ("above-threshold", replace(SEND, channel="dispatch", records=11), QUIET, ASKS, "11 records"),
    ("above-threshold", replace(WRITE, channel="dispatch", records=11), QUIET, ASKS, "11 records"),
    (
        "above-threshold",
        replace(SEND, channel="dispatch", label=label(DataClass.CONFIDENTIAL)),
        QUIET,
        ASKS,
        "confidential",
    ),
    ("granted-read", replace(SEND, channel="dispatch", amount="1000", records=10), QUIET, ALLOW, "given this place"),
    ("granted-read", replace(SEND, amount="999999", records=99), QUIET, ALLOW, "given this place"),
    (
        "granted-read",
        replace(SEND, channel="dispatch", records=11, approval=Approval("ben", not_self=True, level="other")),
        QUIET,
        ALLOW,
        "given this place",
    ),
    ("communicate-external", OUT, QUIET, ASKS, "Outside: x@out.example."),
    ("communicate-internal", SEND, replace(QUIET, confirm_internal=True), ASKS, "sent in your name"),
    ("granted-read", SEND, QUIET, ALLOW, "given this place"),
    ("communicate-unknown", replace(SEND, recipients=()), QUIET, ASKS, "not known who would receive it"),
    ("communicate-plugin", replace(SEND, origin="plugin"), QUIET, ASKS, "A plugin wants to send"),
    ("modify", WRITE, QUIET, ASKS, "changes something outside this task"),
    ("modify", replace(WRITE, tier=Tier.READ), QUIET, ASKS, "changes something outside this task"),
    ("grant-blocks-tool", replace(READ, scopes=(BLOCKS,)), QUIET, DENY, "without this tool"),
    ("grant-blocks-tool", replace(WRITE, scopes=(PLACE, BLOCKS), approval=YES), QUIET, DENY, "without this tool"),
    (
        "grant-blocks-tool",
        replace(READ, scopes=(PLACE, replace(BLOCKS, covers=False, below=True))),
        QUIET,
        DENY,
        "tool",
    ),
    ("granted-read", replace(READ, scopes=(PLACE, replace(BLOCKS, covers=False))), QUIET, ALLOW, "given this place"),
    ("granted-read", replace(READ, scopes=(PLACE, replace(BLOCKS, ended=True))), QUIET, ALLOW, "given this place"),
    ("grant-asks", replace(READ, scopes=(PLACE, ASKING)), QUIET, ASKS, "a person to confirm"),
    ("granted-read", replace(READ, scopes=(ASKING,), approval=YES), QUIET, ALLOW, "given this place"),
    ("grant-ended", replace(READ, scopes=(replace(PLACE, ended=True),)), QUIET, DENY, "has ended"),
    ("full-access", replace(READ, scopes=(replace(PLACE, whole=True),)), QUIET, DENY, "no exception"),
    ("granted-read", replace(READ, scopes=(PLACE, replace(PLACE, id="g2", ended=True))), QUIET, ALLOW, "this place"),
    (
        "no-permit",
        replace(WRITE, scopes=(replace(PLACE, may_write=False), replace(PLACE, id="g2", ended=True))),
        QUIET,
        DENY,
        "to change",
    ),
    ("delete", replace(WRITE, deletes=True), QUIET, ASKS, "deletes something"),
    ("delete", replace(OWN, deletes=True), QUIET, ASKS, "deletes something"),
    (
        "unknown-origin",
        replace(SEND, doubts=(DOUBT,)),
        QUIET,
        ASKS,
        "«eve@out.example» (to) is not in your request nor in a trusted source; it was found in mail.eml.",
    ),
    ("unknown-origin", replace(SEND, doubts=(replace(DOUBT, found_in=""),)), QUIET, ASKS, "it was found nowhere"),
    (
        "unknown-origin",
        replace(SEND, doubts=(replace(DOUBT, odd="hides its host"),)),
        QUIET,
        ASKS,
        "(to) hides its host.",
    ),
    ("unknown-origin", replace(READ, egress=True, doubts=(DOUBT,)), QUIET, ASKS, "comes neither from you"),
    ("granted-read", replace(READ, doubts=(DOUBT,)), QUIET, ALLOW, "given this place"),
    (
        "egress-after-untrusted",
        replace(READ, egress=True, label=label(DataClass.INTERNAL, Integrity.UNTRUSTED)),
        QUIET,
        ASKS,
        "carry out what this task has read",
    ),
    (
        "egress-after-untrusted",
        replace(READ, egress=True, label=label(DataClass.CONFIDENTIAL)),
        QUIET,
        ASKS,
        "carry out",
    ),
    (
        "granted-read",
        replace(READ, egress=True, carries=False, label=label(DataClass.CONFIDENTIAL, Integrity.UNTRUSTED)),
        QUIET,
        ALLOW,
        "given this place",
    ),
    ("granted-read", replace(READ, egress=True, label=label(DataClass.INTERNAL)), QUIET, ALLOW, "given this place"),
]


@pytest.mark.parametrize(
    ("rule", "ask", "governance", "effect", "words"), CASES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_rule_speaks_with_its_words(rule: str, ask: Ask, governance: Governance, effect: Effect, words: str) -> None:
    decision = ENGINE.decide(ask, governance)
    assert decision.effect is effect, decision.why
    assert rule in {r.rule for r in decision.rulings}
    assert words in decision.why
    assert len(decision.policy_hash) == 64
    said = explain(decision)
    assert said[0].startswith("This may")
    assert any(f"(rule {rule})" in line for line in said)


def test_every_rule_has_a_case() -> None:
    of_calls = {name for name in ENGINE.rules if not name.startswith("think")}  # tests of models have those cases
    assert of_calls <= {case[0] for case in CASES}


def test_every_rule_has_words_and_only_forbids_are_lifted() -> None:
    for name, rule in ENGINE.rules.items():
        assert rule["why"].endswith("."), name
        assert "ask" not in rule or rule["effect"] == "forbid", name


@pytest.mark.parametrize("case", [c for c in CASES if c[3] is ASKS], ids=lambda c: c[0])
def test_an_approval_lifts_what_was_asked_and_is_decided_by_the_same_rules(case: Any) -> None:
    _, ask, governance, _, _ = case
    assert ENGINE.decide(replace(ask, approval=YES), governance).effect is ALLOW


def test_nobody_approves_their_own_call_above_a_threshold() -> None:
    ask = replace(SEND, channel="dispatch", records=11)
    assert ENGINE.decide(ask, QUIET).approver == "other"
    own = ENGINE.decide(replace(ask, approval=Approval("ana", not_self=False)), QUIET)
    assert own.effect is DENY
    assert "11 records" in own.why


@pytest.mark.parametrize("case", [c for c in CASES if c[3] is DENY], ids=lambda c: c[0])
def test_nobody_lifts_a_hard_limit(case: Any) -> None:
    _, ask, governance, _, _ = case
    for level in ("user", "other", "reviewer", "administrator"):
        approval = Approval("root", not_self=True, level=level)
        assert ENGINE.decide(replace(ask, approval=approval), governance).effect is DENY


def test_a_grant_to_read_raises_no_ceiling_for_writing() -> None:
    """One grant lets people read confidential files, another lets them write internal ones: no mixture of both."""
    reads = Scope("g1", "files", "bids", covers=True, may_write=False, ceiling=DataClass.CONFIDENTIAL)
    writes = Scope("g2", "files", "bids", covers=True, may_write=True, ceiling=DataClass.INTERNAL)
    ask = replace(WRITE, scopes=(reads, writes), resource_class=DataClass.CONFIDENTIAL)
    assert {r.rule for r in ENGINE.decide(ask, QUIET).rulings} == {"class-ceiling"}
    assert ENGINE.decide(replace(ask, tier=Tier.READ, writes=False), QUIET).effect is ALLOW


def test_the_hash_changes_with_what_a_decision_rests_on() -> None:
    seen = {
        ENGINE.decide(ask, governance).policy_hash
        for ask, governance in (
            (READ, QUIET),
            (replace(READ, person="ben"), QUIET),
            (replace(READ, scopes=()), QUIET),
            (READ, replace(QUIET, highest_input=DataClass.PUBLIC)),
            (replace(READ, resource="bids/q2.docx"), QUIET),
        )
    }
    stricter = Engine(
        '@id("never") forbid (principal, action == Action::"call", resource) when { context.tool == "x" };'
    )
    seen.add(stricter.decide(READ, QUIET).policy_hash)
    assert len(seen) == 6
    assert ENGINE.decide(READ, QUIET).policy_hash == ENGINE.decide(READ, QUIET).policy_hash
