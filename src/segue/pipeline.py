"""The three stages in a line: sources nominate, one ranker orders, rules re-rank; a fallback fills what stays short.

    histories -> retrieval -> ranking -> reranking -> top k

Scores. A score is the ranker's (a fallback's is its count), and belongs to its own list only. Where an item stands
where it does for another reason than its score, since a rule moved it, the ranking model has no evidence for it, or a
fallback put it behind the others, its score is set just below that of the item before it, so that scores fall with the
list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.core.arrays import BoolArray, Float32Array, Int64Array
from segue.core.asking import allowed_mask, blocked_items, check_k
from segue.core.candidates import Move, Pool, Reason, Recommendations, Trace
from segue.core.catalogue import Catalogue
from segue.core.histories import Histories
from segue.core.origins import Origin
from segue.core.protocols import Recommender
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.models.popularity import PopularityModel
from segue.ranking.fusion import ReciprocalRankFusion
from segue.ranking.order import Ranker, falling
from segue.reranking.course import Course, rerank
from segue.reranking.disliked import Disliked
from segue.reranking.reasons import placed, reasons
from segue.reranking.rule import Rule, Traits
from segue.retrieval.fallback import next_best
from segue.retrieval.merging import merge
from segue.retrieval.sources import Source

_BLOCK_BYTES: Final = 64 * 2**20  # of candidates held at once
_WIDER: Final = 4  # how many times more is asked for where rules left a list short


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    """What was asked, for all histories; every position is known."""

    histories: Histories
    banned: Histories | None
    allowed: BoolArray | None
    exclude_seen: bool
    k: int
    explain: bool
    threads: int | None

    def of(self, rows: Int64Array) -> tuple[Histories, Histories | None]:
        return self.histories[rows], None if self.banned is None else self.banned[rows]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The ranked pool of some histories: `rows` are their numbers in the request, `scores` the pool's."""

    rows: Int64Array
    histories: Histories
    banned: Histories | None
    pool: Pool
    scores: Float32Array


class _Answers:
    """The lists of all histories, filled some rows at a time."""

    def __init__(self, n: int, k: int, sources: int, rules: int) -> None:
        self.items = np.full((n, k), -1, np.int32)
        self.scores = np.full((n, k), -np.inf, np.float32)
        self.nominated = np.zeros((n, sources), np.int64)
        self.pooled = np.zeros(n, np.int64)
        self.removed = np.zeros((n, rules), np.int64)
        self.fell_back = np.zeros(n, np.bool_)
        self.reasons: list[tuple[Reason, ...]] = [()] * n
        self.moves: list[tuple[Move, ...]] = [()] * n

    def listed(self, row: int) -> list[tuple[int, float]]:
        """One list as (item, score) pairs."""
        size = int(np.count_nonzero(self.items[row] >= 0))
        return list(zip(self.items[row, :size].tolist(), self.scores[row, :size].tolist(), strict=True))


class Pipeline:
    """Sources, a ranker, rules and a fallback, put together once and asked often. It holds no state between calls.

    sources:   who nominates; at least one, with distinct names. One may know fewer items than another: the first ones.
    ranker:    by default reciprocal rank fusion.
    rules:     applied in this order; by default what was disliked does not come back.
    fallback:  popularity, which fills lists that the sources leave short, those of empty histories too; or None.
    catalogue: what rules know of the items; DataError where one needs a column that is not there.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        ranker: Ranker | None = None,
        rules: Sequence[Rule] = (Disliked(),),
        fallback: PopularityModel | None = None,
        *,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._sources = tuple(sources)
        self._ranker: Ranker = ReciprocalRankFusion() if ranker is None else ranker
        self._rules = tuple(rules)
        self._fallback = fallback
        names = [source.name for source in self._sources]
        if not names:
            raise SettingsError("a pipeline needs at least one source")
        if len(set(names)) < len(names):
            raise SettingsError(f"sources need distinct names, got {', '.join(names)}")
        self._models = {source.name: source.recommender for source in self._sources}
        if self._ranker.model is not None:
            self._models.setdefault(self._ranker.model.configuration.name, self._ranker.model)
        self._items = _longest(self._vocabularies())
        self._traits = Traits(Catalogue.bare(self._items) if catalogue is None else catalogue)
        if len(self._traits) < len(self._items):
            raise DataError(f"the catalogue has {len(self._traits)} items, but the models know {len(self._items)}")
        for rule in self._rules:
            missing = [column for column in rule.needs if not self._traits.has(column)]
            if missing:
                raise DataError(f"the rule {rule.name!r} needs the catalogue column {missing[0]!r}; leave the rule out")

    @property
    def sources(self) -> tuple[Source, ...]:
        """Who nominates."""
        return self._sources

    @property
    def ranking_model(self) -> Recommender | None:
        """The one model whose score orders the candidates; None where several do."""
        return self._ranker.model

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What re-ranks, in this order."""
        return self._rules

    @property
    def items(self) -> Vocabulary:
        """The items that can come back: those of the model that knows most."""
        return self._items

    def placed(self, item: int) -> tuple[tuple[str, Origin], ...]:
        """How each source (and the ranking model) that got to know the item after training placed it, by its name."""
        return placed(item, self._models)

    def recommend(
        self,
        histories: Histories,
        k: int = 10,
        *,
        allowed: BoolArray | None = None,
        banned: Histories | None = None,
        exclude_seen: bool = True,
        explain: bool = False,
        threads: int | None = None,
    ) -> Recommendations:
        """The k best items for each history, and what every stage did; with `explain`, the reasons, list by list.

        `allowed` is a mask over `items`, `banned` holds more items to leave out, row by row; sources and fallback hear
        of both, and of `exclude_seen`, so that nothing is nominated in vain. A list is shorter than k only where the
        rules leave no more of all that sources and fallback know: where rules took too much, sources are asked again,
        for more.
        Memory: candidates of a block of histories (64 MiB), whatever the number of histories.
        """
        check_k(k)
        known, ignored = histories.known(len(self._items))
        if banned is not None and len(banned) != len(histories):
            raise DataError(f"banned must have one row per history ({len(histories)}), got {len(banned)}")
        request = _Request(
            known,
            None if banned is None else banned.known(len(self._items))[0],
            None if allowed is None else allowed_mask(allowed, len(self._items)),
            exclude_seen,
            k,
            explain,
            threads,
        )
        answers = _Answers(len(known), k, len(self._sources), len(self._rules))
        pending, factor = np.arange(len(known), dtype=np.int64), 1
        while pending.size:
            pending = self._answer(request, pending, factor, answers)
            factor *= _WIDER
        return Recommendations(
            TopK(answers.items, answers.scores, ignored),
            self._trace(answers, ignored),
            tuple(answers.reasons) if explain else None,
            tuple(answers.moves) if explain else None,
        )

    # -- one round: every row that is answered for good is written, the others come back -------------------------------

    def _answer(self, request: _Request, rows: Int64Array, factor: int, answers: _Answers) -> Int64Array:
        counts = [min(source.n_items, factor * max(source.count, request.k)) for source in self._sources]
        waiting = [rows[:0]]
        for part in _parts(rows, sum(counts)):
            histories, banned = request.of(part)
            pool, more = self._nominate(request, histories, banned, counts)
            course = rerank(pool.items, histories, self._rules, self._traits)
            short = course.sizes < request.k
            again = short & more
            waiting.append(part[again])
            falls_back = short & ~again & (self._fallback is not None)
            answered = np.flatnonzero(~again & ~falls_back)
            scores = pool.scores if pool.scores is not None else np.zeros(pool.items.shape, np.float32)
            found = _Found(part, histories, banned, pool, scores)
            self._write(request, answers, found, answered, course, answered, scores)
            if self._fallback is not None and falls_back.any():
                self._fill(request, answers, found, np.flatnonzero(falls_back), self._fallback)
        return np.concatenate(waiting)

    def _nominate(
        self, request: _Request, histories: Histories, banned: Histories | None, counts: Sequence[int]
    ) -> tuple[Pool, BoolArray]:
        """The ranked pool, and for which histories a source has more to bring."""
        lists = [
            source.nominate(
                histories,
                count,
                exclude_seen=request.exclude_seen,
                allowed=request.allowed,
                banned=banned,
                threads=request.threads,
            )
            for source, count in zip(self._sources, counts, strict=True)
        ]
        more = np.zeros(len(histories), np.bool_)
        for source, top in zip(self._sources, lists, strict=True):
            more |= (top.lengths == top.k) & (top.k < source.n_items)
        names = [source.name for source in self._sources]
        pool = merge(names, lists, len(self._items), threads=request.threads)
        return self._ranker.rank(histories, pool), more

    def _fill(
        self, request: _Request, answers: _Answers, found: _Found, rows: Int64Array, fallback: PopularityModel
    ) -> None:
        """Puts the fallback's items behind the pools of these rows of `found`, and sends both through the rules."""
        ranking = fallback.ranking
        if request.allowed is not None:
            ranking = ranking[request.allowed[ranking]]
        wanted = request.k
        while rows.size:
            waiting = [rows[:0]]
            for part in _parts(rows, found.pool.items.shape[1] + wanted):
                extra = next_best(
                    ranking,
                    min(wanted, ranking.size),
                    found.pool.items[part],
                    blocked_items(
                        found.histories[part],
                        request.exclude_seen,
                        None if found.banned is None else found.banned[part],
                        len(self._items),
                    ),
                    len(self._items),
                    threads=request.threads,
                )
                counts = np.where(extra >= 0, fallback.counts[np.maximum(extra, 0)], np.float32(-np.inf))
                items = np.concatenate([found.pool.items[part], extra], axis=1)
                course = rerank(items, found.histories[part], self._rules, self._traits)
                more = (np.count_nonzero(extra >= 0, axis=1) == wanted) & (wanted < ranking.size)
                again = (course.sizes < request.k) & more
                waiting.append(part[again])
                answered = np.flatnonzero(~again)
                scores = np.concatenate([found.scores[part], counts], axis=1)
                self._write(request, answers, found, part[answered], course, answered, scores)
            rows = np.concatenate(waiting)
            wanted *= _WIDER

    # -- writing answers down ----------------------------------------------------------------------------------------

    def _write(
        self,
        request: _Request,
        answers: _Answers,
        found: _Found,
        rows: Int64Array,
        course: Course,
        course_rows: Int64Array,
        scores: Float32Array,
    ) -> None:
        """Writes the rows `rows` of `found`, whose lists are the rows `course_rows` of `course` and `scores`."""
        if not rows.size:
            return
        target = found.rows[rows]
        pool = found.pool
        answers.nominated[target] = np.count_nonzero(pool.ranks[rows], axis=1)
        answers.pooled[target] = pool.sizes[rows]
        answers.removed[target] = course.removed[course_rows]
        columns = course.columns[course_rows, : request.k]
        there = columns >= 0
        index = np.maximum(columns, 0)
        items = np.where(there, np.take_along_axis(course.items[course_rows], index, axis=1), np.int32(-1))
        given = np.where(there, np.take_along_axis(scores[course_rows], index, axis=1), np.float32(-np.inf))
        answers.items[target, : items.shape[1]] = items
        answers.scores[target, : items.shape[1]] = falling(given, items)
        answers.fell_back[target] = (columns >= pool.items.shape[1]).any(axis=1)
        if request.explain:
            for row, place in zip(rows.tolist(), course_rows.tolist(), strict=True):
                number = found.rows[row]
                answers.reasons[number], answers.moves[number] = reasons(
                    answers.listed(number),
                    found.histories[row],
                    pool,
                    row,
                    course,
                    place,
                    self._ranker.model,
                    self._models,
                    None if self._fallback is None else self._fallback.configuration.name,
                )

    def _trace(self, answers: _Answers, ignored: int) -> Trace:
        nominated = answers.nominated.sum(axis=0).tolist()
        removed = answers.removed.sum(axis=0).tolist()
        fell_back = int(np.count_nonzero(answers.fell_back))
        by_rule: dict[str, int] = {}
        for rule, count in zip(self._rules, removed, strict=True):  # a rule may stand twice, with other settings
            by_rule[rule.name] = by_rule.get(rule.name, 0) + count
        return Trace(
            histories=len(answers.items),
            nominated={source.name: count for source, count in zip(self._sources, nominated, strict=True)},
            pooled=int(answers.pooled.sum()),
            removed=by_rule,
            returned=int(np.count_nonzero(answers.items >= 0)),
            fallbacks={} if self._fallback is None else {self._fallback.configuration.name: fell_back},
            ignored=ignored,
        )

    def _vocabularies(self) -> list[Vocabulary]:
        known = [source.recommender.items for source in self._sources]
        if self._ranker.model is not None:
            known.append(self._ranker.model.items)
        if self._fallback is not None:
            known.append(self._fallback.items)
        return known


def _longest(vocabularies: Sequence[Vocabulary]) -> Vocabulary:
    longest = max(vocabularies, key=len)
    for vocabulary in vocabularies:
        if not vocabulary.is_prefix_of(longest):
            raise DataError(
                "the models of a pipeline must know the same items, or the first ones of them; "
                "these were trained on different datasets: train them on one"
            )
    return longest


def _parts(rows: Int64Array, width: int) -> Iterator[Int64Array]:
    """The rows in blocks whose candidates, at some forty bytes each, fit into 64 MiB; at least one row each."""
    size = max(1, _BLOCK_BYTES // (40 * max(1, width)))
    for start in range(0, rows.size, size):
        yield rows[start : start + size]
