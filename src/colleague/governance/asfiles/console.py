"""The button that takes the configuration along as files."""

import io
import zipfile

from fastapi import APIRouter
from fastapi.responses import Response

from colleague.governance.asfiles.apply import export_files
from colleague.governance.asfiles.doors import TheParts
from colleague.identity.current import Current

router = APIRouter(include_in_schema=False)


@router.post("/set-up/files")
async def take(parts: TheParts, actor: Current) -> Response:
    """Download the configuration in force: the files of `colleague governance export` in a zip."""
    files = await export_files(parts, actor)
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"colleague-configuration/{name}", text)
    headers = {"Content-Disposition": 'attachment; filename="colleague-configuration.zip"'}
    return Response(box.getvalue(), media_type="application/zip", headers=headers)
