"""The gates: what each asks, judged on evidence alone. Pure; nothing here can be talked into holding.

Gate 1: PH-5 (B-2, B-9), PH-1's least weeks, C-6. Gate 2: PH-6, KP-2. Gate 3: PH-7, CH-1. Enterprise: PH-8.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from colleague.adoption.kpis.intervals import wilson
from colleague.policy.model import Phase
from colleague.rollout.model import ATTESTED, ActiveWeek, Criterion, Evidence, Gate, Signed
from colleague.rollout.network import Network
from colleague.rollout.phases import PHASES

QUARTER_WEEKS: Final = 13
WEEKS, MEAN, LEAST_WEEK, VALIDATED = 4, 0.8, 0.7, 3
SIGNED_WITHIN: Final = timedelta(days=90)
QUARTER: Final = timedelta(days=92)


def gate(phase: Phase, evidence: Evidence) -> Gate:
    """Return the gate out of `phase`, judged; in the last phase, what must keep holding."""
    match phase:
        case Phase.PILOT:
            return Gate(1, "Pilot to expansion", (
                lasted(phase, evidence), weekly_active(evidence.weeks), use_cases(evidence),
                attested("connector-review", evidence, "C-6"),
            ))  # fmt: skip
        case Phase.EXPANSION:
            return Gate(2, "Expansion to broad rollout", (
                lasted(phase, evidence), governance(evidence), attested("security-review", evidence, "PH-6"),
                no_hold(evidence),
            ))  # fmt: skip
        case Phase.BROAD:
            return Gate(3, "Broad rollout to enterprise", (
                lasted(phase, evidence), champions(evidence.network), support(evidence.support),
            ))  # fmt: skip
        case Phase.ENTERPRISE:
            return Gate(4, "Enterprise, quarter by quarter", (quarterly(evidence), tracked(evidence)))


def tracked(evidence: Evidence) -> Criterion:
    """Judge whether the weeks of the last quarter are told: all but one of those that ended in this phase, the newest
    of which may not be frozen yet (R81, PH-8).
    """
    ended = min(max(evidence.week - 1, 0), QUARTER_WEEKS)
    told = sum(week.seats > 0 for week in evidence.weeks[-ended:]) if ended else 0
    return Criterion(
        "tracked", "The metrics of adoption are tracked",
        "all but one of the last thirteen weeks frozen, as far as they ended in this phase",
        f"{told} of the {ended} that did", told >= ended - 1, "computed", "PH-8, R81", "/adoption",
    )  # fmt: skip


def lasted(phase: Phase, evidence: Evidence) -> Criterion:
    """Judge whether the phase lasted its least number of weeks that count."""
    weeks = PHASES[phase].weeks
    least = weeks[0] if weeks else 0
    counted = sum(not week.skipped and week.seats > 0 for week in evidence.weeks)
    return Criterion(
        "lasted", "The phase lasted long enough", f"{least} complete weeks without holidays", f"{counted} so far",
        counted >= least, "computed", f"PH-{int(phase)}", "/adoption",
    )  # fmt: skip


def weekly_active(weeks: Sequence[ActiveWeek]) -> Criterion:
    """Judge weekly use: the mean of the last four complete weeks that count is 80 % or more, and none is below 70 %.

    A week of fewer than five seats tells nothing, and so does not hold: it hides none.
    """
    counted = [week for week in weeks if not week.skipped][-WEEKS:]
    shares = [week.share for week in counted]
    holds = len(counted) == WEEKS and sum(shares) / WEEKS + 1e-9 >= MEAN and min(shares) >= LEAST_WEEK
    value = ", ".join(map(_with_interval, counted)) or "no complete week yet"
    if len(counted) == WEEKS:
        value = f"mean {100 * sum(shares) / WEEKS:.1f} % ({value})"
    if counted and counted[-1].beside:
        value += f"; in {counted[-1].week} {counted[-1].beside}"
    return Criterion(
        "weekly-active", "People use it weekly",
        "a mean of 80 % over the last four complete weeks, and none below 70 %", value, holds, "computed", "PH-5, B-2",
        "/adoption",
    )  # fmt: skip


def _with_interval(week: ActiveWeek) -> str:
    """Return a single week as it is shown anywhere: with its Wilson interval and n (B-2)."""
    if not week.seats:
        return f"{week.week} not told"
    one = wilson(week.active, week.seats)
    return (
        f"{week.week} {100 * one.value:.0f} % ({100 * (one.low or 0):.0f} to {100 * (one.high or 0):.0f} %, n {one.n})"
    )


def use_cases(evidence: Evidence) -> Criterion:
    """Judge whether three use cases are validated (B-9)."""
    done = [name for name, missing in evidence.validated.items() if not missing]
    value = f"{len(done)} of {len(evidence.validated)}"
    if done:
        value += f": {', '.join(done)}"
    return Criterion(
        "use-cases", "Use cases are validated", "three of different skills, each with times before and after, "
        "completion, quality and its owner's signature", value, len(done) >= VALIDATED, "computed", "PH-5, B-9",
        "/adoption/use-cases",
    )  # fmt: skip


def attested(criterion: str, evidence: Evidence, requirement: str) -> Criterion:
    """Judge what a named person has to say, not more than ninety days ago."""
    said = evidence.attested.get(criterion)
    fresh = said is not None and evidence.today - said.on <= SIGNED_WITHIN
    value = "nobody has said so" if said is None else f"{said.words} ({said.on.isoformat()})"
    if said is not None and not fresh:
        value += ": more than ninety days ago"
    return Criterion(
        criterion, ATTESTED[criterion].partition(" (")[0], "said by a named person within ninety days", value, fresh,
        "attested", requirement, "/programme#attest", said.by if said else "", said.on if said else None,
    )  # fmt: skip


def governance(evidence: Evidence) -> Criterion:
    """Judge whether the governance document is in force and was signed within ninety days."""
    found = evidence.governance
    return _signed(
        Criterion(
            "governance", "The governance policy is signed off", "in force, signed within ninety days", "there is none",
            found is not None and evidence.today - found.on <= SIGNED_WITHIN, "computed", "PH-6, GP-1", "/governance",
        ),
        found,
    )  # fmt: skip


def _signed(criterion: Criterion, found: Signed | None) -> Criterion:
    """Return a criterion with who signed what on which day, if anybody did."""
    if found is None:
        return criterion
    return replace(criterion, value=f"{found.words} {found.on.isoformat()}".strip(), by=found.by, on=found.on)


def no_hold(evidence: Evidence) -> Criterion:
    """Judge whether nothing holds phase 3 back: onboarding is mended first where week 6 was below 40 % (KP-2, R86)."""
    return Criterion(
        "no-hold", "Nothing holds the next phase back", "40 % weekly active in week 6, or onboarding mended since",
        evidence.hold or "nothing", not evidence.hold, "computed", "KP-2", "/adoption/items",
    )  # fmt: skip


def champions(network: Network) -> Criterion:
    """Judge the champion network: two in 90 % of live departments (one where fewer than eight have seats), active."""
    lacking = [one.name for one in network.departments if not one.established]
    value = f"{len(network.departments) - len(lacking)} of {len(network.departments)} departments"
    if lacking:
        value += f"; not yet: {', '.join(lacking[:8])}{' …' if len(lacking) > 8 else ''}"
    return Criterion(
        "champions", "The champion network stands", "two champions active within fourteen days in 90 % of departments",
        value, network.established, "computed", "PH-7, CH-1", "/programme/champions",
    )  # fmt: skip


def support(found: Signed | None) -> Criterion:
    """Judge whether the support model is written down, and confirmed by another person than who wrote it."""
    return _signed(
        Criterion(
            "support", "The support model is confirmed", "channels, hours, owner and response times, confirmed",
            "there is none", found is not None, "computed", "PH-7", "/support/model",
        ),
        found,
    )  # fmt: skip


def quarterly(evidence: Evidence) -> Criterion:
    """Judge whether the governance review is not older than a quarter (92 days, PH-8)."""
    said = evidence.attested.get("quarterly-review")
    holds = said is not None and evidence.today - said.on <= QUARTER
    value = "none was held" if said is None else f"{said.words} ({said.on.isoformat()})"
    return Criterion(
        "quarterly-review", "The governance review of the quarter was held", "within 92 days", value, holds, "attested",
        "PH-8", "/programme#attest", said.by if said else "", said.on if said else None,
    )  # fmt: skip
