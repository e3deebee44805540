"""How much two things of the catalogue overlap (PL-10). Pure, no model: three comparisons that anybody can follow.

They overlap if they are of the same category (or one has none yet), if what the one may reach lies half or more in what
the other may, and if half or more of the telling words of the shorter description stand in the longer one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from colleague.connectors.connector import Connector
from colleague.plugins.model import Usable
from colleague.policy.model import Tier

HALF: Final = 0.5
FEWEST_WORDS: Final = 3
# Words of which every description is full: they tell nothing apart.
_COMMON: Final = """
about after again also always and another any anything are asks been before being below between both can
could does done each every for from gives has have helps her here him his how into its just like made make
makes many more most need needs never not nothing now once only other our out over own read reads same says
several should skill some such take takes task tasks than that the their them then there these they this
those through too turns under use used user users uses using very was well were what when where which while
who whose will with within without work writes you your
"""
COMMON: Final = frozenset(_COMMON.split())
_ENDING = re.compile(r"(?<=\w{3})(?:ies|es|ing|ed|e|s|y)$")
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Thing:
    """What is compared: its name, category ("" if nobody has said), what it may reach (None: anything), and its
    telling words by their plain form.
    """

    name: str
    category: str
    reach: frozenset[str] | None
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Overlap:
    """With what something overlaps, how much of the shorter description stands in the other, and why it is said."""

    name: str
    share: float
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"name": self.name, "share": round(self.share, 2), "why": self.why}


def telling(text: str) -> dict[str, str]:
    """Return the words of a text that tell it apart, by a plain form: without a plural's or a verb's ending."""
    found: dict[str, str] = {}
    for word in _WORD.findall(text.casefold()):
        if word not in COMMON:
            found.setdefault(_ENDING.sub("", word), word)
    return found


def thing_of(one: Usable) -> Thing:
    """Return a skill as it is compared."""
    skill = one.skill
    reach = None if skill.allowed is None else frozenset(skill.allowed) - frozenset(skill.denied)
    return Thing(one.name, skill.category, reach, telling(skill.description))


def thing_of_connector(one: Connector) -> Thing:
    """Return a connector as it is compared: by what its tools may do, and by what is said of them."""
    tools = one.tools()
    does = {"send": Tier.COMMUNICATE, "change": Tier.MODIFY}
    reach = {word for word, tier in does.items() if any(tool.tier is tier for tool in tools)}
    reach |= {"read"} if any(tool.tier is Tier.READ and not tool.egress for tool in tools) else set()
    reach |= {"search outside"} if any(tool.egress for tool in tools) else set()
    said = " ".join(f"{tool.title} {tool.description}" for tool in tools)
    return Thing(f"{one.title} ({one.kind})", "connector", frozenset(reach), telling(said))


def _reach(a: Thing, b: Thing) -> tuple[float, str]:
    if a.reach is None or b.reach is None:
        return (1.0, "any tool is open to both" if a.reach is b.reach else "one may use any tool")
    smaller = min(len(a.reach), len(b.reach))
    shared = a.reach & b.reach
    share = len(shared) / smaller if smaller else float(a.reach == b.reach)
    can = "may" if a.category == "connector" else "reach"
    return share, f"both {can} {', '.join(sorted(shared)[:5])}" if shared else "neither reaches anything"


def overlap(a: Thing, b: Thing) -> Overlap | None:
    """Return how `a` overlaps with `b`; None if it does not."""
    shared = a.words.keys() & b.words.keys()
    smaller = min(len(a.words), len(b.words))
    reach, said = _reach(a, b)
    if (
        (a.category and b.category and a.category != b.category)
        or reach < HALF
        or smaller < FEWEST_WORDS
        or len(shared) / smaller < HALF
    ):
        return None
    of = "not both say what they write"
    if a.category and b.category:
        of = "both connectors" if a.category == "connector" else f"same category ({a.category.replace('_', ' ')})"
    words = ", ".join(sorted(a.words[word] for word in shared)[:8])
    return Overlap(b.name, len(shared) / smaller, f"{of}; {said}; {len(shared)} words in common: {words}")


def overlaps(one: Thing, others: Iterable[Thing]) -> tuple[Overlap, ...]:
    """Return with which of `others` something overlaps, the most first; never with itself."""
    found = [o for other in others if other.name != one.name and (o := overlap(one, other)) is not None]
    return tuple(sorted(found, key=lambda o: (-o.share, o.name)))
