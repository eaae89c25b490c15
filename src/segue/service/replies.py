"""What is answered: the same values that the API sends as JSON and the pages show."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from segue.core.origins import Origin


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Item(_Value):
    """One item, as far as the catalogue knows it."""

    id: str
    label: str = Field(description='What a person would call it: "artist - title", the title, or the id.')
    kind: str | None = None
    title: str | None = None
    artist: str | None = None
    album: str | None = None
    genres: list[str] = []
    tags: list[str] = Field(default=[], description="What listeners call it, the most used first.")
    explicit: bool | None = None
    released: date | None = None
    duration: float | None = Field(default=None, description="Seconds.")


class Found(_Value):
    """An item that fits a search."""

    item: Item
    score: float = Field(description="How well the words fit, from 1 (exactly) down to 0.")


class Similar(_Value):
    """An item like another."""

    rank: int
    item: Item
    score: float
    share: float = Field(description="The score on a scale from 0 to 1, for drawing.")
    why: list[str] = Field(description="What the two have in common, in plain words.")


class Because(_Value):
    """What one item of the history added to the score."""

    id: str
    label: str
    contribution: float
    rating: float | None = Field(default=None, description="What the question rated it, where it did.")


class Nomination(_Value):
    """A source that proposed the item, and its rank there."""

    source: str
    rank: int


class Moved(_Value):
    """What a rule did to the item; `after` is null where it was taken out."""

    rule: str
    before: int
    after: int | None
    why: str


class Placed(_Value):
    """How a model that was not trained on an item got to know it."""

    model: str
    origin: Origin = Field(
        description="projected: by its listeners; features: by what it is; artist, album, genre, tag: by the average "
        "of the items that share it."
    )


class Why(_Value):
    """Why an item is where it is."""

    text: str = Field(description="All of it in one plain sentence.")
    because: list[Because] = []
    kind: Literal["additive", "leave-one-out"] | None = Field(
        default=None,
        description="additive: the contributions of all history items and a baseline sum to the score; "
        "leave-one-out: each says what the score would lose without that item.",
    )
    nominated: list[Nomination] = []
    moves: list[Moved] = []
    fallback: str | None = Field(default=None, description="The fallback that put it there, where one did.")
    sides: dict[str, float] | None = Field(
        default=None,
        description="What each side of the items (sound, artist, ...) added to the score, where a model tells.",
    )


class Recommended(_Value):
    """One line of a list."""

    rank: int
    item: Item
    score: float
    rating: float | None = Field(
        default=None, description="The rating expected, on the data's own scale, where a model predicts ratings."
    )
    placed: list[Placed] = Field(default=[], description="How models placed an item that came after their training.")
    why: Why | None = None


class User(_Value):
    """One user of the dataset."""

    id: str
    name: str | None = Field(default=None, description="Where the data tells it.")


class Listener(_Value):
    """A user whom an item suits."""

    rank: int
    user: User
    score: float
    rating: float | None = Field(
        default=None, description="The rating expected, on the data's own scale, where the model predicts ratings."
    )


class Unknown(_Value):
    """An id of the question that is not in the catalogue, and the nearest that are."""

    id: str
    near: list[str] = []


class Reply(_Value):
    """What every answer says of itself."""

    model_version: str
    generated_at: datetime


class SearchReply(Reply):
    query: str
    items: list[Found]


class ItemReply(Reply):
    item: Item


class SimilarReply(Reply):
    item: Item
    method: str = Field(description="How likeness was measured.")
    items: list[Similar]


class AudienceReply(Reply):
    item: Item
    model: str = Field(description="Whose scores these are.")
    users: list[Listener]


class RecommendationsReply(Reply):
    user: str | None = None
    items: list[Recommended]
    fallback: str | None = Field(
        default=None, description="What filled the list, or its end, where the history said too little; else null."
    )
    ignored: list[Unknown] = Field(default=[], description="Ids of the question that are unknown here.")
