"""Tables of audio features as Spotify's analysis gives them: danceability, energy, ..., time signature.

    track,artist,uri,danceability,energy,key,loudness,mode,...,tempo,duration_ms,time_signature,...

Columns go by their names, in any order; those of other names are not looked at. A key of -1, and a tempo or a time
signature of 0, mean that none was found, and are not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import polars as pl

from segue.core.catalogue import AUDIO_FEATURES, Catalogue
from segue.core.progress import SILENT, Progress
from segue.errors import DataError
from segue.readers.columns import plain_name
from segue.readers.enricher import IDENTITY, gathered, given, header, identified
from segue.readers.file_set import TOO_WIDE, FileSet, refuse_same
from segue.readers.named_columns import named_columns
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.sifting import sift

_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    **dict.fromkeys(AUDIO_FEATURES, (0.0, 1.0)),
    "loudness": (-100.0, 20.0),  # decibels
    "tempo": (0.0, 500.0),  # beats per minute
    "key": (-1.0, 11.0),  # semitones above C
    "time_signature": (0.0, 16.0),  # beats to a bar
}
_NONE_FOUND: Final = {"key": -1.0, "tempo": 0.0, "time_signature": 0.0}
_LENGTH: Final = "duration_ms"
_NAMES: Final[Mapping[str, Sequence[str]]] = {
    **IDENTITY,
    **{name: (plain_name(name),) for name in (*AUDIO_FEATURES, _LENGTH)},
}
_SIGNS: Final = ("danceability", "energy", "valence", "acousticness")


@dataclass(frozen=True, slots=True)
class AudioFeatures:
    """How tracks sound, by id, ISRC or name."""

    name: ClassVar[str] = "audio-features"
    description: ClassVar[str] = "a table with columns such as danceability, energy and valence, a row per track"

    def sniff(self, path: Path) -> Guess | None:
        """A header that names at least two features that nothing else has."""
        found = [name for name in _SIGNS if name in header(path)]
        return Guess(self.name, f"its columns are {', '.join(found)} and others") if len(found) > 1 else None

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Catalogue, ReadReport]:
        """Files one after another."""
        options.only("encoding", format=self.name)
        files = FileSet(self.name, encoding=options.encoding, strict=strict, progress=progress)
        parts = []
        for path in paths:
            columns = named_columns(files.opened(path), self.name, _NAMES)
            features = [name for name in AUDIO_FEATURES if name in columns.numbers]
            if not features or not {"id", "title", "isrc"} & set(columns.numbers):
                raise DataError(f"{path}: expected columns of audio features, and one of ids, ISRCs or titles")
            parts += [_features(frame, features, files.tally) for frame in files.named_frames(columns)]
        refuse_same(files.reports())
        rows = pl.concat(parts, how="diagonal") if parts else pl.DataFrame(schema={"id": pl.String})
        return gathered(rows, files.reports(), self.name, files.notes)


def _features(frame: pl.DataFrame, features: Sequence[str], tally: Tally) -> pl.DataFrame:
    """The sound rows of a frame, their numbers as numbers, each with an id."""
    told = [name for name in IDENTITY if name in frame.columns]
    text = frame.with_columns(
        *(pl.lit("").alias(name) for name in ("id", "title") if name not in told),
    ).with_columns(given(name) for name in {*told, "id", "title"})
    reasons = [TOO_WIDE, ("there is neither an id nor a title", pl.all_horizontal(pl.col("id", "title").is_null()))]
    for name in features:
        low, high = _RANGES[name]
        fits = _number(name).is_between(low, high).fill_null(value=False)
        reasons.append((f"the {name} is no number from {low:g} to {high:g}", (pl.col(name) != "") & ~fits))
    rows = sift(text, reasons, tally).with_columns(_known(name) for name in features)
    if _LENGTH in rows.columns:
        seconds = _number(_LENGTH) / 1000
        rows = rows.with_columns(pl.when(seconds > 0).then(seconds).alias("duration"))
    return identified(rows)


def _number(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)


def _known(name: str) -> pl.Expr:
    number = _number(name)
    return number.replace(_NONE_FOUND[name], None).alias(name) if name in _NONE_FOUND else number.alias(name)
