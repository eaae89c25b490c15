"""Which items are one recording, or one song, under several names."""

from segue.identity.evidence import By
from segue.identity.keys import Grouping, grouped, keyed
from segue.identity.merging import MergeReport, merged
from segue.identity.near import near_duplicates

__all__ = ["By", "Grouping", "MergeReport", "grouped", "keyed", "merged", "near_duplicates"]
