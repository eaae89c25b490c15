"""Which items hold which words: an inverted index for titles."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from segue.core.arrays import BoolArray, Int32Array, Int64Array, frozen
from segue.core.catalogue import Catalogue
from segue.core.titles import fold

_ALTERNATIVES: Final = 40  # corrected spellings that are followed for one misspelt word
_LAST: Final = "\U0010ffff"  # sorts behind everything that a word can continue with


class WordIndex:
    """The folded words of every item's title and artist (of its id, where it has neither), in both directions.

    words:        the distinct words, sorted; a word is its place in this list.
    forward:      int32, the words of each item one after the other, its title before its artist.
    offsets:      int64, shape (n + 1,); item i has forward[offsets[i]:offsets[i + 1]].
    title_length: int32, shape (n,), how many of an item's words belong to its title; the rest to its artist.

    Memory: about 8 bytes per word occurrence, 12 bytes per item and 60 bytes per distinct word: some 80 MB for a
    million tracks of five words each with 300,000 distinct words.
    """

    __slots__ = ("_heads", "_postings", "_starts", "forward", "n_items", "offsets", "title_length", "words")

    def __init__(self, catalogue: Catalogue) -> None:
        title, artist = (_words(catalogue.column(name)) for name in ("title", "artist"))
        nameless = (title.list.len() + artist.list.len()) == 0
        if nameless.any():
            identifiers = pl.select(pl.when(nameless).then(catalogue.column("id"))).to_series()
            title = pl.select(pl.when(nameless).then(_words(identifiers)).otherwise(title)).to_series()
        lengths = (title.list.len() + artist.list.len()).to_numpy().astype(np.int64)
        entries = title.list.concat(artist).filter(pl.Series(lengths > 0)).explode().alias("word")
        distinct = entries.unique().sort()
        coded = entries.to_frame().join(
            pl.DataFrame({"word": distinct, "code": np.arange(distinct.len(), dtype=np.int32)}),
            on="word",
            how="left",
            maintain_order="left",
        )["code"]
        self.n_items: int = len(catalogue)
        self.words: list[str] = distinct.to_list()
        self.forward: Int32Array = frozen(coded.to_numpy(), np.int32)
        self.offsets: Int64Array = frozen(np.concatenate([[0], np.cumsum(lengths)]), np.int64)
        self.title_length: Int32Array = frozen(title.list.len().to_numpy(), np.int32)
        item_of_entry = np.repeat(np.arange(self.n_items, dtype=np.int32), lengths)
        self._postings: Int32Array = frozen(item_of_entry[np.argsort(self.forward, kind="stable")], np.int32)
        counts = np.bincount(self.forward, minlength=len(self.words))
        self._starts: Int64Array = frozen(np.concatenate([[0], np.cumsum(counts)]), np.int64)
        self._heads: dict[int, list[str]] = {}

    def word(self, text: str) -> int:
        """The place of a whole word, or -1."""
        place = bisect_left(self.words, text)
        return place if place < len(self.words) and self.words[place] == text else -1

    def beginning(self, prefix: str) -> tuple[int, int]:
        """The places low..high - 1 of the words that begin with `prefix`."""
        return bisect_left(self.words, prefix), bisect_left(self.words, prefix + _LAST)

    def holders(self, low: int, high: int) -> Int32Array:
        """The items that hold one of the words low..high - 1; an item may come several times."""
        return self._postings[self._starts[low] : self._starts[high]]

    def mask(self, low: int, high: int) -> BoolArray:
        """The same as a mask over items."""
        mask = np.zeros(self.n_items, dtype=np.bool_)
        mask[self.holders(low, high)] = True
        return mask

    def spellings(self, text: str) -> list[tuple[int, int, int]]:
        """Words that `text` may misspell, whole or as far as it goes: (low, high, edits), fewest edits first.

        An edit inserts, deletes or replaces a letter or swaps two neighbours (optimal string alignment distance). Four
        letters allow one, six allow two, nine allow three; shorter words are taken at their word.
        """
        low, high = self.beginning(text)
        found = {(low, high): 0} if low < high else {}
        allowed = _edits_allowed(text)
        if allowed:
            for word, edits, _ in process.extract(
                text, self.words, scorer=OSA.distance, score_cutoff=allowed, limit=_ALTERNATIVES
            ):
                place = bisect_left(self.words, word)
                _keep_fewest(found, (place, place + 1), int(edits))
            for head, edits, _ in process.extract(
                text, self._heads_of(len(text)), scorer=OSA.distance, score_cutoff=allowed, limit=_ALTERNATIVES
            ):
                _keep_fewest(found, self.beginning(head), int(edits))
        ordered = sorted(found.items(), key=lambda pair: (pair[1], pair[0]))
        return [(low, high, edits) for (low, high), edits in ordered]

    def runs(
        self, items: Int32Array, places: Iterable[tuple[int, int]], *, artist_first: bool
    ) -> tuple[BoolArray, Int64Array, Int64Array]:
        """Whose words begin with these, in this order, read title first or artist first.

        Each of `places` is a range low..high - 1 of words. Returns the mask over `items`, and for each item the number
        of words in the field read first and in both fields.
        """
        begin = self.offsets[items]
        total = self.offsets[items + 1] - begin
        titled = self.title_length[items].astype(np.int64)
        first = total - titled if artist_first else titled
        wanted = list(places)
        fits = total >= len(wanted)
        shift = titled if artist_first else np.zeros_like(titled)
        for number, (low, high) in enumerate(wanted):
            at = begin + (shift + number) % np.maximum(total, 1)
            word = self.forward[np.minimum(at, self.forward.size - 1)]
            fits &= (word >= low) & (word < high)
        return fits, first, total

    def _heads_of(self, length: int) -> list[str]:
        """The distinct first `length` letters of all words; kept, since a length comes again with every typo."""
        heads = self._heads.get(length)
        if heads is None:
            heads = list(dict.fromkeys(word[:length] for word in self.words if len(word) > length))
            if len(self._heads) < 32:
                self._heads[length] = heads
        return heads


def _words(column: pl.Series) -> pl.Series:
    """The folded words of a text column, as lists; empty where there is none."""
    distinct = column.drop_nulls().unique()
    table = pl.DataFrame(
        {"text": distinct, "folded": pl.Series([fold(t) for t in distinct.to_list()], dtype=pl.String)}
    )
    folded = column.alias("text").to_frame().join(table, on="text", how="left", maintain_order="left")["folded"]
    lists = folded.str.split(" ").list.eval(pl.element().filter(pl.element() != ""))
    return lists.fill_null(pl.Series([[]], dtype=pl.List(pl.String)))


def _edits_allowed(text: str) -> int:
    return 0 if len(text) < 4 else 1 if len(text) < 6 else 2 if len(text) < 9 else 3


def _keep_fewest(found: dict[tuple[int, int], int], places: tuple[int, int], edits: int) -> None:
    found[places] = min(edits, found.get(places, edits))
