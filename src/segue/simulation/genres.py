"""The genres of the demo world: a tree of two levels, and how each genre sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# How a feature sounds on average; 0..1 but loudness (set by energy) and tempo (beats per minute).
SOUND: Final = (
    "danceability",
    "energy",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)


@dataclass(frozen=True, slots=True)
class Genre:
    """A leaf of the tree.

    sound:     means of the features of `SOUND`.
    share:     how much music of this genre is made and heard, relative to the others.
    started:   the first year with music of this genre, `peak` the year with most of it.
    explicit:  probability that an artist's track is explicit.
    major:     probability of a major key.
    waltz:     probability of three beats to the bar.
    sung:      probability that a track has words.
    """

    name: str
    sound: tuple[float, ...]
    share: float = 1.0
    started: int = 1960
    peak: int = 2012
    explicit: float = 0.04
    major: float = 0.65
    waltz: float = 0.06
    sung: float = 0.97


@dataclass(frozen=True, slots=True)
class Root:
    """A root of the tree and its leaves."""

    name: str
    leaves: tuple[Genre, ...]


ROOTS: Final = (
    Root(
        "rock",
        (
            Genre("indie rock", (0.5, 0.74, 0.05, 0.1, 0.09, 0.19, 0.49, 126), share=1.3, started=1982, peak=2010),
            Genre("classic rock", (0.5, 0.72, 0.05, 0.14, 0.05, 0.22, 0.6, 124), share=1.2, started=1964, peak=1976),
            Genre("garage rock", (0.47, 0.86, 0.06, 0.04, 0.1, 0.22, 0.55, 140), share=0.6, started=1963, peak=2004),
            Genre(
                "post-punk",
                (0.54, 0.77, 0.05, 0.05, 0.22, 0.18, 0.46, 134),
                share=0.6,
                started=1978,
                peak=2018,
                explicit=0.06,
                major=0.5,
            ),
            Genre(
                "shoegaze", (0.38, 0.73, 0.04, 0.08, 0.4, 0.2, 0.32, 122), share=0.4, started=1988, peak=2014, sung=0.9
            ),
        ),
    ),
    Root(
        "pop",
        (
            Genre(
                "dance pop",
                (0.7, 0.77, 0.06, 0.1, 0.01, 0.18, 0.58, 120),
                share=1.6,
                started=1982,
                peak=2016,
                explicit=0.1,
            ),
            Genre("synth-pop", (0.65, 0.7, 0.04, 0.11, 0.06, 0.17, 0.55, 118), started=1979, peak=2013),
            Genre("indie pop", (0.6, 0.6, 0.05, 0.26, 0.05, 0.16, 0.56, 118), share=1.2, started=1984, peak=2016),
            Genre(
                "chamber pop",
                (0.46, 0.46, 0.04, 0.49, 0.07, 0.15, 0.41, 114),
                share=0.5,
                started=1966,
                peak=2008,
                waltz=0.14,
            ),
            Genre(
                "dream pop",
                (0.49, 0.52, 0.04, 0.31, 0.22, 0.15, 0.33, 112),
                share=0.7,
                started=1985,
                peak=2015,
                sung=0.94,
            ),
        ),
    ),
    Root(
        "electronic",
        (
            Genre("deep house", (0.76, 0.66, 0.05, 0.08, 0.52, 0.12, 0.46, 122), started=1988, peak=2014, sung=0.55),
            Genre(
                "techno", (0.71, 0.82, 0.06, 0.03, 0.8, 0.12, 0.28, 131), share=0.8, started=1987, peak=2017, sung=0.2
            ),
            Genre(
                "ambient",
                (0.26, 0.18, 0.04, 0.83, 0.86, 0.11, 0.14, 100),
                share=0.7,
                started=1975,
                peak=2016,
                sung=0.08,
            ),
            Genre(
                "drum and bass",
                (0.55, 0.88, 0.08, 0.04, 0.45, 0.22, 0.36, 174),
                share=0.6,
                started=1992,
                peak=2004,
                sung=0.5,
            ),
            Genre(
                "downtempo", (0.63, 0.48, 0.06, 0.36, 0.48, 0.13, 0.4, 96), share=0.7, started=1991, peak=2009, sung=0.5
            ),
        ),
    ),
    Root(
        "hip hop",
        (
            Genre(
                "boom bap",
                (0.74, 0.68, 0.27, 0.16, 0.02, 0.24, 0.58, 92),
                share=0.8,
                started=1986,
                peak=1996,
                explicit=0.55,
                major=0.55,
            ),
            Genre(
                "trap",
                (0.73, 0.61, 0.2, 0.14, 0.01, 0.18, 0.38, 140),
                share=1.5,
                started=2008,
                peak=2019,
                explicit=0.7,
                major=0.5,
            ),
            Genre(
                "conscious hip hop",
                (0.68, 0.66, 0.28, 0.21, 0.01, 0.24, 0.52, 98),
                share=0.8,
                started=1988,
                explicit=0.45,
            ),
            Genre(
                "lo-fi beats",
                (0.67, 0.32, 0.1, 0.62, 0.72, 0.13, 0.42, 82),
                share=0.7,
                started=2010,
                peak=2020,
                sung=0.12,
            ),
        ),
    ),
    Root(
        "soul",
        (
            Genre("classic soul", (0.6, 0.55, 0.04, 0.44, 0.01, 0.18, 0.68, 112), share=0.8, peak=1970),
            Genre(
                "neo soul",
                (0.63, 0.48, 0.09, 0.36, 0.03, 0.15, 0.5, 94),
                share=0.8,
                started=1995,
                peak=2016,
                explicit=0.15,
            ),
            Genre(
                "funk", (0.75, 0.72, 0.07, 0.16, 0.06, 0.17, 0.8, 110), share=0.7, started=1967, peak=1977, sung=0.88
            ),
            Genre(
                "contemporary r&b",
                (0.66, 0.55, 0.1, 0.27, 0.01, 0.16, 0.44, 108),
                share=1.2,
                started=1990,
                peak=2017,
                explicit=0.3,
            ),
        ),
    ),
    Root(
        "jazz",
        (
            Genre(
                "bebop",
                (0.53, 0.45, 0.05, 0.74, 0.45, 0.18, 0.58, 138),
                share=0.5,
                peak=1962,
                explicit=0.0,
                major=0.5,
                waltz=0.08,
                sung=0.12,
            ),
            Genre(
                "vocal jazz",
                (0.48, 0.24, 0.05, 0.84, 0.02, 0.17, 0.39, 108),
                share=0.7,
                peak=1964,
                explicit=0.0,
                major=0.6,
                waltz=0.14,
            ),
            Genre(
                "jazz fusion",
                (0.55, 0.62, 0.05, 0.3, 0.6, 0.18, 0.57, 116),
                share=0.5,
                started=1969,
                peak=1978,
                explicit=0.0,
                major=0.5,
                waltz=0.08,
                sung=0.15,
            ),
            Genre(
                "nu jazz",
                (0.6, 0.58, 0.07, 0.31, 0.55, 0.15, 0.46, 110),
                share=0.5,
                started=1994,
                peak=2018,
                explicit=0.02,
                major=0.5,
                waltz=0.08,
                sung=0.3,
            ),
        ),
    ),
    Root(
        "folk",
        (
            Genre(
                "indie folk",
                (0.47, 0.38, 0.04, 0.66, 0.09, 0.14, 0.35, 116),
                share=1.1,
                started=1998,
                peak=2013,
                waltz=0.15,
            ),
            Genre("singer-songwriter", (0.52, 0.4, 0.04, 0.62, 0.02, 0.14, 0.41, 118), started=1967, waltz=0.12),
            Genre("traditional folk", (0.5, 0.35, 0.05, 0.8, 0.08, 0.2, 0.52, 118), share=0.5, peak=1972, waltz=0.22),
            Genre(
                "freak folk",
                (0.45, 0.42, 0.05, 0.68, 0.2, 0.15, 0.36, 112),
                share=0.3,
                started=1968,
                peak=2007,
                waltz=0.15,
                sung=0.9,
            ),
        ),
    ),
    Root(
        "country",
        (
            Genre(
                "outlaw country",
                (0.56, 0.55, 0.04, 0.38, 0.02, 0.2, 0.62, 122),
                share=0.6,
                started=1968,
                peak=1976,
                waltz=0.12,
            ),
            Genre(
                "contemporary country", (0.57, 0.7, 0.04, 0.2, 0, 0.18, 0.56, 126), share=1.2, started=1989, peak=2015
            ),
            Genre(
                "bluegrass", (0.53, 0.5, 0.05, 0.78, 0.15, 0.2, 0.66, 128), share=0.4, peak=2003, waltz=0.14, sung=0.8
            ),
            Genre(
                "alt-country",
                (0.5, 0.53, 0.04, 0.36, 0.04, 0.16, 0.44, 120),
                share=0.5,
                started=1990,
                peak=2005,
                waltz=0.1,
            ),
        ),
    ),
    Root(
        "metal",
        (
            Genre(
                "heavy metal",
                (0.42, 0.9, 0.07, 0.01, 0.12, 0.24, 0.4, 130),
                share=0.7,
                started=1972,
                peak=1985,
                explicit=0.08,
                major=0.45,
            ),
            Genre(
                "doom metal",
                (0.3, 0.78, 0.06, 0.02, 0.45, 0.2, 0.2, 108),
                share=0.4,
                started=1984,
                explicit=0.06,
                major=0.4,
                sung=0.85,
            ),
            Genre(
                "progressive metal",
                (0.38, 0.88, 0.06, 0.02, 0.25, 0.2, 0.3, 128),
                share=0.5,
                started=1988,
                peak=2010,
                explicit=0.05,
                major=0.45,
                waltz=0.14,
            ),
            Genre(
                "metalcore",
                (0.42, 0.94, 0.1, 0.01, 0.05, 0.24, 0.3, 138),
                share=0.6,
                started=1998,
                peak=2011,
                explicit=0.25,
                major=0.45,
            ),
        ),
    ),
    Root(
        "classical",
        (
            Genre(
                "solo piano",
                (0.33, 0.12, 0.05, 0.98, 0.9, 0.1, 0.18, 96),
                share=0.7,
                peak=2018,
                explicit=0.0,
                major=0.6,
                waltz=0.28,
                sung=0.0,
            ),
            Genre(
                "chamber music",
                (0.32, 0.18, 0.05, 0.95, 0.72, 0.14, 0.26, 104),
                share=0.5,
                peak=1996,
                explicit=0.0,
                major=0.6,
                waltz=0.28,
                sung=0.03,
            ),
            Genre(
                "orchestral",
                (0.25, 0.28, 0.04, 0.88, 0.82, 0.16, 0.18, 104),
                share=0.6,
                peak=1999,
                explicit=0.0,
                major=0.6,
                waltz=0.22,
                sung=0.02,
            ),
            Genre(
                "minimalism",
                (0.3, 0.25, 0.04, 0.88, 0.86, 0.11, 0.17, 108),
                share=0.4,
                started=1968,
                peak=2015,
                explicit=0.0,
                major=0.6,
                waltz=0.16,
                sung=0.03,
            ),
        ),
    ),
    Root(
        "latin",
        (
            Genre(
                "reggaeton",
                (0.76, 0.74, 0.1, 0.17, 0, 0.16, 0.62, 98),
                share=1.1,
                started=1996,
                peak=2020,
                explicit=0.25,
                major=0.5,
            ),
            Genre(
                "salsa",
                (0.63, 0.74, 0.06, 0.42, 0.03, 0.2, 0.82, 112),
                share=0.6,
                started=1966,
                peak=1978,
                explicit=0.0,
            ),
            Genre(
                "bossa nova",
                (0.59, 0.32, 0.05, 0.77, 0.14, 0.13, 0.55, 116),
                share=0.5,
                peak=1966,
                explicit=0.0,
                major=0.6,
                sung=0.8,
            ),
            Genre(
                "latin alternative", (0.62, 0.68, 0.06, 0.22, 0.04, 0.17, 0.62, 118), share=0.6, started=1988, peak=2010
            ),
        ),
    ),
    Root(
        "reggae",
        (
            Genre("roots reggae", (0.74, 0.53, 0.1, 0.18, 0.03, 0.16, 0.76, 132), share=0.6, started=1969, peak=1978),
            Genre("dub", (0.72, 0.45, 0.1, 0.19, 0.62, 0.13, 0.6, 128), share=0.4, started=1972, peak=1980, sung=0.35),
            Genre("ska", (0.62, 0.8, 0.07, 0.08, 0.04, 0.2, 0.8, 140), share=0.4, started=1962, peak=1996),
        ),
    ),
)

GENRES: Final = tuple(leaf for root in ROOTS for leaf in root.leaves)
ROOT_OF_GENRE: Final = tuple(number for number, root in enumerate(ROOTS) for _ in root.leaves)
