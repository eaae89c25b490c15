"""Numbers in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from segue.core.origins import IN_WORDS
from segue.service.replies import Because, Item, Moved, Nomination, Placed

RATING_WORDS: Final = ("Dislike", "Not for me", "Neutral", "Like", "Love")


def rating_word(rating: float) -> str:
    """A rating from 0 to 1 as one of five words."""
    return RATING_WORDS[min(4, int(rating * 4 + 0.5))]


def reason(
    because: Sequence[Because],
    nominated: Sequence[Nomination],
    moves: Sequence[Moved],
    fallback: str | None,
    placed: Sequence[Placed] = (),
) -> str:
    """All reasons in one sentence, starting with a small letter and ending without a full stop."""
    parts = []
    if because:
        said = [f"{before}{one.label}{after}: {one.contribution:+.2f}" for before, one, after in spoken(because)]
        parts.append("because " + _joined(said))
    if nominated:
        parts.append("nominated by " + _joined([f"{one.source} #{one.rank}" for one in nominated]))
    if fallback is not None:
        parts.append(f"filled in from {fallback}, since the history says nothing more")
    parts.extend(new_to(one) for one in placed)
    parts.extend(moved(one) for one in moves)
    return "; ".join(parts) or "no reason is known"


def moved(move: Moved) -> str:
    """What one rule did."""
    where = "taken out" if move.after is None else f"moved from {move.before} to {move.after}"
    return f"{where} by {move.rule} ({move.why})" if move.why else f"{where} by {move.rule}"


def new_to(placed: Placed) -> str:
    """How a model got to know an item that it was not trained on."""
    return f"new to {placed.model}, placed {IN_WORDS[placed.origin]}"


def spoken(because: Sequence[Because]) -> list[tuple[str, Because, str]]:
    """What a person did with each item, as words before and after its name; what the item before it said is not said
    again: ("you rated ", first, " highly"), ("", second, " highly")."""
    told = []
    last = ""
    for one in because:
        before, after = _doing(one.rating)
        told.append(("" if before == last else before, one, after))
        last = before
    return told


def in_common(item: Item, other: Item) -> list[str]:
    """What the catalogue says that two items share."""
    facts = []
    if item.artist and item.artist == other.artist and (item.title or other.title):
        facts.append("the same artist")
    if item.album and item.album == other.album and item.artist == other.artist:
        facts.append("the same album")
    shared = [word for word in styles(other) if word in styles(item)]
    if shared:
        facts.append("both " + _joined(shared[:3]))
    if item.released and other.released and item.released.year == other.released.year:
        facts.append(f"both from {item.released.year}")
    return facts


def styles(item: Item) -> list[str]:
    """The genres of an item, or what listeners call it where no genre is known."""
    return item.genres or item.tags


def clock(seconds: float) -> str:
    """A duration as minutes and seconds, with hours where there are any."""
    whole = int(seconds + 0.5)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _doing(rating: float | None) -> tuple[str, str]:
    if rating is None:
        return "you listened to ", ""
    if rating > 0.5:
        return "you rated ", " highly"
    return ("you rated ", " low") if rating < 0.5 else ("you know ", "")


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
