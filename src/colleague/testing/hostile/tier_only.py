"""The anchor of the measurements: a policy that looks at a tool's tier only, as most agents have it."""

from colleague.policy.engine import Engine
from colleague.policy.model import Ask, Decision, Effect, Governance, Ruling, Tier


class TierOnly(Engine):
    """Reads are allowed, everything else is asked about; hard limits and grants hold as in the product."""

    def decide(self, ask: Ask, governance: Governance) -> Decision:
        """Answer by the tier alone, unless the product's own rules deny."""
        real = super().decide(ask, governance)
        limits = {r.rule for r in real.rulings} - {"denied-before", "denied-often"}
        if real.effect is Effect.DENY and limits:
            return real
        if ask.approval is not None or (ask.tier is Tier.READ and not ask.deletes):
            return Decision(Effect.ALLOW, (Ruling("tier", Effect.ALLOW, "It reads."),), policy_hash=real.policy_hash)
        why = Ruling("tier", Effect.ASK, "It does more than read.")
        return Decision(Effect.ASK, (why,), "user", real.policy_hash)
