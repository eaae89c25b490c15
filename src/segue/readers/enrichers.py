"""All forms of features, and which of them a file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from segue.errors import DataError
from segue.readers.audio_features import AudioFeatures
from segue.readers.enricher import Enricher
from segue.readers.lyrics import Lyrics
from segue.readers.musixmatch import Musixmatch
from segue.readers.reader import Guess
from segue.readers.tags import Tags
from segue.readers.track_objects import TrackObjects

# Bags of words before lyrics: "artist", "song" and "text" are among their words.
ENRICHERS: Final[Mapping[str, Enricher]] = MappingProxyType(
    {form.name: form for form in (AudioFeatures(), TrackObjects(), Musixmatch(), Lyrics(), Tags())}
)


def recognized(paths: Sequence[Path], format: str | None = None) -> Guess | None:  # noqa: A002
    """The form of features that all these files are in, or that `format` names; None where they are something else.

    Raises DataError where only some of them are features, or of different forms.
    """
    if format is not None:
        return Guess(format, "as asked") if format in ENRICHERS else None
    guesses = [next(filter(None, (form.sniff(path) for form in ENRICHERS.values())), None) for path in paths]
    if not any(guesses):
        return None
    names = {None if guess is None else guess.format for guess in guesses}
    if len(names) > 1:
        told = ", ".join(
            f"{path} is {'something else' if guess is None else guess.format}"
            for path, guess in zip(paths, guesses, strict=True)
        )
        raise DataError(f"the paths are of different forms ({told}); import them one by one")
    return guesses[0]
