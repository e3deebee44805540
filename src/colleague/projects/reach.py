"""Does somebody reach what a text was made from? A project never widens what a person was given."""

from collections.abc import Iterable

from colleague.connectors.grants import covers, grants_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.model import Label

FOLDER = "folder:"
OPEN = ("the people list",)


async def reaches(
    session: Session, holders: frozenset[str], label: Label, *, own: Iterable[str] = (), clock: Clock
) -> bool:
    """Say whether a person with `holders` (ids of teams, `role:NAME`) reaches every source of `label`.

    `own` are names of files in the project's hands.

    Places of the shared folder are looked up in the grants as they hold now. What cannot be looked up (a mailbox, the
    web, a server) counts as not reached. A colon marks such a source («mail:…», «https://…»): a file that somebody
    names like one opens nothing.
    """
    own = {name for name in own if ":" not in name}
    places = [s.removeprefix(FOLDER) for s in label.sources if s.startswith(FOLDER)]
    rest = {s for s in label.sources if not s.startswith(FOLDER)} - {*OPEN, *own}
    if rest:
        return False
    if not places:
        return True
    grants = [g for g in await grants_of(session, holders, "folder", clock=clock) if g.place_class <= g.ceiling]
    return all(place != "" and any(covers(g, place) for g in grants) for place in places)
