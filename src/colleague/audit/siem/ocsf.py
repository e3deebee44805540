"""An entry of the ledger as an event of the Open Cybersecurity Schema Framework (OCSF 1.3, schema.ocsf.io). Pure.

Sign-ins are Authentication (3002), changes of people Account Change (3001), all else API Activity (6003).
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from colleague import __version__

VERSION: Final = "1.3.0"
OTHER: Final = 99
_ACCOUNT, _SIGN_IN, _API = (3001, "Account Change"), (3002, "Authentication"), (6003, "API Activity")
_CATEGORIES: Final = {3: "Identity & Access Management", 6: "Application Activity"}

# verb: (class, activity id, its caption)
_KNOWN: Final[dict[str, tuple[tuple[int, str], int, str]]] = {
    "sign_in.succeeded": (_SIGN_IN, 1, "Logon"),
    "sign_in.failed": (_SIGN_IN, 1, "Logon"),
    "sign_on.refused": (_SIGN_IN, 1, "Logon"),
    "break_glass.used": (_SIGN_IN, 1, "Logon"),
    "sign_in.ended": (_SIGN_IN, 2, "Logoff"),
    "sign_in.all_ended": (_SIGN_IN, 2, "Logoff"),
    "sign_on.sessions_ended": (_SIGN_IN, 2, "Logoff"),
    "person.added": (_ACCOUNT, 1, "Create"),
    "person.invited": (_ACCOUNT, 1, "Create"),
    "person.provisioned": (_ACCOUNT, 1, "Create"),
    "person.reactivated": (_ACCOUNT, 2, "Enable"),
    "person.deactivated": (_ACCOUNT, 5, "Disable"),
    "person.deprovisioned": (_ACCOUNT, 5, "Disable"),
    "role.assigned": (_ACCOUNT, 7, "Attach Policy"),
    "role.removed": (_ACCOUNT, 8, "Detach Policy"),
    "passkey.added": (_ACCOUNT, 10, "MFA Factor Enable"),
    "passkey.removed": (_ACCOUNT, 11, "MFA Factor Disable"),
}
_ACTIVITIES: Final = {
    1: ("Create", ("added", "asked", "created", "defined", "delegated", "made", "opened", "stored", "written")),
    2: ("Read", ("checked", "examined", "exported", "listed", "read", "tried", "used", "verified")),
    3: ("Update", ("assigned", "changed", "classified", "edited", "enabled", "disabled", "renamed", "reviewed")),
    4: ("Delete", ("deleted", "erased", "removed", "revoked", "retired")),
}
_FAILED: Final = ("failed", "refused", "denied", "blocked", "lost", "stumbled")
_SEVERITIES: Final = {1: "Informational", 2: "Low", 3: "Medium", 4: "High"}
_LOUD: Final = frozenset({"break_glass.used", "ledger.witness_lost", "ledger.siem_lost"})


def ocsf(seq: int, number: int, body: str, leaf: str) -> dict[str, Any]:
    """Return the entry `body` (canonical JSON, leaf hash in hex) as an OCSF event.

    `raw_data` is the very text that was hashed: SHA-256(0x00 ‖ raw_data) is the leaf (RFC 6962), so that an event in
    the SIEM can be held against a checkpoint. People stand in it by id; names and addresses stay sealed.
    """
    said = json.loads(body)
    verb = str(said["verb"])
    (uid, title), activity, caption = _KNOWN.get(verb) or _api(verb)
    failed, severity = _failed(verb, said["data"]), _severity(verb, said["data"])
    event = {
        "activity_id": activity, "activity_name": caption,
        "category_uid": uid // 1000, "category_name": _CATEGORIES[uid // 1000],
        "class_uid": uid, "class_name": title, "type_uid": uid * 100 + activity, "type_name": f"{title}: {caption}",
        "time": int(datetime.fromisoformat(said["at"]).timestamp() * 1000),
        "severity_id": severity, "severity": _SEVERITIES[severity],
        "status_id": 2 if failed else 1, "status": "Failure" if failed else "Success", "message": verb,
        "metadata": {
            "version": VERSION, "uid": str(number), "sequence": seq, "log_name": "ledger", "event_code": verb,
            "product": {"name": "Colleague", "vendor_name": "Colleague", "version": __version__},
        },
        "actor": _actor(said["actor"]),
        "raw_data": body,
        "unmapped": {k: said[k] for k in ("subject", "run", "person", "data") if said.get(k)} | {"leaf": leaf},
    }  # fmt: skip
    return event | _particulars(uid, verb, said)


def _api(verb: str) -> tuple[tuple[int, str], int, str]:
    deed = verb.rpartition(".")[2]
    for activity, (caption, deeds) in _ACTIVITIES.items():
        if deed.rpartition("_")[2] in deeds:
            return _API, activity, caption
    return (_ACCOUNT if verb.startswith("person.") else _API), OTHER, "Other"


def _particulars(uid: int, verb: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the class asks for besides the base event."""
    user = {"user": {"uid": said.get("person") or said["subject"] or said["actor"], "type_id": 1, "type": "User"}}
    if uid == _SIGN_IN[0]:
        return user | {"service": {"name": "Colleague"}}
    if uid == _ACCOUNT[0]:
        return user
    more: dict[str, Any] = {
        "api": {"operation": verb, "service": {"name": "Colleague"}},
        "src_endpoint": {"svc_name": "colleague"},
    }
    if said["subject"]:
        more["resources"] = [{"uid": said["subject"], "type": verb.partition(".")[0]}]
    return more


def _actor(name: str) -> dict[str, Any]:
    if name in ("agent", "system", "operator", ""):
        return {"app_name": f"Colleague {name}".strip()}
    return {"user": {"uid": name, "type_id": 1, "type": "User"}}


def _effect(data: Mapping[str, Any]) -> str:
    decision = data.get("decision")
    return str(data.get("effect") or (decision.get("effect", "") if isinstance(decision, Mapping) else ""))


def _failed(verb: str, data: Mapping[str, Any]) -> bool:
    return verb.rpartition(".")[2].rpartition("_")[2] in _FAILED or _effect(data) == "deny" or data.get("ok") is False


def _severity(verb: str, data: Mapping[str, Any]) -> int:
    if verb in _LOUD or (verb == "ledger.verified" and data.get("ok") is False):
        return 4
    if _effect(data) == "deny" or verb in ("call.refused", "sign_in.failed", "sign_on.refused", "provisioning.refused"):
        return 3
    return 2 if _failed(verb, data) else 1
