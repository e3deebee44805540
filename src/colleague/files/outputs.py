"""What the agent made: versions, always a draft until a person has reviewed it (R5, OH-1, OH-2)."""

from collections.abc import Sequence
from typing import Any, get_args

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.categories import standard
from colleague.files.tables import OutputRow, OutputVersionRow
from colleague.files.templates import Template
from colleague.kit.blobs import get_blob, put_blob
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.documents.model import Block, Chart, ChartKind, Draft, Kind
from colleague.kit.documents.write.charts import BadChart, plot
from colleague.kit.documents.write.formats import write
from colleague.kit.errors import Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.policy.model import Label

KINDS = frozenset(get_args(Kind))
MAX_BLOCKS, MAX_CELLS = 5000, 100_000


class OutputNotThere(NotFound):
    """There is no such output."""


class BadDraft(Invalid):
    """The document cannot be written: {why}."""


def read_blocks(raw: Sequence[Any]) -> tuple[Block, ...]:
    """Check what a model wants written and return it as blocks; BadDraft names the first fault."""
    if len(raw) > MAX_BLOCKS:
        raise BadDraft(why=f"more than {MAX_BLOCKS} blocks")
    blocks, cells = [], 0
    for number, item in enumerate(raw, 1):
        if not isinstance(item, dict) or str(item.get("kind")) not in KINDS:
            raise BadDraft(why=f"block {number} needs a kind, one of {', '.join(sorted(KINDS))}")
        rows = item.get("rows") or ()
        if not isinstance(rows, list | tuple) or any(not isinstance(r, list | tuple) for r in rows):
            raise BadDraft(why=f"the rows of block {number} must be a list of lists")
        cells += sum(map(len, rows))
        if cells > MAX_CELLS:
            raise BadDraft(why=f"more than {MAX_CELLS} table cells")
        level = item.get("level") or 0
        if not isinstance(level, int) or not 0 <= level <= 9:
            raise BadDraft(why=f"the level of block {number} must be a number from 0 to 9")
        text, where, label = (str(item.get(k) or "") for k in ("text", "where", "label"))
        chart = _chart(number, item.get("chart")) if item["kind"] == "chart" else None
        kept = tuple(tuple(str(c) for c in r) for r in rows)
        blocks.append(Block(item["kind"], text, level, where, label, kept, chart))
    for number, block in enumerate(blocks):
        if block.kind == "chart":
            _drawable(blocks, number)
    return tuple(blocks)


def _drawable(blocks: Sequence[Block], number: int) -> None:
    try:
        plot(blocks, number)
    except BadChart as fault:
        raise BadDraft(why=f"block {number + 1}: {fault.message}") from fault


def _chart(number: int, raw: Any) -> Chart:
    given = raw or {"kind": "bar"}
    if not isinstance(given, dict) or given.get("kind") not in get_args(ChartKind):
        raise BadDraft(why=f"the chart of block {number} needs a kind, one of {', '.join(get_args(ChartKind))}")
    series = given.get("series") or ()
    if not isinstance(series, list | tuple):
        raise BadDraft(why=f"the series of block {number} must be a list of column headers")
    return Chart(given["kind"], str(given.get("categories") or ""), tuple(map(str, series)))


async def write_output(
    session: Session, run: str, task: str, call: str, draft: Draft, *, name: str, media: str, kind: str, label: Label,
    made_from: Sequence[str], ledger: Ledger, clock: Clock, template: Template | None = None,
) -> OutputVersionRow:  # fmt: skip
    """Write `draft` as the next version of the task's output `name`, on a `template`; the same call writes once."""
    done = await session.scalar(select(OutputVersionRow).where(OutputVersionRow.call_id == call))
    if done is not None:
        return done
    content, media_type = write(draft, media, template.content if template else None)
    return await keep_output(
        session, run, task, call, content, name=name, media_type=media_type, kind=kind, label=label,
        made_from=made_from, ledger=ledger, clock=clock, draft=draft, template=template,
    )  # fmt: skip


async def keep_output(
    session: Session, run: str, task: str, call: str, content: bytes, *, name: str, media_type: str, kind: str,
    label: Label, made_from: Sequence[str], ledger: Ledger, clock: Clock, draft: Draft | None = None,
    template: Template | None = None,
) -> OutputVersionRow:  # fmt: skip
    """Keep a file as the next version of the task's output `name`, as a draft; the same call keeps a name once.

    Without a `draft` the file was made by a program: it has no mark inside, and a review leaves it as it is.
    """
    of_call = (OutputVersionRow.call_id == call, OutputRow.task_id == task, OutputRow.name == name)
    before = select(OutputVersionRow).join(OutputRow, OutputRow.id == OutputVersionRow.output_id).where(*of_call)
    done = await session.scalar(before)
    if done is not None:
        return done
    query = select(OutputRow).where(OutputRow.task_id == task, OutputRow.name == name).with_for_update()
    output = await session.scalar(query)
    if output is None:
        output = OutputRow(
            id=new_id("out"), task_id=task, run_id=run, name=name, category=kind, versions=0, created_at=clock.now()
        )
        session.add(output)
    elif (await standard(session, kind)).high_stakes and not (await standard(session, output.category)).high_stakes:
        output.category = kind  # A category is never lowered by a later version (OH-4).
    output.versions += 1
    await session.flush()
    version = OutputVersionRow(
        output_id=output.id, version=output.versions, call_id=call, media_type=media_type, size=len(content),
        sha256=await put_blob(session, content), draft=draft_json(draft, template) if draft else {},
        label=label.to_json(), made_from=sorted(made_from), created_at=clock.now(), review="draft",
    )  # fmt: skip
    session.add(version)
    facts = {"run": run, "version": version.version, "sha256": version.sha256, "category": output.category}
    if template is not None:
        facts["template"] = template.sha256
    await ledger.record(session, Event("output.written", "agent", subject=output.id, run=run, data=facts))
    return version


def draft_json(draft: Draft, template: Template | None = None) -> dict[str, Any]:
    """Return what a later writing (without the draft mark, after review) needs; the template by its hash."""
    blocks = [b.to_json() for b in draft.blocks]
    used = {"name": template.name, "version": template.version, "sha256": template.sha256} if template else None
    return {"template": used, "title": draft.title, "blocks": blocks, "mark": draft.mark, "formulas": draft.formulas}


async def list_outputs(session: Session, task_id: str) -> list[tuple[OutputRow, OutputVersionRow]]:
    """Return the outputs of a task with their newest versions."""
    query = (
        select(OutputRow, OutputVersionRow)
        .join(OutputVersionRow, OutputVersionRow.output_id == OutputRow.id)
        .where(OutputRow.task_id == task_id, OutputVersionRow.version == OutputRow.versions)
        .order_by(OutputRow.id)
    )
    return [(o, v) for o, v in (await session.execute(query))]


async def get_output(session: Session, output_id: str, number: int | None = None) -> tuple[OutputRow, OutputVersionRow]:
    """Return an output and one of its versions (default: the newest); OutputNotThere if there is none."""
    output = await session.get(OutputRow, output_id)
    if output is None:
        raise OutputNotThere
    version = await session.get(OutputVersionRow, (output_id, number or output.versions))
    if version is None:
        raise OutputNotThere
    return output, version


async def list_versions(session: Session, output_id: str) -> Sequence[OutputVersionRow]:
    """Return all versions of an output, newest first."""
    query = select(OutputVersionRow).where(OutputVersionRow.output_id == output_id)
    return (await session.scalars(query.order_by(OutputVersionRow.version.desc()))).all()


async def output_content(session: Session, version: OutputVersionRow) -> bytes:
    """Return the bytes of one version."""
    return await get_blob(session, version.sha256)
