"""What the catalogue says of items, as numbers: the shares of their genres, and vectors of their content."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl
import scipy.sparse as sp

from segue.core.catalogue import AUDIO_FEATURES, Catalogue
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError

AUDIO: Final = tuple(name for name in AUDIO_FEATURES if name not in ("key", "mode", "time_signature"))
"""The audio features that are amounts; key, mode and time signature are names of things, with no distance."""


def genre_shares(catalogue: Catalogue) -> sp.csr_array[Any]:
    """Items x genres, float32: an item's row is spread evenly over its genres and sums to 1, or is empty.

    The p(g|i) of Steck, Calibrated recommendations (2018). Raises DataError where no item has a genre.
    """
    genres = _many_hot(catalogue, "genres")
    if genres is None:
        raise DataError("the catalogue column 'genres' is missing or empty; import the genres, or leave the metric out")
    counts = np.diff(genres.indptr)
    genres.data = (1.0 / np.repeat(counts, counts)).astype(np.float32)
    return genres


def content_vectors(catalogue: Catalogue) -> sp.csr_array[Any]:
    """Items x features, float32: a vector of length 1 for each item of which something is known, else an empty row.

    What is known of an item has up to four sides: its genres and its tags (each 1 or 0), its artist, and its audio
    features (`AUDIO`, each standardised to mean 0 and deviation 1 over the catalogue; a missing one is the mean). Each
    side is scaled to length 1 before the whole is, so that the cosine of two items with the same sides known is the
    mean of the cosines of the sides. The artist is left out where every item has its own, as in a catalogue of artists.

    Raises DataError where the catalogue has none of these.
    """
    sides = [
        _unit_rows(side)
        for side in (
            _many_hot(catalogue, "genres"),
            _many_hot(catalogue, "tags"),
            _artists(catalogue),
            _audio(catalogue),
        )
        if side is not None
    ]
    if not sides:
        raise DataError(
            "the catalogue has none of the columns 'genres', 'tags', 'artist' and audio features; "
            "import one of them, or leave the metric out"
        )
    return _unit_rows(sp.csr_array(sp.hstack(sides, format="csr")))


def has_content(catalogue: Catalogue) -> bool:
    """Whether `content_vectors` has anything to go by."""
    return any(catalogue.has(name) for name in ("genres", "tags", *AUDIO)) or _artists(catalogue) is not None


def _many_hot(catalogue: Catalogue, column: str) -> sp.csr_array[Any] | None:
    """Items x values of a column of lists, 1 where the item has the value; None without any."""
    rows = catalogue.column(column).to_frame().with_row_index("item").explode(column).drop_nulls()
    rows = rows.unique(maintain_order=True)
    if rows.is_empty():
        return None
    values, columns = Vocabulary.encode(rows[column])
    return _csr(rows["item"].to_numpy(), columns, (len(catalogue), len(values)))


def _artists(catalogue: Catalogue) -> sp.csr_array[Any] | None:
    """Items x artists; None where no two items share an artist."""
    codes = catalogue.codes("artist")
    known = np.flatnonzero(codes >= 0)
    n_artists = int(codes.max(initial=-1)) + 1
    if n_artists == known.size:
        return None
    return _csr(known, codes[known], (codes.size, n_artists))


def _audio(catalogue: Catalogue) -> sp.csr_array[Any] | None:
    """Items x audio features, standardised; empty rows where none is known; None without any."""
    names = [name for name in AUDIO if catalogue.has(name)]
    if not names:
        return None
    features = catalogue.frame.select(pl.col(names).cast(pl.Float64).fill_nan(None))
    known = features.select(pl.any_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    table = features.with_columns(
        ((pl.all() - pl.all().mean()) / pl.all().std(ddof=0)).fill_nan(None).fill_null(0.0)
    ).to_numpy()
    return sp.csr_array(np.where(known[:, None], table, 0.0).astype(np.float32))


def _csr(rows: Any, columns: Any, shape: tuple[int, int]) -> sp.csr_array[Any]:
    ones = np.ones(len(columns), np.float32)
    return sp.csr_array((ones, (rows.astype(np.int64), columns.astype(np.int64))), shape=shape)


def _unit_rows(matrix: sp.csr_array[Any]) -> sp.csr_array[Any]:
    lengths = np.sqrt(matrix.astype(np.float64).power(2).sum(axis=1))
    per_entry = np.repeat(lengths, np.diff(matrix.indptr))
    unit = sp.csr_array(
        (matrix.data / np.where(per_entry > 0, per_entry, 1.0), matrix.indices, matrix.indptr), shape=matrix.shape
    )
    return unit.astype(np.float32)
