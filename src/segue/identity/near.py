"""Names that are nearly the same: candidates by MinHash, confirmed by a rule that says why.

Two passes over the distinct keys of a catalogue: titles that resemble each other among those of one artist and
version, and artists that resemble each other among those of one title. A resemblance is a Jaccard similarity of the
runs of three signs; pairs of 0.5 are found with a probability of 0.986 (32 bands of 3 places), of 0.7 with 0.999998.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from rapidfuzz import fuzz

from segue.core.arrays import Int64Array
from segue.core.catalogue import Catalogue
from segue.identity.evidence import By, Evidence
from segue.identity.spelling import same_artist, same_title
from segue.kernels import minhash

_BANDS: Final = 32
_PLACES: Final = 96
_RUN: Final = 3


def near_duplicates(
    catalogue: Catalogue, by: By = "recording", *, at_least: float = 0.5, seed: int = 0
) -> pl.DataFrame:
    """Pairs of keys that are nearly the same, those that a rule confirms and those that none does.

    Columns: first, second (ids, of the first item of each key), alike ("title" or "credits": what differs a little, the
    other being the same), jaccard (estimated from the signatures, at least `at_least`), ratio (rapidfuzz, 0..100), and
    rule: what confirms that the two are one (see `segue.identity.spelling`), or null. Confirmed pairs come first, then
    by ratio.
    """
    table = near_pairs(Evidence(catalogue), by, at_least=at_least, seed=seed)
    ids = catalogue.frame["id"]
    table = table.with_columns(first=ids.gather(table["first"]), second=ids.gather(table["second"]))
    return table.sort(pl.col("rule").is_null(), -pl.col("ratio"), "first", "second")


def near_pairs(evidence: Evidence, by: By, *, at_least: float = 0.5, seed: int = 0) -> pl.DataFrame:
    """`near_duplicates` in positions of items, in no meaningful order."""
    names = evidence.names(by)
    return pl.concat(
        [
            _pairs(names, "title", pl.concat_str("credits", pl.lit(" | "), "rest"), at_least, seed),
            _pairs(names, "credits", pl.concat_str("title", pl.lit(" | "), "rest"), at_least, seed),
        ]
    )


def _pairs(names: pl.DataFrame, alike: str, same: pl.Expr, at_least: float, seed: int) -> pl.DataFrame:
    """The pairs of `names` that agree in `same` and resemble each other in the column `alike`."""
    same_text = names.select(same=same)["same"]
    among = names.filter(same_text.is_duplicated())  # what is alone has nothing to be near to
    texts = among[alike]
    signed = _signed(texts, same_text.filter(same_text.is_duplicated()), seed)
    pairs, _ = minhash.candidate_pairs(signed, _BANDS)
    jaccard = minhash.agreement(signed, pairs)
    close = jaccard >= at_least
    pairs, jaccard = pairs[close], jaccard[close]
    first, second = texts.gather(pairs[:, 0]).to_list(), texts.gather(pairs[:, 1]).to_list()
    rule = same_title if alike == "title" else same_artist
    item = among["item"]
    return pl.DataFrame(
        {
            "first": item.gather(pairs[:, 0]),
            "second": item.gather(pairs[:, 1]),
            "alike": pl.repeat(alike, pairs.shape[0], dtype=pl.String, eager=True),
            "jaccard": jaccard,
            "ratio": np.array([fuzz.ratio(*pair) for pair in zip(first, second, strict=True)], np.float32),
            "rule": pl.Series([rule(*pair) for pair in zip(first, second, strict=True)], dtype=pl.String),
        }
    )


def _signed(texts: pl.Series, salts: pl.Series, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
    """The signatures of the texts' runs of three signs, a space before and behind; texts of other salts never agree."""
    padded = (" " + texts + " ").to_list()
    lengths = np.fromiter(map(len, padded), np.int64, len(padded))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    signs = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), np.uint32)
    runs = np.empty(offsets[-1] - (_RUN - 1) * len(padded), np.uint64)
    codes = salts.rank("dense").cast(pl.UInt64).to_numpy()
    minhash.shingles(offsets, signs, codes, _RUN, runs)
    out = np.empty((len(padded), _PLACES), np.uint32)
    run_offsets: Int64Array = offsets - (_RUN - 1) * np.arange(len(padded) + 1)
    minhash.signatures(run_offsets, runs, minhash.multipliers(_PLACES, seed), out)
    return out
