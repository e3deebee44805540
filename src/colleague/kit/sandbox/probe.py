"""Which tier of the sandbox holds on this machine? Without one, code is refused."""

from colleague.kit.sandbox.model import Report
from colleague.kit.settings import Settings


async def probe(settings: Settings) -> Report:
    """Return which tier holds here."""
    why = (
        "it is switched off by the setting `sandbox`" if settings.sandbox == "off" else "no tier has been shown to hold"
    )
    return Report(None, f"Code is refused: {why}.")
