"""The fake keeps the contract of all connectors, and fails exactly as it is told."""

import pytest
from tests.connectors.contract import Case, ConnectorContract

from colleague.connectors.connector import Account, Effected, OutcomeUnknown, ToolFailed
from colleague.testing.connector import FakeConnector


@pytest.fixture
def case() -> Case:
    fake = FakeConnector({"bids": {"a": "Words."}, "payroll": {"b": "Figures."}})
    return Case(
        fake, Account("acc_1", "fake", {}), "bids",
        read=("fake_read", {"shelf": "bids", "note": "a"}),
        change=("fake_write", {"shelf": "bids", "note": "c", "text": "New."}),
        outside=("fake_read", {"shelf": "payroll", "note": "b"}),
        effects=lambda: len(fake.effects),
    )  # fmt: skip


class TestFake(ConnectorContract):
    """The contract on the fake."""

    async def test_trouble_before_and_after(self, case: Case) -> None:
        fake = case.connector
        assert isinstance(fake, FakeConnector)
        for trouble, error, count in (
            ("fail_before", ToolFailed, 0), ("unknown_before", OutcomeUnknown, 0), ("crash_before", RuntimeError, 0),
            ("unknown_after", OutcomeUnknown, 1), ("crash_after", RuntimeError, 2),
        ):  # fmt: skip
            fake.trouble = trouble  # type: ignore[assignment]
            with pytest.raises(error):
                await fake.call(*case.change, case.access(f"call_{trouble}:1"))
            assert len(fake.effects) == count
            expected = Effected.YES if trouble.endswith("after") else Effected.NO
            assert await fake.effected(*case.change, case.access(f"call_{trouble}:1")) is expected
        fake.forgetful = True
        assert await fake.effected(*case.change, case.access("call_unknown_after:1")) is Effected.UNKNOWN
