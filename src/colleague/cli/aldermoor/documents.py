"""The demo's documents: real files in the formats people have, made from the texts in files."""

import json
import shutil
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from importlib import resources
from pathlib import Path
from typing import Final

from colleague.kit.documents.formats import text
from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.sniff import MARKDOWN
from colleague.kit.documents.write.formats import write

# Source in files, folder and name in the demo's documents.
FILES: Final = (
    ("rfp.md", "Bids/HC-2026-014 Harbour City request for proposals.pdf"),
    ("minutes_kickoff.md", "Bids/Minutes bid kick-off HC-2026-014.docx"),
    ("contract.md", "Contracts/Tidewell services agreement draft 2.docx"),
    ("minutes_kestrel.md", "Clients/Kestrel/Minutes Kestrel review.docx"),
    ("competitor_corvane.md", "Market/Corvane.docx"),
    ("competitor_lumen.md", "Market/Lumen Docs.md"),
    ("competitor_papyrion.html", "Market/Papyrion.html"),
    ("policy_classification.md", "Policies/Data classification.pdf"),
    ("policy_remote.md", "Policies/Remote work.docx"),
    ("policy_travel.md", "Policies/Travel and expenses.docx"),
    ("hostile.md", "Suppliers/Brightleaf autumn deliveries.md"),
)
CLIENT_MAILS: Final = "Clients/Kestrel/Mail"
BID_MAILS: Final = "Bids/Mail"
PRICES: Final = "Commercial/price-list-2026.xlsx"

_PRICE_LIST: Final = (
    ("Item", "Unit", "Unit price (GBP)", "Yearly volume", "Yearly price (GBP)"),
    ("Multifunction device A4, colour", "device and month", "21.40", "180", "=C2*D2*12"),
    ("Multifunction device A3, colour", "device and month", "38.90", "80", "=C3*D3*12"),
    ("Page, black and white", "page", "0.0039", "11400000", "=C4*D4"),
    ("Page, colour", "page", "0.0310", "2100000", "=C5*D5"),
    ("Incoming post, scanned and indexed", "item", "0.46", "310000", "=C6*D6"),
    ("Back-file scanning", "box", "19.80", "6200", "=C7*D7"),
    ("Box storage", "box and month", "0.21", "61400", "=C8*D8*12"),
    ("Retrieval, next working day", "box", "4.75", "3900", "=C9*D9"),
    ("Service desk", "month", "3150.00", "12", "=C10*D10"),
    ("Total", "", "", "", "=SUM(E2:E10)"),
)


def make_documents(folder: Path) -> None:
    """Write all documents into `folder`. They appear together or not at all; what is there already stays as it is."""
    if folder.exists():
        return
    building = folder.with_name(f".{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    for source, target in FILES:
        _put(building / target, _made(source, target.rpartition(".")[2]))
    _put(building / PRICES, _prices())
    for name, content in _mails():
        _put(building / (CLIENT_MAILS if "kestrel" in name else BID_MAILS) / name, content)
    building.replace(folder)


def source(name: str) -> bytes:
    """Return a text of files."""
    return resources.files("colleague.cli").joinpath("aldermoor", "files", name).read_bytes()


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _made(name: str, ending: str) -> bytes:
    """Return a text of files in the format `ending`."""
    content = source(name)
    if name.endswith(f".{ending}"):
        return content
    blocks = tuple(_plain(b) for b in text.read(content, name, MARKDOWN).blocks)
    if name == "rfp.md":
        from colleague.cli.aldermoor.rfp import make_rfp  # Its library is slow to import, and rarely needed.

        return make_rfp(blocks)
    first, *rest = blocks
    return write(Draft(first.text, tuple(rest), mark="", author="Aldermoor Ltd"), ending)[0]


def _plain(block: Block) -> Block:
    """Return a block without its line in the text, the stars of Markdown and the mark of an answer box."""
    said = block.text.replace("**", "")
    if said.startswith("[box] "):
        return Block("box", said.removeprefix("[box] "))
    label = "" if block.label in ("-", "*") else block.label
    return replace(block, text=said, where="", label=label)


def _prices() -> bytes:
    blocks = (
        Block("paragraph", "Class: Confidential. Valid from 1 January 2026. Owner: Ben Okafor, Commercial Manager."),
        Block("heading", "Prices 2026", 1),
        Block("table", rows=_PRICE_LIST),
    )
    draft = Draft("Aldermoor price list 2026", blocks, mark="", author="Aldermoor Ltd", formulas=True)
    return write(draft, "xlsx")[0]


def _mails() -> list[tuple[str, bytes]]:
    mails = []
    for mail in json.loads(source("mails.json")):
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"] = mail["from"], mail["to"]
        if mail.get("cc"):
            message["Cc"] = mail["cc"]
        message["Subject"], message["Date"] = mail["subject"], mail["date"]
        message["Message-ID"] = f"<{mail['id']}>"
        if mail.get("reply_to_id"):
            message["In-Reply-To"] = message["References"] = f"<{mail['reply_to_id']}>"
        message.set_content(mail["body"])
        mails.append((mail["file"], message.as_bytes()))
    return mails
