"""Pages of the phone: this device (install, notices, what was not sent), and what another app shared with this one."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from colleague.identity.current import Current
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
LENGTH = 8000


@router.get("/dispatch/phone")
async def device(request: Request, page: Page, actor: Current) -> HTMLResponse:
    """Show what this device can do: be installed, be notified, keep what was said without a line."""
    return page.show(request, "dispatch/phone.html")


@router.get("/dispatch/share")
async def share(request: Request, page: Page, actor: Current) -> HTMLResponse:
    """Show what was shared as a task to be: the service worker kept it on the device, the page's script fills it in."""
    actor.require("own:tasks:use")
    return page.show(request, "dispatch/share.html", text="", lost=False)


@router.post("/dispatch/share")
async def shared(
    request: Request, page: Page, actor: Current, title: Annotated[str, Form()] = "", text: Annotated[str, Form()] = "",
    url: Annotated[str, Form()] = "",
) -> HTMLResponse:  # fmt: skip
    """Show shared words where no service worker was there to keep them. Files are not taken: it is said."""
    actor.require("own:tasks:use")
    words = "\n".join(filter(None, (title, text, url)))[:LENGTH]
    async with request.form() as form:
        lost = any(not isinstance(value, str) and value.size for value in form.getlist("files"))
    return page.show(request, "dispatch/share.html", text=words, lost=lost)
