"""Examples in Markdown, found and run as a reader would.

```console   commands after "$ ", run one after another by a shell in one folder; what stands below a command
             is its output, where "..." stands for anything (a line of its own: for no line, one, or several)
```python    run as one program per document, blocks one after another
```sh        recipes of the repository itself (git clone, make ...), which the continuous check runs
```toml      settings, parsed by the tests of the settings
```json, ```text   shown, never run
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block of a document."""

    document: Path
    line: int
    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """One command of a console block, and the output that the document promises ("" promises nothing)."""

    block: Block
    text: str
    output: str


def blocks(document: Path) -> list[Block]:
    """All fenced blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(document, text.count("\n", 0, found.start()) + 1, found.group(1), found.group(2))
        for found in _FENCE.finditer(text)
    ]


def commands(block: Block) -> list[Command]:
    """The commands of a console block; a line ending in a backslash goes on in the next."""
    result: list[Command] = []
    lines = iter(block.text.splitlines())
    for line in lines:
        if line.startswith("$ "):
            text = line[2:]
            while text.endswith("\\"):
                text = text[:-1] + " " + next(lines).strip()
            result.append(Command(block, text, ""))
        elif result:
            last = result[-1]
            result[-1] = Command(last.block, last.text, last.output + line + "\n")
    return result


def fits(promised: str, printed: str) -> bool:
    """Whether the printed output is what the document promises, blanks at line ends and "..." apart."""
    pattern = ""
    for line in _trimmed(promised).splitlines():
        if line == "...":
            pattern += r"(?:.*\n)?"  # no line, one, or several
        else:
            pattern += ".*?".join(map(re.escape, line.split("..."))) + r"\n"
    return re.fullmatch(pattern, _trimmed(printed) + "\n", re.DOTALL) is not None


def run(command: Command, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs a command in a shell; standard error is kept apart (progress is not output)."""
    return subprocess.run(
        ["bash", "-c", command.text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
