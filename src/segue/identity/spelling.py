"""When two names that resemble each other are one name, spelled twice.

Every rule asks for the same numbers in both ("part 1" and "part 2" are two titles however alike they look) and for the
same words but for what it names. Titles of one artist that differ in a whole word, in an ending ("dream", "dreams") or
in a letter of a short word ("love", "lose") are two.
"""

from __future__ import annotations

import re
from typing import Final

from rapidfuzz.distance import OSA

_NUMBER: Final = re.compile(r"\d+")
_ARTICLES: Final = frozenset({"the", "a", "an"})
_WRITTEN_OUT: Final = {
    "until": "til till",
    "because": "cause cuz coz cos",
    "you": "u ya",
    "your": "ur",
    "are": "r",
    "the": "da tha",
    "them": "em",
    "love": "luv",
    "through": "thru",
    "tonight": "tonite",
    "night": "nite",
    "color": "colour",
    "favorite": "favourite",
    "gray": "grey",
    "old": "ol",
    "okay": "ok",
    "want to": "wanna",
    "going to": "gonna",
    "all right": "alright",
    "o clock": "oclock",
}
_SHORT_FOR: Final = {short: word for word, shorts in _WRITTEN_OUT.items() for short in shorts.split()}
_DROPPED_G: Final = re.compile(r"\b(\w{2,})in\b")


def same_title(first: str, second: str) -> str | None:
    """The rule by which two folded titles of one artist are one, or None.

    spaces:   the same letters, divided differently ("goodbye", "good bye").
    spelling: the same once usual short forms are written out ("runnin", "luv", "til", "thru").
    article:  one begins with an article that the other lacks, and three or more words follow.
    typo:     one word differs by one slip (`_slip`) that is neither its first nor its last letter.
    """
    if _numbers(first) != _numbers(second):
        return None
    if first.replace(" ", "") == second.replace(" ", ""):
        return "spaces"
    one, two = _written_out(first), _written_out(second)
    if one.replace(" ", "") == two.replace(" ", ""):
        return "spelling"
    bare_one, bare_two = _without_article(one), _without_article(two)
    if bare_one == bare_two and bare_one.count(" ") >= 2:
        return "article"
    return "typo" if _slip(one, two, indel=6, substitution=7) else None


def same_artist(first: str, second: str) -> str | None:
    """The rule by which two folded artists of one and the same title are one, or None: spaces or typo."""
    if _numbers(first) != _numbers(second):
        return None
    if first.replace(" ", "") == second.replace(" ", ""):
        return "spaces"
    return "typo" if _slip(first, second, indel=6, substitution=8) else None


def _slip(first: str, second: str, *, indel: int, substitution: int) -> bool:
    """Whether one word differs, by one letter left out or doubled, two swapped, or one replaced, inside a long word.

    The longer word has at least `indel` letters, or `substitution` where a letter is replaced.
    """
    words, others = first.split(" "), second.split(" ")
    if len(words) != len(others):
        return False
    different = [(word, other) for word, other in zip(words, others, strict=True) if word != other]
    if len(different) != 1:
        return False
    word, other = different[0]
    if word[0] != other[0] or word[-1] != other[-1] or OSA.distance(word, other) != 1:
        return False
    replaced = len(word) == len(other) and sorted(word) != sorted(other)
    return max(len(word), len(other)) >= (substitution if replaced else indel)


def _numbers(text: str) -> list[str]:
    return _NUMBER.findall(text)


def _written_out(title: str) -> str:
    return _DROPPED_G.sub(r"\1ing", " ".join(_SHORT_FOR.get(word, word) for word in title.split(" ")))


def _without_article(title: str) -> str:
    article, _, rest = title.partition(" ")
    return rest if article in _ARTICLES else title
