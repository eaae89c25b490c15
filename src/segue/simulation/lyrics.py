"""Invented words to invented songs: two verses of two lines, and a chorus that comes back."""

from __future__ import annotations

from typing import Final

import numpy as np

from segue.simulation.lexicon import LEXICONS

# n, m: nouns; a: an adjective; v, w: verbs.
_LINES: Final = (
    "{v} down the {a} {n} with me",
    "there is a {n} in the {m} tonight",
    "I {v} and I {w} till the {a} {n} is gone",
    "you were the {a} {n} that I could not hold",
    "tell the {n} I will be home by the {m}",
    "nobody told me the {n} would be {a}",
    "we {v} where the {n} meets the {m}",
    "oh, {a} {n}, don't you {v} on me",
    "every {n} has a {m} of its own",
    "I left my {n} by your {a} {m}",
    "all my {a} days, I {v} for you",
    "and the {n} goes on, and the {m} goes on",
    "if you {v}, then I {w}",
    "give me one {a} {n}, give me one more",
    "it was a {n}, it was a {a} {m}",
    "I can hear the {n} when you {v}",
    "somewhere a {n} is waiting to {v}",
    "they say a {a} {n} will never {w}",
)
_LATIN_LINES: Final = (
    "{v} conmigo, {n} {a}",
    "sin tu {n} no hay {m}",
    "mi {n} {a}, mi {m}",
    "{v}, {v}, hasta que vuelva tu {n}",
    "tu {n} en mi {m}, tan {a}",
    "y si {v} otra vez, mi {n} {a}",
    "dame tu {n}, dame tu {m}",
    "entre {n} y {m} te espero",
)
_OATHS: Final = (
    "damn this {n}, damn this {m}",
    "to hell with your {a} {n}",
    "I don't give a damn if you {v}",
    "hell, I {v} harder than you",
)


def lyrics(root: str, title: str, explicit: bool, rng: np.random.Generator) -> str:
    """About 40 to 80 words in six to nine lines; the chorus takes up the title. Lines end with a line feed."""
    pool = _LATIN_LINES if root == "latin" else _LINES
    chosen = rng.permutation(len(pool))[:6]
    lines = [_fill(pool[number], root, rng) for number in chosen.tolist()]
    if explicit:
        lines[1] = _fill(_OATHS[int(rng.integers(len(_OATHS)))], root, rng)
    chorus = [title.lower(), lines[4], lines[5]]
    song = [*lines[:2], *chorus, *lines[2:4], *chorus]
    return "\n".join(song)


def _fill(line: str, root: str, rng: np.random.Generator) -> str:
    lexicon = LEXICONS[root]
    draws = rng.random(5).tolist()
    n = int(draws[0] * len(lexicon.nouns))
    m = (n + 1 + int(draws[1] * (len(lexicon.nouns) - 1))) % len(lexicon.nouns)
    v = int(draws[2] * len(lexicon.verbs))
    w = (v + 1 + int(draws[3] * (len(lexicon.verbs) - 1))) % len(lexicon.verbs)
    text = line.format(
        n=lexicon.nouns[n],
        m=lexicon.nouns[m],
        a=lexicon.adjectives[int(draws[4] * len(lexicon.adjectives))],
        v=lexicon.verbs[v],
        w=lexicon.verbs[w],
    )
    return _articles(text)


def _articles(text: str) -> str:
    """ "a old bell" -> "an old bell"."""
    parts = text.split(" ")
    for i in range(len(parts) - 1):
        if parts[i] == "a" and parts[i + 1][0] in "aeiou" and parts[i + 1] not in ("uptown", "unified"):
            parts[i] = "an"
    return " ".join(parts)
