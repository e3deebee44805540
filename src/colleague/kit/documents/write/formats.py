"""The formats that can be written, by their ending or media type, and which of them a template can shape."""

from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from colleague.kit.documents.model import Draft
from colleague.kit.documents.sniff import CSV, DOCX, HTML, MARKDOWN, PDF, PPTX, XLSX
from colleague.kit.documents.write.clean import cleaned
from colleague.kit.documents.write.sheets import computed, plan
from colleague.kit.errors import Invalid

# Media type, and where the writer stands (`write_…` in a file of this folder).
_WRITERS: Final = {
    "docx": (DOCX, "docx", "docx"), "xlsx": (XLSX, "xlsx", "xlsx"), "pptx": (PPTX, "pptx", "pptx"),
    "pdf": (PDF, "pdf", "pdf"), "md": (MARKDOWN, "text", "markdown"), "csv": (CSV, "text", "csv"),
    "html": (HTML, "text", "html"),
}  # fmt: skip
FORMATS: Final = tuple(_WRITERS)
SHAPED: Final = {"docx": DOCX, "pptx": PPTX}


class FormatUnknown(Invalid):
    """This format cannot be written. Use docx, xlsx, pptx, pdf, md, csv or html."""


def _writer(file: str, name: str) -> Callable[..., bytes]:
    """Return a writer, imported now: the libraries of all of them would take a tenth of every start."""
    module = import_module(f"colleague.kit.documents.write.{file}")
    return cast("Callable[..., bytes]", getattr(module, f"write_{name}"))


def write(draft: Draft, format_name: str, template: bytes | None = None) -> tuple[bytes, str]:
    """Return the file and its media type. `format_name` is an ending (docx) or a media type. Raises FormatUnknown.

    `template` is a checked .docx or .pptx whose styles and masters are used; other formats have none.
    """
    for ending, (media_type, file, name) in _WRITERS.items():
        if format_name not in (ending, media_type):
            continue
        writer = _writer(file, name)
        draft = cleaned(draft)
        if draft.formulas and ending not in ("xlsx", "csv"):
            draft = computed(draft)
        if template is not None and ending in SHAPED:
            return writer(draft, template), media_type
        return writer(draft), media_type
    raise FormatUnknown


def remarks(draft: Draft, format_name: str) -> tuple[str, ...]:
    """Return what the author of a workbook should know: refused formulas, typed totals, errors. Other formats: none."""
    return plan(cleaned(draft)).remarks if format_name in ("xlsx", XLSX) else ()
