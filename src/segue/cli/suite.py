"""`segue evaluate --suite`: every model side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from segue.cli.call import Call
from segue.cli.show import Column, counted, emit, note, paragraph, say, table

if TYPE_CHECKING:
    from segue.suite import Suite
    from segue.workspace import Workspace


def evaluate_suite(
    call: Call,
    workspace: Workspace,
    models: Sequence[str],
    trials: int | None,
    *,
    report: bool,
    seed: int | None,
    threads: int | None,
) -> None:
    """Runs the suite, and prints it as a table or as JSON."""
    from segue import bootstrap
    from segue.cli.progress import shown
    from segue.suite import DEFAULT_TRIALS, run_suite

    with shown() as progress:
        suite = run_suite(
            workspace, models, trials=trials or DEFAULT_TRIALS, seed=seed, progress=progress, threads=threads
        )
        page = bootstrap.write_report(workspace, suite.record) if report else None
    if call.json:
        told = suite.found.record()
        emit(
            {
                **told,
                "suite": {
                    "tuned": {name: None if s.best is None else dict(s.best.values) for name, s in suite.tuned.items()},
                    "left_out": dict(suite.left_out),
                },
                "file": str(suite.record),
                "report": None if page is None else str(page),
            }
        )
        return
    print_suite(suite)
    note(f"recorded in {suite.record}")
    if page is not None:
        note(f"report: {page}")


def print_suite(suite: Suite) -> None:
    """A row per model: means with their intervals, what the lists are like, and what fitting took."""
    found = suite.found
    accuracy = [metric.name for metric in found.metrics]
    beyond = [metric.name for metric in found.beyond if metric.name.partition("@")[0] in ("coverage", "popularity")]
    rows = []
    for result in found.results:
        estimates = [found.estimate(result.name, metric) for metric in accuracy]
        rows.append(
            (
                result.name,
                *(f"{each.mean:.4f}{'*' if each.ties_with_best else ' '}" for each in estimates),
                *(f"{found.mean(result.name, name):.4g}" for name in beyond),
                "-" if result.fit_seconds is None else f"{result.fit_seconds:.1f}",
                "-" if result.fit_memory is None else f"{result.fit_memory / 2**20:,.0f}",
            )
        )
        rows.append(("", *(f"{each.low:.4f}-{each.high:.4f}" for each in estimates), *[""] * (len(beyond) + 2)))
    heads = [*accuracy, *beyond, "fit s", "fit MiB"]
    table([Column("model"), *(Column(head, "right") for head in heads)], rows)
    say()
    say(f"{counted(found.users.size, 'user')} asked ({found.split['split']}, seed {found.seed})")
    paragraph(
        f"below each mean: its {found.level:.0%} bootstrap interval; *: the best, or not told apart from it; fit MiB: "
        "by how much the process grew at most while fitting"
    )
    for name, search in suite.tuned.items():
        values = "" if search.best is None else ", ".join(f"{key} {_plain(v)}" for key, v in search.best.values.items())
        paragraph(f"{name}: {counted(len(search.trials), 'trial')}, best with {values}")
    for result in found.results:
        if result.name not in suite.tuned:
            say(f"{result.name}: nothing to search")
    for name, why in suite.left_out.items():
        paragraph(f"{name} left out: {why}")
    for warning in found.warnings:
        paragraph(f"warning: {warning}")


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
