"""A readout's parts for tests: three workflows of known size."""

from dataclasses import replace
from datetime import date
from typing import Any

from colleague.rollout.readout.compose import hours_of
from colleague.rollout.readout.model import (
    Assumptions,
    Figure,
    GateLine,
    Incident,
    Override,
    Parts,
    WeekLine,
    Workflow,
)

GATE = "Gate 1: pilot to expansion"
KNOWN = Assumptions(
    2, "EUR", seat=60, hour=80, fixed=2000, once=30000, rate=0.9, source="Controlling, price list of October",
    by="Dana Whitfield", on="2027-02-01",
)  # fmt: skip


def workflow(
    name: str, *, runs: int = 120, before: float = 90, share: float = 0.5, low: float = 0.35, high: float = 0.62,
    strength: str = "readout", **more: Any,
) -> Workflow:  # fmt: skip
    reduction = Figure(
        "Less time", "share", share, low, high, 80, method="medians; Hodges–Lehmann on logarithms", rows="/use-cases/x"
    )
    if strength == "nothing":
        reduction = Figure("Less time", "share", absent="not measured: 4 times after", rows="/use-cases/x")
    return replace(Workflow(
        "uc_1", name, "Bids", before, 40, before * (1 - share), 42, 9, strength, reduction,
        Figure("Completion", "share", 0.82, 0.74, 0.88, 120, rows="/adoption"),
        hours_of(runs, before, reduction, strength), Figure("The same people", "share", 0.48, 0.3, 0.6, 60), runs,
    ), **more)  # fmt: skip


def parts(**changes: Any) -> Parts:
    made = Parts(
        since=date(2027, 1, 11), until=date(2027, 3, 12), phase="Pilot", goal="Answer tenders in half the time",
        sponsor="Olga Owner", lead="Dana Whitfield", seats=30,
        wau=Figure("Weekly active people", "share", 0.83, 0.66, 0.93, 30, target="80 % for gate 1", rows="/adoption",
                   method="own actions in the week, of all seats; Wilson"),
        completion=Figure("Task completion", "share", 0.81, 0.76, 0.86, 310, target="60 %", rows="/adoption",
                          method="delivered of started runs that are seven days old; Wilson"),
        breadth=Figure("Breadth", "number", 3, n=25, target="3 kinds", rows="/adoption", method="median over people"),
        time=Figure("Time to output", "share", 0.46, n=210, target="40 to 60 % is typical", rows="/adoption",
                    method="weighed by volume and baseline"),
        sessions=Figure("Sessions", "number", 4.2, n=25, target="4", rows="/adoption", method="of active people"),
        tickets=Figure("Support tickets", "ratio", 0.6, high=0.93, n=21, target="below 1 by week 6", rows="/support",
                       method="weeks 5 and 6 against weeks 1 and 2"),
        ticket_kinds={"how-to": 14, "access": 7}, leaders=Figure("Leaders active", "share", 0.5, n=6, rows="/readout"),
        workflows=(
            workflow("RFP summary and response outline"),
            workflow("Contract review summary", runs=60, before=60, share=0.3, low=-0.05, high=0.5,
                     strength="indicative", id="uc_2", missing=("the owner's signature",)),
            workflow("Competitive brief", strength="nothing", id="uc_3"),
        ),
        weeks=[WeekLine(f"2027-W{n:02}", 30, 0.8, 0.8, 3, 4.1, 5.0) for n in range(2, 10)],
        gates=[GateLine(GATE, "People use it weekly", "a mean of 80 %", "81 %", True, "computed",
                        "PH-5", rows="/adoption"),
               GateLine(GATE, "Use cases are validated", "three", "1 of 3", False, "computed",
                        "PH-5", rows="/use-cases")],
        incidents=[Incident("A phone was lost and its access ended", 1, "/ledger?verb=phone.lost")],
        overrides=[Override("Gate 1 was skipped", "The board asked for it", ("Olga Owner", "Ben Carter"),
                            "2027-02-20")],
        assumptions=KNOWN, model_cost=400.0, model_unpriced=3, ask="120 seats from April, EUR 7,200 a month.",
    )  # fmt: skip
    return replace(made, **changes)
