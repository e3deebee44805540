"""Since when something holds and who made it so: the grant, the tool's approval, the version of a setting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from colleague.connectors.grants import EVERYTHING, Opened
from colleague.connectors.tiers import decided_on
from colleague.identity.directory import list_teams
from colleague.kit.db import Session
from colleague.policy.governance import stored_form, versions
from colleague.policy.model import Governance, Ruling
from colleague.policy.second_person.words import TITLES, setting_words

# The setting that a rule rests on.
SETTING = {
    "highest-input": "highest_input", "permitted-input": "input_ceilings", "highest-external": "highest_external",
    "communicate-internal": "confirm_internal", "communicate-external": "internal_domains", "zone": "zone",
    "entry-phase": "entry_phases", "dispatch-ceiling": "dispatch_ceiling", "dispatch-modify": "dispatch_ceiling",
    "above-threshold": "second_person_above", "blocked-path": "blocked_paths",
    "output-review-missing": "reviewed_categories", "egress-after-untrusted": "highest_external",
}  # fmt: skip
OF_GRANTS = frozenset(
    {"granted-read", "granted-write", "class-ceiling", "grant-asks", "grant-blocks-tool", "grant-ended", "full-access"}
)


@dataclass(frozen=True, slots=True)
class Source:
    """What a ruling rests on, in words; who made it so (an id, "" for the product itself) and when."""

    rule: str
    words: str
    by: str = ""
    at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the source as JSON."""
        return {"rule": self.rule, "words": self.words, "by": self.by, "at": self.at.isoformat() if self.at else None}


async def sources_of(
    session: Session, rulings: Sequence[Ruling], governance: Governance, *, tool: str, opened: Sequence[Opened],
    shipped: frozenset[str],
) -> list[Source]:  # fmt: skip
    """Return what each ruling rests on. `opened`: grants that concern the place; `shipped`: rules of the product."""
    teams = {team.id: team.name for team in await list_teams(session)}
    found: list[Source] = []
    for ruling in rulings:
        if ruling.rule in OF_GRANTS:
            found += [Source(ruling.rule, grant_words(o, teams), o.granted_by, o.granted_at) for o in opened]
        elif ruling.rule == "tool-approved":
            decided = await decided_on(session, tool)
            words = f"The tool is {decided.state}." if decided else "Nobody has approved the tool yet."
            found.append(Source(ruling.rule, words, *((decided.by, decided.at) if decided else ())))
        elif ruling.rule in SETTING or (ruling.rule not in shipped and ruling.rule != "no-permit"):
            found.append(await _setting(session, ruling.rule, SETTING.get(ruling.rule, "rules"), governance))
        elif ruling.rule in shipped:
            found.append(Source(ruling.rule, "A rule of the product: nobody can switch it off."))
    return list(dict.fromkeys(found))


def grant_words(opened: Opened, teams: dict[str, str]) -> str:
    """Return a grant in one sentence."""
    g = opened.grant
    who = f"the role {g.role}" if g.role else f"the team {teams.get(g.team, g.team)}"
    places = ", ".join("everything" if p in EVERYTHING else p for p in g.places[:5]) + (
        " …" if len(g.places) > 5 else ""
    )
    verb = "read and change" if g.may_write else "read"
    until = f", until {opened.expires_at:%Y-%m-%d}" if opened.expires_at else ""
    return f"{who[0].upper()}{who[1:]} may {verb} {places} ({g.connector}), up to {g.ceiling.name.lower()}{until}."


async def _setting(session: Session, rule: str, name: str, governance: Governance) -> Source:
    """Return since which version a setting is what it is; the product's own default if nobody ever set it."""
    value = stored_form(governance)[name]
    words = f"{TITLES[name]}: {setting_words(name, value)}." if name != "rules" else "A rule of the organisation."
    since: tuple[str, datetime | None] = ("", None)
    last = stored_form(Governance())[name]
    for version in await versions(session):
        present = version.settings.get(name, last)
        if present != last:
            since, last = (version.changed_by, version.changed_at), present
    return Source(rule, words if since[0] else f"{words} The strict default of the product.", *since)
