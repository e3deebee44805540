"""The class of what is read is the highest that its place, a path rule, its label or a detector gives; none lowers."""

from itertools import combinations

import pytest

from colleague.files.classify import above, class_of_path, classed, why_so_high
from colleague.policy.model import DataClass, Governance, Integrity, Label

GUID = "11111111-2222-3333-4444-555555555555"
RULES = Governance(
    label_classes=(f"{GUID}=confidential",),
    path_classes=("**/hr/**=confidential", "**/*.salary.xlsx=restricted", "**/press/**=public"),
)
CARD, KEY = "Card 4111 1111 1111 1111", "AKIA" + "ABCDEFGHIJKLMNOP"
PUBLIC, INTERNAL, CONFIDENTIAL, RESTRICTED = DataClass


def read(place: DataClass, path: str, text: str = "Words.", sensitivity: str = "") -> Label:
    label = Label(Integrity.TRUSTED, place, sources=frozenset({f"folder:{path}"}))
    return classed(label, text, RULES, sensitivity=sensitivity)


@pytest.mark.parametrize(("label", "found", "why"), [
    (read(INTERNAL, "Bids/a.md"), INTERNAL, "the class of folder:Bids/a.md"),
    (read(PUBLIC, "Bids/a.md"), PUBLIC, "nobody"),
    (read(INTERNAL, "Bids/HR/a.md"), CONFIDENTIAL, "the path rule **/hr/**, for folder:Bids/HR/a.md"),
    (read(INTERNAL, "hr"), CONFIDENTIAL, "the path rule"),  # the folder itself, as it is listed
    (read(RESTRICTED, "Bids/hr/a.md"), RESTRICTED, "the class of"),
    (read(INTERNAL, "x/May.SALARY.xlsx"), RESTRICTED, "salary"),
    (read(INTERNAL, "press/a.md"), INTERNAL, "the class of"),  # a rule never lowers
    (read(INTERNAL, "a.docx", sensitivity=GUID), CONFIDENTIAL, "the sensitivity label"),
    (read(INTERNAL, "a.docx", sensitivity="another"), CONFIDENTIAL, "the sensitivity label"),  # nobody mapped it
    (read(RESTRICTED, "a.docx", sensitivity=GUID), RESTRICTED, "the class of"),
    (read(PUBLIC, "a.md", CARD), CONFIDENTIAL, "payment card, found by detectors in folder:a.md"),
    (read(PUBLIC, "a.md", KEY), RESTRICTED, "access key, found by detectors"),
])  # fmt: skip
def test_each_source_of_a_class(label: Label, found: DataClass, why: str) -> None:
    assert label.data_class == found
    assert why in why_so_high(label)


SOURCES = {
    "place": (CONFIDENTIAL, lambda on: CONFIDENTIAL if on else PUBLIC),
    "path": (RESTRICTED, lambda on: "a.salary.xlsx" if on else "a.xlsx"),
    "label": (CONFIDENTIAL, lambda on: GUID if on else ""),
    "detector": (RESTRICTED, lambda on: KEY if on else "Words."),
}


@pytest.mark.parametrize("on", [c for n in range(5) for c in combinations(SOURCES, n)], ids="+".join)
def test_together_the_highest_holds_and_every_reason_is_kept(on: tuple[str, ...]) -> None:
    place, path, label, text = (SOURCES[name][1](name in on) for name in SOURCES)
    found = read(place, path, text, label)
    assert found.data_class == max((SOURCES[name][0] for name in on), default=PUBLIC)
    assert len(found.reasons) == len(on)
    assert found.integrity is Integrity.TRUSTED
    once_more = classed(found, text, RULES, sensitivity=label)
    assert once_more == found  # looked at twice, nothing new is known


def test_what_is_joined_has_the_reasons_of_both_and_those_above_a_class_are_named() -> None:
    both = read(INTERNAL, "a.md", CARD).join(read(INTERNAL, "b.md", KEY))
    assert both.data_class == RESTRICTED
    assert [r.partition(":")[0] for r in above(both.reasons, INTERNAL)] == ["restricted", "confidential"]
    assert above(both.reasons, RESTRICTED) == []
    assert Label.from_json(both.to_json()) == both
    old = {k: v for k, v in both.to_json().items() if k != "reasons"}
    assert Label.from_json(old).data_class == RESTRICTED  # stored before there were reasons


@pytest.mark.parametrize("path", ["HR/a.md", "x/ｈｒ/a.md", "hr/deep/er/a.md", "./hr/a.md"])
def test_a_path_rule_is_not_evaded_by_spelling(path: str) -> None:
    assert class_of_path(path, RULES)[0] == CONFIDENTIAL
