"""The questions whose answers fill the template, prefilled from what is in force, and the answers checked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from colleague.connectors.grants import list_grants
from colleague.files.categories import CATEGORIES
from colleague.governance.document.model import PARTS
from colleague.identity.directory import ROLE, is_active, list_teams
from colleague.identity.roles import known_roles
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Failure, Invalid
from colleague.policy.governance import current_governance, stored_form, with_changes
from colleague.policy.inputs import ANY, Ceiling
from colleague.policy.model import DataClass, Governance
from colleague.policy.standards.retention import days_of

MOST, LONGEST, LONGEST_RULE = 200, 1000, 8000
READ_LEDGER = "org:ledger:read"


class BadAnswer(Invalid):
    """«{name}» cannot be used: {why}."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers to the questionnaire; settings as they are stored, classes and tiers as words.

    `ceilings`: {team, skill, class}, team by id, `*` for any. `scopes`: {connector, holder, places, may_write,
    ceiling}, the holder a team's id or `role:NAME`.
    `reviewed`: output categories that need a review besides those that always do. `readers`: roles of the ledger.
    `retention`: «SURFACE=DAYS».
    `own`: {part, text, cedar}: sentences of one's own; with a rule in Cedar, which can only forbid, or without.
    `owners`: who signs each part, by id.
    """

    internal_domains: tuple[str, ...]
    confirm_internal: bool
    highest_input: str
    highest_external: str
    dispatch_ceiling: str
    zone: str
    require_acknowledgement: bool
    ceilings: tuple[Mapping[str, str], ...] = ()
    scopes: tuple[Mapping[str, Any], ...] = ()
    reviewed: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    retention: tuple[str, ...] = Governance().retention
    own: tuple[Mapping[str, str], ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the answers as JSON."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


NAMES = tuple(f.name for f in fields(Answers))


@dataclass(frozen=True, slots=True)
class Live:
    """What is there to be governed: team names by id, roles that read the ledger, grants as scopes, settings."""

    governance: Governance
    teams: Mapping[str, str]
    roles: tuple[str, ...]
    readers: tuple[str, ...]
    scopes: tuple[Mapping[str, Any], ...]


async def look(session: Session, *, clock: Clock) -> Live:
    """Return the live configuration as far as the document speaks of it."""
    roles = await known_roles(session)
    grants = [opened.to_json() for opened in await list_grants(session, clock=clock)]
    scopes = tuple(
        {"connector": g["connector"], "holder": holder_of(g), **{k: g[k] for k in ("places", "may_write", "ceiling")}}
        for g in grants
    )
    return Live(
        await current_governance(session),
        {t.id: t.name for t in await list_teams(session)},
        tuple(roles),
        tuple(sorted(name for name, held in roles.items() if READ_LEDGER in held)),
        scopes,
    )


def holder_of(given: Mapping[str, Any]) -> str:
    """Return to whom a grant (as JSON) is opened: a team's id, or `role:NAME`."""
    return str(given["team"] or f"{ROLE}{given['role']}")


def holder_words(holder: str, teams: Mapping[str, str]) -> str:
    """Return a holder in words; `teams` are names by id."""
    if holder.startswith(ROLE):
        return f"Role {holder.removeprefix(ROLE).replace('_', ' ')}"
    return f"Team {teams.get(holder, holder)}"


def answers_from(live: Live) -> Answers:
    """Return the answers that describe what is in force now: the questionnaire's starting point (GP-6)."""
    g = live.governance
    ceilings = tuple(
        {"team": c.team, "skill": c.skill, "class": c.highest.name.lower()} for c in map(Ceiling.read, g.input_ceilings)
    )
    return Answers(
        g.internal_domains, g.confirm_internal, g.highest_input.name.lower(), g.highest_external.name.lower(),
        g.dispatch_ceiling.name.lower(), g.zone.value, g.require_acknowledgement, ceilings, live.scopes,
        g.reviewed_categories, live.readers, g.retention,
    )  # fmt: skip


def read_answers(raw: Mapping[str, Any], live: Live) -> Answers:
    """Return checked answers; what is not answered stays as it is in force. Raises BadAnswer."""
    base = answers_from(live).to_json()
    for name in raw:
        if name not in NAMES:
            raise BadAnswer(name=_short(name), why="there is no such question")
    given = {**base, **raw}
    settings = {
        name: given[name]
        for name in ("internal_domains", "confirm_internal", "highest_input", "highest_external", "dispatch_ceiling",
                     "zone", "require_acknowledgement", "retention")
    }  # fmt: skip
    if isinstance(settings["retention"], str):
        # From a browser, or from a document that said so in free words before this was a setting.
        settings["retention"] = settings["retention"].replace(",", " ").split()
    try:
        checked = with_changes(live.governance, settings)
    except Failure as refused:
        raise BadAnswer(name="settings", why=refused.message.rstrip(".")) from refused
    stored = stored_form(checked)
    words = {name: getattr(checked, name).name.lower() for name in _CLASSES}
    return Answers(
        checked.internal_domains, stored["confirm_internal"], words["highest_input"], words["highest_external"],
        words["dispatch_ceiling"], checked.zone.value, stored["require_acknowledgement"],
        tuple(_ceiling(one, live) for one in _list("ceilings", given)),
        tuple(_scope(one, live) for one in _list("scopes", given)),
        tuple(_known("reviewed", one, CATEGORIES) for one in _list("reviewed", given)),
        tuple(sorted({_known("readers", one, live.roles) for one in _list("readers", given)})),
        tuple(f"{surface}={days}" for surface, days in days_of(checked.retention).items()),
        tuple(_own(one) for one in _list("own", given)), _owners(given["owners"]),
    )  # fmt: skip


async def check_owners(session: Session, answers: Answers) -> None:
    """Refuse owners who are not here: BadAnswer."""
    for part, person in answers.owners.items():
        if not await is_active(session, person):
            raise BadAnswer(name="owners", why=f"nobody of this id is active here (for {PARTS[part].lower()})")


_CLASSES = ("highest_input", "highest_external", "dispatch_ceiling")


def _short(value: object) -> str:
    return "".join(c for c in str(value)[:60] if c.isprintable()).encode("ascii", "replace").decode()


def _list(name: str, given: Mapping[str, Any]) -> Sequence[Any]:
    value = given[name]
    if not isinstance(value, list | tuple) or len(value) > MOST:
        raise BadAnswer(name=name, why=f"it is a list of at most {MOST} entries")
    return value


def _text(name: str, value: Any, longest: int, *, lines: bool = False) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise BadAnswer(name=name, why=f"it is a text of at most {longest:,} characters")
    if not all(c.isprintable() or (lines and c in "\r\n\t") for c in value):
        raise BadAnswer(name=name, why="it holds characters that cannot be shown")
    return value.strip().replace("\r\n", "\n")


def _known(name: str, value: Any, known: Any) -> str:
    if not isinstance(value, str) or value not in known:
        raise BadAnswer(name=name, why=f"there is no «{_short(value)}»")
    return value


def _class(name: str, value: Any) -> str:
    if not isinstance(value, str) or value.upper() not in DataClass.__members__:
        raise BadAnswer(name=name, why=f"«{_short(value)}» is no class: public, internal, confidential or restricted")
    return value.lower()


def _entry(name: str, value: Any, keys: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not set(value) <= keys:
        raise BadAnswer(name=name, why=f"an entry has {', '.join(sorted(keys))}")
    return value


def _ceiling(value: Any, live: Live) -> dict[str, str]:
    one = _entry("ceilings", value, frozenset({"team", "skill", "class"}))
    team = _known("ceilings", one.get("team", ANY), {ANY, *live.teams})
    skill = _text("ceilings", one.get("skill", ANY), 200) or ANY
    text = f"{team}/{skill}={_class('ceilings', one.get('class'))}"
    try:
        read = Ceiling.read(text)
    except (ValueError, KeyError):
        raise BadAnswer(name="ceilings", why="name a team, a skill, or both") from None
    return {"team": read.team, "skill": read.skill, "class": read.highest.name.lower()}


def _scope(value: Any, live: Live) -> dict[str, Any]:
    one = _entry("scopes", value, frozenset({"connector", "holder", "places", "may_write", "ceiling"}))
    places = one.get("places")
    if not isinstance(places, list | tuple) or not 0 < len(places) <= 100:
        raise BadAnswer(name="scopes", why="a scope names 1 to 100 places")
    holders = {*live.teams, *(ROLE + name for name in live.roles)}
    return {
        "connector": _text("scopes", one.get("connector"), 80), "holder": _known("scopes", one.get("holder"), holders),
        "places": [_text("scopes", p, 1000) for p in places], "may_write": one.get("may_write") is True,
        "ceiling": _class("scopes", one.get("ceiling")),
    }  # fmt: skip


def _own(value: Any) -> dict[str, str]:
    one = _entry("own", value, frozenset({"part", "text", "cedar"}))
    text = _text("own", one.get("text"), LONGEST)
    if not text:
        raise BadAnswer(name="own", why="a sentence has words")
    cedar = _text("own", one.get("cedar", ""), LONGEST_RULE, lines=True)
    return {"part": _known("own", one.get("part"), PARTS), "text": text, "cedar": cedar}


def _owners(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not set(value) <= set(PARTS):
        raise BadAnswer(name="owners", why=f"each of {', '.join(PARTS)} has one owner")
    return {part: _text("owners", value[part], 80) for part in PARTS if value.get(part)}
