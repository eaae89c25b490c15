"""The routes of the JSON API: parse, ask, answer."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from segue.service.answers import Answers
from segue.service.metrics import Metrics
from segue.service.problems import MEDIA_TYPE
from segue.service.questions import AudienceSize, ItemId, ListLength, RecommendationQuestion, SearchText, UserId
from segue.service.replies import AudienceReply, ItemReply, RecommendationsReply, SearchReply, SimilarReply

PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was expected, what came, what to do."},
        "instance": {"type": "string", "description": "Names the request, as the log does."},
        "near": {"type": "array", "items": {"type": "string"}, "description": "The nearest known names."},
        "errors": {"type": "array", "items": {"type": "object"}, "description": "Every place that does not fit."},
    },
}

_UNKNOWN: Final = "Unknown id; the nearest known ones are named."
_UNFIT: Final = "The request does not fit; every place is named."


def _problems(**descriptions: str) -> dict[int | str, dict[str, Any]]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status[1:]: {"description": text, "content": content} for status, text in descriptions.items()}


def api_routes(answers: Answers, metrics: Metrics) -> APIRouter:
    """The routes under /api/v1. They are plain functions: the framework runs them in threads, off the event loop."""
    router = APIRouter(prefix="/api/v1", responses=_problems(_422=_UNFIT))

    @router.get("/search", tags=["items"], summary="Search as you type")
    def search(q: SearchText = "", limit: ListLength = 10) -> SearchReply:
        """Items of whose title and artist every typed word begins a word, best fitting first; misspellings are forgiven
        where almost nothing fits. Without text, the most popular items."""
        return answers.search(q, limit)

    # Before the last one, whose pattern would take "/similar" for a part of the id.
    @router.get(
        "/items/{item_id:path}/similar", tags=["items"], summary="Items like one", responses=_problems(_404=_UNKNOWN)
    )
    def similar(item_id: ItemId, k: ListLength = 20) -> SimilarReply:
        """The items most like this one, nearest first, with what they have in common."""
        return answers.similar(item_id, k)

    @router.get(
        "/items/{item_id:path}/audience",
        tags=["items"],
        summary="Whom an item suits",
        responses=_problems(_404=_UNKNOWN),
    )
    def audience(item_id: ItemId, k: AudienceSize = 20) -> AudienceReply:
        """The known users to whom this item would be recommended first, those who have it left out. Every user is asked
        about, which takes the longer the more there are."""
        return answers.audience(item_id, k)

    @router.get("/items/{item_id:path}", tags=["items"], summary="One item", responses=_problems(_404=_UNKNOWN))
    def item(item_id: ItemId) -> ItemReply:
        """What the catalogue knows of an item."""
        return answers.item(item_id)

    @router.post(
        "/recommendations",
        tags=["recommendations"],
        summary="A list for anyone",
        responses=_problems(
            _404="The user, or every item of the question, is unknown.",
            _413="The body is too long.",
            _415="The body is not JSON.",
        ),
    )
    def recommend(question: RecommendationQuestion) -> RecommendationsReply:
        """A list for a visitor's ratings, for any history, or for a known user. Nothing is stored and nothing is
        retrained: the models answer the history as it is. A rating r counts as a weight of 2r - 1, or, where the data
        holds ratings, as that place on their scale. Unknown item ids are left out and listed under `ignored`."""
        reply = answers.recommend(question)
        metrics.listed(reply.fallback)
        return reply

    @router.get(
        "/users/{user_id:path}/recommendations",
        tags=["recommendations"],
        summary="A list for a known user",
        responses=_problems(_404=_UNKNOWN),
    )
    def recommend_user(
        user_id: UserId,
        k: ListLength = 20,
        explain: Annotated[bool, Query(description="Say why each item is there.")] = False,
        exclude_explicit: Annotated[bool, Query(description="Leave out items marked explicit.")] = False,
    ) -> RecommendationsReply:
        """What a known user might hear next; what is in the user's history does not come back."""
        reply = answers.user(user_id, k, explain=explain, exclude_explicit=exclude_explicit)
        metrics.listed(reply.fallback)
        return reply

    return router
