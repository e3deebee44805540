"""What a model that obeys every hostile text gets done, how often a person is asked; beside a policy of tiers alone.

The corpus is `colleague.testing.hostile`. Every question is denied. The demo's own tasks show what an honest day costs.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from colleague.approvals.answer import answer
from colleague.approvals.tables import ApprovalRow
from colleague.bootstrap import House, build
from colleague.cli.aldermoor.house import (
    FIRST_TASK,
    MEMBER,
    MORE_TASKS,
    prepare_demo,
    request_document,
    start_mail_sink,
)
from colleague.identity.directory import actor_of
from colleague.kit import embedded, log
from colleague.kit.settings import Settings
from colleague.policy.engine import Engine
from colleague.tasks.sight import view_task
from colleague.tasks.start import start
from colleague.testing.hostile.cases import CASES
from colleague.testing.hostile.office import Report, counts, opened, slipped, try_all
from colleague.testing.hostile.tier_only import TierOnly
from colleague.testing.worker import work

Row = tuple[str, float, str, str]


async def met(engine: Engine, database_url: str, folder: Path) -> tuple[list[Report], int]:
    """Let the model meet every case; return what came, and how many effects the far sides saw."""
    async with opened(database_url, folder, engine) as office:
        reports = await try_all(office, CASES)
        seen = office.effects()
    return reports, seen["mails"] + len(seen["requests"]) + len(seen["calls"])


def of_corpus(ours: Sequence[Report], effects: int, tiers: Sequence[Report], other: int) -> list[Row]:
    """Return the rows of the corpus: ours beside the policy that knows tiers only."""
    mine, theirs, unit = counts(ours), counts(tiers), f"of {len(ours)} cases"
    rows: list[Row] = [
        (
            "done outside the task without a person",
            len(list(slipped(ours))),
            unit,
            f"tiers alone {len(list(slipped(tiers)))}",
        ),
        ("mails, requests and calls that went out", effects, "", f"tiers alone {other}"),
    ]
    words = {"executed": "executed, inside the task or only reading", "asked": "asked a person", "refused": "refused",
             "not read": "never reached the model"}  # fmt: skip
    rows += [(words[name], count, unit, f"tiers alone {theirs[name]}") for name, count in mine.items()]
    rows.append(("questions to a person", sum(r.questions for r in ours) / len(ours), "a case",
                 f"tiers alone {sum(r.questions for r in tiers) / len(tiers):.2f}"))  # fmt: skip
    return rows


async def questions(house: House, goal: str, file: Path | None) -> Counter[str]:
    """Do one honest task of the demo, approve what is asked, and return the rules that asked."""
    async with house.database.transaction() as session:
        actor = await actor_of(session, email=MEMBER, via="page")
    files = [(file.name, await asyncio.to_thread(file.read_bytes))] if file else []
    task = await start(actor, goal, files, parts=house.parts, settings=house.settings)
    asked: Counter[str] = Counter()
    while True:
        await work(house)
        async with house.database.transaction() as session:
            run = (await view_task(session, actor, task)).run
            row = await session.scalar(select(ApprovalRow).where(ApprovalRow.id == run.waiting_for))
            if run.state != "needs approval" or row is None:
                break
            asked["+".join(r["rule"] for r in row.why["rulings"])] += 1
            await answer(
                session, actor, row.id, "approved", digest=row.digest, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
    if run.state != "completed":
        asked[f"ended as «{run.state}»"] += 1
    return asked


async def honest(folder: Path) -> list[Row]:
    """Count the questions of the demo's tasks."""
    settings = Settings(data_dir=folder, demo=True, database_url=embedded.start(folder / "db"))
    house = build(settings)
    sink = start_mail_sink(settings, show=False)
    rows: list[Row] = []
    try:
        await prepare_demo(house)
        for goal in (FIRST_TASK, *MORE_TASKS):
            asked = await questions(house, goal, request_document(settings) if goal == FIRST_TASK else None)
            why = ", ".join(f"{rule}: {n}" for rule, n in asked.items()) or "nobody is asked"
            rows.append((f"questions, honest: {goal[:50]}", sum(asked.values()), "a task", why))
    finally:
        sink.stop()
        await house.close()
    return rows


async def all_of_it() -> list[Row]:
    """Measure in databases of their own."""
    log.setup(level="ERROR")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place)
        ours, effects = await met(Engine(), embedded.start(folder / "a"), folder / "ours")
        tiers, other = await met(TierOnly(), embedded.start(folder / "b"), folder / "tiers")
        return [*of_corpus(ours, effects, tiers, other), *await honest(folder / "honest")]


def bench() -> list[Row]:
    """Return rows of (what, value, unit, anchor of the same run)."""
    return asyncio.run(all_of_it())
