"""Sessions as B-4 says them, found by looking at all actions: what the ids given when events are written must equal."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from colleague.adoption.kpis.activity import INTENTIONAL, Session
from colleague.adoption.model import Action

GAP = timedelta(minutes=30)


def sessions(actions: Iterable[Action]) -> list[Session]:
    """Return the sessions of all people over all channels, in the order they began. Midnight ends none."""
    by_person: defaultdict[str, list[datetime]] = defaultdict(list)
    for action in actions:
        if action.kind in INTENTIONAL:
            by_person[action.person].append(action.at)
    found = []
    for person, times in by_person.items():
        times.sort()
        start = last = times[0]
        count = 0
        for at in times:
            if at - last > GAP:
                found.append(Session(person, start, last, count))
                start, count = at, 0
            last, count = at, count + 1
        found.append(Session(person, start, last, count))
    return sorted(found, key=lambda s: (s.start, s.person))
