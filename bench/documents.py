"""What reading and writing large documents costs, each beside the bare library on the same file in the same run.

Read: a 300-page PDF, a 40-sheet workbook, a 50 MB mail, through the confined child (its start and the way of the text
back included). Memory is the child's highest, that of a process of its own. Written: 300 pages, 40 sheets, 100 slides.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.read import LIMITS
from colleague.kit.documents.write.formats import write

Row = tuple[str, float, str, str]
LINE = "The contractor reports each quarter on the works, their cost and their progress against the plan of record. "
BARE = {
    "pdf": """
import pypdfium2
n = sum(len(page.get_textpage().get_text_range()) for page in pypdfium2.PdfDocument(sys.argv[1]))
""",
    "xlsx": """
import python_calamine
book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
n = sum(len(book.get_sheet_by_name(sheet).to_python()) for sheet in book.sheet_names)
""",
    "eml": """
import email, email.policy
mail = email.message_from_bytes(open(sys.argv[1], "rb").read(), policy=email.policy.default)
n = len(mail.get_body(("plain", "html")).get_content())
""",
}
CONFINED = """
import asyncio, time
from colleague.kit.documents.read import read_document
content = open(sys.argv[1], "rb").read()
began = time.perf_counter()
document = asyncio.run(read_document(content, sys.argv[2]))
seconds = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([seconds, peak, len(document.blocks)]))
"""
# The highest memory of a process: getrusage() would give that of the process which started it, if that was higher.
PEAK = "\nprint([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
HEAD = "import json, resource, sys\n"


def pages() -> Draft:
    """Return 300 pages of text with a table on every tenth."""
    blocks = []
    for number in range(1, 301):
        blocks.append(Block("heading", f"Chapter {number}", 1))
        blocks += [Block("paragraph", LINE * 6) for _ in range(5)]
        if number % 10 == 0:
            blocks.append(Block("table", rows=tuple((f"Item {r}", str(r * 1.5)) for r in range(9))))
    return Draft("Report", tuple(blocks))


def sheets() -> Draft:
    """Return 40 sheets of 500 rows with 6 columns, totals as formulas."""
    blocks = []
    for number in range(40):
        rows = [
            (f"Item {r}", str(r), f"{r * 1.25}", f"=B{r + 1}*C{r + 1}", "2026-12-31", LINE[:40]) for r in range(1, 500)
        ]
        total = ("Total", "=SUM(B2:B500)", "=SUM(C2:C500)", "=SUM(D2:D500)", "", "")
        head = ("Item", "Pieces", "Price", "Amount", "Day", "Remark")
        blocks += [Block("heading", f"Sheet {number}", 1), Block("table", rows=(head, *rows, total))]
    return Draft("Model", tuple(blocks), formulas=True)


def slides() -> Draft:
    """Return about 100 slides of items, a table and a chart on every tenth."""
    blocks = []
    for number in range(100):
        blocks.append(Block("heading", f"Slide {number}", 2))
        blocks += [Block("item", LINE, 1) for _ in range(4)]
        if number % 10 == 0:
            blocks += [Block("table", rows=(("A", "B"), ("x", "1"), ("y", "2"))), Block("chart", "Chart")]
    return Draft("Deck", tuple(blocks))


def mail() -> bytes:
    """Return a mail of 50 MB: a page of text and one attachment."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "Drawings"
    message.set_content(LINE * 30)
    message.add_attachment(bytes(range(256)) * 143_000, maintype="image", subtype="tiff", filename="drawing.tiff")
    return message.as_bytes()


def bare(kind: str, file: Path) -> tuple[float, float]:
    """Return seconds and megabytes of the library alone, in a process of its own."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", HEAD + BARE[kind] + PEAK, str(file)], check=True, capture_output=True)
    return time.perf_counter() - began, int(done.stdout) / 1024


def confined(kind: str, content: bytes) -> tuple[float, float, int]:
    """Return seconds, the child's megabytes, and the blocks read; measured in a process of its own."""
    with tempfile.NamedTemporaryFile(suffix=f".{kind}") as file:
        file.write(content)
        file.flush()
        command = [sys.executable, "-c", HEAD + CONFINED, file.name, f"a.{kind}"]
        seconds, kilobytes, blocks = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return seconds, kilobytes / 1024, blocks


def timed(work: Callable[[], bytes]) -> tuple[float, bytes]:
    """Return the seconds `work` takes, and what it gives."""
    began = time.perf_counter()
    content = work()
    return time.perf_counter() - began, content


def bench() -> list[Row]:
    """Write the three drafts, then read each large file bare and confined."""
    rows: list[Row] = []
    made: dict[str, bytes] = {"eml": mail()}
    for kind, name, draft in (("pdf", "a 300-page pdf", pages()), ("xlsx", "40 sheets, 20,000 formulas", sheets()),
                              ("pptx", "100 slides", slides())):  # fmt: skip
        seconds, made[kind] = timed(lambda draft=draft, kind=kind: write(draft, kind)[0])  # type: ignore[misc]
        rows.append((f"write {name}", seconds, "s", f"{len(made[kind]) / 1e6:.1f} MB"))
    for kind, name in (("pdf", "a 300-page pdf"), ("xlsx", "a 40-sheet workbook"), ("eml", "a 50 MB mail")):
        with tempfile.NamedTemporaryFile(suffix=f".{kind}") as file:
            file.write(made[kind])
            file.flush()
            anchor, anchor_mb = bare(kind, Path(file.name))
        seconds, megabytes, blocks = confined(kind, made[kind])
        size = f"{len(made[kind]) / 1e6:.1f} MB, {blocks:,} blocks"
        rows.append((f"read {name}", seconds, "s", f"the library alone, text only: {anchor:.2f} s; {size}"))
        rows.append((f"memory for {name}", megabytes, "MB", f"the library alone: {anchor_mb:.0f} MB; "
                     f"limit {LIMITS.memory / 1e6:,.0f} MB"))  # fmt: skip
    return rows
