"""A whole JSON document in memory, or one clear sentence on why it is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from segue.errors import DataError

_MARK: Final = b"\xef\xbb\xbf"


def parsed(content: bytes, path: Path) -> Any:
    """The document. Raises DataError, with the byte up to which it is whole, where it is empty, damaged or cut short.

    A damaged export is an error even when not strict: what follows the damage would be missing without a trace.
    """
    if not content.strip():
        raise DataError(f"{path} is empty ({len(content)} bytes); expected a JSON document")
    try:
        text = content.removeprefix(_MARK).decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is no UTF-8 text (byte {error.start} of {len(content)}), so no JSON; copy it again"
        ) from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        at = len(text[: error.pos].encode("utf-8", "replace")) + len(content) - len(text.encode("utf-8", "replace"))
        if error.msg == "Extra data":
            raise DataError(f"{path} holds more than one JSON document (the first ends at byte {at})") from None
        raise DataError(
            f"{path} is cut short or damaged: it is valid JSON up to byte {at} of {len(content)} ({error.msg}); "
            "copy it again, or leave it out; nothing was imported"
        ) from None
    except (RecursionError, ValueError) as error:
        raise DataError(f"{path} is JSON that cannot be read ({error})") from None


def text(value: object) -> str | None:
    """A JSON value as text, where it is text that says something."""
    return value.strip() or None if isinstance(value, str) else None


def number(value: object) -> float | None:
    """A JSON value as a finite number of 0 or more."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        plain = float(value)
    except OverflowError:
        return None
    return plain if 0 <= plain < float("inf") else None
