"""What makes the pages an app on a phone: the manifest, the service worker, the page that is there without a line."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from colleague.dispatch.voice.hear import Ears
from colleague.kit.doors import part
from colleague.kit.page import Page
from colleague.web.assets import Asset, NoSuchAsset

TheEars = Annotated[Ears, Depends(part(Ears))]
SHARED = [
    "image/*", "application/pdf", "text/plain", "text/csv", "text/markdown", "text/html", ".eml", ".msg", ".docx",
    ".xlsx", ".pptx", ".pdf", ".txt", ".md", ".csv",
]  # fmt: skip
SHORTCUTS = (("New task", "/tasks/new"), ("Approvals", "/approvals"), ("Dispatch", "/dispatch"))


def installed_router(version: str, found: dict[str, Asset]) -> APIRouter:
    """Return the routes of the installable app for the built assets `found` of `version`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/manifest.webmanifest")
    async def manifest() -> Response:
        icons = [
            {"src": f"/assets/{version}/icon.svg", "sizes": "any", "type": "image/svg+xml"},
            {"src": f"/assets/{version}/icon-512.png", "sizes": "512x512", "type": "image/png",
             "purpose": "any maskable"},
        ]  # fmt: skip
        share = {
            "action": "/dispatch/share", "method": "POST", "enctype": "multipart/form-data",
            "params": {"title": "title", "text": "text", "url": "url", "files": [{"name": "files", "accept": SHARED}]},
        }  # fmt: skip
        body = {
            "name": "Colleague", "short_name": "Colleague", "id": "/", "start_url": "/dispatch", "scope": "/",
            "display": "standalone", "background_color": "#f7f7f5", "theme_color": "#f7f7f5", "icons": icons,
            "share_target": share, "shortcuts": [{"name": name, "url": url} for name, url in SHORTCUTS],
        }  # fmt: skip
        return JSONResponse(body, media_type="application/manifest+json", headers={"Cache-Control": "max-age=3600"})

    @router.get("/sw.js")
    async def worker(ears: TheEars) -> Response:
        if "sw.js" not in found:
            raise NoSuchAsset
        # A change of these words makes browsers fetch the page without a line anew.
        head = f'const STAMP = "{version}"; // voice notes: {"yes" if ears.set_up else "no"}\n'
        text = head.encode() + found["sw.js"].content
        return Response(text, media_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})

    @router.get("/offline")
    async def offline(request: Request, page: Page, ears: TheEars, unknown: bool = False) -> HTMLResponse:
        return page.show(request, "web/offline.html", unknown=unknown, voice=ears.set_up)

    return router
