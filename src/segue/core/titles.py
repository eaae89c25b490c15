"""Names of artists and songs, made comparable.

`fold` is for text as a person types it. `normalized` reads a whole name, artist and title, into its parts, and gives
the two keys by which names of one recording and of one song are found to be the same. `segue.core.versions` knows what
the remarks behind a title mean.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from segue.core import versions
from segue.core.versions import SAME_SONG, Version
from segue.core.words import MARK, prepared, words

_APART: Final = re.compile(r"[^\w]+", re.UNICODE)


def fold(text: str) -> str:
    """Case, accents, width, punctuation and repeated spaces removed: "Déjà  Vu!" -> "deja vu".

    Text of only punctuation ("!!!") keeps it, so that such names stay findable. Never raises.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    words = _APART.sub(" ", plain.replace("&", " and ").replace("'", "").replace("\u2019", "")).strip()
    return words or plain.strip()


@dataclass(frozen=True, slots=True)
class Title:
    """A title in parts, all folded (see `words`).

    main:     the title itself, with subtitles: "i cant get no satisfaction", "nocturne part 2".
    versions: what the remarks say, sorted, without those that change nothing for a recording.
    featured: guests, in the order named.
    source:   the film or show that a remark names ("From "X""), or "".
    """

    main: str
    versions: tuple[Version, ...] = ()
    featured: tuple[str, ...] = ()
    source: str = ""

    @property
    def vague(self) -> bool:
        """True for titles that many pieces of one artist share: "Intro", "Interlude 2", "Untitled", "Main Theme"."""
        return _VAGUE.fullmatch(self.main) is not None

    @property
    def recording(self) -> str:
        """The title's part of the recording key: a film made many a song its own recording, so it is named too."""
        source = (f"from {self.source}",) if self.source else ()
        return " | ".join([self.main, *map(str, self.versions), *source])

    @property
    def song(self) -> str:
        """The title's part of the song key: without the versions that are the same song."""
        return " | ".join([self.main, *(str(version) for version in self.versions if version.kind not in SAME_SONG)])


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist's credit in parts.

    main:     the credit without guests, whole and folded: "earth wind and fire".
    names:    its parts at commas, "&", "and", "x", "vs.", "with", sorted, without leading articles and spaces: the
              order of several artists, and the word that joins them, do not count. Whether "A & B" is a band or two
              artists need not be known for that.
    featured: guests, in the order named.
    """

    main: str
    names: tuple[str, ...]
    featured: tuple[str, ...] = ()

    @property
    def vague(self) -> bool:
        """True for credits that name nobody: "Various Artists"."""
        return self.main in _NOBODY

    @property
    def key(self) -> str:
        """The names as one text: the artist's part of the song key."""
        return " + ".join(self.names)


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a song: an artist's credit and a title."""

    artist: Artist
    title: Title

    @property
    def featured(self) -> tuple[str, ...]:
        """All guests, whether the artist's credit or the title names them."""
        return tuple(dict.fromkeys((*self.artist.featured, *self.title.featured)))

    @property
    def credits(self) -> str:
        """All that are credited, in the order of the alphabet: the artist's part of the recording key."""
        guests = [_despaced(name) for guest in self.featured for name in _names(guest)]
        return " + ".join(sorted({*self.artist.names, *guests}))

    @property
    def recording(self) -> str:
        """The key that names of the same recording share: all that are credited, the title, and the versions.

        "A & B - T", "A - T (feat. B)" and "B - T (with A)" share it; "A - T" does not: a guest is usually heard.
        """
        return f"{self.credits} | {self.title.recording}"

    @property
    def song(self) -> str:
        """The key that names of the same song share: the artist without guests, the title, and remixes."""
        return f"{self.artist.key} | {self.title.song}"


def normalized(artist: str, title: str) -> Name:
    """Reads a name into its parts. Never raises; a title that is not blank never becomes an empty one."""
    return Name(read_artist(artist), read_title(title))


def read_title(text: str) -> Title:
    """The parts of a title."""
    text = prepared(text)
    if _PLAIN.fullmatch(text):
        return Title(_numbered(words(text)))
    text = _YEAR_DASH.sub(r"\1 ", text)
    rest, remarks = _brackets(text)
    head, *tail = _DASH.split(rest)
    kept, found = [head], _Found()
    for remark in tail:
        _take(_PLACE.sub(" ", remark), kept, found, dashed=True)
        kept += _marks(remark)  # a bracket in a remark may still belong to the title
    subtitles: dict[int, str] = {}
    for number, remark in enumerate(remarks):
        inside: list[str] = []
        _take(remark, inside, found, dashed=False)
        subtitles[number] = " ".join(inside)
    joined = found.without_guests(" ".join(kept))
    joined = _PLACE.sub(lambda place: f" {subtitles[int(place[1])]} ", joined)
    main = _numbered(words(found.without_guests(words(_inverted(joined)))))
    if not _SPOKEN.search(main):
        # Nothing but remarks, or nothing but punctuation and remarks: the remarks are the title.
        plain = words(text)
        return Title(_numbered(plain)) if plain == text else read_title(plain)
    kept_versions = sorted({version for version in found.versions if version.kind != "edition"})
    return Title(main, tuple(kept_versions), tuple(dict.fromkeys(found.featured)), found.source)


def read_artist(text: str) -> Artist:
    """The parts of an artist's credit."""
    text = prepared(text)
    rest, remarks = _brackets(text)
    found = _Found()
    inside: list[str] = []
    for remark in remarks:
        guests = _GUEST_REMARK.match(remark.strip())
        if guests:
            found.guests(guests["names"])
        inside.append("" if guests else remark)
    rest = _PLACE.sub(lambda place: f" {inside[int(place[1])]} ", rest)
    rest = found.without_guests(rest)
    main = words(_inverted(rest))
    if found.without_guests(main) != main:  # "ft" shows only once the signs around it are gone
        return read_artist(main)
    if not _SPOKEN.search(main):
        plain = words(text)
        if plain != text:
            return read_artist(plain)
        return Artist(plain, (_despaced(plain),) if plain else ())
    names = tuple(sorted(set(map(_despaced, _names(rest)))))
    return Artist(main, names or (_despaced(main),), tuple(dict.fromkeys(found.featured)))


# -- reading remarks ---------------------------------------------------------------------------------------------------


class _Found:
    """What the remarks of one name have said so far."""

    def __init__(self) -> None:
        self.versions: list[Version] = []
        self.featured: list[str] = []
        self.source = ""

    def without_guests(self, text: str) -> str:
        """The text without "feat. ..." at its end, which is noted."""
        guests = _GUESTS.search(text)
        if guests is None or not words(text[: guests.start()]):
            return text
        self.guests(_PLACE.sub(" ", guests[1]))
        return " ".join([text[: guests.start()], *_marks(guests[1])])

    def guests(self, text: str) -> None:
        """Notes the names in a list of guests, and the remark that may stand behind them."""
        listed, *more = _SLASH.split(text)
        for remark in more:
            self.remark(remark)
        last = versions.trailing(words(listed).split())
        said = versions.read(" ".join(last), last, dashed=True) if last else None
        names = [name for part in _JOINERS.split(listed) if (name := words(part))]
        if said is not None and names:
            self.versions += said.versions
            names[-1] = names[-1].removesuffix(" ".join(last)).strip()
        self.featured += [name for name in names if name]

    def remark(self, text: str) -> None:
        """Notes what stands behind a slash: a version, whether it is a known one or not."""
        said = versions.read(text.strip(), words(text).split(), dashed=True)
        self.versions += said.versions if said else [Version("version", words(text))]


def _take(remark: str, kept: list[str], found: _Found, *, dashed: bool) -> None:
    """Reads one remark into `found`, or, where it belongs to the title, appends it to `kept`."""
    remark = remark.strip(" -")
    guests = _GUEST_REMARK.match(remark)
    if guests and not (guests["with"] and words(guests["names"]).split(" ")[0] in _NOT_A_GUEST):
        dash = _DASH.split(guests["names"], maxsplit=1)
        found.guests(dash[0])
        if guests["duet"]:
            found.versions.append(Version("version", "duet"))
        if len(dash) > 1:
            _take(dash[1], kept, found, dashed=dashed)
        return
    for part in remark.split(";")[1:]:
        _take(part, kept, found, dashed=dashed)
    remark = remark.split(";")[0]
    if versions.names_source(remark):
        remark, *more = _BEHIND_QUOTE.split(remark)
        for part in more:
            if not versions.is_soundtrack(words(part)):
                found.remark(part)
    late = _GUESTS.search(remark)
    if late is not None and words(remark[: late.start()]):
        found.guests(late[1])
        remark = remark[: late.start()]
    said = versions.read(remark, words(remark).split(), dashed=dashed)
    if said is None:
        pieces = [piece for piece in _PIECES.split(remark) if piece.strip()]
        read = [versions.read(piece, words(piece).split(), dashed=False) for piece in pieces]
        if len(pieces) > 1 and any(read):
            kept += [piece for piece, known in zip(pieces, read, strict=True) if known is None]
            found.versions += [version for known in read if known for version in known.versions]
            return
        kept.append(remark)
        return
    found.versions += said.versions
    found.source = found.source or said.source


def _marks(text: str) -> list[str]:
    return [found[0] for found in _PLACE.finditer(text)]


def _brackets(text: str) -> tuple[str, list[str]]:
    """The text with each outermost bracket replaced by a mark that carries its number, and what stood in them."""
    if not _OPEN.search(text):
        return text, []
    inside: list[str] = []
    rest: list[str] = []
    depth, start = 0, 0
    for place, sign in enumerate(text):
        if sign in "([{":
            if depth == 0:
                rest.append(text[start:place])
                start = place + 1
            depth += 1
        elif sign in ")]}" and depth:
            depth -= 1
            if depth == 0:
                inside.append(text[start:place])
                rest.append(f" {MARK}{len(inside) - 1}{MARK} ")
                start = place + 1
    if depth:  # cut off in the middle: what stands there ends with the text
        inside.append(text[start:])
        rest.append(f" {MARK}{len(inside) - 1}{MARK} ")
    else:
        rest.append(text[start:])
    return "".join(rest), inside


def _names(text: str) -> list[str]:
    """The names in a credit, folded, articles and empty ones left out; "Jr." stays with the name before it."""
    names: list[str] = []
    for part in _JOINERS.split(text):
        name = words(part)
        if name in _SUFFIXES and names:
            names[-1] += f" {name}"
        elif name and name not in _ARTICLES:
            names.append(name)
    return [_without_article(name) for name in names]


def _without_article(name: str) -> str:
    article, _, rest = name.partition(" ")
    return rest if rest and article in _ARTICLES else name


def _despaced(name: str) -> str:
    return name.replace(" ", "")


def _inverted(text: str) -> str:
    """The sort form the right way round: "boxer, the" -> "the boxer"."""
    found = _SORT_FORM.match(text)
    return f"{found['article']} {found['rest']}" if found else text


def _numbered(title: str) -> str:
    """Numbers of parts in one form: "pt ii", "part two" -> "part 2"; "no 1", "nr 1", "#1" -> "number 1"."""
    if not _PART_WORD.search(title):
        return title
    result: list[str] = []
    counting = False
    tokens = title.split(" ")
    for place, word in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else ""
        if word in _PARTS and (following.isdigit() or following in _NUMERALS):
            result.append(_PARTS[word])
            counting = True
        elif word in _NUMBER_WORDS and following.isdigit():
            result.append("number")
        elif counting and word in _NUMERALS:
            result.append(_NUMERALS[word])
        else:
            counting = counting and (word in ("and", "to") or word.isdigit())
            result.append(word)
    return " ".join(result)


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_PLACE: Final = re.compile(f"{MARK}(\\d+){MARK}")
# Titles without anything to read but words, by far the most: a short cut.
_PLAIN: Final = re.compile(r"(?!.*(?:\bfeat|\bft\b|, ?\w+$| w/))(?:[a-z0-9' ,.!?&+$#*\"/:;`]|(?<=\w)-(?=\w))+")
_OPEN: Final = re.compile(r"[(\[{]")
_DASH: Final = re.compile(r"(?:^|\s)-+(?=\s|$|[^\W\d])")
_YEAR_DASH: Final = re.compile(r"(?<=- )(\d{4}) - (?=(?:digital )?re-?master)")
_PIECES: Final = re.compile(r"[;/,]|\s-+\s")
_SLASH: Final = re.compile(r"\s/\s?")
_BEHIND_QUOTE: Final = re.compile(r"(?<=[\"'\w])\s*/\s*")
_SPOKEN: Final = re.compile(r"[^\W_]|[^\x00-\x7f]")
_GUESTS: Final = re.compile(
    r"(?<!\W)\W+(?:feat(?!\w)(?!\W*of\b)|featuring(?!\w)|(?<!\d\W)ft(?!\w)|w/)\W*(\w.*)$"  # "6 ft" are feet
)
_GUEST_REMARK: Final = re.compile(
    r"^(?:(?:feat\.|ft\.|f/|w/)\s*|(?:feat|ft|featuring|(?P<duet>duet with))\s+"
    r"|part\.(?! ?(?:\d|[ivx]+\b|one|two|three))\s+|(?P<with>(?:with|avec|con|mit)\s+))(?P<names>.*\w.*)$"
)
_NOT_A_GUEST: Final = _set(  # words after which "(with ..." is a subtitle or says what is to be heard
    "a an the my your our his her their me you us him them it i no all out love lyrics strings orchestra string intro "
    "outro piano band choir narration commentary applause introduction spoken guitar vocals drums crowd voice de la el "
    "mi tu te ti los las un una le les du der die das dem den einem dir mir uns ella ellos every some only one two "
    "or and nothing everything"
)
_JOINERS: Final = re.compile(
    r"\s*(?:[;&+]|,(?!\s*the\s+\w))\s*|\s+(?:and|x|vs\.?|versus|with|y|e|et|und|feat\.?|ft\.?|featuring|/)\s+"
)
_SUFFIXES: Final = _set("jr sr ii iii phd md esq")
_ARTICLES: Final = _set("the el la los las le les l der die das il lo gli i os as det den de het")
_SORT_FORM: Final = re.compile(
    r"^(?P<rest>[^,]+), ?(?P<article>the|a|an|el|la|los|las|le|les|der|die|das|il|gli|os|as)(?=\s*(?:\x00|$))"
)
_NOBODY: Final = frozenset(
    [
        *("various artists", "various", "va", "unknown", "unknown artist", "artist unknown", "no artist", "anonymous"),
        *("varios artistas", "artistes varies", "verschiedene interpreten", "diverse", "traditional", "original cast"),
    ]
)
_VAGUE: Final = re.compile(
    r"(?:the )?(?:intro|introduction|outro|interlude|skit|prelude|prologue|epilogue|overture|finale|encore|reprise|jam|"
    r"untitled|untitled track|title|unknown|hidden track|bonus track|bonus|silence|medley|intermission|entracte|"
    r"(?:main |love |opening |ending |title )?theme|theme song|main titles?|end (?:credits|title)|opening|ending|track|"
    r"(?:opening )?credits|demo|instrumental|acoustic|remix|freestyle|commentary|welcome|thank you)"
    r"(?: (?:number |part |track )?\d{1,3})?|(?:track|number|piece|chapter|act|part|scene) \d{1,3}|\d{1,2}"
)
_PARTS: Final = {
    **dict.fromkeys(("pt", "pts", "part", "parts", "parte", "partie", "teil"), "part"),
    **dict.fromkeys(("vol", "vols", "volume"), "volume"),
    **dict.fromkeys(("ch", "chapter"), "chapter"),
    "act": "act",
}
_NUMBER_WORDS: Final = _set("no nr num number")
_PART_WORD: Final = re.compile(r"\b(?:pts?|part[se]?|partie|teil|vols?|volume|ch|chapter|act|no|nr|num) \w")
_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi")
_SPELLED: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMERALS: Final = {word: str(n) for spelling in (_ROMAN, _SPELLED) for n, word in enumerate(spelling, start=1)}
