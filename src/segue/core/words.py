"""Text folded to the words that a name is known by."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MARK: Final = "\x00"  # stands for a bracket that was taken out; no name has it


def prepared(text: str) -> str:
    """Compatibility forms, case, dashes, quotes and brackets made one; the punctuation is still there."""
    if text.isascii():
        text = text.lower()
    else:
        text = unicodedata.normalize("NFKC", _SIGNS.sub("", text).translate(_ALIKE)).casefold()
        text = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    return " ".join(text.replace(MARK, " ").replace("_", " ").split())


def words(text: str) -> str:
    """The words of prepared text, one space apart: no punctuation, no accents on Latin letters, "&" as "and".

    Dots in initials, and signs that stand for letters ("P!nk", "A$AP"), are read as meant. Other scripts keep their
    marks, and symbols such as hearts are words. Text of only punctuation keeps it.
    """
    simple = text if text.isascii() else _unaccented(text)
    if _LETTER_SIGNS.search(simple):
        simple = _CENSORED.sub(lambda found: _UNCENSORED[found[1]], simple)
        simple = _DOLLAR.sub("s", simple)
        simple = _BANG.sub("i", simple)
        simple = _INITIALS.sub(lambda found: found[0].replace(".", ""), simple)
        simple = _NUMBER_SIGN.sub("number ", simple)
        simple = _AND_SIGN.sub(" and ", simple)
        simple = simple.replace("'", "").replace("`", "")
    found = " ".join(_ASCII_WORDS.findall(simple)) if simple.isascii() else _visible(simple)
    return found or " ".join(text.replace("|", "¦").replace(MARK, " ").split())


def _unaccented(text: str) -> str:
    """Marks taken off Latin letters only: they are part of the letter in other scripts."""
    latin = False
    result: list[str] = []
    for sign in unicodedata.normalize("NFD", text):
        if not unicodedata.combining(sign):
            latin = sign < "\u0250" or "\u1e00" <= sign < "\u1f00"
            result.append(sign)
        elif not latin:
            result.append(sign)
    return unicodedata.normalize("NFC", "".join(result))


def _visible(text: str) -> str:
    result: list[str] = []
    for sign in text:
        category = unicodedata.category(sign)
        if category[0] in "LN" or (category[0] == "M" and sign not in _SELECTORS):
            result.append(sign)
        elif category[0] == "S" and sign > "\x7f":
            result.append(f" {sign} ")
        elif category != "Cf" and sign not in _SELECTORS:
            result.append(" ")
    return " ".join("".join(result).split())


_ASCII_WORDS: Final = re.compile(r"[a-z0-9]+")
_LETTER_SIGNS: Final = re.compile(r"[.'`$!#&+*]|\bn\b")
_DOLLAR: Final = re.compile(r"(?<=[a-z])\$|\$(?=[a-z])")
_BANG: Final = re.compile(r"(?<=[a-z])!(?=[a-z])")
_INITIALS: Final = re.compile(r"(?<![a-z0-9])(?:[a-z]\.)+[a-z](?![a-z0-9'])\.?")
_NUMBER_SIGN: Final = re.compile(r"#(?=\d)")
_AND_SIGN: Final = re.compile(r"[&+]|(?<![\w'])'?n'?(?![\w'])")
_CENSORED: Final = re.compile(r"(f\*\*k|f\*ck|fu\*k|sh\*t|s\*\*t|b\*\*ch|b\*tch|n\*\*\*a|n\*gga)")
_UNCENSORED: Final = {
    **dict.fromkeys(("f**k", "f*ck", "fu*k"), "fuck"),
    **dict.fromkeys(("sh*t", "s**t"), "shit"),
    **dict.fromkeys(("b**ch", "b*tch"), "bitch"),
    **dict.fromkeys(("n***a", "n*gga"), "nigga"),
}
_SIGNS: Final = re.compile("[\u2122\u00ae\u00a9\u2120]")
_SELECTORS: Final = frozenset("\ufe0e\ufe0f")
_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u02b9\u2032\u00b4\u02bb", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u3010\u3014\u3016", "["),
        **dict.fromkeys("\u3011\u3015\u3017", "]"),
        **dict(zip("øłđðıħ", "olddih", strict=True)),
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "×": " x ",
    }
)
