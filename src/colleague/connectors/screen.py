"""What no connector may hand over or take in, whoever asks: blocked paths and blocked kinds of content (CN-7). Pure.

The kind is told by the bytes, not the name. Archives (zip, tar, gzip, bzip2, xz), mails and what is embedded in office
files are looked into, within bounds: what cannot be judged is refused. Paths are compared in one spelling.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from colleague.kit.documents.sniff import sniff
from colleague.kit.documents.unpack import ARCHIVES, Budget, Unjudged, kind_of, unpack
from colleague.kit.errors import Forbidden
from colleague.policy.model import Governance

DEEP = 4


@dataclass(frozen=True, slots=True)
class Blocked:
    """What the organisation blocks: patterns of paths, and media types."""

    paths: tuple[str, ...] = Governance().blocked_paths
    types: tuple[str, ...] = Governance().blocked_types

    @staticmethod
    def of(governance: Governance) -> "Blocked":
        """Return what `governance` blocks. What ships is never left out: lists are only made longer (CT-3)."""
        return SHIPPED.also(governance.blocked_paths, governance.blocked_types)

    def also(self, paths: Iterable[str] = (), types: Iterable[str] = ()) -> "Blocked":
        """Return this with more patterns and types."""
        return Blocked(tuple(dict.fromkeys((*self.paths, *paths))), tuple(dict.fromkeys((*self.types, *types))))


SHIPPED = Blocked()


class BlockedPath(Forbidden):
    """Files like «{pattern}» are blocked by your organisation (rule blocked-path)."""

    rule = "blocked-path"


class BlockedType(Forbidden):
    """Files of the kind {kind} are blocked by your organisation, whatever their name (rule blocked-type)."""

    rule = "blocked-type"


class NotInspectable(Forbidden):
    """This file cannot be looked into ({why}), so it is blocked (rule blocked-type)."""

    rule = "blocked-type"


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    """Translate a glob: `**/` any folders, `**` anything, `*` and `?` within one name. Case does not matter."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", unicodedata.normalize("NFKC", glob).casefold())
    words = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts), re.DOTALL)


def one_spelling(path: str) -> str:
    """Return a path as it is compared: without case, invisible signs, empty, `.` and `..` steps, ends that file systems
    drop (dots, blanks) and streams (`a.pem::$DATA`); backslashes are slashes."""
    folded = unicodedata.normalize("NFKC", path)
    seen = "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Cc", "Cs", "Co", "Cn"))
    steps: list[str] = []
    for step in seen.casefold().replace("\\", "/").split("/"):
        bare = step.partition(":")[0].rstrip(" .") or ("" if step.strip(" .") == "" else step)
        if step.strip() == ".." and steps:
            steps.pop()
        elif bare:
            steps.append(bare.strip())
    return "/".join(steps)


def blocked_by(path: str, globs: Iterable[str]) -> str | None:
    """Return the glob that blocks `path` or a folder it lies in; None if none does."""
    names = {one_spelling(path), unicodedata.normalize("NFKC", path).casefold().strip("/")}
    wanted = {c for n in names for c in (n, f"{n}/", *(n[: m.start()] for m in re.finditer("/", n)))}
    for glob in globs:
        if any(_pattern(glob).fullmatch(candidate) for candidate in wanted):
            return glob
    return None


def screen(path: str, content: bytes | None = None, *, blocked: Blocked = SHIPPED) -> None:
    """Refuse a blocked path, and (with `content`) a blocked kind, also inside what the content wraps.

    Raises BlockedPath, BlockedType, NotInspectable; each names its rule.
    """
    if glob := blocked_by(path, blocked.paths):
        raise BlockedPath(pattern=glob)
    if content is not None:
        try:
            _look(path, content, blocked, 0, Budget())
        except Unjudged as fault:
            raise NotInspectable(why=str(fault)) from None


def _look(name: str, content: bytes, blocked: Blocked, depth: int, budget: Budget) -> None:
    kind = kind_of(content)
    # A docx is a zip too, a page of the web is text too: either word may be blocked.
    for word in (kind, sniff(content, name)):
        if word in blocked.types:
            raise BlockedType(kind=word)
    if depth >= DEEP:
        if kind in ARCHIVES:
            raise Unjudged("archives in archives, more than three deep")
        return
    for inner, held in unpack(content, name, budget):
        if glob := blocked_by(inner, blocked.paths):
            raise BlockedPath(pattern=glob)
        if held is not None:
            _look(inner, held, blocked, depth + 1, budget)
