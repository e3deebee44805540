"""The same words give the same plan; what is said by the way starts nothing; no message is too odd to be read."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colleague.dispatch.receive.decide import Confirm, Refuse, Run, decide
from colleague.dispatch.receive.redact import redacted
from colleague.dispatch.triggers.match import match, plans_of, said
from colleague.dispatch.triggers.model import Plan, Trigger, Wording
from colleague.dispatch.triggers.pattern import TYPES, BadPattern, read_pattern
from colleague.dispatch.triggers.standard import standard_wordings
from colleague.policy.model import Governance, Phase, Tier

TODAY = date(2026, 3, 3)  # a Tuesday
STANDARD = [Trigger(f"trig_{i}", 1, "active", "olga", w) for i, w in enumerate(standard_wordings())]
WIDE = Governance(dispatch_ceiling=Tier.MODIFY, phase=Phase.BROAD, dispatch_free_text=True)
ROLES = frozenset({"role:member"})


def fields(pattern: str, message: str) -> dict[str, str] | None:
    return match(said(message).words, read_pattern(pattern), today=TODAY)


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("brief {about:text}", "Brief  Harbour City", {"about": "Harbour City"}),
        ("brief {about:text}", "BRIEF: harbour", {"about": "harbour"}),
        ("brief {about:text}", "please brief harbour", None),
        ("brief {about:text}", "brief", None),
        ("prep {who:text} [on {day:date}]", "prep Ann Lee on friday", {"who": "Ann Lee", "day": "2026-03-06"}),
        ("prep {who:text} [on {day:date}]", "prep Ann Lee", {"who": "Ann Lee", "day": ""}),
        ("prep {who:text} [on {day:date}]", "prep on on tuesday", {"who": "on", "day": "2026-03-10"}),
        ("prep {who:text} [on {day:date}]", "prep Ann on never", {"who": "Ann on never", "day": ""}),
        ("pay {sum:amount} to {who:text}", "pay €1,200 to Meridian Ltd", {"sum": "1200 EUR", "who": "Meridian Ltd"}),
        ("pay {sum:amount} to {who:text}", "pay 1.200,50 eur to x", {"sum": "1200.50 EUR", "who": "x"}),
        ("pay {sum:amount} to {who:text}", "pay $5 € to x", None),
        ("note {n:number} {w:word}", "note 12 x.", {"n": "12", "w": "x"}),
        ("on {day:date}", "on 1.12.2026", {"day": "2026-12-01"}),
        ("on {day:date}", "on 3/4/2026", None),
        ("on {day:date}", "on 2026-02-30", None),
        (
            "write {to:email} {how:choice(short|long)}",
            "write Eve@X.example LONG",
            {"to": "eve@x.example", "how": "long"},
        ),
        ("write {to:email} {how:choice(short|long)}", "write eve@x long", None),
    ],
)
def test_a_message_fits_or_does_not(pattern: str, message: str, expected: dict[str, str] | None) -> None:
    assert fields(pattern, message) == expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "empty"), ("{x:text}", "word of its own"), ("[please] brief {x:text}", "word of its own"),
        ("help {x:text}", "Dispatch itself"), ("yes {x:word}", "Dispatch itself"), ("a {x:text} {y:text}", "a word"),
        ("a {x:text} [{y:person}]", "a word"), ("a {x:word} {x:word}", "one name"), ("a {x:colour}", "no type"),
        ("a {x:choice}", "two words"), ("a {x:choice(one)}", "two words"), ("a {x:word(one|two)}", "nothing else"),
        ("a {x", "neither"), ("a [b [c]]", "neither"), ("a " * 200, "300"),
        ("a {a:word} {b:word} {c:word} {d:word} {e:word} {f:word} {g:word}", "6 fields"),
        ("a {a:text} b {b:text} c {c:text}", "at most 2"), ("a [b] [c] [d] [e]", "3 groups"),
    ],
)  # fmt: skip
def test_a_pattern_that_nobody_could_read_is_refused_with_the_reason(pattern: str, why: str) -> None:
    with pytest.raises(BadPattern, match=why):
        read_pattern(pattern)


def test_a_hundred_equal_commands_are_a_hundred_equal_plans() -> None:
    """DI-3, in every spelling that is the same command."""
    ways = ("brief Harbour City", "  BRIEF\tHarbour   City ", "Brief: Harbour City", "brief\u200b Harbour\u00a0City")
    plans = {plans_of(said(ways[i % 4]), STANDARD, today=TODAY)[0].digest for i in range(100)}
    assert len(plans) == 1


def test_each_standard_trigger_has_an_example_that_is_its_own_alone() -> None:
    assert 8 <= len(STANDARD) <= 10
    for trigger in STANDARD:
        (plan,) = plans_of(said(trigger.wording.example), STANDARD, today=TODAY)
        assert plan.trigger == trigger.id
        assert plan.tier is trigger.wording.tier
        assert Plan.from_json(plan.to_json()) == plan


def test_a_value_is_put_into_the_goal_once_and_not_read_again() -> None:
    wording = Wording("a", "a {x:text} b {y:text}", "A", "a 1 b 2", "{x} and {y}", "u", Tier.READ)
    (plan,) = plans_of(said("a {y} b {x}"), [Trigger("t", 1, "active", "o", wording)], today=TODAY)
    assert plan.goal == "{y} and {x}"


def test_the_sender_says_where_the_answer_goes() -> None:
    (plan,) = plans_of(said("brief Harbour City @email"), STANDARD, today=TODAY)
    assert (plan.delivery, plan.fields[0]) == ("email", ("about", "Harbour City"))
    (plan,) = plans_of(said("brief Harbour City @eve"), STANDARD, today=TODAY)
    assert (plan.delivery, plan.fields[0]) == ("reply", ("about", "Harbour City @eve"))


def judged(text: str, governance: Governance = WIDE, **more: bool) -> object:
    return decide(said(text), STANDARD, governance, today=TODAY, holders=ROLES, **more)


def test_what_fits_runs_what_is_read_into_words_or_heard_is_asked_about_first() -> None:
    assert isinstance(judged("brief Harbour City"), Run)
    heard = judged("brief Harbour City", spoken=True)
    assert isinstance(heard, Confirm)
    read = judged("could you please brief me on Harbour City")
    assert isinstance(read, Confirm)
    assert read.plan.fields[0] == ("about", "Harbour City")
    strict = judged("could you please brief me on Harbour City", Governance())
    assert isinstance(strict, Refuse)


def test_what_is_above_the_phase_or_the_ceiling_is_refused_in_words() -> None:
    for governance, why in (
        (Governance(dispatch_ceiling=Tier.MODIFY), "phase"),
        (Governance(dispatch_ceiling=Tier.READ, phase=Phase.BROAD), "no more than to read"),
    ):
        verdict = judged("tell Ben Carter that the offer is out", governance)
        assert isinstance(verdict, Refuse)
        assert why in verdict.why


def test_two_that_fit_are_a_question_and_neither_runs() -> None:
    twin = Trigger("twin", 1, "active", "o", Wording("t", "brief {x:text}", "T", "brief a", "g {x}", "u", Tier.READ))
    verdict = decide(said("brief a"), [*STANDARD, twin], WIDE, today=TODAY, holders=ROLES)
    assert isinstance(verdict, Refuse)
    assert "could be" in verdict.why


WORDS = st.sampled_from(
    ["brief", "tell", "file", "find", "that", "in", "please", "Ben", "Carter", "approve", "@email", "yes", "ignore",
     "\u202e", "{about}", "{{", "[on", "rm", "-rf", "/policy-qa", "<script>", "€5", "2026-13-45", "\x00", "\ud800", "…"]
)  # fmt: skip
MESSAGES = st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=40).map(" ".join))


@settings(max_examples=10_000, deadline=None)
@given(text=MESSAGES)
def test_no_message_starts_a_trigger_above_reading_that_it_does_not_spell_out(text: str) -> None:
    """Ten thousand random and hostile messages: no crash, and what runs begins with the trigger's own word."""
    verdict = judged(text)
    if isinstance(verdict, Run):
        words = said(text).words
        literal = next(t for t in STANDARD if t.id == verdict.plan.trigger).wording.pattern.split()[0]
        assert words[0].casefold().rstrip(".,;:!?") == literal
        assert verdict.plan.digest == judged(text).plan.digest  # type: ignore[attr-defined]


PIECES = st.sampled_from(
    ["go", "on", "{a:text}", "{b:word}", "{c:date}", "[by {d:date}]", "{e:choice(x|y)}", "{f:amount}", "["]
)


@settings(max_examples=500, deadline=None)
@given(pattern=st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=8).map(" ".join)), text=MESSAGES)
def test_any_pattern_is_read_or_refused_and_any_message_fits_or_does_not(pattern: str, text: str) -> None:
    try:
        read = read_pattern(pattern)
    except BadPattern:
        return
    found = match(said(text).words, read, today=TODAY)
    assert found is None or set(found) == {f.name for f in read.fields}
    assert {f.type for f in read.fields} <= set(TYPES)


def test_the_longest_hostile_message_is_read_at_once() -> None:
    pattern = read_pattern("a {x:text} b {y:text} [c {z:word}] [d {w:date}]")
    assert match(("a", *["b"] * 299), pattern, today=TODAY) is not None
    assert match(("a", *["x"] * 299), pattern, today=TODAY) is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("find the plan", "find the plan"),
        ("tell eve@out.example that x", "tell [address] that x"),
        ("call +44 7700 900 001 now", "call [number] now"),
        ("pay DE89 3704 0044 0532 0130 00", "pay [6 words left out: bank account]"),
    ],
)
def test_what_is_sensitive_is_not_kept(text: str, kept: str) -> None:
    assert redacted(said(text).words) == kept
