"""What a remark in brackets or behind a dash says of a title: another master, another take, another arrangement.

`read` knows nine kinds of remark (see `Kind`). Whatever it does not know is part of the title: a rule that fails to
fold two names costs a duplicate, a rule that folds too much loses a song.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["edition", "edit", "live", "acoustic", "demo", "instrumental", "version", "remix", "tribute"]
"""
edition: remaster, mono, stereo, explicit, clean, deluxe, bonus track, album version: the same recording.
edit:    radio edit, single version, extended: cut from the same tape, but another recording of the same song.
live, acoustic, demo, instrumental: other recordings of the same song, and so is
version: re-recorded, in Spanish, with piano, of 2014, any other version that the artist made.
remix:   made anew by somebody for another audience: another recording, and another song.
tribute: "in the style of X": it names the song that is meant, so it stays in both keys.
"""

SAME_SONG: Final = frozenset({"edition", "edit", "live", "acoustic", "demo", "instrumental", "version"})


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """One remark: its kind, and the words that tell two remarks of that kind apart ("at wembley", "radio", "")."""

    kind: Kind
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.detail}".rstrip()


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words that may stand in a remark without telling anything.
_NEUTRAL: Final = _set(
    "version versions ver versión versao versione fassung edition edicion digital digitally new the a an en ao dal em "
    "and in of re hd hq bit only track tracks cut recording performance performed official music full mix disc cd vinyl"
)
_EDITION: Final = _set(
    "remaster remastered remasters remastering remasterizado remasterizada remasterise remasterisee remasterisiert "
    "remastert remasterizacao rimasterizzato mono monaural stereo explicit clean dirty edited amended censored "
    "uncensored deluxe expanded anniversary bonus album lp main audio lyric lyrics standard"
)
_SAID_OF_ANOTHER: Final = _set("original originale studio")  # said where a plain title means another version
_ANCHORS: Final = _set("edit version ver mix cut versión versao versione")
_EDIT: Final = _set("edit radio single extended short long length 12 7 inch video ep soundtrack shortened uncut mixed")
_EDIT_ALONE: Final = _set("edit extended single mixed shortened uncut")
_LIVE: Final = _set("live vivo directo concert session sessions")
_PLACE: Final = _set(
    "at from in on en no na de desde al dal im aus a ao session sessions bbc mtv itunes spotify kexp solo lounge"
)
_NO_PLACE: Final = _set(
    "your my our it like and for to forever free a the life without again love while is or this through by with now "
    "fast long wire or as every each one what you me we"
)
_ACOUSTIC: Final = _set("acoustic acustico acustica acoustique akustik unplugged stripped")
_DEMO: Final = _set("demo demos outtake outtakes alternate alternative take rough rehearsal early unreleased")
_INSTRUMENTAL: Final = _set("instrumental instrumentals karaoke acapella acappella playback")
_REMIX: Final = _set("remix remixes remixed rmx bootleg mashup megamix remezcla")
_REMIX_LAST: Final = _set("mix edit dub flip rework refix vip rerub reedit redux")
_AGAIN: Final = _set("rerecorded rerecording recorded")
_LANGUAGES: Final = _set(
    "english spanish french german italian japanese korean chinese mandarin cantonese portuguese russian hindi tamil "
    "telugu latin espanol francais deutsch ingles kr jp jpn kor eng piano orchestral orchestra strings christmas"
)
_SPOKEN: Final = _set("commentary interview medley reprise interlude intro outro skit narration spoken")
_MASTERS: Final = _set("album lp mono monaural stereo main standard")
_KNOWN: Final = (
    _NEUTRAL | _EDITION | _SAID_OF_ANOTHER | _EDIT | _LIVE | _ACOUSTIC | _DEMO | _INSTRUMENTAL | _AGAIN | _LANGUAGES
)
_UNHEARD: Final = _NEUTRAL | _EDITION | _REMIX | _SAID_OF_ANOTHER | _set("mix")

_TRIBUTE: Final = re.compile(
    r"^(?:as |originally )?(?:originally )?(?:performed|made famous|made popular|in the style of|sung|recorded)"
    r" ?(?:by)? (?P<a>.+)$|^(?:a )?tribute to (?P<b>.+)$|^(?:a )?cover of (?P<c>.+)$|^(?P<d>.+) cover(?: version)?$"
    r"|^originally by (?P<e>.+)$"
)
_TRIBUTE_START: Final = re.compile(r"^(?:as |originally |in the style|made |tribute|a tribute|cover of|a cover)")
_SOURCE: Final = re.compile(
    r"^(?:music |theme |song |featured )*(?:from|aus|du film|de la película|tema de) (?P<rest>.+)$"
)
_SOUNDTRACK: Final = re.compile(r"soundtrack|motion picture|\bfilm\b|\bmovie\b|\bmusical\b|\bscore\b|\bseries\b")
_QUOTED: Final = re.compile(r"[\"'](?P<name>[^\"]+?)[\"'](?=\W|$)")
_PRODUCER: Final = re.compile(r"^prod(?:uced|uction)?\.? (?:by )?\S")
_SOUNDTRACK_ONLY: Final = re.compile(
    r"^(?:the )?(?:original )?(?:motion picture )?(?:soundtrack|score)(?: recording)?$"
)


@dataclass(frozen=True, slots=True)
class Remark:
    """What a remark says: versions, and the film or show that it names (folded), if any."""

    versions: tuple[Version, ...]
    source: str = ""


def read(text: str, words: list[str], *, dashed: bool) -> Remark | None:
    """What this remark says, or None where it belongs to the title.

    text:   as written, in lower case, with its punctuation; `words` its words, folded.
    dashed: whether it stood behind a dash (where nearly all is remark) rather than in brackets.
    """
    if not words:
        return None
    special = _tribute(words) or _source(text, words)
    if special is not None:
        return special
    if _PRODUCER.match(text):
        return Remark((Version("edition"),))
    words = _joined(words)
    if not _SPOKEN.isdisjoint(words):
        return None
    unknown = [word for word in words if word not in _KNOWN and not word.isdigit() and not _ordinal(word)]
    for rule in (_remix, _live):
        versions = rule(words, unknown, dashed)
        if versions is not None:
            return Remark(versions)
    versions = _other(words, unknown) if unknown else _known(words)
    return None if versions is None else Remark(versions)


def _tribute(words: list[str]) -> Remark | None:
    plain = " ".join(words)
    if not (_TRIBUTE_START.match(plain) or plain.endswith((" cover", " cover version")) or plain == "cover"):
        return None
    if plain in ("cover", "cover version"):
        return Remark((Version("edition"),))
    found = _TRIBUTE.match(plain)
    if found is None:
        return None
    named = next(name for name in found.groups() if name is not None)
    karaoke = " karaoke" in named
    named = re.split(r" (?:karaoke|instrumental|feat|ft)\b", named)[0]
    tribute = Version("tribute", named.removeprefix("the "))
    return Remark((Version("instrumental", "karaoke"), tribute) if karaoke else (tribute,))


def _source(text: str, words: list[str]) -> Remark | None:
    if _SOUNDTRACK_ONLY.match(" ".join(words)):
        return Remark((Version("edition"),))
    found = _SOURCE.match(text)
    if found is None:
        return None
    quoted = _QUOTED.search(found["rest"])
    if quoted is None and not _SOUNDTRACK.search(found["rest"]):
        return None
    name = quoted["name"] if quoted else _SOUNDTRACK.split(found["rest"])[0]
    source = " ".join(re.findall(r"\w+", name))
    return Remark((Version("edition"),), source.removeprefix("the "))


def _remix(words: list[str], unknown: list[str], dashed: bool) -> tuple[Version, ...] | None:
    by_name = any(word in _REMIX for word in words)
    last = words[-1] in _REMIX_LAST and (bool(unknown) or words[-1] not in ("mix", "edit"))
    if not (by_name or last):
        return None
    if not dashed and not by_name and words[0] in ("in", "my", "your", "our"):
        return None  # "(In the Mix)" is a subtitle
    name = [word for word in words if word not in _UNHEARD and word not in _EDIT]
    cut = sorted({word for word in words if word in _EDIT} - {"edit"})
    if not cut and "edit" in words and (by_name or set(name) <= {"club", "dance", "vocal", "house"}):
        cut = ["edit"]
    remix = Version("remix", " ".join(name))
    return (Version("edit", " ".join(cut)), remix) if cut else (remix,)


def _live(words: list[str], unknown: list[str], dashed: bool) -> tuple[Version, ...] | None:
    if words[0] == "recorded" and len(words) > 2 and words[1] in ("at", "live", "in", "on", "from"):
        return (Version("live", _detail(words)),)
    at = next((place for place, word in enumerate(words) if word in _LIVE), None)
    if at is None or not unknown:
        return None
    before, after = words[:at], words[at + 1 :]
    if any(word in unknown for word in before):
        # "Peel Sessions" and "Daytrotter Session" name a studio; "How We Live" is a title.
        return (Version("live", _detail(words)),) if words[-1] in ("session", "sessions") else None
    placed = bool(after) and (after[0] in _PLACE or any(len(word) == 4 and word.isdigit() for word in words))
    if placed or (dashed and words[at] == "live" and after and after[0] not in _NO_PLACE):
        kinds = [Version("acoustic")] if any(word in _ACOUSTIC for word in words) else []
        return (*kinds, Version("live", _detail(words)))
    return None


def _known(words: list[str]) -> tuple[Version, ...] | None:
    """A remark of known words only: each says what it says."""
    there = set(words)
    found: list[Version] = []
    numbers = [word for word in words if word.isdigit() and word not in _EDIT]
    for kind, known in (("acoustic", _ACOUSTIC), ("instrumental", _INSTRUMENTAL), ("demo", _DEMO)):
        if there & known:
            detail = sorted(there & known - {"demo", "demos", "instrumental", "instrumentals", "take", *_ACOUSTIC})
            take = numbers if kind == "demo" and "take" in there else []
            found.append(Version(kind, " ".join([*detail, *take])))  # type: ignore[arg-type]
    if there & _LIVE:
        year = [] if there & _EDITION else numbers
        found.append(Version("live", " ".join([*sorted(there & {"session", "sessions"}), *year])))
    if there & (_AGAIN & {"rerecorded", "rerecording"}):
        found.append(Version("version", " ".join(["rerecorded", *([] if there & _EDITION else numbers)])))
    spoken = sorted(there & _LANGUAGES)
    if spoken:
        if not there & _ANCHORS and not found:
            return None  # "(Christmas)" is a subtitle
        found.append(Version("version", " ".join(spoken)))
    cut = there & _EDIT
    if cut and (there & _ANCHORS or cut & _EDIT_ALONE or (there & {"12", "7"} and "inch" in there)):
        if not (cut == {"video"} and there & {"official", "music", "lyric", "lyrics"}):
            named = cut - {"edit", "mixed", "shortened", "length", "inch"}
            found.append(Version("edit", " ".join(sorted(named))))
    elif cut and not there & _EDITION and not found:
        return (Version("edition"),) if there & {"official", "music"} and cut == {"video"} else None
    if found:
        return tuple(sorted(set(found)))
    if there & _EDITION:
        if "mix" in there and not there & _MASTERS:  # "2018 Mix", "Deluxe Mix"
            return (Version("edit", " ".join([*numbers, *sorted(there & _EDITION)])),)
        return (Version("edition"),)
    if there & _SAID_OF_ANOTHER:
        return (Version("version", " ".join(sorted(there & _SAID_OF_ANOTHER))),)
    if numbers and (there & _ANCHORS or len(words) == 1) and len(numbers[0]) == 4:
        return (Version("version", " ".join(numbers)),)  # "2014 Version", "(1999)"
    return None


def _other(words: list[str], unknown: list[str]) -> tuple[Version, ...] | None:
    """A remark with unknown words, which is one only where it ends or begins as remarks do."""
    for kind, known in (("instrumental", _INSTRUMENTAL), ("acoustic", _ACOUSTIC), ("demo", {"demo", "demos"})):
        if (
            words[-1] in known
            or (words[0] in known and len(words) > 1)
            or (words[-1] in _ANCHORS and set(words) & known)
        ):
            return (Version(kind, _detail(words)),)  # type: ignore[arg-type]
    if len(words) > 1 and (words[-1] in _ANCHORS - {"cut"} or words[0] in ("version", "arr", "arranged")):
        return (Version("version", _detail(words)),)
    if any(word.startswith("remaster") for word in words):
        return (Version("version", " ".join(unknown)),)
    return None


def _detail(words: list[str]) -> str:
    silent = _EDITION | _ANCHORS | _ACOUSTIC | {"live", "recorded", "performance", "recording", "demo", "the"}
    kept = [word for word in words if word not in silent]
    if any(word.startswith("remaster") for word in words):  # the year belongs to the remaster
        kept = [word for word in kept if not word.isdigit()]
    return " ".join(kept)


def _joined(words: list[str]) -> list[str]:
    """Spellings made one: "re recorded" and "a cappella" as one word, "re mastered" likewise."""
    if "re" not in words and "cappella" not in words and "capella" not in words:
        return words
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "re" and word.startswith(("record", "master", "mix", "work", "edit", "fix")):
            joined[-1] = "re" + word
        elif joined and joined[-1] == "a" and word in ("cappella", "capella"):
            joined[-1] = "acapella"
        else:
            joined.append(word)
    return joined


def _ordinal(word: str) -> bool:
    return len(word) > 2 and word[:-2].isdigit() and word[-2:] in ("st", "nd", "rd", "th")


def names_source(text: str) -> bool:
    """Whether a remark begins as those do that name a film or a show: "from ..."."""
    return _SOURCE.match(text) is not None


def is_soundtrack(words: str) -> bool:
    """Whether these words only say that the recording is the soundtrack's."""
    return _SOUNDTRACK_ONLY.match(words.removesuffix(" version")) is not None


def trailing(words: list[str]) -> list[str]:
    """The words at the end of a list of guests that are a remark: "usher explicit album version" -> the last three."""
    start = len(words)
    while start > 1 and (words[start - 1] in _KNOWN or words[start - 1] in _REMIX or words[start - 1].isdigit()):
        start -= 1
    return words[start:]
