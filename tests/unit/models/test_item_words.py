"""Names as keys: folded, counted, and found again."""

from __future__ import annotations

import numpy as np
import polars as pl

from segue.core.catalogue import Catalogue
from segue.models.item_words import bags, keys_of, rarity, running_words

CATALOGUE = Catalogue(
    pl.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "title": ["Love, love me do", "Déjà Vu", None, "..."],
            "text": ["do", None, None, "vu"],
            "genres": [["Hip-Hop", "hip hop"], [], None, ["rock"]],
        }
    )
)


def test_words_are_folded_and_counted_and_whole_names_stay_whole() -> None:
    held = bags(CATALOGUE, ["title", "text"], by_word=True)
    love, me, do, deja, vu = (keys_of([word])[0][0] for word in ("LOVE", "me", "do", "deja", "Vu"))
    found = dict(zip(zip(held.rows.tolist(), held.keys.tolist(), strict=True), held.counts.tolist(), strict=True))
    dots = keys_of(["..."])[0]
    assert found == {
        (0, love): 2,
        (0, me): 1,
        (0, do): 2,
        (1, deja): 1,
        (1, vu): 1,
        (3, vu): 1,
        **dict.fromkeys(((3, key) for key in dots), 1),
    }
    genres = bags(CATALOGUE, ["genres"], by_word=False)
    assert genres.rows.tolist() == [0, 3]
    assert genres.counts.tolist() == [2, 1]


def test_a_matrix_holds_the_known_keys_alone_with_the_logarithm_of_their_counts() -> None:
    held = bags(CATALOGUE, ["title", "text"], by_word=True)
    known = np.sort(np.array([keys_of(["love"])[0][0], keys_of(["vu"])[0][0], 12345], np.uint64))
    dense = held.matrix(known).toarray()
    love, vu = (int(np.flatnonzero(known == keys_of([word])[0][0])[0]) for word in ("love", "vu"))
    expected = np.zeros((4, 3), np.float32)
    expected[0, love] = 1 + np.log(2)
    expected[1, vu] = expected[3, vu] = 1
    np.testing.assert_allclose(dense, expected, rtol=1e-6)
    assert held.matrix(np.zeros(0, np.uint64)).shape == (4, 0)


def test_running_words_keep_their_order_column_after_column() -> None:
    running = running_words(CATALOGUE, ["title", "text"])
    assert running.keys[running.rows == 0].tolist() == keys_of(["love love me do do"])[0]
    known = np.sort(np.array(keys_of(["love do"])[0], np.uint64))
    offsets, places = running.among(known)
    assert offsets.tolist() == [0, 4, 4, 4, 4]
    assert [known[place] for place in places] == keys_of(["love love do do"])[0]


def test_a_column_that_the_catalogue_lacks_holds_nothing() -> None:
    assert bags(CATALOGUE, ["tags", "artist"], by_word=False).keys.size == 0


def test_a_key_is_the_same_on_every_machine() -> None:
    # python -c "from hashlib import blake2b; print(int.from_bytes(blake2b(b'love', digest_size=8).digest(), 'little'))"
    from hashlib import blake2b

    assert keys_of(["Love"]) == [[int.from_bytes(blake2b(b"love", digest_size=8).digest(), "little")]]


def test_what_few_items_hold_says_more() -> None:
    np.testing.assert_allclose(rarity(np.array([1, 10]), 10), [np.log(11), np.log(2)], rtol=1e-6)
