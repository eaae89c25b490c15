"""Writing hyper-parameters into a settings file, and leaving everything else of it as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from segue.core.spaces import Value
from segue.errors import SettingsError
from segue.settings import parse

_HEADER: Final = re.compile(r"\s*\[+\s*([^\[\]]+?)\s*\]+\s*(#.*)?$")
_COMMENT: Final = r"(?P<comment>\s*#.*)?$"
_PLAIN_VALUE: Final = r"(\"[^\"]*\"|'[^']*'|[^\s#\"']+)"


def toml_lines(model: str, values: Mapping[str, Value]) -> str:
    """The section of segue.toml that says these values."""
    return "\n".join([f"[models.{model}]", *(_line(name, value) for name, value in values.items())])


def applied(text: str, model: str, values: Mapping[str, Value], source: str = "segue.toml") -> str:
    """The text of a settings file in which [models.`model`] has these values; every other line stays as it is.

    A key keeps its place and the comment behind it; one that stands only as a commented-out example gets its line below
    that; one that stands nowhere comes last in the section, which is made where there is none. A value of None, which
    TOML cannot say, comments its key out.

    Raises SettingsError, with the lines to paste, where the file is written in a way that cannot be changed line by
    line.
    """
    before = parse(text, source)
    wanted = replace(before.models[model], **values)  # type: ignore[type-var]  # a dataclass, always
    changed = {name: value for name, value in values.items() if asdict(before.models[model])[name] != value}  # type: ignore[call-overload]
    ending = "\r\n" if "\r\n" in text else "\n"
    after = ending.join(_changed(text.split(ending), f"models.{model}", changed))
    try:
        fits = parse(after, source) == replace(before, models={**before.models, model: wanted})
    except SettingsError:
        fits = False
    if not fits:
        raise SettingsError(
            f"{source} says [models.{model}] in a way that cannot be changed line by line; put this there yourself: "
            + "; ".join(toml_lines(model, values).split("\n"))
        )
    return after


def _changed(lines: list[str], section: str, values: Mapping[str, Value]) -> list[str]:
    found = _section(lines, section)
    if found is None:
        if not values:
            return lines
        kept = list(lines)
        while kept and not kept[-1].strip():
            kept.pop()
        return [*kept, "", f"[{section}]", *(_line(name, value) for name, value in values.items()), ""]
    start, stop = found
    body = lines[start:stop]
    for name, value in values.items():
        body = _with(body, name, value)
    return [*lines[:start], *body, *lines[stop:]]


def _section(lines: list[str], section: str) -> tuple[int, int] | None:
    """The first line after the section's head, and the line after its last one that is not blank."""
    start = None
    for number, line in enumerate(lines):
        head = _HEADER.match(line)
        if head is None:
            continue
        if start is not None:
            return start, _last(lines, start, number)
        if ".".join(part.strip().strip("\"'") for part in head[1].split(".")) == section:
            start = number + 1
    return None if start is None else (start, _last(lines, start, len(lines)))


def _last(lines: list[str], start: int, stop: int) -> int:
    while stop > start and not lines[stop - 1].strip():
        stop -= 1
    return stop


def _with(body: list[str], name: str, value: Value) -> list[str]:
    key = re.compile(rf"(?P<indent>\s*)(?P<key>[\"']?{re.escape(name)}[\"']?\s*=\s*){_PLAIN_VALUE}{_COMMENT}")
    for number, line in enumerate(body):
        there = key.match(line)
        if there is not None:
            if value is None:
                new = f"{there['indent']}# {line.lstrip()}"
            else:
                new = f"{there['indent']}{there['key']}{_toml(value)}{there['comment'] or ''}"
            return [*body[:number], new, *body[number + 1 :]]
    if value is None:
        return body
    example = re.compile(rf"\s*#\s*{re.escape(name)}\s*=")
    for number, line in enumerate(body):
        if example.match(line):
            return [*body[: number + 1], _line(name, value), *body[number + 1 :]]
    return [*body, _line(name, value)]


def _line(name: str, value: Value) -> str:
    return f"# {name} is left out" if value is None else f"{name} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)
