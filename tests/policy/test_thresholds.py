"""A threshold has one spelling, an amount that cannot be read lies above all of them, a higher limit asks for less."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colleague.policy.model import Ask, Role, Tier
from colleague.policy.standards.thresholds import Threshold, above, measured, weaker_thresholds

ROLES = {"sum": Role.AMOUNT, "ids": Role.IDENTIFIER, "text": Role.CONTENT}
PLAIN = Ask("ana", frozenset(), (), "crm", "crm_update", Tier.MODIFY)


@pytest.mark.parametrize(
    ("text", "spelt"),
    [("amount = 1,000", "amount=1000"), ("RECORDS=10", "records=10"), (" class=Confidential ", "class=confidential")],
)
def test_a_threshold_has_one_spelling(text: str, spelt: str) -> None:
    assert str(Threshold.read(text)) == spelt


@pytest.mark.parametrize("text", ["", "amount", "amount=", "amount=-1", "records=1.5", "class=7", "wealth=3", "=1"])
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        Threshold.read(text)


@pytest.mark.parametrize(
    ("arguments", "amount", "records"),
    [
        ({"sum": "12.50", "ids": ["a", "b"]}, "12.50", 2),
        ({"sum": [5, {"x": "1,250"}], "ids": "a"}, "1250", 1),
        ({"sum": -40}, "40", 0),
        ({"sum": "a lot"}, "?", 0),
        ({"sum": float("nan")}, "?", 0),
        ({"sum": True}, "?", 0),
        ({"text": "900000"}, "", 0),
        ({"ids": {"deep": [["a"], ["b", "c"]]}}, "", 3),
    ],
)
def test_a_call_is_measured(arguments: dict[str, object], amount: str, records: int) -> None:
    assert measured(arguments, ROLES) == (amount, records)


@given(limit=st.integers(0, 10**9), larger=st.integers(0, 10**9), amount=st.integers(0, 10**10))
def test_a_higher_limit_is_weaker_and_asks_for_less(limit: int, larger: int, amount: int) -> None:
    low, high = (f"amount={limit}",), (f"amount={limit + larger}",)
    assert weaker_thresholds(low, high) is (larger > 0)
    assert weaker_thresholds(low, ())
    assert not weaker_thresholds(high, low)
    from dataclasses import replace

    ask = replace(PLAIN, amount=str(Decimal(amount)))
    assert bool(above(low, ask)) or not above(high, ask)
