"""The published list of hardening checks. Docs/reference/posture.md is written from it. Pure.

* **ok**: as it should be.
* **to do**: a step of the set-up guide that needs the company's input; no deviation for the first thirty days.
* **deviation**: somebody or something departs from the strict defaults, or a step is open after thirty days. It is
  named, dated, and says who did it.
* **not applicable**: there is nothing here that the check is about.

A fresh installation has no deviation: defaults are strict before anybody changes anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Final

GRACE: Final = timedelta(days=30)


class Severity(IntEnum):
    """How bad a deviation is. Critical: what is promised everywhere else does not hold while it stands."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what is looked at, why, how bad a deviation is, what to do, and where. `step`: of the guide."""

    id: str
    title: str
    why: str
    severity: Severity
    remedy: str
    to: str = ""
    step: bool = False


_C, _H, _M, _L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW

CHECKS: Final[Mapping[str, Check]] = {
    c.id: c
    for c in (
        Check("demo-off", "The demo sign-in is off", "With it, anybody who reaches the page is anybody they like.", _C,
              "Start without COLLEAGUE_DEMO."),
        Check("egress-private-off", "Calls out cannot reach private addresses", "Otherwise an address in a text leads "
              "into your own network.", _C, "Start without COLLEAGUE_EGRESS_PRIVATE."),
        Check("break-glass-unused", "The sealed account is sealed", "Its use goes round the identity provider.", _C,
              "Find out who used it and why, then seal it again.", "/sign-on"),
        Check("ledger-verifies", "The ledger was verified and holds", "A record nobody verifies is only a text.", _C,
              "Verify it under Ledger, at least once a month.", "/ledger"),
        Check("settings-strict", "No setting is weaker than the one that ships", "Each of them was strict on the first "
              "day; what was weakened should still be wanted.", _H, "Set it back, or leave it: it stays named here.",
              "/policies"),
        Check("address-https", "People reach it by https", "Sessions could be read on the way.", _H,
              "Put it behind TLS and set COLLEAGUE_BASE_URL to the https address."),
        Check("witness-answers", "The witness of the ledger answers", "In its silence a rewrite cannot be seen.", _H,
              "Look at the place that COLLEAGUE_CHECKPOINT_SINK names.", "/ledger"),
        Check("checkpoint-sink", "Checkpoints are kept elsewhere", "Without it a full rewrite of the ledger cannot be "
              "seen.", _H, "Set COLLEAGUE_CHECKPOINT_SINK to a place that administrators cannot change.", "/ledger",
              step=True),
        Check("two-owners", "There are two owners", "One can lose a phone, two rarely do; and nobody weakens "
              "a rule alone.", _H, "Give a second person the role owner.", "/people", step=True),
        Check("attested", "Every provider in use proves that it does not train on your data", "Otherwise what people "
              "write may come back somewhere else (DA-4). Rules refuse a registered provider without one.", _C,
              "Store its no-training attestation under Models, or switch it off.", "/models"),
        Check("attestation-lasts", "No attestation ends within thirty days", "On the day it ends the provider is asked "
              "nothing more.", _M, "Ask the provider for the next one and store it.", "/models"),
        Check("attestation-whole", "Attestations name every kind of data", "Feedback and telemetry often escape an "
              "opt-out (DA-5). Privileged matters are refused to such a provider.", _M, "Get one that names inputs, "
              "outputs, files, feedback, telemetry and aggregates.", "/models"),
        Check("tools-as-approved", "Tools are those that were approved", "A tool whose definition changed may do "
              "something else; it is refused until somebody looks.", _H, "Look at the tool and decide again.",
              "/connectors/mcp"),
        Check("full-access", "Nothing opens everything", "An exception should be known, and end.", _M, "Name the "
              "places instead, or let the exception end.", "/connectors"),
        Check("scopes-needed", "Grants reach no further than needed and permitted", "What is open without need is open "
              "to mistakes (CN-8).", _M, "Lower the ceiling, or revoke the grant.", "/connectors"),
        Check("scopes-used", "Grants are used", "What nobody needed for ninety days nobody misses (CN-9).", _L,
              "Revoke it.", "/connectors"),
        Check("automations-phase", "No automation is above the phase", "A pilot has no automation that its sponsor did "
              "not accept (C-3, PL-8), and none is above the ceiling; what is above is paused when its time comes.", _M,
              "End it, map it to a lower tier, or have the sponsor accept it.", "/dispatch/schedules?everybody=true"),
        Check("catalogue-reviewed", "What is in use is reviewed, and somebody answers for it", "An unreviewed "
              "catalogue is forty plugins that nobody knows (PL-7).", _M, "Review it, and name who answers for it.",
              "/catalogue"),
        Check("triggers-phase", "No trigger is above the phase", "What is refused each time is a command that misleads "
              "people (DI-7).", _L, "Switch it off until its phase.", "/dispatch/triggers"),
        Check("triggers-number", "Five to ten triggers are on in the pilot", "Fewer are not worth learning, more are "
              "not remembered (DI-4).", _L, "Switch some on or off.", "/dispatch/triggers"),
        Check("mail-domains", "The organisation's mail domains are named", "Until then everybody is external.", _M,
              "Name them.", "/policies", step=True),
        Check("sign-on", "Only the identity provider signs people in", "Who leaves the company must be out here.", _M,
              "Connect the identity provider, try it, then switch passwords off.", "/sign-on", step=True),
        Check("siem", "The ledger is sent to a SIEM", "An alarm helps only where somebody watches.", _M,
              "Set COLLEAGUE_SIEM.", "", step=True),
        Check("document-signed", "A signed governance document is in force", "People should know what holds, and who "
              "said so.", _M, "Draft it, have its four parts signed, publish it.", "/governance", step=True),
        Check("document-holds", "What holds is what the document says", "A document that says something else misleads "
              "everybody.", _M, "Change it back, or publish a new version.", "/governance"),
        Check("retention-runs", "What was to be deleted is deleted", "What is kept longer than was said is a "
              "promise broken, and a risk without use (DA-2).", _H, "See that a worker runs at night; look at "
              "Retention.", "/retention"),
        Check("code-confined", "Code runs confined, or not at all", "Code a model writes is nobody's code.", _C,
              "Nothing: without a sandbox that holds, code is refused."),
        Check("nothing-waits", "No change waits for a second person", "A change that was asked for and not answered is "
              "easily forgotten.", _L, "Confirm or withdraw it.", "/policies"),
    )
}  # fmt: skip
