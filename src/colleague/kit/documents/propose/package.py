"""A Word file as its parts: what is not changed is written back byte for byte."""

import zipfile
from io import BytesIO
from typing import Any, Final

from lxml import etree

from colleague.kit.documents.guard import DocumentDamaged, guard
from colleague.kit.documents.propose.model import FileLocked, NotWord, WordTooLarge
from colleague.kit.documents.propose.words import W, element, text_element
from colleague.kit.documents.sniff import DOCX, OLE, sniff

_LARGEST: Final = 30_000_000
_MAIN: Final = "word/document.xml"
_RELS: Final = "word/_rels/document.xml.rels"
_REL: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_TYPE: Final = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_COMMENTS: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
_READ: Final = {"footnotes": "footnotes", "endnotes": "endnotes", "header": "header", "footer": "footer"}


class WordFile:
    """An opened Word file whose parts can be changed and saved."""

    def __init__(self, content: bytes, name: str) -> None:
        """Open it. Raises NotWord, FileLocked, WordTooLarge, and what `guard` raises (DocumentEncrypted and others)."""
        kind = sniff(content, name)
        if kind != DOCX or not name.lower().endswith(".docx"):
            if kind == OLE:
                guard(content, kind)
            raise NotWord
        guard(content, kind)
        self._zip = zipfile.ZipFile(BytesIO(content))
        self._trees: dict[str, Any] = {}
        self._new: set[str] = set()
        self.root = self.tree(_MAIN)
        if self.root is None or self.root.tag != f"{W}document":
            raise NotWord  # «Strict» files have other names for everything.
        self._refuse_locked()

    def tree(self, part: str) -> Any | None:
        """Return a part as a tree that is saved again if `touch`ed; None if there is none."""
        if part not in self._trees:
            if part not in self._zip.namelist():
                return None
            if self._zip.getinfo(part).file_size > _LARGEST:
                raise WordTooLarge
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
            try:
                self._trees[part] = etree.fromstring(self._zip.read(part), parser)
            except etree.XMLSyntaxError as error:
                raise DocumentDamaged from error
        return self._trees[part]

    def texts(self) -> dict[str, tuple[str, Any]]:
        """Return the parts with text, as a person calls them, with their trees: the document first."""
        found = {_MAIN: ("document", self.root)}
        for wanted, word in _READ.items():
            for part in self._related(wanted):
                tree = self.tree(part)
                if tree is not None:
                    found[part] = (word, tree)
        return found

    def comment(self, text: str, author: str, at: str) -> str:
        """Add a comment and return its number; the caller hangs it on a passage of the document."""
        root = self._comments()
        number = str(max((int(i) for c in root if (i := c.get(f"{W}id") or "").isdecimal()), default=-1) + 1)
        initials = "".join(word[0] for word in author.split())[:4]
        made = element("comment", id=number, author=author, date=at, initials=initials)
        for line in text.splitlines():
            paragraph, run = element("p"), element("r")
            run.append(text_element(line))
            paragraph.append(run)
            made.append(paragraph)
        root.append(made)
        return number

    def save(self, touched: set[str]) -> bytes:
        """Return the file with the parts that were touched; every other entry keeps its bytes."""
        changed, out = touched | self._new, BytesIO()
        with zipfile.ZipFile(out, "w") as saved:
            for info in self._zip.infolist():
                new = info.filename in changed
                content = _bytes(self._trees[info.filename]) if new else self._zip.read(info)
                saved.writestr(info, content, compress_type=info.compress_type)
            for part in sorted(changed - set(self._zip.namelist())):
                saved.writestr(part, _bytes(self._trees[part]), compress_type=zipfile.ZIP_DEFLATED)
        return out.getvalue()

    def _related(self, kind: str) -> list[str]:
        rels = self.tree(_RELS)
        targets = [] if rels is None else [
            r.get("Target") or "" for r in rels
            if (r.get("Type") or "") == f"{_OFFICE}{kind}" and r.get("TargetMode") != "External"
        ]  # fmt: skip
        return [t.removeprefix("/") if t.startswith("/") else f"word/{t}" for t in targets]

    def _comments(self) -> Any:
        present = self._related("comments")[:1]
        if present and (tree := self.tree(present[0])) is not None and tree.tag == element("comments").tag:
            self._new.update(present)
            return tree
        part, rels, types = "word/comments.xml", self.tree(_RELS), self.tree("[Content_Types].xml")
        if types is None or rels is None or part in self._zip.namelist():
            raise DocumentDamaged
        etree.SubElement(rels, f"{_REL}Relationship", Id="rIdColleagueComments", Type=f"{_OFFICE}comments",
                         Target="comments.xml")  # fmt: skip
        etree.SubElement(types, f"{_TYPE}Override", PartName=f"/{part}", ContentType=_COMMENTS)
        self._trees[part] = element("comments")
        self._new |= {part, _RELS, "[Content_Types].xml"}
        return self._trees[part]

    def _refuse_locked(self) -> None:
        if any(name.startswith("_xmlsignatures/") for name in self._zip.namelist()):
            raise FileLocked(why="it is signed, and any change would break the signature.")
        settings = self.tree("word/settings.xml")
        lock = None if settings is None else settings.find(f"{W}documentProtection")
        if lock is not None and (lock.get(f"{W}enforcement") or "0").lower() in ("1", "true", "on") and (
            lock.get(f"{W}edit") not in (None, "none", "trackedChanges")
        ):  # fmt: skip
            raise FileLocked(why="it is protected against editing. Its owner can take the protection off in Word.")


def _bytes(tree: Any) -> bytes:
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True))
