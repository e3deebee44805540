"""The class of what is read: by its place, by path rules, by its sensitivity label, by detectors (SC-1, R71). Pure.

Each only raises: the class is the highest of all, and every reason for it is kept, so that whoever may lower it sees
what they overrule. What nothing is known of is confidential, what cannot be opened is of the highest class.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from colleague.connectors.screen import blocked_by
from colleague.policy.detect import class_of_text
from colleague.policy.model import DataClass, Governance, Label

UNKNOWN, UNOPENED = DataClass.CONFIDENTIAL, DataClass.RESTRICTED
NOBODY = "nobody has said otherwise"


def reason(data_class: DataClass, why: str) -> str:
    """Return one reason as it is kept: «class: why»."""
    return f"{data_class.name.lower()}: {why}"


def class_of_path(path: str, governance: Governance) -> tuple[DataClass, str]:
    """Return the highest class that a path rule gives `path` or a folder it lies in, and the rule's pattern."""
    found = (DataClass.PUBLIC, "")
    for entry in governance.path_classes:
        pattern, _, word = entry.rpartition("=")
        data_class = DataClass[word.upper()]
        if data_class > found[0] and blocked_by(path, [pattern]):
            found = (data_class, pattern)
    return found


def class_of_label(labels: str, governance: Governance) -> DataClass:
    """Return the class that a file's sensitivity labels stand for; a label nobody has mapped counts as confidential."""
    known = dict(entry.split("=", 1) for entry in governance.label_classes)
    classes = [DataClass[known[g].upper()] if g in known else UNKNOWN for g in labels.split()]
    return max(classes, default=DataClass.PUBLIC)


def _path(source: str) -> str:
    """Return the path in a source as labels name it: «connector:path», or the name of an upload alone."""
    connector, colon, path = source.partition(":")
    return path if colon and connector.isidentifier() else source


def classed(label: Label, text: str, governance: Governance, *, sensitivity: str = "") -> Label:
    """Return `label`, the class its place has, raised by what path rules, sensitivity labels and detectors say.

    `text` is what was read, `sensitivity` the labels found in the file.
    """
    where = ", ".join(sorted(label.sources))
    found = [label]
    if label.data_class > DataClass.PUBLIC and not label.reasons:
        found.append(_because(label.data_class, f"the class of {where or 'where it was read'}"))
    for source in sorted(label.sources):
        data_class, pattern = class_of_path(_path(source), governance)
        if pattern:
            found.append(_because(data_class, f"the path rule {pattern}, for {source}"))
    if sensitivity:
        found.append(_because(class_of_label(sensitivity, governance), f"the sensitivity label of {where}"))
    detected = class_of_text(text)
    if detected.categories:
        why = f"{', '.join(sorted(detected.categories))}, found by detectors in {where or 'the words'}"
        found.append(replace(_because(detected.data_class, why), categories=detected.categories))
    return reduce(Label.join, found)


def _because(data_class: DataClass, why: str) -> Label:
    return Label(data_class=data_class, reasons=frozenset({reason(data_class, why)}))


def why_so_high(label: Label) -> str:
    """Return the reasons that gave a label its class, as one text."""
    word = reason(label.data_class, "")
    top = [r.removeprefix(word) for r in sorted(label.reasons) if r.startswith(word)]
    return "; ".join(top) or NOBODY


def above(reasons: Iterable[str], data_class: DataClass) -> list[str]:
    """Return the reasons that gave a higher class than `data_class`, strictest first."""
    kept = [(DataClass[r.partition(":")[0].upper()], r) for r in reasons]
    return [r for c, r in sorted(kept, key=lambda one: (-one[0], one[1])) if c > data_class]
