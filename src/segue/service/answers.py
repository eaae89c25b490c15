"""From a question to an answer: the station asked, its positions and numbers turned into items and reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np

from segue.core.arrays import BoolArray
from segue.core.candidates import Reason
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.protocols import FindsSimilar
from segue.errors import NotFoundError
from segue.service import wording
from segue.service.questions import Entry, RecommendationQuestion
from segue.service.replies import (
    AudienceReply,
    Because,
    Found,
    Item,
    ItemReply,
    Listener,
    Moved,
    Nomination,
    Placed,
    RecommendationsReply,
    Recommended,
    SearchReply,
    Similar,
    SimilarReply,
    Unknown,
    User,
    Why,
)
from segue.station import Station

_SHOWN: Final = ("id", "kind", "title", "artist", "album", "genres", "tags", "explicit", "released", "duration")
_REASONS: Final = 3  # history items named as reasons for one recommendation
_TAGS: Final = 10  # shown of one item
_HELPED: Final = 3  # unknown ids of one question for which near ones are looked up, which takes a while


class Answers:
    """Answers questions from one station. Keeps nothing between two questions; safe to use from several threads."""

    def __init__(self, station: Station, clock: Callable[[], datetime]) -> None:
        self._station = station
        self._clock = clock
        catalogue = station.dataset.catalogue
        self._frame = catalogue.frame.select(name for name in _SHOWN if name in catalogue.columns)
        self._clean: BoolArray | None = None
        if catalogue.has("explicit"):
            explicit = catalogue.column("explicit").fill_null(False).head(len(station.pipeline.items))
            self._clean = ~explicit.to_numpy()

    @property
    def station(self) -> Station:
        """Whom is asked."""
        return self._station

    def stamp(self) -> dict[str, Any]:
        """What every reply says of itself."""
        return {"model_version": self._station.version, "generated_at": self._clock()}

    def position(self, identifier: str) -> int:
        """The position of an item; NotFoundError with near matches."""
        return self._station.dataset.items.position(identifier)

    def items(self, positions: Sequence[int]) -> list[Item]:
        """What the catalogue knows of these items."""
        rows = self._frame[list(positions)].to_dicts() if len(positions) else []
        return [_item(row) for row in rows]

    # -- the questions ------------------------------------------------------------------------------------------------

    def search(self, text: str, limit: int) -> SearchReply:
        """The items that fit what was typed, best first."""
        matches = self._station.search.search(text, limit)
        items = self.items([match.position for match in matches])
        found = [Found(item=item, score=match.score) for item, match in zip(items, matches, strict=True)]
        return SearchReply(query=text, items=found, **self.stamp())

    def item(self, identifier: str) -> ItemReply:
        """One item; NotFoundError with near matches."""
        return ItemReply(item=self.items([self.position(identifier)])[0], **self.stamp())

    def similar(self, identifier: str, k: int) -> SimilarReply:
        """The k items most like this one, by the first model that can tell, otherwise as a history of one item.

        A model that does not know the item, or has no evidence for it, cannot tell.
        """
        position = self.position(identifier)
        method, pairs = self._nearest(position, k)
        subject, *others = self.items([position, *(other for other, _ in pairs)])
        top = max((score for _, score in pairs), default=1.0)
        scale = 1.0 if 0 < top <= 1 else top
        similar = [
            Similar(
                rank=rank,
                item=item,
                score=score,
                share=float(np.clip(score / scale, 0, 1)) if scale > 0 else 0.0,
                why=wording.in_common(subject, item),
            )
            for rank, (item, (_, score)) in enumerate(zip(others, pairs, strict=True), start=1)
        ]
        return SimilarReply(item=subject, method=method, items=similar, **self.stamp())

    def audience(self, identifier: str, k: int) -> AudienceReply:
        """The k users whom an item suits best, by the model that ranks; NotFoundError with near matches."""
        position = self.position(identifier)
        station = self._station
        name, top = station.audience(np.array([position]), k, threads=1)
        ratings = station.expected(name, top.scores)
        users = [
            Listener(
                rank=rank,
                user=User(id=station.dataset.users[user], name=station.user_name(user)),
                score=score,
                rating=None if ratings is None else float(ratings[0, rank - 1]),
            )
            for rank, (user, score) in enumerate(top.row(0), start=1)
        ]
        return AudienceReply(item=self.items([position])[0], model=name, users=users, **self.stamp())

    def user(self, identifier: str, k: int, *, explain: bool, exclude_explicit: bool) -> RecommendationsReply:
        """A list for a known user; NotFoundError with near matches."""
        return self.recommend(
            RecommendationQuestion(user=identifier, k=k, explain=explain, exclude_explicit=exclude_explicit)
        )

    def recommend(self, question: RecommendationQuestion) -> RecommendationsReply:
        """A list for whoever the question describes.

        Unknown ids are left out and listed, since ratings that a browser keeps live longer than a catalogue. Raises
        NotFoundError for an unknown user, and where no id of the ratings or the history is known.
        """
        dataset = self._station.dataset
        ratings: Mapping[str, float] = question.ratings or {}
        ignored: list[Unknown] = []
        if question.user is not None:
            history = dataset.histories[dataset.users.position(question.user)]
        else:
            history, ignored = self._history(question)
        banned, unknown = self._known(question.exclude)
        answer = self._station.pipeline.recommend(
            history,
            question.k,
            allowed=self._clean if question.exclude_explicit else None,
            banned=Histories.of([banned]) if banned else None,
            exclude_seen=question.exclude_seen,
            explain=question.explain,
            threads=1,  # requests run side by side; the parallel kernels are for batch work
        )
        pairs = answer.top.row(0)
        predicted = self._station.predicted(history, answer.top.items)
        reasons = {reason.item: reason for reason in answer.reasons[0]} if answer.reasons else {}
        items = self.items([position for position, _ in pairs])
        recommended = [
            Recommended(
                rank=rank,
                item=item,
                score=score,
                rating=None if predicted is None else float(predicted[0, rank - 1]),
                placed=(placed := self._placed(position)),
                why=self._why(reasons.get(position), ratings, placed),
            )
            for rank, (item, (position, score)) in enumerate(zip(items, pairs, strict=True), start=1)
        ]
        return RecommendationsReply(
            user=question.user,
            items=recommended,
            fallback=next((label for label, count in answer.trace.fallbacks.items() if count), None),
            ignored=[*ignored, *unknown],
            **self.stamp(),
        )

    # -- how ----------------------------------------------------------------------------------------------------------

    def _nearest(self, position: int, k: int) -> tuple[str, list[tuple[int, float]]]:
        for name, model in self._station.models.items():
            if isinstance(model, FindsSimilar) and position < len(model.items):
                pairs = self._station.similar(position, k, name)[1].row(0)
                if pairs:
                    return f"similarity by {name}", pairs
        answer = self._station.pipeline.recommend(self._station.liking([position]), k, threads=1)
        return "what follows for whoever heard only this", answer.top.row(0)

    def _history(self, question: RecommendationQuestion) -> tuple[Histories, list[Unknown]]:
        if question.ratings is not None:
            weighted = [(name, self._station.weight_of(rating)) for name, rating in question.ratings.items()]
        else:
            weighted = [self._weighted(entry) for entry in question.history or []]
        positions = self._station.dataset.items.positions([identifier for identifier, _ in weighted])
        known = positions >= 0
        ignored = self._unknown([name for (name, _), there in zip(weighted, known, strict=True) if not there])
        if not known.any():
            near = [one for unknown in ignored for one in unknown.near][:10]
            raise NotFoundError(f"none of the {len(weighted)} items of the question is in the catalogue", near)
        history = Histories(
            np.array([0, int(known.sum())]),
            positions[known],
            np.array([weight for _, weight in weighted], dtype=np.float32)[known],
            order="none" if question.ratings is not None else "position",
            repeats="last" if question.ratings is not None or self._station.dataset.scale is not None else "sum",
        )
        return history, ignored

    def _weighted(self, entry: str | Entry) -> tuple[str, float]:
        if isinstance(entry, str):
            return entry, self._station.weight_of(1.0)
        return entry.item, self._station.weight_of(1.0) if entry.weight is None else entry.weight

    def _known(self, identifiers: Iterable[str]) -> tuple[list[int], list[Unknown]]:
        names = list(identifiers)
        positions = self._station.dataset.items.positions(names).tolist() if names else []
        unknown = self._unknown([name for name, position in zip(names, positions, strict=True) if position < 0])
        return [position for position in positions if position >= 0], unknown

    def _unknown(self, identifiers: Sequence[str]) -> list[Unknown]:
        return [
            Unknown(id=name, near=self._near(name) if number < _HELPED else [])
            for number, name in enumerate(identifiers)
        ]

    def _near(self, identifier: str) -> list[str]:
        try:
            self.position(identifier)
        except NotFoundError as error:
            return list(error.near)
        return []

    def _placed(self, position: int) -> list[Placed]:
        return [Placed(model=model, origin=origin) for model, origin in self._station.pipeline.placed(position)]

    def _why(self, reason: Reason | None, ratings: Mapping[str, float], placed: Sequence[Placed]) -> Why | None:
        if reason is None:
            return None
        because: list[Because] = []
        if reason.explanation is not None:
            strongest = reason.explanation.strongest(_REASONS)
            items = self.items([position for position, _ in strongest])
            because = [
                Because(id=item.id, label=item.label, contribution=share, rating=ratings.get(item.id))
                for item, (_, share) in zip(items, strongest, strict=True)
            ]
        nominated = [Nomination(source=source, rank=rank) for source, rank in reason.nominated]
        moves = [Moved(rule=m.rule, before=m.before, after=m.after, why=m.why) for m in reason.moves]
        return Why(
            text=wording.reason(because, nominated, moves, reason.fallback, placed),
            because=because,
            kind=None if reason.explanation is None else reason.explanation.kind,
            nominated=nominated,
            moves=moves,
            fallback=reason.fallback,
            sides=_sides(reason.explanation),
        )


def _sides(explanation: Explanation | None) -> dict[str, float] | None:
    return dict(explanation.sides) if explanation is not None and explanation.sides else None


def _item(row: dict[str, Any]) -> Item:
    title, artist = row.get("title"), row.get("artist")
    label = f"{artist} - {title}" if artist and title else title or artist or row["id"]
    genres, tags = ([word for word in row.pop(name, None) or [] if word] for name in ("genres", "tags"))
    duration = row.pop("duration", None)
    return Item(
        label=label,
        genres=genres,
        tags=tags[:_TAGS],
        duration=None if duration is None else round(duration, 1),
        **row,
    )
