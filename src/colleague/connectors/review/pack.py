"""Gathers the review pack: one value for machines (JSON) and one document for people (PDF), both in a zip.

Making it needs org:connectors:read and org:ledger:read, verifies the ledger, and is itself on record.
"""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from colleague.audit.event import Event
from colleague.audit.flows import flows
from colleague.audit.read import verify
from colleague.audit.record import Ledger
from colleague.audit.signer import Public
from colleague.audit.sink import Sink
from colleague.connectors.overview import Shown, Sight, overview, people_json
from colleague.connectors.registry import Registry
from colleague.connectors.review.findings import deviations, findings_of, is_unused
from colleague.connectors.review.paper import paper
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.documents.write.pdf import write_pdf
from colleague.policy.governance import current_governance
from colleague.policy.model import Governance

DAYS, FORMAT = 90, 1


@dataclass(frozen=True, slots=True)
class Pack:
    """The pack: its JSON as a value, and what it is called without an ending."""

    content: dict[str, Any]
    name: str

    def json(self) -> bytes:
        """Return the pack for machines."""
        return json.dumps(self.content, ensure_ascii=False, indent=1, sort_keys=True).encode()

    def pdf(self) -> bytes:
        """Return the pack for people."""
        return write_pdf(paper(self.content))

    def zip(self) -> bytes:
        """Return both in one zip."""
        box = io.BytesIO()
        with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{self.name}.json", self.json())
            archive.writestr(f"{self.name}.pdf", self.pdf())
        return box.getvalue()


async def review_pack(
    database: Database, actor: Actor, registry: Registry, *, public: Public, sink: Sink | None, ledger: Ledger,
    clock: Clock, posture: Sequence[dict[str, Any]] | None = None,
) -> Pack:  # fmt: skip
    """Return the pack as of now. `posture`: findings of a hardening check, where the caller has one (CT-2); without it
    the settings that differ from the shipped ones are named.

    Raises PermissionMissing.
    """
    actor.require("org:connectors:read")
    actor.require("org:ledger:read")
    report = await verify(database, actor.id, public=public, sink=sink, ledger=ledger)
    now = clock.now()
    async with database.transaction() as session:
        sights = await overview(session, actor, registry, clock=clock)
        governance = await current_governance(session)
        ways = await flows(session, now - timedelta(days=DAYS))
        names = await names_of(session, {g.opened.granted_by for s in sights for g in s.grants})
        grants = [g for s in sights for g in s.grants]
        found = findings_of(grants, governance, now)
        content = {
            "format": FORMAT, "made_at": now.isoformat(), "made_by": actor.name, "days": DAYS,
            "scopes": [_scope(g, s, names, now) for s in sights for g in s.grants],
            "connectors": [_connector(s) for s in sights], "people": people_json(sights),
            "findings": [f.to_json() for f in found], "egress": [way.to_json() for way in ways],
            "policy": _policy(governance),
            "posture": list(posture) if posture is not None else deviations(governance),
            "ledger": {"ok": report.ok, "sentence": report.sentence, "verified": report.verified, "root": report.root,
                       "unsealed": report.unsealed, "findings": list(report.findings), "key": report.key},
        }  # fmt: skip
        facts = {"scopes": len(grants), "findings": len(found), "ledger_ok": report.ok}
        await ledger.record(session, Event("review_pack.made", actor.id, data=facts))
    return Pack(content, f"connector-review-{now:%Y-%m-%d}")


def _scope(shown: Shown, sight: Sight, names: dict[str, str], now: Any) -> dict[str, Any]:
    grant, value = shown.opened.grant, shown.to_json()
    value["granted_by"] = names.get(shown.opened.granted_by, shown.opened.granted_by)
    value["tool_words"] = {t.name: grant.word(t.name).name.lower() for t, state in sight.tools if state == "approved"}
    value["unused"] = is_unused(shown, now)
    value["exception"] = (
        {"reason": shown.opened.reason, "until": value["expires_at"]} if shown.opened.everything else None
    )
    return value


def _connector(sight: Sight) -> dict[str, Any]:
    return {
        "kind": sight.connector.kind, "title": sight.connector.title, "enabled": sight.enabled,
        "people": len(sight.reach), "accounts": sum(a.active for a in sight.accounts),
        "tools": [{"name": t.name, "tier": t.tier.name.lower(), "state": state, "egress": t.egress, "pin": t.hash}
                  for t, state in sight.tools],
    }  # fmt: skip


def _policy(governance: Governance) -> dict[str, Any]:
    return {
        "version": governance.version, "highest_input": governance.highest_input.name.lower(),
        "highest_external": governance.highest_external.name.lower(), "blocked_types": list(governance.blocked_types),
        "blocked_paths": list(governance.blocked_paths), "internal_domains": list(governance.internal_domains),
    }  # fmt: skip
