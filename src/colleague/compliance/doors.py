"""What the doors of compliance share."""

from typing import Annotated

from fastapi import Depends
from fastapi.responses import Response

from colleague.audit.record import Ledger
from colleague.compliance.view import NoSuchRun, paper
from colleague.kit.doors import part

TheLedger = Annotated[Ledger, Depends(part(Ledger))]


def certificate_response(certificate: str, run: str, form: str) -> Response:
    """Return a certificate to be saved, as JSON or PDF; NoSuchRun for any other form."""
    if form not in ("json", "pdf"):
        raise NoSuchRun
    content = certificate.encode() if form == "json" else paper(certificate)
    headers = {"Content-Disposition": f'attachment; filename="deletion-{run}.{form}"', "Cache-Control": "no-store"}
    return Response(content, media_type=f"application/{form}", headers=headers)
