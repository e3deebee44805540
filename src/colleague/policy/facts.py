"""From a question to Cedar: principal, resource, their scopes as entities, and the context. Pure.

Entities are built for each request from what concerns this person: nothing is cached, a revoked grant is gone at once.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from colleague.policy.inputs import permitted_input
from colleague.policy.model import Ask, DataClass, Governance, Integrity, ToolWord
from colleague.policy.standards.entries import too_early
from colleague.policy.standards.thresholds import above

_PLAIN = " !#$&()*+,/:;<=>?@[]^`{|}"


@dataclass(frozen=True, slots=True)
class Request:
    """One Cedar request: `entities` and `context` as Cedar's JSON."""

    principal: str
    resource: str
    entities: list[dict[str, Any]]
    context: dict[str, Any]
    action: str = 'Action::"call"'


def _entity(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": written(name)}


def request_of(ask: Ask, governance: Governance) -> Request:
    """Return the Cedar request for `ask` under `governance`."""
    mine = [s for s in ask.scopes if s.connector == ask.connector]
    held = [s for s in mine if s.holds]
    covering = [s for s in held if s.covers]
    closed = [s for s in mine if s.covers and not s.holds] if not covering else []
    # What a grant to read may reach says nothing about what another grant lets people change.
    opening = [s for s in covering if s.may_write] if ask.writes or ask.deletes else covering
    place = f"{ask.connector}:{ask.resource}"
    entities: list[dict[str, Any]] = [
        {
            "uid": _entity("Person", ask.person),
            "attrs": {
                "read_scopes": [{"__entity": _entity("ReadScope", s.id)} for s in held],
                "write_scopes": [{"__entity": _entity("WriteScope", s.id)} for s in held if s.may_write],
            },
            "parents": [],
        },
        {
            "uid": _entity("Place", place),
            "attrs": {},
            "parents": [_entity("ReadScope", s.id) for s in covering] + [_entity("WriteScope", s.id) for s in covering],
        },
        *({"uid": _entity("ReadScope", s.id), "attrs": {}, "parents": []} for s in held),
        *({"uid": _entity("WriteScope", s.id), "attrs": {}, "parents": []} for s in held),
    ]
    context: dict[str, Any] = {
        "connector": ask.connector, "tool": ask.tool, "tier": int(ask.tier), "builtin": ask.builtin_connector,
        "plugin": ask.origin != "builtin", "tool_state": ask.tool_state, "writes": ask.writes,
        "deletes": ask.deletes, "egress": ask.egress, "data_class": int(ask.label.data_class),
        "untrusted": ask.label.integrity is Integrity.UNTRUSTED,
        # Where nothing opens the place there is no ceiling to name: no rule permits it, and that is what is said.
        "ceiling": int(max((s.ceiling for s in opening), default=DataClass.RESTRICTED)),
        "highest_input": int(governance.highest_input), "highest_external": int(governance.highest_external),
        "resource_class": int(ask.resource_class), "recipients": len(ask.recipients), "external": len(ask.external),
        "confirm_internal": governance.confirm_internal, "doubts": len(ask.doubts),
        "dispatch": ask.channel != "desk", "dispatch_ceiling": int(governance.away),
        "mapped": int(ask.mapped), "above": len(above(governance.second_person_above, ask)),
        "zone_ok": ask.zone_ok, "blocked_path": ask.blocked_path, "review_missing": ask.output_review_missing,
        "carries": ask.carries, "denied_before": ask.denied_before, "denials": ask.denials,
        "skill_forbids": ask.skill != "", "too_early": bool(too_early(ask, governance)),
        "permitted_input": int(permitted_input(governance, ask.teams, ask.workflows)),
        # The strictest word of all that is touched: where one grant blocks, another does not open.
        "tool_word": int(max((s.word for s in held if s.covers or s.below), default=ToolWord.ALLOW)),
        "grant_ended": any(s.ended for s in closed), "full_access": any(s.whole and not s.ended for s in closed),
    }  # fmt: skip
    if ask.approval is not None:
        context["approval"] = {"by": ask.approval.by, "not_self": ask.approval.not_self}
    return Request(quoted("Person", ask.person), quoted("Place", place), entities, context)


def quoted(kind: str, name: str) -> str:
    """Return the reference of an entity as Cedar writes it, whatever is in its name."""
    return f'{kind}::"{written(name)}"'


def written(name: str) -> str:
    """Return `name` in plain letters, different names differently (percent encoding).

    Cedar refuses references that are not spelt its own way: an apostrophe or a tab in a folder's name would deny it.
    """
    return quote(name, safe=_PLAIN)
