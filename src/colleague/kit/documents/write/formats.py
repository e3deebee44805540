"""The formats that can be written, by their ending or media type, and which of them a template can shape."""

from collections.abc import Callable
from typing import Final

from colleague.kit.documents.model import Draft
from colleague.kit.documents.sniff import CSV, DOCX, HTML, MARKDOWN, PDF, PPTX, XLSX
from colleague.kit.documents.write.clean import cleaned
from colleague.kit.documents.write.docx import write_docx
from colleague.kit.documents.write.pdf import write_pdf
from colleague.kit.documents.write.pptx import write_pptx
from colleague.kit.documents.write.sheets import computed, plan
from colleague.kit.documents.write.text import write_csv, write_html, write_markdown
from colleague.kit.documents.write.xlsx import write_xlsx
from colleague.kit.errors import Invalid

_WRITERS: Final[dict[str, tuple[Callable[..., bytes], str]]] = {
    "docx": (write_docx, DOCX), "xlsx": (write_xlsx, XLSX), "pptx": (write_pptx, PPTX), "pdf": (write_pdf, PDF),
    "md": (write_markdown, MARKDOWN), "csv": (write_csv, CSV), "html": (write_html, HTML),
}  # fmt: skip
FORMATS: Final = tuple(_WRITERS)
SHAPED: Final = {"docx": DOCX, "pptx": PPTX}


class FormatUnknown(Invalid):
    """This format cannot be written. Use docx, xlsx, pptx, pdf, md, csv or html."""


def write(draft: Draft, format_name: str, template: bytes | None = None) -> tuple[bytes, str]:
    """Return the file and its media type. `format_name` is an ending (docx) or a media type. Raises FormatUnknown.

    `template` is a checked .docx or .pptx whose styles and masters are used; other formats have none.
    """
    for ending, (writer, media_type) in _WRITERS.items():
        if format_name not in (ending, media_type):
            continue
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
