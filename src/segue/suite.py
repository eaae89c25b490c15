"""Every model side by side on one dataset, each tuned with the same number of trials, then asked the test part once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from segue import bootstrap
from segue.core.progress import SILENT, Progress
from segue.core.protocols import Configuration
from segue.core.spaces import Space, Tunable
from segue.errors import DataError, MissingExtraError, ModelError, SettingsError
from segue.evaluation import Evaluation, Experiment
from segue.metrics import Metric, parse_all
from segue.settings import Settings
from segue.tuning import Tuning, tune, validation_of
from segue.workspace import Workspace

DEFAULT_TRIALS: Final = 10
_COSTS: Final = ("coverage", "popularity")  # what a suite tells besides the metrics of the settings
_UNABLE: Final = (DataError, SettingsError, MissingExtraError, ModelError)  # what rules a model out, not the suite


@dataclass(frozen=True, slots=True)
class Suite:
    """What a suite found.

    found:    the evaluation of all models on the test part.
    tuned:    by model, its search; those that name nothing to search run as the settings have them, and are not here.
    left_out: by model, why it could not take part: the data lacks what it needs, or it does not fit into memory.
    record:   the file with all of it.
    """

    found: Evaluation
    tuned: Mapping[str, Tuning]
    left_out: Mapping[str, str]
    record: Path


def run_suite(
    workspace: Workspace,
    names: Sequence[str] = (),
    *,
    trials: int = DEFAULT_TRIALS,
    seed: int | None = None,
    progress: Progress = SILENT,
    threads: int | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Suite:
    """Tunes each model (those named, or all) on validation data, and evaluates all of them on the test part.

    Searches are kept in tuning/suite, one for each model, data, split and seed: a suite that was interrupted goes on
    where it was. The target is the first metric of segue.toml that judges lists; the split, the metrics and the spaces
    are its, too. A model that the data does not suit is left out, with the reason.

    Raises NotFoundError for an unknown model, SettingsError for fewer than 1 trial, DataError where no model is left.
    """
    settings = bootstrap.read_settings(workspace)
    chosen = [bootstrap.known_model(name, settings) for name in names] or list(settings.models)
    if trials < 1:
        raise SettingsError(f"there must be at least 1 trial, got {trials}")
    seed = settings.training.seed if seed is None else seed
    started = now()
    workspace.check_runs()
    tuned: dict[str, Tuning] = {}
    left_out: dict[str, str] = {}
    ready: dict[str, Configuration] = {}
    with workspace.writing("suite"):
        dataset = bootstrap.read_dataset(workspace, settings)
        fingerprint = dataset.fingerprint()
        splitter = bootstrap.splitter_of(dataset, settings)
        metrics = _metrics(settings.evaluation.metrics)
        with progress.task("putting the test part aside"):
            validation = validation_of(dataset, splitter, seed, None, settings.training.learning)
        folder = workspace.study_file("suite").with_suffix("") / f"{fingerprint[:12]}-{splitter.name}-{seed}"
        with progress.task("tuning", total=len(chosen), unit="models") as task:
            for name in chosen:
                configuration, space = settings.models[name], _space(name, settings)
                try:
                    if space is None:
                        configuration.fit(validation.folds[0].train, seed=seed, progress=progress, threads=threads)
                        ready[name] = configuration
                    else:
                        found = tune(
                            configuration,
                            validation,
                            folder / f"{name}.db",
                            dataset=fingerprint,
                            space=space,
                            metrics=[_target(metrics)],
                            trials=trials,
                            seed=seed,
                            progress=progress,
                            threads=threads,
                        )
                        best = found.best_configuration()
                        assert best is not None  # a search without any complete trial raises
                        tuned[name], ready[name] = found, best
                except _UNABLE as error:
                    left_out[name] = str(error)
                task.advance(1)
    if not ready:
        raise DataError("no model could be fitted on this data: " + "; ".join(f"{n}: {w}" for n, w in left_out.items()))
    experiment = Experiment(
        dataset,
        splitter,
        ready,
        metrics,
        folds=settings.evaluation.folds,
        refit=settings.evaluation.refit,
        learning=settings.training.learning,
        seed=seed,
        resamples=settings.evaluation.resamples,
    )
    evaluation = experiment.run(scored_at=started, earlier_runs=workspace.test_runs, progress=progress, threads=threads)
    told = {
        "started": started.isoformat(timespec="seconds"),
        **evaluation.record(),
        "suite": _told(trials, tuned, left_out),
    }
    return Suite(evaluation, tuned, left_out, workspace.record_run(started, told))


def _metrics(named: Sequence[str]) -> tuple[str, ...]:
    """The metrics of the settings, with coverage and popularity at the length of the first list."""
    length = next((metric.k for metric in parse_all(named) if metric.k is not None), 20)
    return tuple(dict.fromkeys([*named, *(f"{stem}@{length}" for stem in _COSTS)]))


def _target(metrics: Sequence[str]) -> str:
    """What the searches maximize: the first metric that judges lists by what they find."""
    for metric in parse_all(metrics):
        if isinstance(metric, Metric):
            return metric.name
    raise SettingsError(
        "a suite compares models by lists, and no metric in [evaluation] judges them; add one, such as 'ndcg@20'"
    )


def _space(name: str, settings: Settings) -> Space | None:
    if name in settings.tuning:
        return settings.tuning[name]
    configuration = settings.models[name]
    return configuration.space or None if isinstance(configuration, Tunable) else None


def _told(trials: int, tuned: Mapping[str, Tuning], left_out: Mapping[str, str]) -> dict[str, Any]:
    return {
        "trials": trials,
        "tuned": {name: None if found.best is None else dict(found.best.values) for name, found in tuned.items()},
        "left_out": dict(left_out),
    }
