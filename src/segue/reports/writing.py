"""Reports as files: a page, and a folder with its plots."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from segue.errors import SettingsError
from segue.evaluation.overheard import TrainingCurve
from segue.evaluation.predictions import Predictions
from segue.evaluation.samples import Samples
from segue.reports.page import page
from segue.reports.plot import Plot
from segue.reports.putting import put
from segue.reports.reading import read
from segue.reports.sections import Section, overview, sections

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def write(
    record: Mapping[str, Any],
    folder: Path,
    run: str,
    *,
    title: str | None = None,
    samples: Samples | None = None,
    training: Sequence[TrainingCurve] = (),
    tuning: Sequence[Mapping[str, Any]] = (),
    predictions: Mapping[str, Predictions] | None = None,
    more: Sequence[Plot] = (),
) -> Path:
    """Writes folder/<run>.html, which needs nothing beside it, and its plots into folder/<run>/; returns the page.

    record:      of an evaluation (`segue.evaluation.record`); what it lacks is left out.
    run:         the name of the files: letters, digits, dots, dashes and underscores.
    title:       above the page; by default, the name of the run.
    samples:     lists that a person can judge; training: losses overheard while models were fitted; tuning: records of
                 searches, as tuning/<model>.json has them; predictions: of ratings, by model; more: plots of an index.

    The page and the folder are each there whole or not at all, and replace what an earlier report of this run left.
    The same input gives the same bytes. Raises DataError where the record is none, SettingsError for a name that is no
    name, StorageError where the folder cannot be written.
    """
    if not _NAME.fullmatch(run):
        raise SettingsError(f"a run is named by letters, digits, '.', '-' and '_', got {run!r}")
    view = read(record)
    first = overview(view)
    parts = sections(view, training_curves=training, tuning=tuning, predictions=predictions, more=more)
    first, parts = _apart(first, parts)
    html = page(view, name=run, title=title or run, overview=first, sections=parts, samples=samples, searches=tuning)
    plots = ([first] if first is not None else []) + [plot for part in parts for plot in part.plots]
    return put(html, plots, folder, run)


def _apart(first: Plot | None, parts: Sequence[Section]) -> tuple[Plot | None, list[Section]]:
    """The same plots with names that differ: two models may be called alike but for their punctuation."""
    taken = {first.name} if first is not None else set()
    renamed = []
    for part in parts:
        plots = []
        for plot in part.plots:
            name, number = plot.name, 1
            while name in taken:
                number += 1
                name = f"{plot.name}-{number}"
            taken.add(name)
            plots.append(replace(plot, name=name))
        renamed.append(replace(part, plots=tuple(plots)))
    return first, renamed
