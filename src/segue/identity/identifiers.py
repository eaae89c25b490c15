"""Identifiers that others have given to recordings: ISRC and MBID, in one form, or null where they cannot be one."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import polars as pl

_ISRC: Final = r"^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$"
_MBID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_PLACEHOLDER: Final = r"^(?:[A-Z]{2}[A-Z0-9]{3}0{7}|[0-]+)$"


def isrcs(column: pl.Series) -> pl.Series:
    """ISRCs (ISO 3901) as twelve capitals and digits: "us-rc1-76-07839" -> "USRC17607839"; null for anything else.

    A designation of only zeros is a placeholder, not an identifier.
    """
    bare = column.str.replace_all(r"(?i)^\s*(?:ISRC[\s:]*)?|[\s\-.]+", "").str.to_uppercase()
    return _only(bare, _ISRC).alias("isrc")


def mbids(column: pl.Series) -> pl.Series:
    """MusicBrainz identifiers in lower case, taken out of an address where need be; null for anything else."""
    bare = column.str.to_lowercase().str.extract(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", 1)
    return _only(bare, _MBID).alias("mbid")


def mbid(value: object) -> str | None:
    """One MusicBrainz identifier in lower case; None for anything else."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _only(column: pl.Series, pattern: str) -> pl.Series:
    name = column.name
    fits = (pl.col(name).str.contains(pattern)) & ~pl.col(name).str.contains(_PLACEHOLDER)
    return column.to_frame().select(pl.when(fits).then(pl.col(name))).to_series()
