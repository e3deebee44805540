"""«What would happen if»: the same engine on a made-up question. Pure."""

from collections.abc import Sequence

from colleague.policy.addresses import external_of
from colleague.policy.engine import Engine
from colleague.policy.model import Ask, DataClass, Decision, Governance, Integrity, Label, Scope, Tier


def simulate(
    engine: Engine,
    governance: Governance,
    *,
    tier: Tier,
    recipients: Sequence[str],
    data_class: DataClass,
    channel: str,
) -> Decision:
    """Return what would be decided for somebody whose team was given the place, after reading data of `data_class`."""
    external = external_of(recipients, governance.internal_domains)
    scope = Scope("example", "example", "team", covers=True, may_write=True, ceiling=DataClass.RESTRICTED)
    ask = Ask(
        person="somebody", teams=frozenset({"team"}), scopes=(scope,), connector="example", tool="example", tier=tier,
        writes=tier is Tier.MODIFY, label=Label(Integrity.TRUSTED, data_class), recipients=tuple(recipients),
        external=external, channel=channel if channel in ("dispatch", "schedule") else "desk",
    )  # fmt: skip
    return engine.decide(ask, governance)
