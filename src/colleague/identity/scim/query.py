"""Find people and groups: filters become conditions of the database where they can, else each one is looked at."""

from collections.abc import Callable, Mapping
from typing import Any

from scim2_models import ResponseParameters, ScimFilter
from scim2_models.path.expressions import Comparison, FilterNode, LogicalExpr
from sqlalchemy import ColumnElement

from colleague.identity.scim.model import PAGE, POLICY
from colleague.identity.scim.normal import Malformed

LONGEST, DEEPEST, LIST = 1000, 20, "urn:ietf:params:scim:api:messages:2.0:ListResponse"
Column = Callable[[str], ColumnElement[bool]]


def read_filter(text: str, model: Any) -> Any:
    """Return a filter that is bound to `model`. Raises Malformed, or the library's own refusal."""
    if len(text) > LONGEST or text.count("(") + text.count("[") > DEEPEST:
        raise Malformed(f"A filter has at most {LONGEST} characters and {DEEPEST} brackets.", "invalidFilter")
    with POLICY:
        found: Any = ScimFilter[model](text)
    return found


def condition(node: FilterNode, columns: Mapping[str, Column]) -> tuple[ColumnElement[bool] | None, bool]:
    """Return what of a filter the database can judge, and whether that is all of it.

    `columns`: from an attribute (small letters) to the condition that it equals a text.
    """
    match node:
        case Comparison(attr_path=path, op=op, value=str(value)) if op == "eq" and path.uri is None:
            column = columns.get(f"{path.attr}.{path.sub_attr}".casefold() if path.sub_attr else path.attr.casefold())
            if column is not None:
                # Nothing is equal to a text that PostgreSQL cannot hold; «looked at one by one» finds that out.
                return (column(value), True) if value.isprintable() else (None, False)
        case LogicalExpr(op=op, terms=terms) if op == "and":
            parts = [condition(term, columns) for term in terms]
            known = [part for part, _ in parts if part is not None]
            together = known[0] if known else None
            for part in known[1:]:
                together = together & part if together is not None else part
            return together, all(whole for _, whole in parts)
        case _:
            pass
    return None, False


def page_of(query: Mapping[str, str]) -> tuple[int, int]:
    """Return where to begin (from 0) and how many to return. Raises Malformed."""
    try:
        start, count = int(query.get("startindex", "1")), int(query.get("count", "100"))
    except ValueError:
        raise Malformed("startIndex and count are whole numbers.", "invalidValue") from None
    return min(max(start, 1), 10**9) - 1, min(max(count, 0), PAGE)


def shown_of(query: Mapping[str, str], model: Any) -> Any:
    """Return which attributes were asked for, or None."""
    chosen = {k: query[v] for k, v in (("attributes", "attributes"), ("excludedAttributes", "excludedattributes"))
              if query.get(v)}  # fmt: skip
    if not chosen:
        return None
    with POLICY:
        found: Any = ResponseParameters[model].model_validate(chosen)
    return found


def list_of(found: list[dict[str, Any]], total: int, start: int) -> dict[str, Any]:
    """Return a list response. Nothing found is an empty list, not an error."""
    return {"schemas": [LIST], "totalResults": total, "startIndex": start + 1, "itemsPerPage": len(found),
            "Resources": found}  # fmt: skip
