"""Who looks on while models are evaluated: sample lists, losses, predictions."""

# ruff: noqa: ARG002 - a fake model has the arguments of a real one

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.evaluation import Experiment, Witness
from segue.evaluation.overheard import Overheard
from segue.evaluation.predictions import Predictions
from segue.evaluation.samples import Sampler
from segue.models.item_knn import ItemKNN
from segue.models.popularity import Popularity
from segue.splits import HeldOutUsers, Split
from worlds import TRACKS, two_genres


@dataclass(frozen=True)
class Chatty:
    """Neighbours that tell how they fare."""

    name: ClassVar[str] = "chatty"

    notes: tuple[str, ...] = ("loss 3.0", "loss 2.5", "loss 2.25")

    def fit(self, dataset: Dataset, *, seed: int = 0, progress: Progress = SILENT, threads: int | None = None) -> Any:
        with progress.task(self.name, total=len(self.notes)) as task:
            for note in self.notes:
                task.advance(1, note)
        return ItemKNN().fit(dataset)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
        raise NotImplementedError


def overheard(*notes: str) -> tuple[tuple[str, str, tuple[float, ...]], ...]:
    heard = Overheard()
    with heard.task("model", 3, "steps") as task:
        for note in notes:
            task.advance(1, note)
    return tuple((curve.model, curve.what, curve.values) for curve in heard.curves())


@pytest.mark.parametrize(
    ("notes", "values"),
    [
        (("loss 0.5", "loss 0.25"), (0.5, 0.25)),
        (("loss: 1e-3", "loss: 2.5E-4"), (1e-3, 2.5e-4)),
        (("loss = 1,234,567.5", "loss = -3"), (1234567.5, -3.0)),
        (("loss 1", "", "done", "loss 2"), (1.0, 2.0)),
    ],
)
def test_numbers_of_notes_are_a_curve(notes: tuple[str, ...], values: tuple[float, ...]) -> None:
    assert overheard(*notes) == (("model", "loss", values),)


@pytest.mark.parametrize(
    "notes", [(), ("loss 1",), ("", ""), ("saving", "saved"), ("2 of 3", "3 of 3"), ("loss nan", "loss inf")]
)
def test_what_is_no_number_or_was_said_once_is_no_curve(notes: tuple[str, ...]) -> None:
    assert overheard(*notes) == ()


def test_of_several_fits_of_one_model_the_last_is_its_curve() -> None:
    heard = Overheard()
    for values in ((9.0, 8.0, 7.0), (3.0, 2.0)):
        with heard.task("model") as task:
            for value in values:
                task.advance(1, f"loss {value}")
    assert [curve.values for curve in heard.curves()] == [(3.0, 2.0)]


def test_two_numbers_are_two_curves_and_the_listener_behind_hears_all() -> None:
    said: list[tuple[float, str]] = []

    class Listener:
        @contextmanager
        def task(self, description: str, total: float | None = None, unit: str = "") -> Any:
            said.append((total or 0, f"{description} {unit}"))
            yield self

        def advance(self, amount: float = 1.0, note: str = "") -> None:
            said.append((amount, note))

    heard = Overheard(Listener())
    with heard.task("model", 2, "steps") as task:
        for note in ("loss 1", "validation ndcg 0.5", "loss 2", "validation ndcg 0.6"):
            task.advance(0.5, note)
    assert [(curve.what, curve.values) for curve in heard.curves()] == [
        ("loss", (1.0, 2.0)),
        ("validation ndcg", (0.5, 0.6)),
    ]
    assert said[0] == (2, "model steps")
    assert said[1:3] == [(0.5, "loss 1"), (0.5, "validation ndcg 0.5")]


def split_world() -> tuple[Dataset, Split]:
    dataset = two_genres().dataset
    return dataset, HeldOutUsers(test=0.3).split(dataset, seed=3)


def test_samples_show_users_of_every_activity_and_their_hits() -> None:
    dataset, split = split_world()
    sampler = Sampler(dataset, split.train, split.test, seed=1)
    model = ItemKNN().fit(split.train)
    sampler("neighbours", model)
    found = sampler.samples()
    assert len(found.users) == 5
    assert [user.given for user in found.users] == sorted(user.given for user in found.users)
    place = {name: row for row, name in enumerate(dataset.users[int(u)] for u in split.test.users)}
    for user in found.users:
        row = place[user.name]
        relevant = {f"Title {item}" for item in split.test.relevant[row].items.tolist()}
        given = {f"Title {item}" for item in split.test.given[row].items.tolist()}
        assert user.hidden == len(relevant)
        assert {item.title for item in user.history} <= given
        top = model.recommend(split.test.given[row], 10)
        assert [item.title for item in user.lists["neighbours"]] == [f"Title {item}" for item, _ in top.row(0)]
        assert all(item.hit == (item.title in relevant) for item in user.lists["neighbours"])


def test_similar_items_are_asked_of_models_that_know_any_and_lie_in_the_genre() -> None:
    dataset, split = split_world()
    sampler = Sampler(dataset, split.train, split.test)
    sampler("popularity", Popularity().fit(split.train))
    sampler("neighbours", ItemKNN().fit(split.train))
    found = sampler.samples()
    assert {near.kind for near in found.neighbours} == {"popular", "in the middle", "rare"}
    assert len({near.item.title for near in found.neighbours}) == len(found.neighbours) == 8
    for near in found.neighbours:
        assert set(near.lists) == {"neighbours"}
        genre = int(near.item.title.split()[1]) // TRACKS
        assert int(near.lists["neighbours"][0].title.split()[1]) // TRACKS == genre


def test_the_same_seed_shows_the_same_samples() -> None:
    dataset, split = split_world()

    def samples(seed: int) -> Any:
        sampler = Sampler(dataset, split.train, split.test, seed)
        sampler("popularity", Popularity().fit(split.train))
        return sampler.samples()

    assert samples(4) == samples(4)
    assert samples(4) != samples(5)


def test_a_part_of_one_new_user_and_a_catalogue_of_ids_can_be_sampled() -> None:
    dataset, split = split_world()
    part = replace(split.test, users=split.test.users[:1], given=Histories.empty(1), relevant=split.test.relevant[:1])
    bare = Dataset.from_csr(dataset.csr())
    sampler = Sampler(bare, split.train, part)
    sampler("popularity", Popularity().fit(split.train))
    (user,) = sampler.samples().users
    assert (user.given, user.history) == (0, ())
    assert sampler.samples().neighbours == ()


def test_a_witness_keeps_what_was_said_and_shown_while_an_experiment_ran() -> None:
    dataset, _ = split_world()
    witness = Witness()
    Experiment(dataset, HeldOutUsers(test=0.3), {"chatty": Chatty()}, ("recall@3",), resamples=100).run(
        witness=witness, progress=witness.progress
    )
    samples = witness.samples()
    assert samples is not None
    assert set(samples.users[0].lists) == {"chatty"}
    assert [(curve.model, curve.what, curve.values) for curve in witness.curves()] == [
        ("chatty", "loss", (3.0, 2.5, 2.25))
    ]
    assert witness.predictions() == {}


def test_a_witness_keeps_predictions_where_ratings_are_measured() -> None:
    dataset, _ = split_world()
    witness = Witness()
    Experiment(dataset, HeldOutUsers(test=0.3), {"knn": ItemKNN()}, ("recall@3", "rmse"), resamples=100).run(
        witness=witness, progress=witness.progress
    )
    found = witness.predictions()["knn"]
    assert isinstance(found, Predictions)
    assert found.truth.min() >= 1
    assert found.popularity is not None
    assert found.popularity.max() <= dataset.n_users


def test_of_several_folds_the_first_is_looked_at() -> None:
    dataset, _ = split_world()
    witness = Witness()
    Experiment(dataset, HeldOutUsers(), {"popularity": Popularity()}, ("recall@3",), folds=3, resamples=100).run(
        witness=witness
    )
    samples = witness.samples()
    assert samples is not None
    assert len(samples.users) == 5


def test_nobody_was_looked_at_without_an_experiment() -> None:
    assert Witness().samples() is None


def test_predictions_must_be_numbers() -> None:
    with pytest.raises(DataError):
        Predictions(np.array([1.0]), np.array([np.inf]))
