"""The tools of a folder, as values."""

from typing import Any, Final

from colleague.connectors.connector import Field, Tool
from colleague.kit.documents.propose.model import LONGEST_COMMENT, LONGEST_FIND, LONGEST_NEW, MOST
from colleague.policy.model import Role, Tier


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_PATH: Final = {"type": "string", "maxLength": 1000}
_FILE: Final = {"type": "string", "minLength": 1, "maxLength": 1000}
_PAGE: Final = {"type": "integer", "minimum": 1, "maximum": 100_000}

TEXT_LIMIT: Final = 1_000_000

FIELDS: Final = (
    Field("root", "Folder on the server", help="An absolute path; or several, one a line, as «Name = /path»."),
    Field("blocked", "Also blocked", required=False, help="Patterns such as **/Payroll/**, one a line."),
)

TOOLS: Final = (
    Tool(
        "folder_list", "List a folder",
        "List files and folders of the company's shared folder. Without a path: everything that is open to you.",
        _object([], path=_PATH),
        Tier.READ, {"path": Role.OPTION}, place="path", undo="nothing to undo",
    ),
    Tool(
        "folder_read", "Read a file",
        "Read a file of the shared folder, all of it or the pages from `first` to `last`.",
        _object(["path"], path=_FILE, first=_PAGE, last=_PAGE),
        Tier.READ, {"path": Role.OPTION, "first": Role.OPTION, "last": Role.OPTION}, place="path",
        undo="nothing to undo",
    ),
    Tool(
        "folder_search", "Search a folder",
        "Find files of the shared folder by words in their name or text. `path` narrows it to one folder.",
        _object(
            ["query"],
            query={"type": "string", "minLength": 1, "maxLength": 200},
            path=_PATH,
            limit={"type": "integer", "minimum": 1, "maximum": 50},
        ),
        Tier.READ, {"query": Role.CONTENT, "path": Role.OPTION, "limit": Role.OPTION}, place="path",
        undo="nothing to undo",
    ),
    Tool(
        "folder_write", "Save a file",
        "Save a file in the shared folder: either text (`content`) or one of this task's outputs (`output`, its name). "
        "An existing file is only replaced if `replace` is true.",
        _object(
            ["path"],
            path=_FILE,
            content={"type": "string", "maxLength": TEXT_LIMIT},
            output={"type": "string", "minLength": 1, "maxLength": 200},
            replace={"type": "boolean"},
        ),
        Tier.MODIFY,
        {"path": Role.TARGET, "content": Role.CONTENT, "output": Role.OPTION, "replace": Role.OPTION},
        writes=True, place="path", undo="the version before is kept for 30 days",
    ),
    Tool(
        "folder_propose_edits", "Propose changes in a Word file",
        "Propose changes inside a Word file (.docx) of the shared folder: tracked changes that the person accepts or "
        "rejects in Word. `version` stands at the end of what folder_read gave. Each edit finds words of one paragraph "
        "exactly as they stand and says what shall stand there («» takes them away; a line break begins a paragraph); "
        "`occurrence` says which one if they stand there several times; `comment` says why.",
        _object(
            ["path", "version", "edits"],
            path=_FILE,
            version={"type": "string", "pattern": "^[0-9a-f]{16}$"},
            edits={
                "type": "array", "minItems": 1, "maxItems": MOST,
                "items": _object(
                    ["find", "replace"],
                    find={"type": "string", "minLength": 1, "maxLength": LONGEST_FIND},
                    replace={"type": "string", "maxLength": LONGEST_NEW},
                    occurrence={"type": "integer", "minimum": 1, "maximum": 100_000},
                    comment={"type": "string", "maxLength": LONGEST_COMMENT},
                ),
            },
        ),
        Tier.MODIFY, {"path": Role.TARGET, "version": Role.OPTION, "edits": Role.CONTENT},
        writes=True, place="path", undo="each change can be rejected in Word; the version before is kept for 30 days",
    ),
    Tool(
        "folder_delete", "Delete a file", "Delete one file of the shared folder.",
        _object(["path"], path=_FILE),
        Tier.MODIFY, {"path": Role.TARGET}, writes=True, deletes=True, place="path", undo="it is kept for 30 days",
    ),
)  # fmt: skip
