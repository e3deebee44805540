"""Verify an export offline: needs its folder and, to be sure of who signed, the key you trust; no database."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from colleague.audit.export import csv_row
from colleague.audit.signer import Public
from colleague.audit.tree import Frontier
from colleague.audit.verify import Report, Walk, open_notes
from colleague.kit.errors import Invalid


class ExportUnreadable(Invalid):
    """This is not an export of the ledger, or it is incomplete."""


def verify_export(folder: Path, public: Public | None = None, witnessed: Sequence[str] = ()) -> Report:
    """Verify an export. `public` is the key you trust; without it the export's own key is taken, and named in `key`.

    The CSV file, if it is there, must say the same as the sealed lines. Raises ExportUnreadable.
    """
    try:
        return _verify(folder, public, witnessed)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error) as error:
        raise ExportUnreadable from error


def _verify(folder: Path, public: Public | None, witnessed: Sequence[str]) -> Report:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    key = public or Public.parse(manifest["public_key"])
    roots, findings = open_notes([*manifest["checkpoints"], *witnessed], key)
    size = int(manifest["start"]["size"])
    own = [c.size for n in manifest["checkpoints"] if (c := key.open(n))]
    end = max(own, default=size)
    # A part of the record cannot answer for what lies outside of it.
    inside = {s: r for s, r in roots.items() if size < s <= end} if manifest.get("part") else roots
    walk = Walk({s: r for s, r in inside.items() if s > size}, Frontier.restore(size, manifest["start"]["frontier"]))
    walk.good = size
    if size and (size not in roots or any(root != walk.frontier.root() for root in roots[size])):
        findings.append("The start of the export does not fit its signed checkpoint.")
    table = folder / "entries.csv"
    # An export without its CSV still verifies.
    with table.open(encoding="utf-8", newline="") if table.is_file() else io.StringIO() as stream:
        rows = csv.reader(stream)
        compare = next(rows, None) is not None
        count = 0
        for seq, number, body, leaf in _lines(folder / "entries.jsonl"):
            if not walk.take(seq, body, leaf=leaf, number=number):
                break
            count += 1
            if compare and next(rows, None) != [str(c) for c in csv_row(seq, json.loads(body))]:
                findings.append(f"Entry {seq} says something else in entries.csv than in its sealed text.")
                compare = False
        if compare and not walk.finding and next(rows, None) is not None:
            findings.append("entries.csv holds more entries than were sealed.")
    walk.finish(end)
    if not walk.finding and count != manifest["entries"]:
        findings.append(f"The manifest speaks of {manifest['entries']} entries, {count} are there.")
    found = ([walk.finding] if walk.finding else []) + findings
    return Report(walk.verified - size, 0, tuple(found), walk.frontier.root().hex(), key=key.text())


def _lines(file: Path) -> Iterator[tuple[int, int | None, str, bytes | None]]:
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            leaf = bytes.fromhex(row["leaf"]) if row.get("leaf") else None
            yield int(row["seq"]), row.get("id"), str(row["body"]), leaf
