"""Names and settings become objects: a station from a workspace, a pipeline from settings, lists for everyone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segue import bootstrap
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import Task
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, NotFoundError, WorkspaceError
from segue.importing import Adding, import_dataset
from segue.ranking.by_model import ModelRanker
from segue.settings import PipelineSettings, Settings, parse
from segue.station import Station
from segue.workspace import Workspace
from worlds import as_ratings

SMALL = """
[training]
models = ["popularity", "item-knn"]
[pipeline]
sources = ["item-knn", "popularity"]
ranker = "item-knn"
[evaluation]
metrics = ["recall@3"]
resamples = 100
"""


def dataset(users: int = 20, *, artists: bool = True, times: bool = False) -> Dataset:
    """Two halves of 6 items; each user has 4 of one half."""
    rows = [[(user // 2 + place) % 6 + 6 * (user % 2) for place in range(4)] for user in range(users)]
    histories = Histories.of(rows)
    if times:
        stamps = np.tile(np.arange(4, dtype=np.int64) * 86_400, users)
        histories = Histories(histories.offsets, histories.items, histories.weights, stamps, order="time")
    items = Vocabulary([f"s{item}" for item in range(12)])
    columns = {"id": items.series, "title": [f"Song {item}" for item in range(12)]}
    if artists:
        columns["artist"] = ["Ada"] * 12
    names = Vocabulary([f"u{user}" for user in range(users)])
    return Dataset(names, items, histories, Catalogue(pl.DataFrame(columns)), feedback="plays")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "w", SMALL)
    made.write_dataset(dataset())
    return made


@pytest.fixture
def station(workspace: Workspace) -> Station:
    list(bootstrap.train(workspace))
    return bootstrap.open_station(workspace)


@dataclass
class Heard:
    """A progress that remembers what it was told."""

    tasks: list[str] = field(default_factory=list)

    @contextmanager
    def task(self, description: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        del total, unit
        self.tasks.append(description)
        yield self

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        del amount, note


def test_a_new_workspace_has_every_key_explained(tmp_path: Path) -> None:
    made = bootstrap.create_workspace(tmp_path / "new")
    assert bootstrap.read_settings(made) == Settings()


def test_training_saves_each_model_as_it_finishes(workspace: Workspace) -> None:
    heard = Heard()
    training = bootstrap.train(workspace, progress=heard)
    first = next(training)
    assert first.name == "popularity"
    assert workspace.model_names() == ["popularity"]
    assert workspace.describe_model("popularity").version == first.version
    training.close()  # an interrupted training keeps it
    assert workspace.model_names() == ["popularity"]
    assert heard.tasks[0] == "training popularity"


def test_the_manifest_tells_data_and_seed(workspace: Workspace) -> None:
    list(bootstrap.train(workspace, ["item-knn"], seed=7))
    about = workspace.describe_model("item-knn")
    assert about.dataset == workspace.read_dataset().fingerprint()
    assert about.metrics == {"users": 20, "entries": 80, "seed": 7}


def test_an_unknown_model_is_offered_the_near_one(workspace: Workspace) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'popularity'") as caught:
        list(bootstrap.train(workspace, ["popularty"]))
    assert caught.value.near == ("popularity",)


def test_a_station_holds_what_the_settings_name(station: Station, workspace: Workspace) -> None:
    assert station.name == "w"
    assert list(station.models) == ["item-knn", "popularity"]
    assert [source.name for source in station.pipeline.sources] == ["item-knn", "popularity"]
    assert [rule.name for rule in station.pipeline.rules] == ["disliked", "artist-cap"]
    assert abs((datetime.now(UTC) - station.trained_at).total_seconds()) < 600
    assert bootstrap.open_station(workspace).version == station.version


def test_another_model_is_another_version(station: Station, workspace: Workspace) -> None:
    workspace.settings_file.write_text(SMALL + "[models.item-knn]\nneighbours = 2\n", encoding="utf-8")
    list(bootstrap.train(workspace, ["item-knn"]))
    assert bootstrap.open_station(workspace).version != station.version


def test_without_a_model_it_says_which_and_how_to_train(workspace: Workspace) -> None:
    list(bootstrap.train(workspace, ["popularity"]))
    with pytest.raises(WorkspaceError, match=r"not trained yet \(missing: item-knn\)"):
        bootstrap.open_station(workspace)


def test_models_of_other_items_are_refused_and_longer_data_is_not(station: Station, workspace: Workspace) -> None:
    grown = dataset()
    items = grown.items.extended(["s12"])
    catalogue = Catalogue(pl.DataFrame({"id": items.series}))
    workspace.write_dataset(Dataset(grown.users, items, grown.histories, catalogue))
    assert bootstrap.open_station(workspace).version == station.version
    other = Vocabulary([f"x{item}" for item in range(12)])
    workspace.write_dataset(Dataset(grown.users, other, grown.histories, Catalogue.bare(other)))
    with pytest.raises(ArtifactError, match="trained on other items"):
        bootstrap.open_station(workspace)


def test_rules_that_need_an_unknown_column_are_left_out() -> None:
    settings = parse(SMALL)
    known = dataset(artists=False)
    models = {name: settings.models[name].fit(known) for name in settings.pipeline.models}
    pipeline = bootstrap.build_pipeline(settings, models, known)
    assert [rule.name for rule in pipeline.rules] == ["disliked"]


def test_the_ranker_is_a_model_or_the_fusion_of_ranks() -> None:
    known = dataset()
    for ranker, fallback in (("item-knn", "popularity"), ("fusion", "none")):
        text = SMALL.replace('ranker = "item-knn"', f'ranker = "{ranker}"\nfallback = "{fallback}"')
        settings = parse(text)
        models = {name: settings.models[name].fit(known) for name in settings.pipeline.models}
        pipeline = bootstrap.build_pipeline(settings, models, known)
        assert isinstance(pipeline._ranker, ModelRanker) == (ranker == "item-knn")
        empty = pipeline.recommend(Histories.empty(1), 3)
        assert (empty.top.lengths[0] > 0) == (fallback == "popularity")


def test_the_models_of_the_three_stages_are_opened() -> None:
    assert PipelineSettings().models == ("implicit-als", "item-knn", "popularity")


def test_a_smaller_part_of_the_data_can_be_asked_for(workspace: Workspace) -> None:
    text = SMALL + "[dataset]\nmin_items_per_user = 5\n"
    with pytest.raises(DataError, match="core"):
        bootstrap.read_dataset(workspace, parse(text))
    core = bootstrap.read_dataset(workspace, parse(text.replace("= 5", "= 4")))
    assert core == workspace.read_dataset()


def test_auto_cuts_by_time_where_there_are_times() -> None:
    settings = parse(SMALL)
    assert bootstrap.split_of(dataset(), settings, 0).how.name == "held-out-users"
    assert bootstrap.split_of(dataset(times=True), settings, 0).how.name == "time-cut"


def test_auto_hides_a_share_of_everybody_s_ratings() -> None:
    for times in (False, True):
        rated = as_ratings(dataset(times=times), (1.0, 5.0))
        assert bootstrap.split_of(rated, parse(SMALL), 0).how.name == "per-user"


def test_an_evaluation_is_recorded_with_its_time(workspace: Workspace) -> None:
    now = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
    found, file = bootstrap.evaluate(workspace, ["popularity"], now=lambda: now)
    assert [result.name for result in found.results] == ["popularity", "item-knn"]
    assert file == workspace.folder / "runs" / "2024-05-01T12-00-00Z" / "metrics.json"
    assert workspace.model_names() == []  # evaluation trains models of its own


def test_a_demo_is_told_apart_from_other_data(workspace: Workspace, tmp_path: Path) -> None:
    empty = Workspace.create(tmp_path / "empty", SMALL)
    assert bootstrap.is_demo(empty)
    bootstrap.keep_demo(empty, dataset(), 3)
    assert bootstrap.is_demo(empty)
    assert empty.sources()[0].name == "simulated with seed 3"
    table = tmp_path / "plays.csv"
    table.write_text("user,song\nu1,a\nu2,a\n", encoding="utf-8")
    import_dataset(workspace, [table], adding=Adding(replace=True))
    assert not bootstrap.is_demo(workspace)
    assert [source.format for source in workspace.sources()] == ["table"]
