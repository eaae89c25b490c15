"""A study: the finished trials of one search in an SQLite file, and what they have in common.

A trial is written when it is finished, in one transaction. Whoever is killed in between leaves nothing of it, and
finds everything before it.
"""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import optuna
import sqlalchemy
from optuna.trial import FrozenTrial, TrialState

from segue.core.spaces import Space
from segue.durable import translated
from segue.errors import ArtifactError, SettingsError, StorageError
from segue.tuning.sampling import distributions
from segue.tuning.trial import State, Trial

FORMAT: Final = 1
_IDENTITY: Final = "segue"
_FACTS: Final = "segue"
_HEADER: Final = b"SQLite format 3\0"
_STATES: Final[Mapping[State, TrialState]] = MappingProxyType(
    {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
)
_NAMES: Final[Mapping[TrialState, State]] = MappingProxyType({state: name for name, state in _STATES.items()})
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "model": "another model",
        "metrics": "other metrics",
        "space": "another space",
        "fixed": "other values of what is not searched",
        "dataset": "another dataset",
        "seed": "another seed",
        "validation": "another split",
    }
)


class Study:
    """An open study; its trials are those of Optuna, so that its tools can read the file."""

    def __init__(self, file: Path, study: optuna.Study, space: Space) -> None:
        self._file = file
        self._study = study
        self._space = space
        self._finished = [trial for trial in study.get_trials(deepcopy=False) if trial.state in _NAMES]

    @property
    def finished(self) -> list[FrozenTrial]:
        """The finished trials as Optuna knows them, in order."""
        return self._finished

    def trials(self) -> tuple[Trial, ...]:
        """The finished trials, in order."""
        return tuple(_trial(number, trial) for number, trial in enumerate(self._finished, start=1))

    def add(self, trial: Trial) -> None:
        """Keeps a finished trial; once this returns, no kill takes it away."""
        frozen = optuna.trial.create_trial(
            state=_STATES[trial.state],
            params={name: trial.values[name] for name in self._space},
            distributions=distributions(self._space),
            value=trial.value,
            intermediate_values=dict(enumerate(_running_means(trial.folds))),
            user_attrs={
                _FACTS: {
                    "folds": list(trial.folds),
                    "metrics": dict(trial.metrics or {}),
                    "seconds": trial.seconds,
                    "same_as": trial.same_as,
                    "reason": trial.reason,
                }
            },
        )
        with _translated(self._file):
            self._study.add_trial(frozen)
        frozen.number = len(self._finished)
        self._finished.append(frozen)


@contextmanager
def opened(file: Path, identity: Mapping[str, Any], space: Space, *, maximize: bool) -> Iterator[Study]:
    """The study in this file, begun where there is none.

    `identity` tells which trials are comparable: plain JSON values under the names that `_WORDS` has. Raises
    SettingsError where the study was begun with another, ArtifactError where the file is no study, StorageError where
    it cannot be read or written.
    """
    with translated(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_file():
            with file.open("rb") as begin:
                found = begin.read(len(_HEADER))
            if found and found != _HEADER:
                raise _damaged(file, "it is no SQLite database")
    with _quiet():
        with _translated(file):
            storage = optuna.storages.RDBStorage(
                "sqlite://",  # the path comes by the connection: in an address, special characters would need quoting
                engine_kwargs={"creator": lambda: sqlite3.connect(file), "poolclass": sqlalchemy.pool.NullPool},
            )
        try:
            with _translated(file):
                study = optuna.create_study(
                    storage=storage,
                    study_name=str(identity["model"]),
                    direction="maximize" if maximize else "minimize",
                    load_if_exists=True,
                )
                _check(file, study, {"format": FORMAT, **_plain(identity)})
                opened_study = Study(file, study, space)
            yield opened_study
        finally:
            storage.remove_session()
            storage.engine.dispose()


def set_aside(file: Path) -> Path | None:
    """Renames a study and its record, so that another can begin; returns the study's new name, None where none is."""
    if not file.exists():
        return None
    number = 1
    while (aside := file.with_name(f"{file.stem}-{number}{file.suffix}")).exists():
        number += 1
    with translated(file):
        record = file.with_suffix(".json")
        if record.exists():
            record.replace(aside.with_suffix(".json"))
        file.replace(aside)
    return aside


def _check(file: Path, study: optuna.Study, identity: Mapping[str, Any]) -> None:
    known = study.user_attrs.get(_IDENTITY)
    if known is None:
        if study.get_trials(deepcopy=False):
            raise _damaged(file, "it was not begun by segue")
        study.set_user_attr(_IDENTITY, dict(identity))
        return
    if not isinstance(known, dict) or known.get("format") != FORMAT:
        raise _damaged(file, "it was begun by another version of segue")
    for name, word in _WORDS.items():
        if known.get(name) != identity.get(name):
            raise SettingsError(
                f"the study in {file} was begun with {word} ({_difference(known.get(name), identity.get(name))}), and "
                "its trials would not compare; go on as it was begun, or begin another with --new"
            )


def _trial(number: int, trial: FrozenTrial) -> Trial:
    facts = trial.user_attrs[_FACTS]
    return Trial(
        number=number,
        state=_NAMES[trial.state],
        values=MappingProxyType(trial.params),
        value=None if trial.state is TrialState.FAIL else trial.value,
        folds=tuple(facts["folds"]),
        metrics=MappingProxyType(facts["metrics"]),
        seconds=facts["seconds"],
        same_as=facts["same_as"],
        reason=facts["reason"],
    )


def _running_means(folds: tuple[float, ...]) -> Iterator[float]:
    total = 0.0
    for count, value in enumerate(folds, start=1):
        total += value
        yield total / count


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna has nothing to say that segue does not say itself."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    try:
        with translated(file):
            yield
    except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.OptunaError, RuntimeError, LookupError) as error:
        root: BaseException = error
        while root.__cause__ is not None:
            root = root.__cause__
        said = str(root).partition("\n")[0] or type(root).__name__
        if isinstance(root, sqlite3.OperationalError) and root.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise StorageError(
                f"{file} cannot be read or written ({said}); see to the disk and the rights of the folder, finished "
                "trials are kept"
            ) from error
        raise _damaged(file, said) from error  # its tables are not those of a study


def _damaged(file: Path, why: str) -> ArtifactError:
    return ArtifactError(
        f"{file} is no study that can be continued: {why}; put it away, or begin another with --new, which keeps it"
    )


def _plain(identity: Mapping[str, Any]) -> dict[str, Any]:
    """As it comes back from the file."""
    back: dict[str, Any] = json.loads(json.dumps(dict(identity)))
    return back


def _difference(before: Any, now: Any) -> str:
    """Where two plain values first differ, in few words."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in [*before, *now]:
            if before.get(name) != now.get(name):
                return f"{name}: {_difference(before.get(name), now.get(name))}"
    if isinstance(before, list) and isinstance(now, list) and isinstance([*before, None][0], dict):
        if len(before) != len(now):
            return f"{len(before)}, now {len(now)}"
        return next(_difference(old, new) for old, new in zip(before, now, strict=True) if old != new)
    return f"{_short(before)}, now {_short(now)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    if isinstance(value, list):
        text = ", ".join(map(_short, value))
    return text if len(text) <= 60 else text[:57] + "..."
