"""Files of JSON objects, whether they are lines or one document, looked at and taken apart."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from segue.core.progress import Task
from segue.errors import DataError
from segue.readers import json_lines
from segue.readers.json_values import parsed
from segue.readers.report import Tally
from segue.readers.text import TextFile, first_lines, split_lines

_ENDINGS: Final = (".json", ".jsonl", ".ndjson")
_WRAPPED: Final = re.compile(r'\s*(?:\{\s*"[^"\\]*"\s*:\s*)?\[\s*')


class Entries(Tally):
    """Counts the entries of one JSON document, which have numbers, but no lines of their own."""

    def reject(self, reason: str, line: int | None = None, *, part: str = "", count: int = 1) -> None:
        super().reject(reason, None, part=part if line is None else f"entry {line}", count=count)


def first_object(path: Path) -> dict[str, Any] | None:
    """The first object of a file of JSON lines, of a JSON list, or of the list that is all a document holds.

    None where the file, by its name or its content, is nothing of the kind. Reads 64 KiB, raises nothing.
    """
    lines = first_lines(path) if path.suffix.lower() in _ENDINGS else []
    head = "\n".join(lines).removeprefix("\ufeff").lstrip()
    wrapping = _WRAPPED.match(head)
    try:
        first, _ = json.JSONDecoder().raw_decode(head, wrapping.end() if wrapping else 0)
    except (ValueError, RecursionError):
        return None
    return first if isinstance(first, dict) else None


def is_lines(text: TextFile) -> bool:
    """Whether the file has an object in each line, rather than being one document."""
    head = text.head()
    if not json_lines.looks_like_it(head.encode()):
        return False
    first = json.loads(next(line for line in split_lines(head) if line.strip()))
    return not (len(first) == 1 and isinstance(next(iter(first.values())), list))


def entries(text: TextFile, task: Task) -> list[Any]:
    """The list that a document is, or that is all it holds. It is read as a whole."""
    found = parsed(b"".join(block for block, _ in text.blocks(task)), text.path)
    if isinstance(found, dict) and len(found) == 1:
        found = next(iter(found.values()))
    if not isinstance(found, list):
        raise DataError(f"{text.path} is JSON, but neither a list of objects nor an object in each line")
    return found
