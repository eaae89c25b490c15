"""What hyper-parameters are judged on: parts of what may be learned from, and never the test part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from segue.core.dataset import Dataset
from segue.errors import DataError, SettingsError
from segue.evaluation import PartName
from segue.splits import AS_IS, Folding, Learning, Part, PerUserRatio, Split, Splitter


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """One or more splits of the data without its test part.

    folds: what is fitted on, and who is asked, one after another.
    part:  which part of each of them is asked: "validation" where the split had one of its own, "test" where a part of
           the training data was split off anew. The test part of the split itself is not even here.
    """

    folds: tuple[Split, ...]
    part: PartName

    @property
    def users(self) -> int:
        """How many users are asked, in all folds together."""
        return sum(len(part) for _, part in self.asked())

    @property
    def n_items(self) -> int:
        return len(self.folds[0].train.items)

    def asked(self) -> Iterator[tuple[Split, Part]]:
        """Each split, with the part of it that is asked."""
        for split in self.folds:
            part = split.test if self.part == "test" else split.validation
            assert part is not None
            yield split, part

    def record(self) -> dict[str, Any]:
        """How the parts were made and what came out, as plain JSON values."""
        folds = []
        for split, part in self.asked():
            told = split.record()
            folds.append({key: told[key] for key in ("split", "settings", "seed", "train")} | {"asked": part.counts()})
        return {"folds": folds, "users": self.users}


def validation_of(
    dataset: Dataset, how: Splitter, seed: int = 0, folds: int | None = None, learning: Learning = AS_IS
) -> Validation:
    """Puts the test part that `how` and `seed` make aside, and makes validation parts of the rest.

    Without `folds`: the split's own validation part; where it has none, the rest is split again in the same way. With
    `folds`: a way to split that can be turned (`segue.splits.split.Folding`) hides another share in each fold; with any
    other, such as a time cut, each fold hides a part of what the fold before could learn from, so that nothing is ever
    learned from the future. `learning` makes ready what is learned from, in each of them.

    Raises SettingsError for fewer than 2 folds, DataError where nobody is left to validate on.
    """
    if folds is not None and folds < 2:
        raise SettingsError(f"there must be at least 2 folds, got {folds}; leave folds out to validate on one part")
    split = how.split(dataset, seed)
    if folds is None and split.validation is not None:
        return Validation((learning.split(split),), "validation")
    again = _again(how)
    try:
        if folds is None:
            made: Iterable[Split] = (again.split(split.known, seed),)
        elif isinstance(again, Folding) and not _takes_the_last(again):
            made = again.folds(split.known, folds, seed)
        else:
            made = _rolled(split.known, again, folds, seed)
        return Validation(tuple(map(learning.split, made)), "test")
    except DataError as error:
        raise DataError(f"the training data leaves nobody to validate on ({error})") from error


def _rolled(dataset: Dataset, how: Splitter, folds: int, seed: int) -> Iterator[Split]:
    for fold in range(folds):
        split = how.split(dataset, seed + fold)
        yield split
        dataset = split.train


def _again(how: Splitter) -> Splitter:
    """The same splitter for data that has lost its test part: without a validation part, and without fixed moments."""
    plain = {"validation": 0, "validation_at": None, "test_at": None}
    there = {field.name for field in fields(how)}  # type: ignore[arg-type]  # every splitter is a dataclass
    return replace(how, **{name: value for name, value in plain.items() if name in there})  # type: ignore[type-var]


def _takes_the_last(how: Splitter) -> bool:
    """Whether the hidden items are each user's last ones, which cannot be dealt out to folds."""
    return isinstance(how, PerUserRatio) and how.pick == "last"
