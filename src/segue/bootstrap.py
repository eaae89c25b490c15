"""The one place that turns names and settings into objects: what the command line and the service stand on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from rapidfuzz import process

from segue import indexing
from segue import settings as settings_file
from segue.core.dataset import Dataset
from segue.core.origins import Origin
from segue.core.progress import SILENT, Progress
from segue.core.protocols import FitsOnDevice, Recommender, TakesItems
from segue.dataset_files import Source
from segue.durable import write_text
from segue.errors import ArtifactError, DataError, NotFoundError, SettingsError, StorageError, WorkspaceError
from segue.evaluation import Candidate, Evaluation, Experiment, PartName, PipelinePlan, Witness
from segue.identity import merged, merged_by_keys
from segue.index.port import VectorIndex
from segue.models.popularity import PopularityModel
from segue.pipeline import Pipeline
from segue.ranking.by_model import ModelRanker
from segue.ranking.fusion import ReciprocalRankFusion
from segue.readers import ReadReport, read
from segue.readers.user_lists import UserLists
from segue.retrieval.search import TitleSearch
from segue.retrieval.sources import Source as Nominator
from segue.settings import Settings
from segue.splits import PublishedSplit, Split, Splitter, k_core, published_split
from segue.station import Station
from segue.workspace import Workspace

if TYPE_CHECKING:
    from segue.tuning import Tuning

ALWAYS_EVALUATED: Final = ("popularity", "item-knn")
PIPELINE: Final = "pipeline"
_SIMULATED: Final = "simulation"


@dataclass(frozen=True, slots=True)
class Trained:
    """One model that `train` has fitted and saved, and the kind of index that was built of its vectors, or None."""

    name: str
    version: str
    seconds: float
    bytes: int
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Extended:
    """One trained model to which `add_items` has shown the items that came after it was trained.

    placed: how many items it placed, by how (see `Origins`); None: a model of its kind takes no new items, and it was
    left as it is, with its version. unknown: how many items of the dataset it still knows nothing of.
    """

    name: str
    version: str
    seconds: float
    placed: Mapping[Origin, int] | None
    unknown: int


@dataclass(frozen=True, slots=True)
class PublishedFiles:
    """A split as a paper ships it, and what was made of the lines of its two files."""

    split: Split
    reports: tuple[ReadReport, ReadReport]


@dataclass(frozen=True, slots=True)
class Tuned:
    """What `tune` found, the file with its record, and where an older study was put."""

    found: Tuning
    record: Path
    aside: Path | None


def create_workspace(folder: Path) -> Workspace:
    """A new workspace whose segue.toml holds every key, explained."""
    return Workspace.create(folder, settings_file.template())


def is_demo(workspace: Workspace) -> bool:
    """True where the workspace holds simulated listeners, or nothing yet."""
    return all(source.format == _SIMULATED for source in workspace.sources())


def keep_demo(workspace: Workspace, dataset: Dataset, seed: int) -> None:
    """Makes simulated listeners the workspace's dataset."""
    with workspace.writing("demo"):
        workspace.write_dataset(dataset, [Source(f"simulated with seed {seed}", 0, "", _SIMULATED)])


def read_settings(workspace: Workspace) -> Settings:
    """The workspace's segue.toml; SettingsError says what is wrong with it, and where."""
    return settings_file.read(workspace.settings_file)


def read_dataset(workspace: Workspace, settings: Settings) -> Dataset:
    """The part of the workspace's data that its settings ask for."""
    dataset = workspace.read_dataset()
    least = settings.dataset
    if least.merge != "none":
        if not dataset.catalogue.has("title"):
            raise DataError(
                f"merge = {least.merge!r} in segue.toml needs titles, and the catalogue has none; "
                'import data with titles, or set merge = "none"'
            )
        if dataset.catalogue.column(least.merge).null_count():  # written before imports kept these keys
            dataset, _ = merged(dataset, least.merge, near=False)
        else:
            dataset = merged_by_keys(dataset, least.merge)
    if least.min_items_per_user > 1 or least.min_users_per_item > 1:
        return k_core(dataset, least.min_items_per_user, items_k=least.min_users_per_item)
    return dataset


def train(
    workspace: Workspace,
    names: Sequence[str] = (),
    *,
    index: str | None = None,
    device: str | None = None,
    seed: int | None = None,
    progress: Progress = SILENT,
    threads: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Trained]:
    """Fits models (those named, or those that segue.toml names) and saves each as it finishes; yields each then.

    Beside a model with vectors goes an index of them, of the kind `index`, or of segue.toml's; none for "exact".
    On a `device` those are fitted that can be (`FitsOnDevice`), the others by the processor; SettingsError where it is
    one of those named that cannot.

    One writer at a time: WorkspaceError where another process is writing. Interrupted, it keeps what is finished.
    """
    settings = read_settings(workspace)
    chosen = [known_model(name, settings) for name in names] or list(settings.training.models)
    kind = settings.indexes[settings.pipeline.index if index is None else indexing.known(index, settings)]
    seed = settings.training.seed if seed is None else seed
    with workspace.writing("train"):
        whole = read_dataset(workspace, settings)
        fingerprint, dataset = whole.fingerprint(), settings.training.learning.learned(whole, seed)
        facts = {"users": dataset.n_users, "entries": dataset.histories.n_entries, "seed": seed}
        for name in names if device is not None else ():
            if not isinstance(settings.models[name], FitsOnDevice):
                able = [each for each, model in settings.models.items() if isinstance(model, FitsOnDevice)]
                raise SettingsError(f"{name} cannot be fitted on a device; {', '.join(able)} can")
        for name in chosen:
            started = clock()
            configuration = settings.models[name]
            with progress.task(f"training {name}") as task:
                if device is not None and isinstance(configuration, FitsOnDevice):
                    model = configuration.fit_on(device, dataset, seed=seed, progress=progress)
                else:
                    model = configuration.fit(dataset, seed=seed, progress=progress, threads=threads)
                folder = workspace.save_model(name, model, fingerprint=fingerprint, metrics=facts)
                task.advance()
            built = indexing.build_beside(workspace, name, model, kind, seed, progress, threads)
            size = sum(file.stat().st_size for file in folder.iterdir())
            yield Trained(name, folder.name, clock() - started, size, built)


def add_items(
    workspace: Workspace,
    names: Sequence[str] = (),
    *,
    progress: Progress = SILENT,
    threads: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Extended]:
    """Shows the items that the dataset has by now to trained models (those named, or those that segue.toml names), and
    saves each as a new version, without training it again; yields each then.

    Raises WorkspaceError for a model that is not trained yet, DataError where the dataset does not begin with the items
    that a model was trained on. One writer at a time. Interrupted, it keeps what is finished.
    """
    settings = read_settings(workspace)
    chosen = [known_model(name, settings) for name in names] or list(settings.training.models)
    with workspace.writing("train"):
        dataset = settings.training.learning.weighed(read_dataset(workspace, settings))
        for name in chosen:
            started = clock()
            model, before = workspace.load_model(name), workspace.describe_model(name)
            if not isinstance(model, TakesItems):
                unknown = dataset.n_items - len(model.items)
                yield Extended(name, before.version, clock() - started, None, unknown)
                continue
            with progress.task(f"adding items to {name}") as task:
                grown = model.with_items(dataset, threads=threads)
                folder = workspace.save_model(
                    name, grown, fingerprint=before.dataset or dataset.fingerprint(), metrics=before.metrics
                )
                task.advance()
            kind = settings.indexes[settings.pipeline.index]
            indexing.build_beside(workspace, name, grown, kind, settings.training.seed, progress, threads)
            counts = grown.origins.counts()
            unknown, _ = counts.pop("none", 0), counts.pop("trained", 0)
            yield Extended(name, folder.name, clock() - started, counts, unknown)


def evaluate(
    workspace: Workspace,
    names: Sequence[str] = (),
    *,
    part: PartName = "test",
    files: PublishedFiles | None = None,
    witness: Witness | None = None,
    seed: int | None = None,
    progress: Progress = SILENT,
    threads: int | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> tuple[Evaluation, Path]:
    """Runs the experiment of segue.toml, and records it: the results, and the file they were recorded in.

    Popularity and item-knn are always among the models. `files` are asked as they are, in place of the workspace's own
    data and split; `part` "validation" leaves the test part alone. `witness` looks on, for `write_report`.
    Raises StorageError, before anything is fitted, where the record could not be written.
    """
    started = now()
    workspace.check_runs()
    settings = read_settings(workspace)
    data = read_dataset(workspace, settings) if files is None else files
    experiment = experiment_of(settings, data, names, part=part, seed=seed)
    with progress.task(f"evaluating {', '.join(experiment.models)}"):
        found = experiment.run(
            scored_at=started, earlier_runs=workspace.test_runs, witness=witness, progress=progress, threads=threads
        )
    return found, workspace.record_run(started, {"started": started.isoformat(timespec="seconds"), **found.record()})


def write_report(workspace: Workspace, run: Path, witness: Witness | None = None) -> Path:
    """Writes the report of a recorded run (its metrics.json) to reports/<run>.html, and returns the page.

    `witness` is who looked on; without one, the report has no sample lists. Searches of the models' hyper-parameters on
    the same data are shown, too. Raises StorageError where the report cannot be written, and says that the run is kept.
    """
    from segue import reports  # deferred: Matplotlib takes a second to import, and no other command needs it

    record = json.loads(run.read_text(encoding="utf-8"))
    data = record.get("dataset", {}).get("fingerprint")
    searches = [workspace.read_search(model) for model in record["models"]]
    try:
        return reports.write(
            record,
            workspace.reports,
            run.parent.name,
            title=workspace.name,
            samples=None if witness is None else witness.samples(),
            training=() if witness is None else witness.curves(),
            tuning=[search for search in searches if search is not None and search.get("dataset") == data],
            predictions=None if witness is None else witness.predictions(),
        )
    except StorageError as error:
        raise StorageError(f"the report could not be written: {error} (the run is kept in {run})") from error


def experiment_of(
    settings: Settings,
    data: Dataset | PublishedFiles,
    names: Sequence[str] = (),
    *,
    part: PartName = "test",
    seed: int | None = None,
) -> Experiment:
    """The experiment that the settings declare, with these models, or those of the settings and the pipeline."""
    told = settings.evaluation
    dataset, split = (
        (data.split.train, data.split) if isinstance(data, PublishedFiles) else (data, splitter_of(data, settings))
    )
    return Experiment(
        dataset,
        split,
        _candidates(names, settings),
        told.metrics,
        part=part,
        folds=told.folds,
        refit=told.refit and part == "test",
        learning=settings.training.learning,
        seed=settings.training.seed if seed is None else seed,
        resamples=told.resamples,
    )


def read_published(
    train_file: Path, test_file: Path, *, strict: bool = False, progress: Progress = SILENT
) -> PublishedFiles:
    """The split of two files of `user item item ...` lines, as a paper ships them."""
    train, train_report = read([train_file], UserLists.name, strict=strict, progress=progress)
    test, test_report = read([test_file], UserLists.name, strict=strict, progress=progress)
    learned, asked = train_report.sources[0], test_report.sources[0]
    how = PublishedSplit(learned.name, asked.name, learned.sha256, asked.sha256)
    return PublishedFiles(published_split(train, test, how), (train_report, test_report))


def tune(
    workspace: Workspace,
    name: str,
    *,
    metrics: Sequence[str] = (),
    trials: int | None = None,
    folds: int | None = None,
    sampler: str = "tpe",
    prune: bool = False,
    timeout: float | None = None,
    new: bool = False,
    seed: int | None = None,
    progress: Progress = SILENT,
    threads: int | None = None,
) -> Tuned:
    """Searches the hyper-parameters of a model on the data without the test part that `evaluate` would ask.

    A study that is there is continued; with `new` it is put aside, and another begins. Raises what
    `segue.tuning.tune` raises. One writer at a time.
    """
    from segue import tuning  # deferred: Optuna takes a second to import, and no other command needs it

    settings = read_settings(workspace)
    configuration = settings.models[known_model(name, settings)]
    seed = settings.training.seed if seed is None else seed
    file = workspace.study_file(name)
    with workspace.writing("tune"):
        dataset = read_dataset(workspace, settings)
        with progress.task("putting the test part aside"):
            validation = tuning.validation_of(
                dataset, splitter_of(dataset, settings), seed, folds, settings.training.learning
            )
        aside = tuning.set_aside(file) if new else None
        found = tuning.tune(
            configuration,
            validation,
            file,
            dataset=dataset.fingerprint(),
            space=settings.tuning.get(name),
            metrics=metrics or (tuning.DEFAULT_METRIC,),
            trials=trials,
            sampler=sampler,
            prune=prune,
            timeout=timeout,
            seed=seed,
            progress=progress,
            threads=threads,
        )
    return Tuned(found, file.with_suffix(".json"), aside)


def apply_tuning(workspace: Workspace, found: Tuning) -> None:
    """Writes the best values into segue.toml, and leaves all else of it as it is; SettingsError where that fails."""
    from segue.tuning import applied  # deferred, as above

    assert found.best is not None
    with workspace.writing("tune"):
        file = workspace.settings_file
        write_text(file, applied(settings_file.text_of(file), found.model, found.best.values, str(file)))


def splitter_of(dataset: Dataset, settings: Settings) -> Splitter:
    """The way to split that the settings name. "auto" hides a share of everybody's ratings where there are ratings; of
    other data it cuts by time where there are times, and holds users out where there are none."""
    name = settings.evaluation.split
    if name == "auto" and dataset.feedback == "ratings":
        name = "per-user"
    elif name == "auto":
        name = "held-out-users" if dataset.histories.times is None else "time-cut"
    return settings.splits[name]


def split_of(dataset: Dataset, settings: Settings, seed: int) -> Split:
    """The dataset split as the settings say."""
    return splitter_of(dataset, settings).split(dataset, seed)


def open_search(workspace: Workspace) -> TitleSearch:
    """Search over the workspace's catalogue; needs no model."""
    return _search(read_dataset(workspace, read_settings(workspace)))


def open_station(workspace: Workspace, *, also: Sequence[str] = (), progress: Progress = SILENT) -> Station:
    """Loads the dataset and every model that the settings name for the pipeline, and those of `also`, ready to answer.

    Raises WorkspaceError where there is no dataset or a model is not trained yet, ArtifactError where a model is
    damaged or was trained on other items.
    """
    settings = read_settings(workspace)
    with progress.task("opening the workspace"):
        dataset = settings.training.learning.weighed(read_dataset(workspace, settings))
        names = tuple(dict.fromkeys([*settings.pipeline.models, *also]))
        missing = [name for name in names if name not in workspace.model_names()]
        if missing and not set(missing) & set(settings.pipeline.models):
            raise WorkspaceError(
                f"this asks {missing[0]}, which is not trained in the workspace {workspace.name}; "
                f"train it with: {workspace.command('train')} --model {missing[0]}"
            )
        if missing:
            raise WorkspaceError(
                f"the workspace {workspace.name} is not trained yet (missing: {', '.join(missing)}); "
                f"train it with: {workspace.command('train')}"
            )
        models = {name: workspace.load_model(name) for name in names}
        for name, model in models.items():
            if not model.items.is_prefix_of(dataset.items):
                raise ArtifactError(
                    f"the model {name} was trained on other items than the dataset has now; "
                    f"train it again with: {workspace.command('train')}"
                )
        described = [workspace.describe_model(name) for name in names]
        digest = sha256(" ".join(f"{each.kind}:{each.version}" for each in described).encode()).hexdigest()
        return Station(
            dataset=dataset,
            pipeline=build_pipeline(settings, models, dataset, indexing.loaded(workspace, settings, models)),
            models=models,
            search=_search(dataset),
            name=workspace.name,
            version=digest[:12],
            trained_at=max(each.saved_at for each in described),
        )


def build_pipeline(
    settings: Settings,
    models: Mapping[str, Recommender],
    dataset: Dataset,
    indexes: Mapping[str, VectorIndex] = MappingProxyType({}),
) -> Pipeline:
    """The three stages of the settings. Rules that need a column which the catalogue lacks are left out.

    indexes: of the vectors of some models, by the model's name; those models nominate through them.
    """
    chosen = settings.pipeline
    rules = [settings.rules[name] for name in chosen.rules]
    searches = indexing.searches(settings, models, indexes)
    return Pipeline(
        sources=[Nominator(name, models[name], chosen.candidates, searches.get(name)) for name in chosen.sources],
        ranker=ReciprocalRankFusion()
        if chosen.ranker == ReciprocalRankFusion.name
        else ModelRanker(models[chosen.ranker]),
        rules=[rule for rule in rules if all(map(dataset.catalogue.has, rule.needs))],
        fallback=None if chosen.fallback == "none" else cast("PopularityModel", models[chosen.fallback]),
        catalogue=dataset.catalogue,
    )


def known_model(name: str, settings: Settings) -> str:
    """The name, where there is such a model; NotFoundError offers a near one."""
    if name in settings.models:
        return name
    near = [match for match, _, _ in process.extract(name, list(settings.models), limit=1, score_cutoff=60)]
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(settings.models)}"
    raise NotFoundError(f"there is no model {name!r}; {hint}", near)


def _candidates(names: Sequence[str], settings: Settings) -> dict[str, Candidate]:
    """What is evaluated: the models named, or those of the settings and, where wanted, the pipeline."""
    chosen = [name if name == PIPELINE else known_model(name, settings) for name in names]
    if not names:
        chosen = [*settings.training.models, *([PIPELINE] if settings.evaluation.pipeline else [])]
    candidates: dict[str, Candidate] = {
        name: settings.models[name] for name in dict.fromkeys([*ALWAYS_EVALUATED, *chosen]) if name != PIPELINE
    }
    if PIPELINE in chosen:
        candidates[PIPELINE] = PipelinePlan(
            {name: settings.models[name] for name in settings.pipeline.models},
            lambda models, train: build_pipeline(settings, models, train, indexing.built(settings, models)),
            asdict(settings.pipeline),
        )
    return candidates


def _search(dataset: Dataset) -> TitleSearch:
    return TitleSearch(dataset.catalogue, np.bincount(dataset.histories.merged().items, minlength=dataset.n_items))
