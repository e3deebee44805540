"""The formats that can be written, by their ending or media type."""

from colleague.kit.documents.model import Draft
from colleague.kit.documents.sniff import CSV, DOCX, HTML, MARKDOWN, PDF, XLSX
from colleague.kit.documents.write.clean import cleaned
from colleague.kit.documents.write.docx import write_docx
from colleague.kit.documents.write.pdf import write_pdf
from colleague.kit.documents.write.text import write_csv, write_html, write_markdown
from colleague.kit.documents.write.xlsx import write_xlsx
from colleague.kit.errors import Invalid

_WRITERS = {
    "docx": (write_docx, DOCX), "xlsx": (write_xlsx, XLSX), "pdf": (write_pdf, PDF), "md": (write_markdown, MARKDOWN),
    "csv": (write_csv, CSV), "html": (write_html, HTML),
}  # fmt: skip


class FormatUnknown(Invalid):
    """This format cannot be written. Use docx, xlsx, pdf, md, csv or html."""


def write(draft: Draft, format_name: str) -> tuple[bytes, str]:
    """Return the file and its media type. `format_name` is an ending (docx) or a media type. Raises FormatUnknown."""
    for ending, (writer, media_type) in _WRITERS.items():
        if format_name in (ending, media_type):
            return writer(cleaned(draft)), media_type
    raise FormatUnknown
