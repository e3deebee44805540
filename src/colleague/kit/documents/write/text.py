"""Plain formats: Markdown, HTML and CSV."""

import csv
import html
import re
from io import StringIO

from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.write.charts import chart_words
from colleague.kit.documents.write.clean import no_formula

# What would become HTML, a link, an image (an image loads by itself: its address carries text out), code or emphasis.
_INLINE = re.compile(r"<(?=[A-Za-z/!?])|[`*\\]|!(?=\[)|\](?=[(\[:])|(?<!\w)_|_(?!\w)|&(?=#?\w{1,40};)")
_BLOCK = re.compile(r"(?=#{1,6}(?:\s|$)|>|[-+](?:\s|$)|~~~|={3,}\s*$|-{3,}\s*$)")
_NUMBER = re.compile(r"(\d{1,9})([.)])(?=\s|$)")


def _plain(text: str) -> str:
    """Return `text` so that Markdown shows exactly this text: no raw HTML, no links, no images, no other block."""
    line = _INLINE.sub(r"\\\g<0>", " ".join(text.split()))
    line = _BLOCK.sub(r"\\", line, count=1) if _BLOCK.match(line) else line
    return _NUMBER.sub(r"\1\\\2", line, count=1) if _NUMBER.match(line) else line


def write_markdown(draft: Draft) -> bytes:
    """Return the draft as Markdown. Its texts stay texts: none can become HTML, a link or an image."""
    lines = [f"# {_plain(draft.title)}", ""]
    if draft.mark:
        lines += [f"> {_plain(draft.mark)}", ""]
    for block in draft.blocks:
        where = f" [{_plain(block.where)}]" if block.where else ""
        text = _plain(block.text)
        match block.kind:
            case "heading":
                lines += [f"{'#' * min(block.level + 1, 6)} {text}{where}", ""]
            case "item":
                lines += [f"{'  ' * max(block.level - 1, 0)}- {_label(block)}{text}{where}"]
            case "table":
                lines += [*_rows(block), ""]
            case "chart":
                lines += [f"*{_plain(chart_words(block))}*", "", *(_rows(block) if block.rows else []), ""]
            case "speaker":
                lines += [f"> {text}{where}", ""]
            case "box":
                lines += [f"> {text}", ">", ""]
            case "note":
                lines += [f"*{text}*{where}", ""]
            case _:
                lines += [f"{text}{where}", ""]
    return ("\n".join(lines).rstrip() + "\n").encode()


def _label(block: Block) -> str:
    return "" if block.label in ("", "•", "-", "*") else f"{_plain(block.label)} "


def _rows(block: Block) -> list[str]:
    columns = max((len(r) for r in block.rows), default=0)
    rows = [[_plain(c).replace("|", "\\|") for c in (*r, *[""] * (columns - len(r)))] for r in block.rows]
    lines = ["| " + " | ".join(r) + " |" for r in rows]
    return [*lines[:1], "|" + " --- |" * columns, *lines[1:]]


def write_html(draft: Draft) -> bytes:
    """Return the draft as one HTML page without scripts or outside parts."""
    parts = [
        "<!doctype html><html><head><meta charset='utf-8'>",
        f"<title>{html.escape(draft.title)}</title>",
        f"<meta name='description' content='{html.escape(draft.mark)}'>",
        f"<meta name='review' content='{'draft' if draft.mark else 'reviewed'}'></head><body>",
        f"<h1>{html.escape(draft.title)}</h1>",
    ]
    if draft.mark:
        parts.append(f"<p><strong>{html.escape(draft.mark)}</strong></p>")
    for block in draft.blocks:
        text = html.escape(block.text) + (f" <small>[{html.escape(block.where)}]</small>" if block.where else "")
        match block.kind:
            case "heading":
                level = min(max(block.level, 1) + 1, 6)
                parts.append(f"<h{level}>{text}</h{level}>")
            case "item":
                parts.append(f"<p>{html.escape(block.label or '•')} {text}</p>")
            case "table" | "chart":
                if block.kind == "chart":
                    parts.append(f"<p><em>{html.escape(chart_words(block))}</em></p>")
                rows = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in r) + "</tr>" for r in block.rows)
                if rows:
                    parts.append(f"<table border='1'>{rows}</table>")
            case _:
                parts.append(f"<p>{text}</p>")
    return ("\n".join(parts) + "\n</body></html>\n").encode()


def write_csv(draft: Draft) -> bytes:
    """Return the draft's tables as CSV; a cell that a spreadsheet would take for a formula gets an apostrophe.

    The draft mark is the first line, as a comment: the format has no properties.
    """
    out = StringIO()
    writer = csv.writer(out)
    if draft.mark:
        writer.writerow([f"# {draft.mark}"])
    for block in draft.blocks:
        for row in block.rows:
            writer.writerow([no_formula(c) for c in row])
    return out.getvalue().encode("utf-8-sig")
