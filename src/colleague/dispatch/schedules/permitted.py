"""Whether an automation may run at all, by the organisation's ceiling and phase. Pure (C-3)."""

from colleague.dispatch.schedules.model import Order
from colleague.kit.errors import Forbidden
from colleague.policy.model import Governance, Phase, Tier


class AboveTheCeiling(Forbidden):
    """Away from the desk your organisation allows «{ceiling}» at most at present, and this is mapped to «{tier}».
    Map it to a lower tier, or ask an administrator."""


class PhaseTooEarly(Forbidden):
    """What runs again and again without a person only reads until phase 3; your organisation is in phase {phase}.
    Map it to «read», or run it once at a chosen time."""


def check_permitted(order: Order, governance: Governance) -> None:
    """Raise AboveTheCeiling or PhaseTooEarly unless this may run now. Its calls are decided one by one all the same."""
    if order.tier > governance.away:
        raise AboveTheCeiling(ceiling=governance.away.name.lower(), tier=order.tier.name.lower())
    if order.recurring and order.tier > Tier.READ and governance.phase < Phase.BROAD:
        raise PhaseTooEarly(phase=int(governance.phase))
