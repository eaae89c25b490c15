"""`segue train` and `segue evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from segue.cli.call import Call, SeedOption, ThreadsOption, command
from segue.cli.show import Column, counted, emit, note, say, table

if TYPE_CHECKING:
    from segue.evaluation import Evaluation

ModelOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME", help="This model only; repeatable. By default, those of segue.toml."),
]


def add_to(app: typer.Typer) -> None:
    command(app, "train")(train)
    command(app, "evaluate")(evaluate)


def train(call: Call, model: ModelOption = None, seed: SeedOption = None, threads: ThreadsOption = None) -> None:
    """Fit the models of segue.toml; each is saved as it finishes."""
    from segue import bootstrap
    from segue.cli.progress import shown

    workspace = call.open()
    with shown() as progress:
        trained = list(bootstrap.train(workspace, model or [], seed=seed, progress=progress, threads=threads))
    if call.json:
        emit(
            {
                "models": [
                    {"name": t.name, "version": t.version, "seconds": t.seconds, "bytes": t.bytes} for t in trained
                ]
            }
        )
        return
    table(
        [Column("model"), Column("version"), Column("seconds", "right"), Column("size", "right")],
        [(t.name, t.version, f"{t.seconds:.1f}", f"{t.bytes / 1e6:,.1f} MB") for t in trained],
    )


def evaluate(call: Call, model: ModelOption = None, seed: SeedOption = None, threads: ThreadsOption = None) -> None:
    """Hide a part of the data, and measure who finds it again."""
    from segue import bootstrap
    from segue.cli.progress import shown

    with shown() as progress:
        found, file = bootstrap.evaluate(call.open(), model or [], seed=seed, progress=progress, threads=threads)
    if call.json:
        emit({**found.record(), "file": str(file)})
    else:
        print_evaluation(found, file)


def print_evaluation(found: Evaluation, file: Path) -> None:
    """The table of results: means with their intervals; a star where a model ties with the best of that metric."""
    metrics = [metric.name for metric in found.metrics]
    rows = []
    for result in found.results:
        estimates = [found.estimate(result.name, metric) for metric in metrics]
        seconds = "-" if result.fit_seconds is None else f"{result.fit_seconds:.1f}"
        rows.append((f"{result.name}", *(_mean(e.mean, e.ties_with_best) for e in estimates), seconds))
        rows.append(("", *(f"{_short(e.low)}-{_short(e.high)}" for e in estimates), ""))
    table([Column("model"), *(Column(metric, "right") for metric in metrics), Column("fit s", "right")], rows)
    split = found.split
    train, test = split["train"], split[found.part]
    say()
    say(
        f"{counted(found.users.size, 'user')} asked ({split['split']}, seed {split['seed']}); "
        f"trained on {train['entries']:,} entries of {train['users']:,} users"
    )
    if test["users_without_relevant"]:
        say(f"{counted(test['users_without_relevant'], 'user')} had nothing hidden to find, and are in no average")
    for result in found.results:
        if result.nothing:
            say(f"{result.name} gave {counted(result.nothing, 'user')} nothing; they count as misses")
    say(f"below each mean: its {found.level:.0%} bootstrap interval; *: the best, or not told apart from it")
    note(f"recorded in {file}")


def _mean(mean: float, ties: bool) -> str:
    return _short(mean) + ("*" if ties else " ")


def _short(value: float) -> str:
    """0.1234 as .1234, and numbers from 1 on (clicks) with two places."""
    return f"{value:.4f}".removeprefix("0") if abs(value) < 1 else f"{value:.2f}"
