"""A folder on the server: list, read, search, save, propose, delete, never outside the places that a grant opens."""

import asyncio
import difflib
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from colleague.connectors.connector import (
    Access,
    Account,
    BadArguments,
    Effected,
    NotReachable,
    Preview,
    Result,
    Tool,
)
from colleague.connectors.excerpt import excerpt
from colleague.connectors.folder import history, shelf
from colleague.connectors.folder.places import (
    Spot,
    begin,
    blocked_of,
    label_of,
    normal,
    on_disk,
    opened_places,
    roots_of,
    spot,
)
from colleague.connectors.folder.propose import LIMIT as PROPOSE_LIMIT
from colleague.connectors.folder.propose import propose, shown, version_of
from colleague.connectors.folder.search import TextCache, search
from colleague.connectors.folder.tools import FIELDS, TOOLS
from colleague.connectors.folder.tree import find_entry, find_file, list_folder, read_file
from colleague.connectors.screen import blocked_by, screen
from colleague.connectors.shelf import Kept
from colleague.connectors.undo import Done
from colleague.kit.clock import Clock, SystemClock
from colleague.kit.documents.read import read_document
from colleague.kit.errors import Conflict

READ_LIMIT, WRITE_LIMIT, DIFF_LIMIT = 50_000_000, 20_000_000, 200_000
_CHANGING = ("folder_write", "folder_propose_edits", "folder_delete")
_WRITTEN_AS_TEXT = frozenset({"", "txt", "md", "csv", "tsv", "html", "htm", "json", "xml", "yaml", "yml", "ics", "log"})


class FileExists(Conflict):
    """There is a file of this name already: choose another name, or set `replace`."""


class FolderConnector:
    """Files under the folders an administrator named. Places are paths; "" is everything."""

    kind = "folder"
    title = "Shared folder"
    fields = FIELDS
    undo_days = history.KEEP_SECONDS // 86_400

    def __init__(self, *, clock: Clock | None = None) -> None:
        """Take the clock that dates proposed changes."""
        self._cache, self._clock = TextCache(), clock or SystemClock()

    def accept(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings as stored; BadArguments if a root is no existing folder with an absolute path."""
        for root in roots_of(config).values():
            if not root.is_dir():
                raise BadArguments(f"«{root}» is not a folder on this server.")
        return dict(config)

    def normal_place(self, place: str) -> str:
        """Return a grant's place in the one way it is written."""
        return "" if place.strip() == "*" else normal(place.strip())

    def tools(self) -> Sequence[Tool]:
        """Return list, read, search, write, propose, delete."""
        return TOOLS

    def place(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Return the path a call touches; "" for a listing or search of everything that is open."""
        path = normal(str(arguments.get("path", "")))
        if tool in _CHANGING and not path:
            raise BadArguments("Name a file.")
        return path

    def recipients(self, tool: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Return nobody: files are sent to no one."""
        return ()

    def preview(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Preview:
        """Show the file as it will be: the text, or the difference to what it replaces."""
        path = self.place(tool, arguments)
        if tool not in _CHANGING:
            return Preview(
                self._tool(tool).title, (("Path", path or "everything open to you"),), undo="nothing to undo"
            )
        at = spot(access, path, writing=True)
        before = find_file(at.root, at.parts, limit=READ_LIMIT)
        undo = self._tool(tool).undo
        if tool == "folder_delete":
            if before is None:
                raise NotReachable
            return Preview("Delete a file", (("File", path), ("Size", f"{len(before):,} bytes")), undo=undo)
        if tool == "folder_propose_edits":
            content = read_file(at.root, at.parts, limit=PROPOSE_LIMIT)
            changes = propose(content, path, arguments, access, self._clock.now()).changes
            fields = (("File", path), ("Version", str(arguments["version"])), ("Changes", str(len(changes))))
            return Preview(self._tool(tool).title, fields, shown(changes), undo=undo)
        content, name = self._content(arguments, access)
        what = "a new file" if before is None else f"replaces a file of {len(before):,} bytes"
        fields = (("File", path), ("Size", f"{len(content):,} bytes"), ("Effect", what))
        return Preview("Save a file", fields, _shown(before, content, name), (name,) if name else (), undo)

    async def call(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Result:
        """Do it. Raises NotReachable, OutOfScope, BadArguments, BlockedPath, BlockedType, FileExists and others."""
        path = self.place(tool, arguments)
        match tool:
            case "folder_list":
                return await asyncio.to_thread(self._list, path, access)
            case "folder_read":
                return await self._read(path, arguments, access)
            case "folder_search":
                return await self._search(path, arguments, access)
            case "folder_write":
                return await asyncio.to_thread(self._write, path, arguments, access)
            case "folder_propose_edits":
                return await asyncio.to_thread(self._propose, path, arguments, access)
            case "folder_delete":
                return await asyncio.to_thread(self._delete, path, access)
            case _:
                raise BadArguments(f"There is no tool {tool}.")

    async def effected(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Effected:
        """Compare the record the call left behind with the file as it is now."""
        if tool not in _CHANGING:
            return Effected.NO
        at = on_disk(access.account, self.place(tool, arguments))
        return await asyncio.to_thread(history.effect_of, at.root, access.idempotency_key)

    async def check(self, account: Account) -> str:
        """Look into every root."""
        counts = [f"{name or root}: {len(list_folder(root, ()))}" for name, root in roots_of(account.config).items()]
        return f"Readable ({', '.join(counts)} entries)."

    def undo_as(self, place: str) -> tuple[str, Mapping[str, Any]]:
        """Return the tool and arguments by which the rules decide whether a file may be put back."""
        return "folder_write", {"path": place, "content": "", "replace": True}

    async def undo(self, place: str, changes: Sequence[Done], access: Access) -> Result:
        """Put a file back as it was before the first of `changes`; raises what `history.version_before` raises."""
        path = self.place("folder_write", {"path": place})
        return await asyncio.to_thread(self._undo, path, changes, access)

    def walk(self, place: str, access: Access) -> AsyncIterator[Kept]:
        """Give every file at or below `place` that is opened and not blocked, for an index."""
        return shelf.walk(place, access)

    async def stamp(self, path: str, access: Access) -> str:
        """Return what changes when the file does; NotReachable if it is not there for these grants."""
        return await shelf.stamp(path, access)

    async def fetch(self, path: str, access: Access) -> bytes:
        """Return a file's bytes for an index; refused where reading it would be."""
        return await shelf.fetch(path, access)

    def _tool(self, name: str) -> Tool:
        return next(t for t in TOOLS if t.name == name)

    def _list(self, path: str, access: Access) -> Result:
        places = opened_places(access, path)
        if not places:
            raise NotReachable
        blocked = blocked_of(access)
        starts = begin(access.account, places)
        entries = []
        if starts == [path]:
            at = on_disk(access.account, path)
            screen(path, blocked=blocked)
            for entry in list_folder(at.root, at.parts):
                below = f"{path}/{entry.name}" if path else entry.name
                entries.append((below, entry.kind, entry.size))
        else:
            for start in starts:
                at = on_disk(access.account, start)
                if found := find_entry(at.root, at.parts):
                    entries.append((start, found.kind, found.size))
        shown = [
            {"path": p, "name": p.rpartition("/")[2], "kind": kind, "size": size}
            for p, kind, size in entries
            if not blocked_by(p, blocked.paths)
        ]
        lines = [f"{e['path']}{'/' if e['kind'] == 'folder' else ''}  ({e['size']:,} bytes)" for e in shown]
        return Result("\n".join(lines) or "Nothing is here.", {"entries": shown}, label_of(access, *places))

    async def _read(self, path: str, arguments: Mapping[str, Any], access: Access) -> Result:
        at = spot(access, path)
        screen(path, blocked=blocked_of(access))
        content = await asyncio.to_thread(read_file, at.root, at.parts, limit=READ_LIMIT)
        await asyncio.to_thread(screen, path, content, blocked=blocked_of(access))
        name = at.parts[-1]
        part = excerpt(await read_document(content, name), arguments.get("first") or 1, arguments.get("last"))
        data = {"document": part.document.to_json(), "name": name, "path": path, "next": part.next}
        data["sha256"] = hashlib.sha256(content).hexdigest()
        version = f"\n[version {version_of(content)}]" if _suffix(name) == "docx" else ""
        return Result(part.text + version, data, label_of(access, path))

    async def _search(self, path: str, arguments: Mapping[str, Any], access: Access) -> Result:
        places = opened_places(access, path)
        if not places:
            raise NotReachable
        limit = arguments.get("limit") or 20
        hits, complete = await search(access, places, str(arguments["query"]), limit, self._cache)
        data = {
            "hits": [{"path": h.path, "name": h.name, "excerpt": h.excerpt} for h in hits],
            "complete": complete,
        }
        lines = [f"{h.path}: {h.excerpt}" for h in hits] or ["Nothing was found."]
        if not complete:
            lines.append("[Not every file could be looked at in time: narrow the search with `path`.]")
        return Result("\n".join(lines), data, label_of(access, *[h.path for h in hits]))

    def _write(self, path: str, arguments: Mapping[str, Any], access: Access) -> Result:
        at = spot(access, path, writing=True)
        screen(path, blocked=blocked_of(access))
        content, _ = self._content(arguments, access)
        screen(path, content, blocked=blocked_of(access))
        if history.effect_of(at.root, access.idempotency_key) is not Effected.YES:
            existing = find_entry(at.root, at.parts)
            if existing and existing.kind == "folder":
                raise BadArguments("There is a folder of this name: name a file in it.")
            before = find_file(at.root, at.parts, limit=READ_LIMIT)
            if before is not None and not arguments.get("replace"):
                raise FileExists
            history.apply(at.root, at.parts, content, key=access.idempotency_key, seen=before)
        return self._changed(f"Saved {path} ({len(content):,} bytes).", at, access)

    def _propose(self, path: str, arguments: Mapping[str, Any], access: Access) -> Result:
        at = spot(access, path, writing=True)
        screen(path, blocked=blocked_of(access))
        if history.effect_of(at.root, access.idempotency_key) is not Effected.YES:
            before = read_file(at.root, at.parts, limit=PROPOSE_LIMIT)
            screen(path, before, blocked=blocked_of(access))
            content = propose(before, path, arguments, access, self._clock.now()).content
            history.apply(at.root, at.parts, content, key=access.idempotency_key, seen=before)
        count = len(arguments["edits"])
        words = "1 change, tracked" if count == 1 else f"{count} changes, tracked"
        text = f"Proposed in {path}: {words}. Each is accepted or rejected in Word; read the file again to go on."
        return self._changed(text, at, access)

    def _delete(self, path: str, access: Access) -> Result:
        at = spot(access, path, writing=True)
        screen(path, blocked=blocked_of(access))
        if history.effect_of(at.root, access.idempotency_key) is not Effected.YES:
            before = read_file(at.root, at.parts, limit=READ_LIMIT)
            history.apply(at.root, at.parts, None, key=access.idempotency_key, seen=before)
        return self._changed(f"Deleted {path}.", at, access)

    def _undo(self, path: str, changes: Sequence[Done], access: Access) -> Result:
        at = spot(access, path, writing=True)
        screen(path, blocked=blocked_of(access))
        if history.effect_of(at.root, access.idempotency_key) is not Effected.YES:
            now = find_file(at.root, at.parts, limit=READ_LIMIT)
            before = history.version_before(at.root, "/".join(at.parts), now, changes)
            history.apply(at.root, at.parts, before, key=access.idempotency_key, seen=now)
        return self._changed(f"Put {path} back as it was.", at, access)

    def _changed(self, text: str, at: Spot, access: Access) -> Result:
        change = history.find_change(at.root, access.idempotency_key)
        facts = {"before": change.before, "after": change.after} if change else {}
        return Result(text, {"path": at.path, "undo": access.idempotency_key, **facts})

    def _content(self, arguments: Mapping[str, Any], access: Access) -> tuple[bytes, str]:
        """Return what is to be saved, and the name of the output it comes from ("" for text)."""
        suffix = _suffix(str(arguments["path"]))
        if (arguments.get("content") is None) == (not arguments.get("output")):
            raise BadArguments("Give either `content` (text) or `output` (one of this task's outputs).")
        if arguments.get("content") is not None:
            if suffix not in _WRITTEN_AS_TEXT:
                raise BadArguments(f"A .{suffix} file is not text: write it as an output first, then save that.")
            content, name = str(arguments["content"]).encode(), ""
        else:
            if len(access.attachments) != 1:
                raise BadArguments("There is no such output to save.")
            content, name = access.attachments[0].content, access.attachments[0].name
            if _suffix(name) and _suffix(name) != suffix:
                raise BadArguments(f"The output is a .{_suffix(name)} file: give the path the same ending.")
        if len(content) > WRITE_LIMIT:
            raise BadArguments("More than 20 MB cannot be saved.")
        return content, name


def _suffix(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[2].casefold() if "." in name.rpartition("/")[2] else ""


def _shown(before: bytes | None, content: bytes, name: str) -> str:
    """Return the text of a file as it will be, or its difference to the one it replaces."""
    try:
        new = content.decode()
        old = before.decode() if before is not None else None
    except UnicodeDecodeError:
        return f"The output «{name}», {len(content):,} bytes." if name else ""
    if old is None:
        return new
    if len(old) + len(new) > DIFF_LIMIT:
        return new
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "before", "after", lineterm="")
    return "\n".join(lines) or "The file stays as it is."
