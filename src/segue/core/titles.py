"""Text as a person types it, made comparable."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_APART: Final = re.compile(r"[^\w]+", re.UNICODE)


def fold(text: str) -> str:
    """Case, accents, width, punctuation and repeated spaces removed: "Déjà  Vu!" -> "deja vu".

    Text of only punctuation ("!!!") keeps it, so that such names stay findable. Never raises.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    words = _APART.sub(" ", plain.replace("&", " and ").replace("'", "").replace("\u2019", "")).strip()
    return words or plain.strip()
