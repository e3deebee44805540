"""What there is to take away: templates by name, with formats, version, who keeps it and when it is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from colleague.kit.errors import Invalid, NotFound


class NoSuchTemplate(NotFound):
    """There is no template «{name}». There are {known}."""


class TemplateFormat(Invalid):
    """«{name}» is written as {formats}, not as «{given}»."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template (TP-2): `owner` is who keeps it in an organisation, `passed` when it has done its work."""

    name: str
    title: str
    what: str
    formats: tuple[str, ...]
    requirement: str
    owner: str
    passed: str
    version: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return the template as JSON."""
        return {
            "name": self.name, "title": self.title, "what": self.what, "formats": list(self.formats),
            "requirement": self.requirement, "owner": self.owner, "passed": self.passed, "version": self.version,
        }  # fmt: skip


SHELF: Final[Mapping[str, Template]] = {
    one.name: one
    for one in (
        Template(
            "rollout-plan", "Rollout plan", "Phases, gates and what is due, dated by your calendar. In the workbook "
            "the dates follow what you change.", ("xlsx", "ics"), "TP-1", "programme lead",
            "Each gate has a date and an owner, and nobody gets seat 41 before gate 1.",
        ),
        Template(
            "use-case-sheet", "Use-case sheet", "A workflow on a sheet: card, measured times, friction, prompt "
            "framework, sign-off.", ("docx", "xlsx"), "PP-6", "owner of the use case",
            "The linter has nothing against it, and somebody else has approved it.",
        ),
        Template(
            "acceptable-use", "Acceptable use policy", "What people may give to the agent, to hand out and sign.",
            ("docx", "pdf"), "GP-2", "owner of «Acceptable use»", "Signed by its owner and acknowledged by everybody.",
        ),
        Template(
            "governance-framework", "AI governance framework", "All four parts: acceptable use, connector scope, "
            "output handling, audit requirements.", ("docx", "pdf"), "GP-6", "owners of the four parts",
            "All four parts are signed before anybody goes live.",
        ),
        Template(
            "training-programme", "Training programme", "Modules with their questions and pass marks, and the first "
            "month week by week.", ("docx", "pdf"), "TP-2", "programme lead",
            "Everybody who has a seat has passed every module and handed over one task in writing.",
        ),
        Template(
            "readout", "Readout", "The page for CIO and CFO as a form; the filled one is made under Readout.",
            ("docx",), "PP-11", "programme lead",
            "It tells hours with their interval, completion, breadth, cost, and what is asked.",
        ),
    )
}  # fmt: skip


def template_named(name: str, ending: str) -> Template:
    """Return a template, if it is written in this format. Raises NoSuchTemplate, TemplateFormat."""
    found = SHELF.get(name)
    if found is None:
        raise NoSuchTemplate(name=_shown(name), known=", ".join(SHELF))
    if ending not in found.formats:
        raise TemplateFormat(name=found.title, formats=" or ".join(found.formats), given=_shown(ending))
    return found


def _shown(text: str) -> str:
    return "".join(c for c in text[:60] if c.isprintable())
