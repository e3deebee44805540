"""Where does a value in a call come from? Identity-bearing arguments must have a known origin. Pure.

Positive provenance: a recipient, target, URL, amount or identifier is known only if it stands in the person's own
words, in the organisation's directory, or in a result that the organisation trusts. Found nowhere, or only in
untrusted text: in doubt. So is what a person cannot judge on sight (look-alike letters, a hidden host).
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from colleague.policy.addresses import addresses_in, bare, oddity_of_address, oddity_of_url, one_spelling, urls_in
from colleague.policy.model import Doubt, Role
from colleague.policy.numbers import amounts_in, numbers_in, read_amount, without_dates
from colleague.policy.traces import folded, trace

_SILENT = frozenset({Role.CONTENT, Role.OPTION})
# Longer than any name of a thing: such a text is content in disguise.
LONGEST = 2000
_WORD = re.compile(r"\w+")

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody in the organisation's own directory."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Voucher:
    """A text that the organisation stands behind. `asked` is what the model itself put into the call that gave it.

    INVARIANT: what a tool merely repeats of its own arguments is the model's word, not the organisation's.
    """

    text: str
    asked: str = ""

    def names(self, value: "Value", role: Role) -> bool:
        """Say whether the text names `value`, and not only because it was asked for it."""
        return mentions(value, role, self.text) and (not self.asked or folded(str(value)) not in folded(self.asked))


def folded_words(text: str) -> str:
    """Return `text` folded, with single blanks kept between words."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def mentions(value: Value, role: Role, text: str) -> bool:
    """Say whether `text` names `value` as a thing of the same kind: an address as an address, an amount as an amount.

    Typed on purpose: the «13» of a date does not vouch for identifier 13, nor a folder for what lies in it.
    """
    named = str(value).strip()
    if not named or len(named) > LONGEST:
        return False
    match role:
        case Role.RECIPIENT:
            wanted = bare(named)
            return bool(wanted) and wanted in one_spelling_of(text, wanted) and wanted in addresses_in(text)
        case Role.URL:
            wanted = named.rstrip("/.,;!?")
            return wanted in text and wanted in urls_in(text)
        case Role.AMOUNT:
            amount = read_amount(value)
            return amount is not None and amount in amounts_in(text)
        case _ if named.isdigit():
            return named in text and named in numbers_in(text)
        case _:
            # A path is known as a whole: «bids/q1.docx» vouches neither for «bids» nor for «q1.docx».
            bounded = rf"(?<![\w./\\-]){re.escape(folded_words(named))}(?![\w/\\-]|\.\w)"
            return re.search(bounded, folded_words(without_dates(text))) is not None


def one_spelling_of(text: str, wanted: str) -> str:
    """Return `text` in the spelling of `wanted`: a quick look before the addresses of a long text are read."""
    return text.lower() if wanted.isascii() else text


def _in_directory(value: str, role: Role, directory: Collection[Known]) -> bool:
    """A colleague's address is known: the directory is the organisation's own word for who they are."""
    if role is not Role.RECIPIENT:
        return False
    address = bare(value)
    return bool(address) and address in {one_spelling(k.email) for k in directory}


def oddity(value: str, role: Role) -> str:
    """Say why a person could be misled by `value` on sight; "" if nothing is wrong with it."""
    if not value.isprintable() and role is not Role.AMOUNT:
        return "holds letters that cannot be seen"
    match role:
        case Role.RECIPIENT:
            return oddity_of_address(value)
        case Role.URL:
            return oddity_of_url(value.strip())
        case _:
            return ""


def doubts(
    arguments: Mapping[str, Any],
    roles: Mapping[str, Role],
    *,
    request: str,
    directory: Collection[Known],
    trusted: Iterable[Voucher],
    untrusted: Mapping[str, str],
) -> tuple[Doubt, ...]:
    """Return the identity-bearing arguments whose origin is not known, or whose look deceives.

    `request` is the person's own words; `trusted` are results of sources the organisation trusts; `untrusted` maps the
    name of a source to its text. An argument without a role is content.
    """
    vouchers = (Voucher(request), *trusted)
    found = []
    for name, raw in arguments.items():
        role = roles.get(name, Role.CONTENT)
        if role in _SILENT:
            continue
        for value in _values(raw):
            text = str(value)
            odd = oddity(text, role)
            if odd or not (_in_directory(text, role, directory) or any(v.names(value, role) for v in vouchers)):
                found.append(Doubt(name, text, role, trace(text, untrusted), odd))
    return tuple(found)


def _values(raw: Any) -> list[Value]:
    """Return the single values of an argument; numbers stay numbers, an empty text names nothing."""
    if raw is None or raw == "":
        return []
    if isinstance(raw, Mapping):
        return [v for item in raw.values() for v in _values(item)]
    if isinstance(raw, list | tuple):
        return [v for item in raw for v in _values(item)]
    return [raw if isinstance(raw, int | float) and not isinstance(raw, bool) else str(raw)]


def own_words(arguments: Mapping[str, Any], request: str) -> bool:
    """Say whether every word and number in `arguments` stands in the person's own request, web addresses as a whole.

    Then the call carries nothing out that was read on the way.
    """
    said = set(_WORD.findall(folded_words(request)))
    for value in _values(list(arguments.values())):
        text = str(value)
        if "://" in text:
            if not mentions(text, Role.URL, request):
                return False
        elif not text.isprintable() or not said.issuperset(_WORD.findall(folded_words(text))):
            return False
    return bool(said)
