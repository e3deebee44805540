"""What the linter is told of the organisation, and what a deed takes from those who ask: texts that can be kept."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from colleague.identity.directory import mails_of
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.kit.seen import says
from colleague.policy.governance import current_governance
from colleague.policy.model import DataClass
from colleague.policy.standards.category import categories
from colleague.usecases.lint import lint
from colleague.usecases.model import Around, Card, Finding

MOST_LINES = 400


class BadText(Invalid):
    """«{what}» cannot be kept: {why}."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a connector is enabled, for a floor that knows no connectors: the composition root says who knows.

    `review_days`: for how long a review in the catalogue holds.
    """

    is_enabled: Callable[[Session, str], Awaitable[bool]]
    review_days: int = 365


@dataclass(frozen=True, slots=True)
class Here:
    """The organisation as far as cards are compared with it, read once for several cards."""

    enabled: frozenset[str]
    active: frozenset[str]
    categories: frozenset[str]
    highest: DataClass

    def lint(self, card: Card) -> tuple[Finding, ...]:
        """Return what the linter has against `card` in this organisation."""
        return lint(card, Around(self.enabled, card.owner in self.active, self.categories, self.highest))


async def here(session: Session, cards: Sequence[Card], *, reach: Reach) -> Here:
    """Read what `cards` are compared with: connectors, owners, categories, the highest class."""
    governance = await current_governance(session)
    kinds = {kind for card in cards for kind in card.connectors}
    enabled = frozenset([kind for kind in sorted(kinds) if await reach.is_enabled(session, kind)])
    active = frozenset(await mails_of(session, [card.owner for card in cards]))
    return Here(enabled, active, frozenset(categories(governance)), governance.highest_input)


def one_line(text: str, what: str, longest: int, *, needed: bool = False) -> str:
    """Return `text` on one line. Raises BadText if it is too long, cannot be seen, or is `needed` and not there."""
    plain = " ".join(text.split())
    if len(plain) > longest:
        raise BadText(what=what, why=f"it is longer than {longest} characters")
    if not plain.isprintable():
        raise BadText(what=what, why="some of its characters cannot be seen")
    if needed and not says(plain):
        raise BadText(what=what, why="there is nothing to read in it")
    return plain


def some_lines(text: str, what: str, longest: int) -> str:
    """Return `text` with its lines. Raises BadText if it is empty, too long, or some of it cannot be seen."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not plain or len(plain) > longest or plain.count("\n") >= MOST_LINES:
        raise BadText(what=what, why=f"it has 1 to {longest:,} characters on at most {MOST_LINES} lines")
    if not plain.replace("\n", "").replace("\t", "").isprintable():
        raise BadText(what=what, why="some of its characters cannot be seen")
    if not says(plain):
        raise BadText(what=what, why="there is nothing to read in it")
    return plain
