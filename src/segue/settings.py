"""segue.toml: what a workspace trains, how it recommends and how it evaluates, as frozen configurations.

A section of the file is a frozen dataclass: `[models.implicit-als]` is `ImplicitALS`, `[evaluation.per-user]` is
`PerUserRatio`. What the file leaves out keeps its default. The template, `settings_template.toml`, names and explains
every key; it parses to the defaults.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, cast

import pydantic
from rapidfuzz import process

from segue.core.protocols import Configuration
from segue.core.spaces import Choice, Float, Int, Range, Space
from segue.errors import SegueError, SettingsError
from segue.index import INDEXES
from segue.index.port import IndexKind
from segue.models import MODELS
from segue.reranking import RULES
from segue.reranking.rule import Rule
from segue.splits import SPLITS, Learning, Splitter


@dataclass(frozen=True, slots=True)
class DatasetSettings:
    """`[dataset]`: which part of the imported data is used, and what counts as one item.

    merge:              what is one recording, or one song, by name, ISRC or MBID becomes one item (`segue.identity`).
    min_items_per_user, min_users_per_item: both at 1: all that has any entry; 5 and 5: the 5-core.
    """

    merge: Literal["none", "recording", "song"] = "none"
    min_items_per_user: int = 1
    min_users_per_item: int = 1

    def __post_init__(self) -> None:
        for name in ("min_items_per_user", "min_users_per_item"):
            _at_least(name, getattr(self, name), 1)


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """`[training]`: which models `segue train` fits, in this order, the seed of all randomness, and what of the data is
    learned from (`segue.splits.Learning`).
    """

    models: tuple[str, ...] = ("popularity", "item-knn", "implicit-als")
    seed: int = 0
    user_share: float = 1.0
    min_weight: float = 0.0
    half_life: float | None = None

    def __post_init__(self) -> None:
        _known_models("models", self.models)
        _at_least("seed", self.seed, 0)
        if not self.models:
            raise SettingsError(f"models names nothing to train; the models are {', '.join(MODELS)}")
        _ = self.learning  # refuses what is out of range

    @property
    def learning(self) -> Learning:
        """How data is made ready to be learned from."""
        return Learning(self.user_share, self.min_weight, self.half_life)


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """`[pipeline]`: which models nominate, what orders the candidates, and what fills up a list that comes out short.

    ranker:   the model whose score decides, or "fusion" (reciprocal ranks of all sources).
    rules:    what takes items out of the ranked lists or moves them, in this order.
    fallback: what fills up a list that the sources leave short.
    index:    what sources with vectors find their candidates through; "exact" looks at all of them.
    """

    sources: tuple[str, ...] = ("implicit-als", "item-knn", "popularity")
    candidates: int = 200
    ranker: str = "implicit-als"
    rules: tuple[str, ...] = ("disliked", "artist-cap")
    fallback: Literal["popularity", "none"] = "popularity"
    index: str = "exact"

    def __post_init__(self) -> None:
        _known_models("sources", self.sources)
        if not self.sources:
            raise SettingsError(f"sources names nobody to nominate; the models are {', '.join(MODELS)}")
        _at_least("candidates", self.candidates, 1)
        _known("ranker", self.ranker, ["fusion", *MODELS])
        _known("index", self.index, list(INDEXES))
        for name in self.rules:
            _known("rules", name, list(RULES))
        if len(set(self.rules)) != len(self.rules):
            raise SettingsError(f"rules names a rule twice: {', '.join(self.rules)}")

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that the three stages need, each once."""
        others = [name for name in (self.ranker, self.fallback) if name not in ("fusion", "none")]
        return tuple(dict.fromkeys([*self.sources, *others]))


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """`[evaluation]`: how `segue evaluate` splits the data and what it measures.

    folds:    0: one split; from 2 on, so many in turn. refit: learn from train and validation before the test part.
    pipeline: whether the three stages are asked as a whole, too.
    """

    split: str = "auto"
    folds: int = 0
    refit: bool = False
    pipeline: bool = True
    metrics: tuple[str, ...] = ("recall@20", "ndcg@20", "map@20", "hit_rate@20")
    resamples: int = 1000

    def __post_init__(self) -> None:
        if self.split != "auto":
            _known("split", self.split, ["auto", *SPLITS])
        if self.folds == 1:
            raise SettingsError("folds must be 0 (one split) or at least 2, got 1")
        _at_least("folds", self.folds, 0)
        _at_least("resamples", self.resamples, 100)


@dataclass(frozen=True, slots=True)
class Settings:
    """All of segue.toml. `models`, `indexes`, `rules` and `splits` hold a configuration for every name, used or not.

    `tuning` holds, by model, the spaces that take the place of the models' own.
    """

    dataset: DatasetSettings = field(default_factory=DatasetSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    models: Mapping[str, Configuration] = field(default_factory=lambda: _defaults(MODELS))
    pipeline: PipelineSettings = field(default_factory=PipelineSettings)
    indexes: Mapping[str, IndexKind] = field(default_factory=lambda: _defaults(INDEXES))
    rules: Mapping[str, Rule] = field(default_factory=lambda: _defaults(RULES))
    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    splits: Mapping[str, Splitter] = field(default_factory=lambda: _defaults(SPLITS))
    tuning: Mapping[str, Space] = field(default_factory=lambda: MappingProxyType({}))


SECTIONS: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {
        "dataset": DatasetSettings,
        "training": TrainingSettings,
        **{f"models.{name}": kind for name, kind in MODELS.items()},
        "pipeline": PipelineSettings,
        **{f"index.{name}": kind for name, kind in INDEXES.items()},
        **{f"rules.{name}": kind for name, kind in RULES.items()},
        "evaluation": EvaluationSettings,
        **{f"evaluation.{name}": kind for name, kind in SPLITS.items()},
    }
)


def template() -> str:
    """The segue.toml of a new workspace: every key, with what it does and its default."""
    return (resources.files("segue") / "settings_template.toml").read_text(encoding="utf-8")


def read(path: Path) -> Settings:
    """The settings of a file; SettingsError names the file, the line and the near match of what is wrong."""
    return parse(text_of(path), str(path))


def text_of(path: Path) -> str:
    """The text of a settings file as it stands there; SettingsError where it cannot be read, or is no text."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text ({error}); save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None


def parse(text: str, source: str = "segue.toml") -> Settings:
    """The settings of a text; `source` is what messages call it."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source} is not valid TOML: {error}") from None
    place = _Place(source, text)
    spaces = _spaces(tables.pop("tuning", {}), place)
    given: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for section, key, value in _entries(tables, "", place):
        given[section][key] = value
    made = {name: _made(name, kind, given[name], place) for name, kind in SECTIONS.items()}
    return Settings(
        dataset=made["dataset"],
        training=made["training"],
        models=MappingProxyType({name: made[f"models.{name}"] for name in MODELS}),
        pipeline=made["pipeline"],
        indexes=MappingProxyType({name: made[f"index.{name}"] for name in INDEXES}),
        rules=MappingProxyType({name: made[f"rules.{name}"] for name in RULES}),
        evaluation=made["evaluation"],
        splits=MappingProxyType({name: made[f"evaluation.{name}"] for name in SPLITS}),
        tuning=spaces,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the text something stands, for messages."""

    source: str
    text: str

    def of(self, section: str, key: str | None = None) -> str:
        line = self._line(section, key)
        where = self.source if line is None else f"{self.source}, line {line}"
        return f"{where}, [{section}]" if section else where

    def _line(self, section: str, key: str | None) -> int | None:
        current = ""
        for number, line in enumerate(self.text.splitlines(), start=1):
            header = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line)
            if header:
                current = ".".join(part.strip().strip("\"'") for part in header[1].split("."))
                if key is None and current == section:
                    return number
            elif key is not None and current == section:
                named = re.match(r"\s*[\"']?([^\"'=#]+?)[\"']?\s*=", line)
                if named and named[1] == key:
                    return number
        return None


def _entries(table: Mapping[str, Any], section: str, place: _Place) -> Iterator[tuple[str, str, Any]]:
    """Every (section, key, value) of the file; SettingsError for a section or key that does not exist."""
    for name, value in table.items():
        inner = f"{section}.{name}" if section else name
        leads_to_section = any(known == inner or known.startswith(inner + ".") for known in SECTIONS)
        if leads_to_section and isinstance(value, Mapping):
            yield from _entries(value, inner, place)
        elif leads_to_section:
            raise SettingsError(f"{place.of(section, name)}: {name} must be a section, [{inner}], got {_shown(value)}")
        elif isinstance(value, Mapping):
            raise SettingsError(f"{place.of(inner)}: there is no such section{_hint(inner, SECTIONS)}")
        elif section not in SECTIONS:
            raise SettingsError(
                f"{place.of(section, name)}: the key {name} stands in no section{_hint(inner, SECTIONS)}"
            )
        else:
            keys = [item.name for item in dataclasses.fields(SECTIONS[section])]
            if name not in keys:
                raise SettingsError(f"{place.of(section, name)}: unknown key {name!r}{_hint(name, keys)}")
            yield section, name, value


def _made(section: str, kind: type[Any], values: Mapping[str, Any], place: _Place) -> Any:
    try:
        checked = _checker(kind).model_validate_json(json.dumps(values, default=str), strict=True)
        return kind(**{name: getattr(checked, name) for name in values})
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        raise SettingsError(
            f"{place.of(section, key)}: {key}: {_plain_words(first)}, got {_shown(values[key])}"
            f"{_choice_hint(first, values[key])}"
        ) from None
    except SegueError as error:
        keys = [name for name in values if re.search(rf"\b{re.escape(name)}\b", str(error))]
        raise SettingsError(f"{place.of(section, keys[0] if keys else None)}: {error}") from None


def _spaces(table: Any, place: _Place) -> Mapping[str, Space]:
    """What stands under [tuning.NAME], by model; a section without any key says nothing."""
    sections = [f"tuning.{name}" for name in MODELS]
    if not isinstance(table, Mapping):
        raise SettingsError(f"{place.of('')}: tuning must be sections, [{sections[0]}], got {_shown(table)}")
    spaces: dict[str, Space] = {}
    for model, ranges in table.items():
        section = f"tuning.{model}"
        if section not in sections or not isinstance(ranges, Mapping):
            raise SettingsError(f"{place.of(section)}: there is no such section{_hint(section, sections)}")
        keys = [item.name for item in dataclasses.fields(MODELS[model])]
        for key in ranges:
            if key not in keys:
                raise SettingsError(f"{place.of(section, key)}: unknown key {key!r}{_hint(key, keys)}")
        if ranges:
            spaces[model] = MappingProxyType({key: _range(section, key, ranges[key], place) for key in ranges})
    return MappingProxyType(spaces)


def _range(section: str, key: str, given: Any, place: _Place) -> Range:
    """A list of values, or a range of numbers; each value, and each end of a range, is one that the model takes."""
    kind = MODELS[section.removeprefix("tuning.")]

    def checked(value: Any) -> Any:
        return getattr(_made(section, kind, {key: value}, place), key)

    try:
        if isinstance(given, list):
            return Choice(tuple(checked(value) for value in given))
        if isinstance(given, Mapping) and {"low", "high"} <= given.keys() <= {"low", "high", "log"}:
            low, high, log = checked(given["low"]), checked(given["high"]), given.get("log", False)
            if isinstance(low, bool | str) or not isinstance(log, bool):
                raise SettingsError(f"a range is for numbers, and log is true or false, got {_shown(given)}")
            return Int(low, high, log) if isinstance(low, int) else Float(low, high, log)
    except SettingsError as error:
        placed = str(error).startswith(place.source)  # a value that the model itself refused
        raise error if placed else SettingsError(f"{place.of(section, key)}: {key}: {error}") from None
    raise SettingsError(
        f"{place.of(section, key)}: {key} must be a list of values, [...], or a range, "
        f"{{ low = 1, high = 10, log = true }}, got {_shown(given)}"
    )


def _checker(kind: type[Any]) -> type[pydantic.BaseModel]:
    """A pydantic model with the fields of a dataclass; checks types, and leaves ranges to the dataclass itself."""
    hints = typing.get_type_hints(kind)
    fields = {item.name: (hints[item.name], None) for item in dataclasses.fields(kind)}
    made = pydantic.create_model(kind.__name__, __config__=pydantic.ConfigDict(extra="forbid"), **cast("Any", fields))
    return cast("type[pydantic.BaseModel]", made)


def _plain_words(error: Mapping[str, Any]) -> str:
    words = {
        "int_type": "must be a whole number",
        "int_from_float": "must be a whole number",
        "float_type": "must be a number",
        "bool_type": "must be true or false",
        "string_type": "must be text in quotes",
        "tuple_type": "must be a list, [...]",
    }
    return words.get(error["type"]) or str(error["msg"]).replace("Input should be", "must be")


def _choice_hint(error: Mapping[str, Any], value: Any) -> str:
    if error["type"] != "literal_error" or not isinstance(value, str):
        return ""
    return _hint(value, re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", ""))), listed=False)


def _hint(name: str, known: typing.Iterable[str], *, listed: bool = True) -> str:
    choices = list(known)
    found = process.extractOne(name, choices, score_cutoff=60)
    if found is not None:
        return f"; did you mean {found[0]!r}?"
    return f"; there are: {', '.join(choices)}" if listed else ""


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _defaults(kinds: Mapping[str, type[Any]]) -> Mapping[str, Any]:
    return MappingProxyType({name: kind() for name, kind in kinds.items()})


def _known_models(key: str, names: tuple[str, ...]) -> None:
    for name in names:
        _known(key, name, list(MODELS))
    if len(set(names)) != len(names):
        raise SettingsError(f"{key} names a model twice: {', '.join(names)}")


def _known(key: str, name: str, choices: list[str]) -> None:
    if name not in choices:
        raise SettingsError(f"{key}: there is no {name!r}{_hint(name, choices)}")


def _at_least(key: str, value: int, least: int) -> None:
    if value < least:
        raise SettingsError(f"{key} must be at least {least}, got {value}")
