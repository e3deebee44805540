"""The questionnaire's form read into answers: what a browser sends, as the deeds take it. Pure."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from colleague.governance.document.model import PARTS
from colleague.governance.document.questionnaire import BadAnswer
from colleague.policy.inputs import ANY

SINGLE = ("highest_input", "highest_external", "dispatch_ceiling", "zone", "retention")


def answers_of(form: FormData, scopes: list[Mapping[str, Any]], teams: Mapping[str, str]) -> dict[str, Any]:
    """Return the answers in a form. `scopes` are those that were offered, in order; `teams` names by id."""
    answers: dict[str, Any] = {name: _one(form, name) for name in SINGLE if name in form}
    answers["internal_domains"] = _one(form, "internal_domains").replace(",", " ").split()
    for name in ("confirm_internal", "require_acknowledgement"):
        answers[name] = _one(form, name) == "true"
    answers["ceilings"] = ceilings_of(_one(form, "ceilings"), teams)
    kept = {str(value) for value in form.getlist("scope")}
    answers["scopes"] = [dict(scope) for n, scope in enumerate(scopes) if str(n) in kept]
    answers["reviewed"] = [str(value) for value in form.getlist("reviewed")]
    answers["readers"] = [str(value) for value in form.getlist("readers")]
    answers["owners"] = {part: _one(form, f"owner_{part}") for part in PARTS if _one(form, f"owner_{part}")}
    columns = [[str(v) for v in form.getlist(name)] for name in ("own_part", "own_text", "own_cedar")]
    answers["own"] = [
        {"part": part, "text": text, "cedar": cedar}
        for part, text, cedar in zip(*columns, strict=False)
        if text.strip()
    ]
    return answers


def ceilings_of(text: str, teams: Mapping[str, str]) -> list[dict[str, str]]:
    """Read lines «team / skill = class»; a missing or `*` team or skill is any. Raises BadAnswer."""
    ids = {name.casefold(): team for team, name in teams.items()}
    found = []
    for line in text.splitlines():
        if not line.strip():
            continue
        who, _, word = line.rpartition("=")
        team, _, skill = (piece.strip() for piece in who.partition("/"))
        if team and team != ANY and team.casefold() not in ids:
            raise BadAnswer(name="ceilings", why=f"there is no team «{team[:60]}»")
        found.append({"team": ids.get(team.casefold(), ANY), "skill": skill or ANY, "class": word.strip()})
    return found


def ceilings_text(ceilings: Any, teams: Mapping[str, str]) -> str:
    """Return ceilings as the lines that `ceilings_of` reads."""
    return "\n".join(f"{teams.get(c['team'], c['team'])} / {c['skill']} = {c['class']}" for c in ceilings)


def _one(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
