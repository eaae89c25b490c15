"""Everything that answers a request: the data, the pipeline and its models, opened once and asked often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from segue.core.arrays import BoolArray, Float32Array, Int32Array
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.protocols import AnswersTitles, FindsAudience, FindsSimilar, PredictsRatings, Recommender
from segue.core.topk import TopK
from segue.errors import NotFoundError, SettingsError
from segue.models.popularity import PopularityModel
from segue.pipeline import Pipeline
from segue.retrieval.search import TitleSearch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Station:
    """What is opened of a workspace to answer with.

    models:     by name, each valid for the dataset's items.
    version:    short and changing with every trained model, shown in every answer; trained_at: when, UTC.
    """

    dataset: Dataset
    pipeline: Pipeline
    models: Mapping[str, Recommender]
    search: TitleSearch
    name: str
    version: str
    trained_at: datetime

    # -- who asks -----------------------------------------------------------------------------------------------------

    def history_of(self, user: str) -> Histories:
        """The history of a user of the dataset, by id; NotFoundError offers near ids."""
        if user not in self.dataset.users:
            try:
                self.dataset.users.position(user)
            except NotFoundError as error:
                near = f"; did you mean {', '.join(error.near)}?" if error.near else ""
                raise NotFoundError(
                    f"there is no user {user!r} among the {self.dataset.n_users:,} of this dataset{near}", error.near
                ) from None
        return self.dataset.histories[self.dataset.users.position(user)]

    def history_of_likes(self, queries: Sequence[str]) -> Histories:
        """A history of the items that these queries name, each liked once; raises as `TitleSearch.resolve` does."""
        return self.liking([self.search.resolve(query) for query in queries])

    def liking(self, items: Sequence[int]) -> Histories:
        """A history of these items (positions), each liked without reserve, and once."""
        return Histories.of([dict.fromkeys(items, self.weight_of(1.0))])

    def weight_of(self, rating: float) -> float:
        """What a rating from 0 (dislike) to 1 (love) is among the dataset's weights.

        The place on the scale where the dataset holds ratings; elsewhere from -1, a dislike, to 1, one play.
        """
        low, high = self.dataset.scale or (-1.0, 1.0)
        return low + rating * (high - low)

    def user_name(self, user: int) -> str | None:
        """The name of a user (by position), where the data tells it."""
        names = self.user_names
        return None if names is None else names[user]

    @property
    def user_names(self) -> pl.Series | None:
        """The names of all users, null where one is not known; None where none is."""
        table = self.dataset.user_table
        if table is None or "name" not in table.columns or table["name"].null_count() == table.height:
            return None
        return table["name"].cast(pl.String)

    # -- what is answered ---------------------------------------------------------------------------------------------

    def similar(self, item: int, k: int, model: str | None = None) -> tuple[str, TopK]:
        """The k items most like one, and the name of the model that says so: the one asked for, or the first that can.

        Raises NotFoundError for a model that is not there, SettingsError for one that knows nothing of likeness.
        """
        able = {name: fitted for name, fitted in self.models.items() if isinstance(fitted, FindsSimilar)}
        name = self._chosen(able, model, "cannot say which items are alike")
        return name, able[name].similar_items([item], k)

    def titled(
        self, title: str, k: int, *, allowed: BoolArray | None = None, threads: int | None = None
    ) -> tuple[str, TopK]:
        """The k items that go best under a title, as the name of a playlist, and the name of the model that says so.

        Raises NotFoundError where no word of the title is known, SettingsError where no model knows words.
        """
        able = {name: fitted for name, fitted in self.models.items() if isinstance(fitted, AnswersTitles)}
        if not able:
            raise SettingsError("none of the models knows what words mean for music; train word2vec")
        name, model = next(iter(able.items()))
        mask = None
        if allowed is not None:
            mask = np.zeros(len(self.models[name].items), np.bool_)
            mask[: allowed.size] = allowed[: mask.size]
        top = model.recommend_titles([title], k, allowed=mask, threads=threads)
        if not top.lengths[0]:
            raise NotFoundError(
                f"{name} knows no word of {title!r}, or nothing that goes with it; try the words that people give to "
                "playlists, or name songs with --like"
            )
        return name, top

    def audience(
        self, items: npt.NDArray[np.integer], k: int, model: str | None = None, *, threads: int | None = None
    ) -> tuple[str, TopK]:
        """The k users to whom each of these items (positions) suits best, those who have it left out, and the name of
        the model that says so: the one asked for, the one that ranks, or the first that can (popularity last, to which
        most users are alike).

        Raises NotFoundError for a model that is not there and for an item that it does not know, SettingsError for a
        model that cannot tell. Time: that of scoring the items for every user.
        """
        able = {name: fitted for name, fitted in self.models.items() if isinstance(fitted, FindsAudience)}
        able = dict(sorted(able.items(), key=lambda pair: isinstance(pair[1], PopularityModel)))
        ranking = next((name for name, fitted in able.items() if fitted is self.pipeline.ranking_model), None)
        name = self._chosen(able, model if model is not None else ranking, "cannot say whom an item suits")
        unknown = items[items >= len(self.models[name].items)]
        if unknown.size:
            label = self.dataset.catalogue.label(int(unknown[0]))
            raise NotFoundError(
                f"{name} was trained before {label!r} came; train it again, or: segue train --new-items"
            )
        return name, able[name].recommend_users(items, self.dataset.histories, k, threads=threads)

    def predicted(self, histories: Histories, items: Int32Array) -> Float32Array | None:
        """The ratings that each history would give to its row of items (n, k), NaN for -1, on the dataset's scale; None
        where no model predicts ratings."""
        for model in self.models.values():
            if isinstance(model, PredictsRatings):
                return np.where(items >= 0, model.predict(histories, items), np.float32(np.nan))
        return None

    def expected(self, model: str, scores: Float32Array) -> Float32Array | None:
        """The scores of a model as ratings on the dataset's scale, NaN for -inf; None where they are none."""
        fitted = self.models[model]
        if not isinstance(fitted, PredictsRatings):
            return None
        return np.where(np.isfinite(scores), scores.clip(*fitted.scale), np.float32(np.nan))

    def with_location(self) -> BoolArray:
        """Which items can be played: bool over `pipeline.items`, true where the catalogue has a location.

        Raises NotFoundError where there is no such item.
        """
        there = self.dataset.catalogue.column("location").is_not_null().head(len(self.pipeline.items)).to_numpy()
        if not there.any():
            raise NotFoundError(
                "nothing that the models know has a file or an address; bring in your music folder: segue import "
                "FOLDER --append, and train if it holds other music than the catalogue"
            )
        return there

    def _chosen(self, able: Mapping[str, T], model: str | None, cannot: str) -> str:
        if model is not None and model not in self.models:
            raise NotFoundError(f"no model is called {model!r}; there are {', '.join(self.models)}", list(self.models))
        if not able or (model is not None and model not in able):
            raise SettingsError(
                f"{model or 'none of the models'} {cannot}; "
                + (f"ask {', '.join(able)}" if able else "train item-knn or implicit-als")
            )
        return model if model is not None else next(iter(able))
