"""Text files as they come: any encoding, any line end, any size; out come blocks of whole lines in UTF-8."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from charset_normalizer import from_bytes

from segue.core.progress import Task
from segue.dataset_files import Source
from segue.durable import translated
from segue.errors import DataError, SettingsError, StorageError

_CHUNK: Final = 1 << 22
_BLOCK: Final = 1 << 25
_LONGEST_LINE: Final = 1 << 26
_SAMPLE: Final = 1 << 16

_MARKS: Final = (  # byte order marks; UTF-32 first, since its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LENIENT: Final = "utf-8-sig"  # decoded here, with replacement, where plain "utf-8" is handed on as it is
_KINDS: Final = (
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"\x1f\x8b", "a gzip file; unpack it first"),
    (b"BZh", "a bzip2 file; unpack it first"),
    (b"\xfd7zXZ\x00", "an xz file; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd file; unpack it first"),
    (b"SQLite format 3\x00", "an SQLite database; export its table as CSV first"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"OggS", "an audio file"),
    (b"ID3", "an audio file"),
    (b"fLaC", "an audio file"),
    (b"\x7fELF", "a program"),
)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file that was looked at once from end to end; `note` says what is worth knowing about its encoding."""

    path: Path
    encoding: str
    source: Source
    note: str | None = None

    def head(self) -> str:
        """The first 64 KiB as text, cut at the last whole line where there is one, with line ends as they are."""
        with translated(self.path), self.path.open("rb") as file:
            raw = file.read(_SAMPLE)
        text = codecs.getincrementaldecoder(self.encoding)(errors="replace").decode(raw, final=False)
        cut = max(text.rfind("\n"), text.rfind("\r")) + 1
        return text[:cut] if self.source.size > len(raw) and cut else text

    def blocks(self, task: Task) -> Iterator[tuple[bytes, int]]:
        """Blocks of whole lines in UTF-8 without a mark, ends as LF or CRLF, each with the number of its first line.

        `task` advances by the bytes of the file. Raises DataError for a line longer than 64 MiB.
        """
        decoder = codecs.getincrementaldecoder(self.encoding)(errors="replace")
        plain = self.encoding == "utf-8"
        rest, line = b"", 1
        with translated(self.path), self.path.open("rb") as file:
            while chunk := file.read(_BLOCK):
                task.advance(len(chunk))
                data = rest + (chunk if plain else decoder.decode(chunk).encode())
                cut = data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, len(data) - 1) + 1
                if not cut and len(data) > _LONGEST_LINE:
                    raise DataError(
                        f"{self.path}, line {line} is longer than 64 MiB: this is no table of rows and lines"
                    )
                block, rest = _with_line_feeds(data[:cut]), data[cut:]
                if block:
                    yield block, line
                    line += block.count(b"\n")
        rest += b"" if plain else decoder.decode(b"", final=True).encode()
        if rest:
            yield _with_line_feeds(rest), line


def look_at(path: Path, format: str, *, encoding: str | None = None) -> TextFile:  # noqa: A002
    """Reads a text file once: finds its encoding, unless that is named, and its SHA-256.

    Text that is not UTF-8 is told apart by charset-normalizer from the lines that hold other than ASCII characters.
    Raises StorageError where it cannot be read, DataError where it is empty or no text.
    """
    require_file(path)
    with translated(path), path.open("rb") as file:
        head = file.read(_SAMPLE)
        if not head:
            raise DataError(f"{path} is empty (0 bytes); expected rows of users and items")
        marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
        if encoding is None and marked is None:
            _refuse_binary(head, path)
        file.seek(0)
        digest = hashlib.sha256()
        decoder = codecs.getincrementaldecoder("utf-8")()
        foreign: list[bytes] = []
        is_utf8, size = True, 0
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if is_utf8 and not (chunk.isascii() and not decoder.getstate()[0]):
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
            if not is_utf8 and sum(map(len, foreign)) < _SAMPLE:
                foreign.extend(part for part in chunk.split(b"\n") if not part.isascii())
        cut_short = is_utf8 and bool(decoder.getstate()[0])
    source = Source(path.name, size, digest.hexdigest(), format)
    if encoding is not None:
        named = _known(encoding)
        # The mark of the encoding that is named is no text, whichever spelling of its name was taken.
        has_mark = marked is not None and named.startswith(marked.removesuffix("-sig"))
        return TextFile(path, marked if marked is not None and has_mark else _without_mark(named), source)
    if marked is not None:
        return TextFile(path, marked, source, None if marked == "utf-8-sig" else f"{path.name} is {marked.upper()}")
    if cut_short:
        return TextFile(path, _LENIENT, source, f"{path.name} ends in the middle of a character; it may be cut short")
    if is_utf8:
        return TextFile(path, "utf-8", source)
    if _mostly_utf8(foreign):
        return TextFile(path, _LENIENT, source, f"{path.name} is UTF-8 with damaged characters; they became \ufffd")
    guess = _without_mark(_guessed(b"\n".join(foreign)[:_SAMPLE]))
    return TextFile(path, guess, source, f"{path.name} is not UTF-8; it was read as {guess} (--encoding names another)")


def first_lines(path: Path) -> list[str]:
    """The whole lines within the first 64 KiB that are not blank, without their ends; none where it is no text file.

    For finding out what a file is: it reads no more than that, and raises nothing.
    """
    try:
        if not path.is_file():
            return []
        with path.open("rb") as file:
            raw = file.read(_SAMPLE)
    except OSError:
        return []
    if not looks_like_text(raw):
        return []
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(raw, final=False)
    lines = split_lines(text)
    whole = lines[:-1] if len(raw) == _SAMPLE and len(lines) > 1 else lines
    return [line for line in whole if line.strip()]


def split_lines(text: str) -> list[str]:
    """Text at LF, CRLF and CR, and nowhere else: other separators may stand within a title or a JSON string."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def require_file(path: Path) -> None:
    """Raises StorageError where the path is not a regular file that is there."""
    with translated(path):
        mode_known = path.stat()
    if path.is_dir():
        raise StorageError(f"{path} is a folder; name a file in it, or the format that the folder is in")
    if not path.is_file():
        raise StorageError(f"{path} is no regular file (mode {mode_known.st_mode:o}); copy its content into one first")


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file could be text in some encoding."""
    if any(head.startswith(mark) for mark, _ in _MARKS):
        return True
    if any(head.startswith(magic) for magic, _ in _KINDS) or head.startswith(b"PAR1"):
        return False
    controls = sum(head.count(bytes([code])) for code in (*range(9), *range(14, 27), *range(28, 32)))
    return controls * 100 <= len(head)


def whole_text(text: str) -> str:
    """Text that can be stored: halves of a character, which JSON can spell (lone surrogates), become "\ufffd"."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _refuse_binary(head: bytes, path: Path) -> None:
    kind = next((kind for magic, kind in _KINDS if head.startswith(magic)), None)
    if kind is not None:
        raise DataError(f"{path} is {kind}; expected a text file of rows")
    if not looks_like_text(head):
        raise DataError(f"{path} is a binary file; expected a text file of rows, or Parquet")


def _mostly_utf8(lines: list[bytes]) -> bool:
    def fits(line: bytes) -> bool:
        try:
            line.decode()
        except UnicodeDecodeError:
            return False
        return True

    return sum(map(fits, lines)) * 2 > len(lines)


def _guessed(sample: bytes) -> str:
    """The most likely encoding; of several that read equally well, the one of Western European Windows."""
    matches = list(from_bytes(sample))
    if not matches:
        return "latin-1"
    best = matches[0]
    for match in matches:
        if match.encoding == "cp1252" and match.chaos <= best.chaos and match.coherence >= best.coherence - 0.2:
            return "cp1252"
    return best.encoding


def _without_mark(encoding: str) -> str:
    """The same encoding for a file that does not begin with a mark, which tells the order of the bytes."""
    return f"{encoding}-le" if encoding.replace("_", "-") in ("utf-16", "utf-32") else encoding


def _known(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        b"a\xff".decode(_without_mark(name), "replace")  # "hex" is known, and no encoding of text
        return name
    except (LookupError, ValueError, TypeError):
        raise SettingsError(f"no encoding {encoding!r}; utf-8, latin-1, cp1252 and utf-16 are common ones") from None


def _with_line_feeds(block: bytes) -> bytes:
    if b"\r" not in block or block.count(b"\r") == block.count(b"\r\n"):
        return block
    return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
