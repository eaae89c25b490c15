"""The search itself: suggest, fit, ask, keep, until there were enough trials."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.trial import FrozenTrial
from rapidfuzz import process

from segue.core.progress import SILENT, Progress
from segue.core.protocols import Configuration
from segue.core.spaces import Space, Tunable, as_plain, size
from segue.durable import write_text
from segue.errors import DataError, ModelError, SettingsError
from segue.tuning.importance import importance
from segue.tuning.measuring import Fold, metrics_of
from segue.tuning.result import Tuning
from segue.tuning.sampling import check_sampler, contains, suggest
from segue.tuning.study import Study, opened
from segue.tuning.trial import Point, Trial, key
from segue.tuning.validation import Validation

DEFAULT_METRIC: Final = "ndcg@20"
DEFAULT_TRIALS: Final = 50


def tune(
    configuration: Configuration,
    validation: Validation,
    file: Path,
    *,
    dataset: str,
    space: Space | None = None,
    metrics: Sequence[str] = (DEFAULT_METRIC,),
    trials: int | None = None,
    sampler: str = "tpe",
    prune: bool = False,
    timeout: float | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
    threads: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Tuning:
    """Looks for the hyper-parameters with the best mean of the first metric over the folds of `validation`.

    file:    the study, SQLite; one that is there is continued, until it holds `trials` finished trials (by default 50,
             and every point of a grid). Its record stands beside it, as JSON, however the search ends.
    dataset: the fingerprint of the data that `validation` was made of.
    space:   by default, the model's own.
    prune:   gives a point up once the folds asked so far are worse than the median of the others'.
    timeout: seconds after which no other trial begins.

    The first point, where it lies in the space, is `configuration` itself. A point that was tried before is not
    evaluated again. A point that the model or the data refuses counts as failed, and the search goes on. The same
    arguments give the same trials, and so does a search that was killed and continued.

    Raises SettingsError and NotFoundError for arguments that cannot be, and where the study was begun with others;
    ArtifactError for a damaged study; DataError where no point at all could be evaluated.
    """
    if trials is not None and trials < 1:
        raise SettingsError(f"there must be at least 1 trial, got {trials}")
    if timeout is not None and not (timeout > 0 and math.isfinite(timeout)):
        raise SettingsError(f"the timeout must be a number of seconds above 0, got {timeout:g}")
    if prune and len(validation.folds) < 2:
        raise SettingsError("pruning compares trials fold by fold, and there is only one; ask for 2 folds or more")
    space = _space_of(configuration, space)
    check_sampler(sampler, space)
    measures = metrics_of(metrics, validation)
    names, maximize = tuple(metric.name for metric in measures), measures[0].higher_is_better
    identity = {
        "model": configuration.name,
        "metrics": list(names),
        "space": as_plain(space),
        "fixed": {name: value for name, value in _values(configuration).items() if name not in space},
        "dataset": dataset,
        "validation": validation.record(),
        "seed": seed,
    }
    folds = [
        Fold(split, part, measures, seed=seed, progress=progress, threads=threads) for split, part in validation.asked()
    ]
    search = _Search(configuration, space, folds, names, maximize, seed, prune, progress, clock)
    with opened(file, identity, space, maximize=maximize) as study:
        before = len(study.finished)
        try:
            search.run(study, _enough(trials, sampler, space), sampler, timeout)
        finally:
            found = Tuning(
                configuration=configuration,
                space=space,
                metrics=names,
                higher_is_better=maximize,
                sampler=sampler,
                prune=prune,
                seed=seed,
                dataset=dataset,
                validation=validation.record(),
                trials=study.trials(),
                importance=importance(space, study.trials(), maximize=maximize),
                before=before,
            )
            write_text(file.with_suffix(".json"), found.to_json())
    if found.trials and found.best is None:
        raise DataError(
            f"none of the {len(found.trials)} trials could be evaluated; the last one says: {found.trials[-1].reason}"
        )
    return found


@dataclass(frozen=True, slots=True)
class _Search:
    """What all trials of a search share."""

    configuration: Configuration
    space: Space
    folds: Sequence[Fold]
    metrics: tuple[str, ...]
    maximize: bool
    seed: int
    prune: bool
    progress: Progress
    clock: Callable[[], float]

    def run(self, study: Study, trials: int, sampler: str, timeout: float | None) -> None:
        started = self.clock()
        points = size(self.space)
        current = {name: value for name, value in _values(self.configuration).items() if name in self.space}
        first = current if contains(self.space, current) else None
        done = {key(trial.values): trial for trial in reversed(study.trials())}  # of equal points, the first one counts
        left = max(0, trials - len(study.finished))
        with self.progress.task(f"tuning {self.configuration.name}", total=left, unit="trials") as task:
            while len(study.finished) < trials and (points is None or len(done) < points):
                if timeout is not None and self.clock() - started >= timeout:
                    break
                point = suggest(
                    self.space,
                    study.finished,
                    sampler=sampler,
                    seed=self.seed,
                    maximize=self.maximize,
                    first=first,
                )
                if point is None:
                    break
                number = len(study.finished) + 1
                before = done.get(key(point))
                if before is not None:
                    trial = replace(before, number=number, seconds=0.0, same_as=before.same_as or before.number)
                else:
                    trial = self._tried(number, point, study.finished)
                    done[key(point)] = trial
                study.add(trial)
                task.advance(1, self._note(done.values()))

    def _tried(self, number: int, point: Point, finished: Sequence[FrozenTrial]) -> Trial:
        started = self.clock()
        results: list[Mapping[str, float]] = []
        pruned = False
        try:
            configuration = replace(self.configuration, **point)  # type: ignore[type-var]  # a dataclass, always
            for fold in self.folds:
                results.append(fold.means(configuration))
                means = _means(results)
                rest = len(self.folds) - len(results)
                if rest and self.prune and self._hopeless(finished, [found[self.metrics[0]] for found in results]):
                    pruned = True
                    break
        except (SettingsError, DataError, ModelError) as error:
            return Trial(number, "failed", point, None, seconds=self.clock() - started, reason=str(error))
        target = self.metrics[0]
        return Trial(
            number,
            "pruned" if pruned else "complete",
            point,
            means[target],
            tuple(found[target] for found in results),
            means,
            self.clock() - started,
        )

    def _hopeless(self, finished: Sequence[FrozenTrial], folds: Sequence[float]) -> bool:
        """Whether the mean of these folds is worse than the median of what others had after as many."""
        study = optuna.create_study(
            direction="maximize" if self.maximize else "minimize", pruner=optuna.pruners.MedianPruner()
        )
        study.add_trials(finished)
        trial = study.ask()
        for step in range(len(folds)):
            trial.report(sum(folds[: step + 1]) / (step + 1), step)
        return trial.should_prune()

    def _note(self, trials: Any) -> str:
        complete = [trial for trial in trials if trial.state == "complete"]
        if not complete:
            return "none complete so far"
        best = (max if self.maximize else min)(complete, key=lambda trial: trial.value)
        return f"best {self.metrics[0]} {best.value:.4f}, trial {best.number}"


def _enough(trials: int | None, sampler: str, space: Space) -> int:
    points = size(space)
    if trials is None:
        return points if sampler == "grid" and points is not None else DEFAULT_TRIALS
    return trials


def _space_of(configuration: Configuration, space: Space | None) -> Space:
    """The space to search; SettingsError where there is none, or it names what the model does not have."""
    if space is None:
        if not isinstance(configuration, Tunable):
            raise SettingsError(
                f"{configuration.name} names no values to search; write some into segue.toml, "
                f"under [tuning.{configuration.name}]"
            )
        space = configuration.space
    known = list(_values(configuration))
    for name in space:
        if name not in known:
            near = process.extractOne(name, known, score_cutoff=60)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise SettingsError(f"{configuration.name} has no hyper-parameter {name!r}; {hint}")
    if not space:
        raise SettingsError(f"there is nothing to search: the space of {configuration.name} is empty")
    return space


def _values(configuration: Configuration) -> dict[str, Any]:
    """The hyper-parameters of a configuration, by name."""
    return asdict(configuration)  # type: ignore[call-overload]  # a dataclass, always


def _means(results: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: sum(found[name] for found in results) / len(results) for name in results[0]}
