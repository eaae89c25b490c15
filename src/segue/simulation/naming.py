"""Invented names of artists, albums and songs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from segue.core.titles import fold
from segue.simulation import words
from segue.simulation.lexicon import LEXICONS

_SMALL_WORDS: Final = frozenset(
    ("of", "in", "the", "a", "and", "to", "on", "at", "for", "my", "your", "sin", "de", "y", "en")
)
_MIXED: Final = 0.5  # probability that a title takes a noun that belongs to no genre


def artist_names(roots: list[str], rng: np.random.Generator) -> list[str]:
    """One name for each artist of these root genres; no two are equal, whatever case and punctuation."""
    taken: set[str] = set()
    names = []
    for root in roots:
        name = _artist(root, rng)
        while (key := fold(name)) in taken:
            # A taken name gets a longer one beside it, so that the search ends however many artists there are.
            name = f"{_artist(root, rng)} {_pick(words.NOUNS, rng)}"
        taken.add(key)
        names.append(name)
    return names


def titles(root: str, count: int, rng: np.random.Generator) -> list[str]:
    """Titles of `count` songs of one artist of this root genre, all different."""
    return _distinct(root, count, rng, _TITLES.get(root, _title))


def album_titles(root: str, songs: list[str], count: int, rng: np.random.Generator) -> list[str]:
    """Titles of `count` albums of one artist; some are named after one of the songs."""
    named = _distinct(root, count, rng, _TITLES.get(root, _title))
    return [songs[int(rng.integers(len(songs)))] if number % 3 == 2 else title for number, title in enumerate(named)]


def person_names(rng: np.random.Generator, count: int) -> list[str]:
    """First name and surname of `count` people; names may repeat, as names do."""
    first = rng.integers(len(words.FIRST_NAMES), size=count)
    last = rng.integers(len(words.SURNAMES), size=count)
    return [f"{words.FIRST_NAMES[f]} {words.SURNAMES[s]}" for f, s in zip(first.tolist(), last.tolist(), strict=True)]


def place(rng: np.random.Generator) -> str:
    """A town, a street, a bay."""
    return _pick(words.PLACES, rng).replace("-", " ")


def _artist(root: str, rng: np.random.Generator) -> str:
    draw = rng.random()
    person = f"{_pick(words.FIRST_NAMES, rng)} {_pick(words.SURNAMES, rng)}"
    if root in ("classical", "jazz", "folk", "country", "soul", "latin") and draw < 0.55:
        return person
    if root == "classical" or (root == "jazz" and draw < 0.8):
        return f"{place(rng)} {_pick(words.ENSEMBLES[:6], rng)}" if draw < 0.8 else f"{_pick(words.SURNAMES, rng)} Trio"
    if root == "hip hop" and draw < 0.45:
        stage = ("Young {}", "{} the Third", "MC {}", "Big {}", "DJ {}", "{} $tacks")
        return _pick(stage, rng).format(_pick((*words.FIRST_NAMES, *words.NOUNS), rng))
    if root == "electronic" and draw < 0.5:
        return _invented(rng)
    shape = rng.integers(8)
    if shape == 0:
        return person
    if shape in (1, 2):
        return f"The {_pick(words.ADJECTIVES, rng)} {_pick(words.PLURALS, rng)}"
    if shape == 3:
        return f"{_pick(words.ADJECTIVES, rng)} {_pick(words.NOUNS, rng)}"
    if shape == 4:
        return f"{_pick(words.NOUNS, rng)} {_pick(words.PLURALS, rng)}"
    if shape == 5:
        return f"{place(rng)} {_pick(words.ENSEMBLES[4:], rng)}"
    if shape == 6:
        return f"{_pick(words.FIRST_NAMES, rng)} and the {_pick(words.PLURALS, rng)}"
    return _invented(rng)


def _title(root: str, rng: np.random.Generator) -> str:
    lexicon = LEXICONS[root]
    noun, other = _noun(root, rng), _noun(root, rng)
    shape = int(rng.integers(14))
    if shape <= 2:
        adjective = _pick(words.ADJECTIVES, rng) if rng.random() < _MIXED else _pick(lexicon.adjectives, rng)
        return _capitals(f"{adjective} {noun}")
    if shape == 3:
        return _capitals(f"{_pick(words.ADJECTIVES, rng)} {_pick(words.PLURALS, rng)}")
    if shape == 4:
        return _capitals(f"the {noun} and the {other}") if noun != other else _capitals(noun)
    if shape == 5:
        return _capitals(_pick(words.TIMES, rng))
    if shape in (6, 7):
        return _pick(words.PHRASES, rng)
    if shape == 8:
        return _capitals(noun)
    if shape == 9:
        return _pick(words.FIRST_NAMES, rng)
    if shape == 10:
        return _capitals(f"{_pick(lexicon.verbs, rng)} with me") if rng.random() < 0.3 else _capitals(f"{noun} song")
    if shape == 11:
        where = ("Letter from", "Back to", "Leaving", "Last Train to", "Postcard from", "Goodbye")
        return f"{_pick(where, rng)} {place(rng)}"
    if shape == 12:
        return _capitals(
            f"{_pick(lexicon.verbs, rng)} {_pick(('slowly', 'again', 'for me', 'all night', 'away', 'tonight'), rng)}"
        )
    return _capitals(f"my {_pick(lexicon.adjectives, rng)} {noun}")


def _latin_title(root: str, rng: np.random.Generator) -> str:
    lexicon = LEXICONS[root]
    noun, other = _pick(lexicon.nouns, rng), _pick(lexicon.nouns, rng)
    shapes = (
        f"{noun} {_pick(lexicon.adjectives, rng)}",
        f"{noun} y {other}" if noun != other else noun,
        f"sin {noun}",
        f"{noun} de {_pick(words.FIRST_NAMES, rng)}",
        f"{_pick(lexicon.verbs, rng)} conmigo",
        noun,
        f"{_pick(lexicon.verbs, rng)} otra vez",
        f"mi {noun} {_pick(lexicon.adjectives, rng)}",
    )
    return _capitals(_pick(shapes, rng))


def _classical_title(root: str, rng: np.random.Generator) -> str:
    draw = rng.random()
    if draw < 0.4:
        return _title(root, rng)
    form = _pick(words.FORMS, rng)
    key = _pick(words.KEYS, rng)
    if draw < 0.6:
        return f"{form} in {key}"
    if draw < 0.8:
        return f"{form} No. {int(rng.integers(1, 25))} in {key}, Op. {int(rng.integers(1, 120))}"
    return f"{form} for {_pick(('Strings', 'a Small Room', 'Two Hands', 'the Left Hand', 'Solo Cello', 'Winter'), rng)}"


def _distinct(
    root: str, count: int, rng: np.random.Generator, make: Callable[[str, np.random.Generator], str]
) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        title = make(root, rng)
        if title in found:
            title = f"{title}, {_pick(('Part II', 'Again', 'Pt. 3', 'Reprise', 'Interlude'), rng)}"
        if title in found:
            title = f"{make(root, rng)} / {make(root, rng)}"
        found[title] = None
    return list(found)


_TITLES: Final = {"latin": _latin_title, "classical": _classical_title}


def _noun(root: str, rng: np.random.Generator) -> str:
    return _pick(words.NOUNS if rng.random() < _MIXED else LEXICONS[root].nouns, rng)


def _invented(rng: np.random.Generator) -> str:
    name = "".join(_pick(words.SYLLABLES, rng) for _ in range(int(rng.integers(2, 4)))).capitalize()
    return name if rng.random() < 0.7 else f"{name} {_pick(words.NOUNS, rng)}"


def _capitals(text: str) -> str:
    parts = text.split(" ")
    return " ".join(w if i and w in _SMALL_WORDS else w[:1].upper() + w[1:] for i, w in enumerate(parts))


def _pick(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.random() * len(choices))]
