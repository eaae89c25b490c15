"""`segue evaluate`."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from segue.cli.call import Call, SeedOption, ThreadsOption, command
from segue.cli.indexes import compare_indexes
from segue.cli.show import Column, counted, emit, note, paragraph, say, table
from segue.cli.suite import evaluate_suite
from segue.cli.training import ModelOption

if TYPE_CHECKING:
    from segue.evaluation import Evaluation


def add_to(app: typer.Typer) -> None:
    command(app, "evaluate")(evaluate)


def evaluate(
    call: Call,
    model: ModelOption = None,
    part: Annotated[
        Literal["test", "validation"], typer.Option("--part", help="Who is asked; choose settings on validation.")
    ] = "test",
    train_file: Annotated[
        Path | None, typer.Option("--train-file", metavar="FILE", help="Lines of: user item item ... to learn from.")
    ] = None,
    test_file: Annotated[
        Path | None, typer.Option("--test-file", metavar="FILE", help="The same lines, to be found; used as they are.")
    ] = None,
    bins: Annotated[
        bool, typer.Option("--bins", help="Also by how much is known of users and items (the first metric).")
    ] = False,
    suite: Annotated[
        bool, typer.Option("--suite", help="Every model, each tuned with the same number of trials first.")
    ] = False,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, metavar="N", help="How many trials each model of a suite gets.")
    ] = None,
    index_tradeoff: Annotated[
        bool,
        typer.Option(
            "--index-tradeoff", help="Only: recall against speed of each index of the trained models' vectors."
        ),
    ] = False,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Also write a page with plots.")] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first line of a file that is wrong.")] = False,
    seed: SeedOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Hide a part of the data, and measure who finds it again."""
    from segue import bootstrap
    from segue.cli.data import print_report
    from segue.cli.progress import shown
    from segue.errors import SettingsError
    from segue.evaluation import Witness

    if (train_file is None) != (test_file is None):
        raise SettingsError("--train-file and --test-file belong together; name both")
    if trials is not None and not suite:
        raise SettingsError("--trials is for --suite, which tunes each model first; segue tune tunes a single one")
    workspace = call.open()
    if index_tradeoff:
        if suite or train_file is not None or bins:
            raise SettingsError(
                "--index-tradeoff measures the indexes of trained models; leave out what says otherwise"
            )
        compare_indexes(call, workspace, model or [], seed=seed, threads=threads)
        return
    if suite:
        if train_file is not None or part != "test" or bins:
            raise SettingsError("--suite asks the test part of the workspace's own data; leave out what says otherwise")
        evaluate_suite(call, workspace, model or [], trials, report=report, seed=seed, threads=threads)
        return
    files = None
    with shown() as progress:
        if train_file is not None and test_file is not None:
            files = bootstrap.read_published(train_file, test_file, strict=strict, progress=progress)
        witness = Witness(progress)
        found, file = bootstrap.evaluate(
            workspace,
            model or [],
            part=part,
            files=files,
            witness=witness if report else None,
            seed=seed,
            progress=witness.progress,
            threads=threads,
        )

    def write_report() -> Path:
        with shown() as progress, progress.task("writing the report"):
            return bootstrap.write_report(workspace, file, witness)

    if call.json:
        page = write_report() if report else None
        emit({**found.record(), "file": str(file), "report": None if page is None else str(page)})
        return
    for read in () if files is None else files.reports:
        print_report(read)
        say()
    print_evaluation(found, file, bins=bins)
    if report:
        note(f"report: {write_report()}")


def print_evaluation(found: Evaluation, file: Path, *, bins: bool = False) -> None:
    """The table of results: means with their intervals; a star where a model ties with the best of that metric."""
    metrics = [metric.name for metric in found.metrics]
    rows = []
    for result in found.results:
        estimates = [found.estimate(result.name, metric) for metric in metrics]
        seconds = "-" if result.fit_seconds is None else f"{result.fit_seconds:.1f}"
        rows.append((f"{result.name}", *(_mean(e.mean, e.ties_with_best) for e in estimates), seconds))
        if estimates:
            rows.append(("", *(f"{_short(e.low)}-{_short(e.high)}" for e in estimates), ""))
    table([Column("model"), *(Column(metric, "right") for metric in metrics), Column("fit s", "right")], rows)
    say()
    _print_beyond(found)
    if bins and found.metrics:
        _print_bins(found)
    _print_split(found)
    for result in found.results:
        if result.nothing:
            say(f"{result.name} gave {counted(result.nothing, 'user')} nothing; they count as misses")
    if metrics:
        paragraph(
            f"below each mean: its {found.level:.0%} bootstrap interval; *: the best, or not told apart from it "
            "(randomization test over users, Holm correction over the pairs of models, p >= .05)"
        )
    if found.part == "test":
        before = "" if found.earlier_runs is None else f"; {_runs(found.earlier_runs)}"
        say(f"the test part was scored once in this run{before}")
    for warning in found.warnings:
        paragraph(f"warning: {warning}")
    note(f"recorded in {file}")


def _print_beyond(found: Evaluation) -> None:
    """What the lists are like, whatever they hit: a row per metric. Intervals are in the record."""
    if not found.beyond:
        return
    models = [result.name for result in found.results]
    rows = [(metric.name, *(_or_dash(found.mean(model, metric.name)) for model in models)) for metric in found.beyond]
    table([Column("beyond accuracy"), *(Column(model, "right") for model in models)], rows)
    say()


def _print_split(found: Evaluation) -> None:
    asked = counted(found.users.size, "user")
    folds = found.split.get("folds")
    if folds:
        say(f"{asked} asked in {len(folds)} folds ({found.split['split']}, seed {found.split['seed']})")
        return
    part = found.split[found.part]
    learned = (found.refit and found.split["known"]) or found.split["train"]
    both = ", training and validation data together" if found.refit and found.split["known"] else ""
    say(
        f"{asked} of the {found.part} part asked ({found.split['split']}, seed {found.split['seed']}); "
        f"trained on {learned['entries']:,} entries of {learned['users']:,} users{both}"
    )
    if part["users_without_relevant"]:
        say(f"{counted(part['users_without_relevant'], 'user')} had nothing hidden to find, and are in no average")
    if part["users_without_history"]:
        say(f"{counted(part['users_without_history'], 'user')} came with an empty history")
    popularity = found.split["popularity"]
    tau = "" if popularity["kendall_tau"] is None else f", Kendall tau between them {popularity['kendall_tau']:.2f}"
    fair = "" if popularity["kendall_tau_fair"] is None else f" and tau {popularity['kendall_tau_fair']:.2f}"
    paragraph(
        f"popularity of items: Gini {popularity['gini_train']:.2f} in training, {popularity['gini_test']:.2f} among "
        f"the hidden{tau}; a random part of this size has Gini {popularity['gini_fair']:.2f}{fair}"
    )


def _print_bins(found: Evaluation) -> None:
    """The first metric by activity of users and by popularity of the right items."""
    metric = found.metrics[0].name
    names = [result.name for result in found.results]
    columns = [Column("users", "right"), *(Column(name, "right") for name in names)]
    for name in ("fine", "cold"):
        activity = found.activity[name]
        rows = [
            (each.bin.label, f"{each.users:,}", *(_short(activity[model][place].means[metric]) for model in names))
            for place, each in enumerate(activity[names[0]])
        ]
        table([Column("items given"), *columns], rows)
        say()
    for name in ("fine", "cold"):
        first = found.results[0].by_popularity[name]
        rows = [
            (
                each.label,
                f"{int(users):,}",
                *(_short(float(result.by_popularity[name].means[place, 0])) for result in found.results),
            )
            for place, (each, users) in enumerate(zip(first.bins, first.users, strict=True))
            if users
        ]
        table([Column("listeners of the item"), *columns], rows)
        say()
    say(f"{metric} by how many items a user had been given, and by how many training users know the right item")


def _runs(earlier: int) -> str:
    if not earlier:
        return "no earlier run scored it"
    return f"{earlier} earlier {'run' if earlier == 1 else 'runs'} scored it too: choose settings on validation"


def _or_dash(value: float) -> str:
    return "-" if isnan(value) else _short(value)


def _mean(mean: float, ties: bool) -> str:
    return _short(mean) + ("*" if ties else " ")


def _short(value: float) -> str:
    """0.1234 as .1234, and numbers from 1 on (clicks) with two places."""
    return f"{value:.4f}".removeprefix("0") if abs(value) < 1 else f"{value:.2f}"
