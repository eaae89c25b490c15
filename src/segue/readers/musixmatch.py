"""The musiXmatch lyrics of the Million Song Dataset: how often each of 5,000 stemmed words stands in each song.

    # a comment
    %i,the,you,to,and,...
    TRAAAAV128F421A322,4623710,1:6,2:4,3:2,...        track, musiXmatch's own id, word number from 1 : count

A song's text becomes its words, each as often as it is sung, in the order of the list of words: what was said of words
and their counts is all kept, but neither their order nor their endings were ever there. Where unique_tracks.txt of the
Million Song Dataset lies beside the file, songs go by its song ids, artists and titles; else by the ids of tracks.
Bertin-Mahieux, Ellis, Whitman, Lamere, The Million Song Dataset, ISMIR 2011.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import polars as pl

from segue.core.catalogue import Catalogue
from segue.core.progress import SILENT, Progress, Task
from segue.errors import DataError
from segue.readers.enricher import gathered
from segue.readers.file_set import FileSet, refuse_same
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.taste_profile import TRACKS_FILE, named_tracks
from segue.readers.text import TextFile, first_lines

_ROW: Final = re.compile(r"(TR[0-9A-Z]{16}),[0-9]+((?:,[0-9]+:[0-9]+)+)")
_LOOKS_LIKE_IT: Final = re.compile(r"TR[0-9A-Z]{16},[0-9]+,1?[0-9]*:[0-9]+")
_MOST: Final = 10_000  # of one word in one song; more is damage
_SCHEMA: Final = {"id": pl.String(), "text": pl.String()}


@dataclass(frozen=True, slots=True)
class Musixmatch:
    """Lyrics as bags of words, by Million Song Dataset tracks."""

    name: ClassVar[str] = "musixmatch"
    description: ClassVar[str] = "musiXmatch bags of words: a line of words, then track,id,word:count,..."

    def sniff(self, path: Path) -> Guess | None:
        """A list of words, then lines of a track, a number, and pairs of numbers."""
        lines = [line for line in first_lines(path) if not line.startswith("#")][:2]
        if len(lines) < 2 or ":" in lines[0] or not _LOOKS_LIKE_IT.match(lines[1]):
            return None
        return Guess(self.name, "its lines are a track TR..., a number, and pairs word:count")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Catalogue, ReadReport]:
        """Files one after another. Of several tracks of the same song the first counts."""
        options.only("encoding", format=self.name)
        files = FileSet(self.name, encoding=options.encoding, strict=strict, progress=progress)
        found: list[tuple[str, str]] = []
        for path in paths:
            text = files.opened(path)
            with progress.task(f"reading {path.name}", text.source.size, "bytes") as task:
                found += _songs(text, files.tally, task)
        refuse_same(files.reports())
        rows = pl.DataFrame(found, schema=_SCHEMA, orient="row")
        table = paths[0].parent / TRACKS_FILE
        if table.is_file():
            tracks = named_tracks(files, table).unique("track", keep="first", maintain_order=True)
            rows = rows.join(tracks.rename({"id": "song_id"}), left_on="id", right_on="track", how="left")
            rows = rows.with_columns(pl.coalesce("song_id", "id").alias("id"))
        else:
            files.notes.append(f"there is no {TRACKS_FILE} beside it; songs go by the ids of their tracks alone")
        return gathered(rows, files.reports(), self.name, files.notes)


def _songs(text: TextFile, tally: Tally, task: Task) -> Iterator[tuple[str, str]]:
    """Track and text of each sound line."""
    words: list[str] | None = None
    for block, first in text.blocks(task):
        for place, line in enumerate(block.decode(errors="replace").split("\n"), first):
            row = line.strip()
            if not row or row.startswith("#"):
                continue
            if words is None:
                if _LOOKS_LIKE_IT.match(row):
                    raise DataError(
                        f"{text.path}, line {place}: a song comes before the list of words (%i,the,you,...)"
                    )
                words = row.removeprefix("%").split(",")
                continue
            tally.rows(1)
            song = _ROW.fullmatch(row)
            sung = None if song is None else _sung(song[2], words)
            if song is None:
                tally.reject("the line is not track,id,word:count,...", place)
            elif sung is None:
                tally.reject(f"a word's number is beyond the list of {len(words):,}, or its count beyond belief", place)
            else:
                yield song[1], sung


def _sung(pairs: str, words: Sequence[str]) -> str | None:
    """ ",1:2,4:1" as text; None where a number is out of bounds."""
    parts: list[str] = []
    for pair in pairs[1:].split(","):
        number, count = map(int, pair.split(":"))
        if not 1 <= number <= len(words) or count > _MOST:
            return None
        parts += [words[number - 1]] * count
    return " ".join(parts)
