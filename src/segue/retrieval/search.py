"""Finding an item by what a person types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.core.arrays import BoolArray, Float32Array, Int32Array, frozen
from segue.core.catalogue import Catalogue
from segue.core.titles import fold
from segue.errors import AmbiguousError, DataError, NotFoundError
from segue.retrieval.words import WordIndex

_IDENTIFIED: Final = 2.0  # shown as 1: the text is the item's id
EXACT: Final = 1.0  # the words are the whole title, the whole artist, or both
BEGINS: Final = 0.9  # the title or the artist begins so
WHOLE: Final = 0.8  # every word typed occurs as it is
PREFIX: Final = 0.7  # every word typed begins some word
_TYPO: Final = 0.6  # less 0.05 for each edit
_PARTLY: Final = 0.3  # times the share of the typed words that occur

_MAX_TEXT: Final = 200  # characters; a title that is longer is found by its first ones
_MAX_WORDS: Final = 16
_FEW: Final = 3  # with fewer matches than this, misspellings are tried too


@dataclass(frozen=True, slots=True)
class Match:
    """One item found. `score` says how well the words fit, from 1 (exactly) down to 0; it is no popularity."""

    position: int
    id: str
    label: str
    score: float


class TitleSearch:
    """Search over titles and artists (ids, where an item has neither), as one types.

    Every word typed must begin a word of the title or the artist, in any order, whatever the case and the accents.
    Better fitting items come first, more popular ones first among equals. Where almost nothing fits, misspellings are
    forgiven, and at last items that hold at least half of the words are shown.

    popularity: one number per item, the more the better known; without it the order of the catalogue decides.

    Time: 1 to 3 ms for a keystroke over 100,000 tracks and 5 ms for a misspelt word; 5 to 40 ms over a million. Memory:
    the word index, some 80 MB for a million tracks, and 4 bytes per item. Safe to use from several threads.
    """

    __slots__ = ("_catalogue", "_index", "_place")

    def __init__(self, catalogue: Catalogue, popularity: npt.ArrayLike | None = None) -> None:
        """Raises DataError where `popularity` is not one finite number per item."""
        self._catalogue = catalogue
        self._index = WordIndex(catalogue)
        n = len(catalogue)
        known = np.zeros(n) if popularity is None else np.asarray(popularity, dtype=np.float64)
        if known.shape != (n,) or not np.isfinite(known).all():
            raise DataError(f"popularity must be one finite number for each of the {n} items, got shape {known.shape}")
        place = np.empty(n, dtype=np.int32)
        place[np.argsort(-known, kind="stable")] = np.arange(n, dtype=np.int32)
        self._place: Int32Array = frozen(place, np.int32)  # 0 is the most popular item

    def __len__(self) -> int:
        return len(self._catalogue)

    def search(self, text: str, limit: int = 10) -> list[Match]:
        """The best `limit` items for what was typed so far; the most popular ones where nothing was typed yet."""
        words = _typed(text)
        if not words:
            return self._best(np.arange(len(self), dtype=np.int32), np.ones(len(self), np.float32), limit)
        found, quality = self._fitting(words)
        named = self._identified(text)
        if named is not None:  # an id typed in full comes before everything, whatever the words say
            others = found != named
            found = np.append(found[others], np.int32(named))
            quality = np.append(quality[others], np.float32(_IDENTIFIED))
        if found.size < _FEW and not np.any(quality >= BEGINS):
            forgiven, worse = self._forgiving(words)
            new = ~np.isin(forgiven, found)
            found = np.concatenate([found, forgiven[new]])
            quality = np.concatenate([quality, worse[new]])
        return self._best(found, quality, limit)

    def resolve(self, query: str) -> int:
        """The position of the one item meant: by its id, its title, "artist - title", or because nothing else fits.

        Raises AmbiguousError with the matches, best first, where several fit, and NotFoundError with near matches where
        none does.
        """
        named = self._identified(query)
        if named is not None:
            return named
        words = _typed(query)
        called = self._called(words)
        for candidates in (called, self._written(query, called)):
            if candidates.size == 1:
                return int(candidates[0])
        if called.size:
            raise self._ambiguous(query, called, np.full(called.size, EXACT, np.float32))
        found, quality = self._fitting(words) if words else (called, np.zeros(0, np.float32))
        if not found.size and words:
            found, quality = self._forgiving(words)
            if found.size and quality.max() > _PARTLY:
                keep = quality == quality.max()
                found, quality = found[keep], quality[keep]
            else:
                near = [match.label for match in self._best(found, quality, 5)]
                raise _unknown(query, near)
        if not found.size:
            raise _unknown(query, [])
        if found.size == 1:
            return int(found[0])
        raise self._ambiguous(query, found, quality)

    # -- what fits ----------------------------------------------------------------------------------------------------

    def _identified(self, text: str) -> int | None:
        """The item whose id is exactly this text."""
        places = (self._catalogue.frame["id"] == text).arg_true()
        return int(places[0]) if places.len() else None

    def _fitting(self, words: list[str]) -> tuple[Int32Array, Float32Array]:
        """The items in which every word typed begins some word, and how well they fit (EXACT .. PREFIX)."""
        index = self._index
        ranges = [index.beginning(word) for word in words]
        hit = _all_of([index.mask(low, high) for low, high in ranges])
        items = np.flatnonzero(hit).astype(np.int32)
        quality = np.full(items.size, PREFIX, dtype=np.float32)
        if not items.size:
            return items, quality
        whole = [(place, place + 1) for place in map(index.word, words)]
        if all(low >= 0 for low, _ in whole):
            quality[_all_of([index.mask(low, high) for low, high in whole])[items]] = WHOLE
        for artist_first in (False, True):
            begins, _, _ = index.runs(items, ranges, artist_first=artist_first)
            quality[begins & (quality < BEGINS)] = BEGINS
            exact, first, total = index.runs(items, whole, artist_first=artist_first)
            quality[exact & ((first == len(words)) | (total == len(words)))] = EXACT
        return items, quality

    def _forgiving(self, words: list[str]) -> tuple[Int32Array, Float32Array]:
        """Items that fit if words were misspelt; failing that, those that hold at least half of them."""
        index = self._index
        edits = np.zeros(len(self), dtype=np.int16)
        held = np.zeros(len(self), dtype=np.int16)
        for word in words:
            fewest = np.full(len(self), 99, dtype=np.int16)
            for low, high, count in reversed(index.spellings(word)):
                fewest[index.holders(low, high)] = count
            there = fewest < 99
            held += there
            edits += np.where(there, fewest, 0).astype(np.int16)
        items = np.flatnonzero(held == len(words)).astype(np.int32)
        if items.size:
            return items, np.maximum(_TYPO - 0.05 * edits[items], _PARTLY + 0.01).astype(np.float32)
        items = np.flatnonzero(2 * held >= len(words)).astype(np.int32)
        return items, (_PARTLY * held[items] / len(words) - 0.001 * edits[items]).astype(np.float32)

    def _called(self, words: list[str]) -> Int32Array:
        """Items whose title (artist, where there is none), or artist and title together, are exactly these words."""
        index = self._index
        whole = [(place, place + 1) for place in map(index.word, words)]
        if not words or any(low < 0 for low, _ in whole):
            return np.zeros(0, np.int32)
        items = np.flatnonzero(_all_of([index.mask(low, high) for low, high in whole])).astype(np.int32)
        titled, first, total = index.runs(items, whole, artist_first=False)
        turned, _, _ = index.runs(items, whole, artist_first=True)
        size = len(words)
        return items[(titled & ((first == size) | (total == size))) | (turned & (total == size))]

    def _written(self, query: str, called: Int32Array) -> Int32Array:
        """Those of `called` that are written exactly so, case and accents included."""
        rows = self._catalogue.frame[called]
        exact = [
            query in (row.get("title"), row.get("artist"), f"{row.get('artist')} - {row.get('title')}")
            for row in rows.select(c for c in ("title", "artist") if c in rows.columns).to_dicts()
        ]
        return called[np.array(exact, dtype=np.bool_)] if exact else called

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _best(self, items: Int32Array, quality: Float32Array, limit: int) -> list[Match]:
        if limit < 1 or not items.size:
            return []
        # Steps of a thousandth: what differs by less is equally good, and popularity decides.
        key = -np.rint(quality.astype(np.float64) * 1000) * (len(self) + 1) + self._place[items]
        size = min(limit, items.size)
        best = np.argpartition(key, size - 1)[:size]
        return [self._match(int(items[i]), float(quality[i])) for i in best[np.argsort(key[best])]]

    def _match(self, position: int, quality: float) -> Match:
        identifier = str(self._catalogue.frame["id"][position])
        return Match(position, identifier, self._catalogue.label(position), round(min(quality, EXACT), 3))

    def _ambiguous(self, query: str, items: Int32Array, quality: Float32Array) -> AmbiguousError:
        matches = [(match.id, match.label) for match in self._best(items, quality, 10)]
        return AmbiguousError(
            f'{query!r} fits {items.size} items; say which one by its id, or as "artist - title"', matches
        )


def _typed(text: str) -> list[str]:
    return fold(text[:_MAX_TEXT]).split()[:_MAX_WORDS]


def _all_of(masks: list[BoolArray]) -> BoolArray:
    hit = masks[0]
    for mask in masks[1:]:
        hit = hit & mask
    return hit


def _unknown(query: str, near: list[str]) -> NotFoundError:
    hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
    return NotFoundError(f"nothing is called {query!r}{hint}", near)
