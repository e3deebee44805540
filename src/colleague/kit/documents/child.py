"""The child that parses: confines itself first, then reads standard input and writes the document as JSON."""

import json
import resource
import sys
from dataclasses import replace
from importlib import import_module

from colleague.kit.documents.model import Document
from colleague.kit.documents.sniff import CSV, DOCX, EML, HTML, MARKDOWN, MSG, PDF, PPTX, TEXT, XLSX
from colleague.kit.documents.write.clean import clean

FORMATS = {
    PDF: "pdf", DOCX: "docx", XLSX: "xlsx", PPTX: "pptx", HTML: "html", MARKDOWN: "text", TEXT: "text", CSV: "csv",
    EML: "eml", MSG: "msg",
}  # fmt: skip


def confine(memory: int, cpu: int) -> None:
    """Give up memory, CPU, files and network beyond the limits; raises OSError if that fails."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    from colleague.kit.sandbox.seccomp import forbid_network

    forbid_network()


def _plain(document: Document) -> Document:
    """Return the document without characters that a database or a page cannot hold (NUL, lone surrogates, …)."""
    blocks = tuple(
        replace(
            b, text=clean(b.text), where=clean(b.where), label=clean(b.label),
            rows=tuple(tuple(map(clean, row)) for row in b.rows),
        )
        for b in document.blocks
    )  # fmt: skip
    title = " ".join(clean(document.title).split())[:300]
    return replace(document, title=title, blocks=blocks, warnings=tuple(map(clean, document.warnings)))


def main() -> int:
    """Read, parse, write; on failure one word on standard error says what was wrong."""
    media_type, name, memory, cpu, limit = sys.argv[1:]
    content = sys.stdin.buffer.read()
    reader = import_module(f"colleague.kit.documents.formats.{FORMATS[media_type]}")
    try:
        confine(int(memory), int(cpu))
    except OSError as error:
        print(f"unconfined: {error.strerror}", file=sys.stderr)
        return 3
    try:
        document = reader.read(content, name, media_type)
        text = json.dumps(_plain(document).to_json(), ensure_ascii=False)
    except (MemoryError, RecursionError):
        print("heavy", file=sys.stderr)
        return 2
    except Exception as error:
        # The word only: a parser's message may quote the document.
        word = "encrypted" if "password" in str(error).lower() or "encrypt" in str(error).lower() else "damaged"
        print(word, file=sys.stderr)
        return 2
    data = text.encode("utf-8", "replace")
    if len(data) > int(limit):
        print("heavy", file=sys.stderr)
        return 2
    sys.stdout.buffer.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
