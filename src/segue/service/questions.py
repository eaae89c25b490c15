"""What can be asked, and how much at once."""

from __future__ import annotations

from typing import Annotated, Final, Self

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_LIST: Final = 200  # items in one answer
MAX_ENTRIES: Final = 1000  # items in one question
MAX_TEXT: Final = 500  # characters of a query or an id

Identifier = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
Rating = Annotated[float, Field(ge=0, le=1, description="0: dislike, 0.5: neutral, 1: love")]
Weight = Annotated[
    float,
    Field(
        ge=-1e6, le=1e6, description="plays or presence, negative for a dislike; or a rating on the data's own scale"
    ),
]

ItemId = Annotated[str, Path(min_length=1, max_length=MAX_TEXT, description="The item's id; its slashes as %2F.")]
UserId = Annotated[str, Path(min_length=1, max_length=MAX_TEXT, description="The user's id; its slashes as %2F.")]
ListLength = Annotated[int, Query(ge=1, le=MAX_LIST, description="How many items are wanted.")]
AudienceSize = Annotated[int, Query(ge=1, le=MAX_LIST, description="How many users are wanted.")]
SearchText = Annotated[
    str, Query(max_length=MAX_TEXT, description="What was typed so far: words of a title or artist, or an id.")
]


class Entry(BaseModel):
    """One item of a history."""

    model_config = ConfigDict(extra="forbid", strict=True)

    item: Identifier
    weight: Weight | None = Field(default=None, description="Left out: a like.")


class RecommendationQuestion(BaseModel):
    """For whom a list is wanted (exactly one of ratings, history and user), and which."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"ratings": {"track-1": 1.0, "track-2": 0.2}, "k": 10, "explain": True}]},
    )

    ratings: Annotated[dict[Identifier, Rating], Field(min_length=1, max_length=MAX_ENTRIES)] | None = Field(
        default=None, description="Item ids and ratings from 0 (dislike) to 1 (love)."
    )
    history: Annotated[list[Identifier | Entry], Field(min_length=1, max_length=MAX_ENTRIES)] | None = Field(
        default=None, description="Item ids in the order heard, or {item, weight} objects."
    )
    user: Identifier | None = Field(default=None, description="A known user's id.")
    k: int = Field(default=20, ge=1, le=MAX_LIST, description="How many items are wanted.")
    exclude: list[Identifier] = Field(default=[], max_length=MAX_ENTRIES, description="Ids that must not come.")
    exclude_explicit: bool = Field(default=False, description="Leave out items marked explicit.")
    exclude_seen: bool = Field(default=True, description="Leave out the items of the question itself.")
    explain: bool = Field(default=False, description="Say why each item is there.")

    @model_validator(mode="after")
    def _one_listener(self) -> Self:
        given = [name for name in ("ratings", "history", "user") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of ratings, history and user; got {' and '.join(given) or 'none'}")
        return self
