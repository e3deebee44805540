"""Who worked with which fleet, and who here: numbers are told of these people together, by source."""

from collections.abc import Mapping

from colleague.adoption.facts.read import people_by_channel
from colleague.adoption.facts.verbs import CHANNEL
from colleague.adoption.telemetry.sources import OURS, WITHIN, source_names
from colleague.kit.db import Session


async def people_by_source(session: Session) -> Mapping[str, frozenset[str]]:
    """Return who had runs in the last twelve weeks, by the name of the source; none at all where no fleet sends."""
    names = {f"{CHANNEL}{source}": name for source, name in (await source_names(session)).items()}
    if not names:
        return {}
    found: dict[str, frozenset[str]] = {}
    for channel, people in (await people_by_channel(session, WITHIN)).items():
        name = names.get(channel, OURS)
        found[name] = found.get(name, frozenset()) | people
    return found if found.keys() - {OURS} else {}
