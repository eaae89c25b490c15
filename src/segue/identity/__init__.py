"""Which items are one recording, or one song, under several names."""

from segue.identity.evidence import By
from segue.identity.keys import Grouping, grouped, keyed
from segue.identity.matching import Matches, matches
from segue.identity.merging import MergeReport, merged, merged_by_keys, plays
from segue.identity.near import near_duplicates

__all__ = [
    "By",
    "Grouping",
    "Matches",
    "MergeReport",
    "grouped",
    "keyed",
    "matches",
    "merged",
    "merged_by_keys",
    "near_duplicates",
    "plays",
]
