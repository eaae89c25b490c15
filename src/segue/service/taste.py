"""The visitor's ratings, as a form or a browser's memory sends them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from segue.errors import AmbiguousError, NotFoundError
from segue.service.answers import Answers
from segue.service.questions import MAX_ENTRIES, MAX_TEXT, Identifier, Rating, RecommendationQuestion
from segue.service.replies import Item, RecommendationsReply

FIRST_RATING: Final = 0.8  # of an item that was just added
_LIST: Final = 20
_STARTERS: Final = 6


class KeptRating(BaseModel):
    """One rating of a browser's memory."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Identifier
    rating: Rating


class TasteQuestion(BaseModel):
    """What the taste page's script sends: a list, since a script's objects do not keep the order of numeric ids."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ratings: Annotated[list[KeptRating], Field(max_length=MAX_ENTRIES)] = []
    query: Annotated[str, Field(max_length=MAX_TEXT)] = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What became of an addition: one line, and, where it could have been several things, those."""

    text: str
    matches: Sequence[Item] = ()
    good: bool = False


@dataclass(frozen=True, slots=True)
class Rated:
    """An item and what the visitor gave it, 0 to 1."""

    item: Item
    rating: float


@dataclass(frozen=True, slots=True)
class TasteView:
    """Everything on the taste page. `answer` is None while nothing is rated; then `starters` are offered."""

    rated: Sequence[Rated] = ()
    notices: Sequence[Notice] = ()
    answer: RecommendationsReply | None = None
    starters: Sequence[Item] = field(default_factory=tuple)


def view(answers: Answers, ratings: dict[str, float], query: str = "") -> TasteView:
    """The page for these ratings, after adding what `query` means (an id, a title, or "artist - title")."""
    notices: list[Notice] = []
    kept = dict(ratings)
    if query.strip():
        notices.append(_added(answers, kept, query))
    positions = answers.station.dataset.items.positions(list(kept)).tolist()
    known = {name: position for name, position in zip(kept, positions, strict=True) if position >= 0}
    if len(known) < len(kept):
        gone = len(kept) - len(known)
        notices.append(
            Notice(f"{gone} rated {'item is' if gone == 1 else 'items are'} not in this catalogue any more.")
        )
    items = answers.items(list(known.values()))
    rated = [Rated(item, kept[item.id]) for item in items]
    if not rated:
        starters = [found.item for found in answers.search("", _STARTERS).items]
        return TasteView(notices=notices, starters=starters)
    question = RecommendationQuestion(ratings={one.item.id: one.rating for one in rated}, k=_LIST, explain=True)
    return TasteView(rated, notices, answers.recommend(question))


def ratings_of(items: Sequence[str], ratings: Sequence[str], drop: str = "") -> dict[str, float]:
    """The ratings of a form's rows; a row without a sensible number is neutral, the row of `drop` is left out."""
    kept: dict[str, float] = {}
    for number, identifier in enumerate(items[:MAX_ENTRIES]):
        if identifier and identifier != drop and len(identifier) <= MAX_TEXT:
            kept[identifier] = _rating(ratings[number] if number < len(ratings) else "")
    return kept


def _rating(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.5
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.5


def _added(answers: Answers, ratings: dict[str, float], query: str) -> Notice:
    """Adds what the query means to the ratings, and says what happened."""
    shown = query if len(query) <= 80 else query[:79] + "…"
    try:
        position = answers.station.search.resolve(query)
    except AmbiguousError as error:
        choices = answers.items([answers.position(identifier) for identifier, _ in error.matches])
        return Notice(f"“{shown}” fits several. Which one?", choices)
    except NotFoundError:
        near = [found.item for found in answers.search(query, 5).items]
        return Notice(f"Nothing here is called “{shown}”." + (" Did you mean one of these?" if near else ""), near)
    item = answers.items([position])[0]
    if item.id in ratings:
        return Notice(f"{item.label} is in your list already.", good=True)
    if len(ratings) >= MAX_ENTRIES:
        return Notice(f"{MAX_ENTRIES} rated items are the most; remove one first.")
    # The newest stands on top, where the visitor looks for it.
    before = dict(ratings)
    ratings.clear()
    ratings.update({item.id: FIRST_RATING} | before)
    return Notice(f"{item.label} added.", good=True)
