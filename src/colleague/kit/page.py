"""Pages: Jinja templates in their slice (`<slice>/pages/`), rendered whole or as the fragment that was asked for."""

from collections.abc import Iterable
from datetime import datetime
from importlib import resources
from types import CodeType
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import BaseLoader, BytecodeCache, Environment, StrictUndefined, TemplateNotFound, select_autoescape
from jinja2.bccache import Bucket

from colleague.kit.doors import part


class SliceLoader(BaseLoader):
    """Finds `tasks/show.html` in colleague/tasks/pages/, and `frame/…` in colleague/web/frame/."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Any]:
        """Return the text of `template`; TemplateNotFound if no slice has it."""
        slice_name, _, rest = template.partition("/")
        folder = "web/frame" if slice_name == "frame" else f"{slice_name}/pages"
        file = resources.files("colleague").joinpath(folder, rest)
        if not rest or ".." in rest or not file.is_file():
            raise TemplateNotFound(template)
        return file.read_text("utf-8"), str(file), lambda: True


class Compiled(BytecodeCache):
    """Keeps compiled templates for as long as the process lives: two houses in it compile each of them once."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give `bucket` the code of its template, if the same text was compiled before."""
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of `bucket`."""
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED: Final = Compiled()


def when(value: datetime | None) -> str:
    """Show a time the way pages do: `2026-11-24 08:19` (UTC); the page turns it into the reader's zone."""
    return value.strftime("%Y-%m-%d %H:%M") if value else ""


_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS", "Mac"), ("Windows", "Windows"),
            ("Linux", "Linux"))  # fmt: skip


def device(agent: str) -> str:
    """Return what a browser calls itself in two words («Chrome on Linux»), or the first of its own words."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{browser or 'A browser'} on {system}" if system else agent[:40] or "unknown device"


def roles(names: Iterable[str]) -> str:
    """Return roles in words; «member» only where it is the only one."""
    special = sorted(name for name in names if name != "member")
    return ", ".join(special or ["member"]).replace("_", " ")


class Pages:
    """Renders templates."""

    def __init__(self, **shared: Any) -> None:
        """Take what every template may use."""
        self.environment = Environment(
            loader=SliceLoader(),
            bytecode_cache=_COMPILED,
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals.update(shared)
        self.environment.filters.update(when=when, device=device, roles=roles)

    def text(self, template: str, **context: Any) -> str:
        """Return `template` as HTML text (for stream frames and mails)."""
        return self.environment.get_template(template).render(**context)

    def show(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Return `template` as a response. `fragment` in the template's context says that HTMX asked for a part."""
        body = self.text(
            template,
            request=request,
            actor=getattr(request.state, "actor", None),
            path=request.url.path,
            fragment=request.headers.get("hx-request") == "true",
            **context,
        )
        return HTMLResponse(body, status, headers={"Vary": "HX-Request", "Cache-Control": "no-store"})


Page = Annotated[Pages, Depends(part(Pages))]
