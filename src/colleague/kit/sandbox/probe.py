"""Which tier of the sandbox holds on this machine? Shown by a canary inside (`trial.py`), never assumed.

Without one, code is refused and the report says why.
"""

import os

from colleague.kit.sandbox.groups import open_group
from colleague.kit.sandbox.model import Report, Tier
from colleague.kit.sandbox.trial import fault_of
from colleague.kit.settings import Settings

_HOW = {
    Tier.BUBBLEWRAP: "in namespaces of its own (bubblewrap), with a system-call filter",
    Tier.LANDLOCK: "under landlock and a system-call filter",
}


async def probe(settings: Settings) -> Report:
    """Return which tier holds here: the strongest one that the setting `sandbox` allows."""
    match settings.sandbox:
        case "off":
            return Report(None, "Code is refused: it is switched off (COLLEAGUE_SANDBOX=off).")
        case "auto":
            tiers: tuple[Tier, ...] = (Tier.BUBBLEWRAP, Tier.LANDLOCK)
        case name:
            tiers = (Tier(name),)
    faults: list[tuple[str, str]] = []
    for tier in tiers:
        fault = await fault_of(tier, settings.data_dir)
        if not fault:
            limits = limits_kept()
            sentence = f"Code runs {_HOW[tier]}, without network; limits are kept by {limits}."
            return Report(tier, sentence, limits, tuple(faults))
        faults.append((tier.value, fault))
    why = "; ".join(f"{tier}: {fault}" for tier, fault in faults)
    return Report(None, f"Code is refused: {why}", findings=tuple(faults))


def limits_kept() -> str:
    """Say how memory and processes are bounded here."""
    group = open_group(f"colleague-probe-{os.getpid()}", 1 << 29, 16)
    if group is None:
        return "resource limits and a watcher"
    group.close()
    return "a control group of its own, resource limits and a watcher"
