"""The cards that ship: the RFP reference (PP-6) and the five that do well everywhere (PP-8), to start from."""

import tomllib
from importlib import resources

from colleague.kit.errors import NotFound
from colleague.usecases.model import Card


class NoSuchShippedCard(NotFound):
    """No card of this name ships. There are: {known}."""


def shipped_cards() -> dict[str, Card]:
    """Return the shipped cards by their short names. They have no owner: that is for the organisation to say."""
    text = resources.files("colleague.usecases").joinpath("shipped.toml").read_text("utf-8")
    fresh: dict[str, object] = {"connectors": [], "ritual": None}
    return {name: Card.from_json({**fresh, **entry}) for name, entry in tomllib.loads(text).items()}


def shipped_card(name: str) -> Card:
    """Return one shipped card; NoSuchShippedCard if there is none."""
    known = shipped_cards()
    if name not in known:
        raise NoSuchShippedCard(known=", ".join(known))
    return known[name]
