"""Whether an automation may run at all, by the organisation's ceiling and phase. Pure (C-3, PL-8).

In phase 1 none is switched on, unless the sponsor accepted it. In phase 2 they run supervised: whatever is sent is
asked. From phase 3 on it may be agreed to beforehand. One that runs already when a rule comes goes on, and is shown.
"""

from collections.abc import Mapping
from typing import Final

from colleague.dispatch.schedules.model import Order
from colleague.kit.errors import Forbidden
from colleague.policy.model import Governance, Phase
from colleague.policy.standards.surface import check_surface

UNSUPERVISED: Final = Phase.BROAD
ASKED_EACH_TIME: Final = "until phase 3 whatever an automation sends is asked each time"


class AboveTheCeiling(Forbidden):
    """Away from the desk your organisation allows «{ceiling}» at most at present, and this is mapped to «{tier}».
    Map it to a lower tier, or ask an administrator."""


def check_permitted(order: Order, governance: Governance) -> None:
    """Raise AboveTheCeiling unless this may run now. Its calls are decided one by one all the same."""
    if order.tier > governance.away:
        raise AboveTheCeiling(ceiling=governance.away.name.lower(), tier=order.tier.name.lower())


def check_new(order: Order, governance: Governance, running: Mapping[str, str]) -> None:
    """Raise AboveTheCeiling, or BeyondThePilot where this would be an automation more than a pilot may have.

    `running`: the automations that are switched on besides this one, by id with their names.
    """
    check_permitted(order, governance)
    if order.recurring:
        check_surface(governance, "automations", running, {**running, "": order.name})


def may_agree_beforehand(governance: Governance) -> bool:
    """Say whether what an automation sends may be agreed to beforehand."""
    return governance.phase >= UNSUPERVISED
