"""`segue tune`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.call import Call, SeedOption, ThreadsOption, command
from segue.cli.show import Column, counted, emit, note, say, table

if TYPE_CHECKING:
    from segue.tuning import Tuning

_SHOWN = 10  # trials in the table


def add_to(app: typer.Typer) -> None:
    command(app, "tune")(tune)


def tune(
    call: Call,
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="The model whose hyper-parameters to search.")],
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, metavar="N", help="How many in all; 50, or the whole of a grid.")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="NAME", help="The target, ndcg@20 by default; others are shown beside it."),
    ] = None,
    folds: Annotated[
        int | None, typer.Option("--folds", min=2, metavar="K", help="Judge each trial on K parts, not on one.")
    ] = None,
    sampler: Annotated[str, typer.Option("--sampler", metavar="NAME", help="tpe, grid or random.")] = "tpe",
    prune: Annotated[bool, typer.Option("--prune", help="Give a trial up after folds that went badly.")] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", help="Begin no trial after so long.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Begin another study; the old one is kept aside.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Write the best values into segue.toml.")] = False,
    seed: SeedOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Search hyper-parameters, in a study that outlives a kill."""
    from segue import bootstrap
    from segue.cli.progress import shown

    workspace = call.open()
    try:
        with shown() as progress:
            tuned = bootstrap.tune(
                workspace,
                model,
                metrics=metric or (),
                trials=trials,
                folds=folds,
                sampler=sampler,
                prune=prune,
                timeout=timeout,
                new=new,
                seed=seed,
                progress=progress,
                threads=threads,
            )
    except KeyboardInterrupt:
        note("the finished trials are kept; the same command goes on after them")
        raise
    found = tuned.found
    if apply and found.best is not None:
        bootstrap.apply_tuning(workspace, found)
    if call.json:
        emit({**found.record(), "applied": apply and found.best is not None, "file": str(tuned.record)})
        return
    if tuned.aside is not None:
        note(f"the study before is kept as {tuned.aside}")
    if 0 < found.before == len(found.trials):
        further = "every point was tried" if found.exhausted else "a larger --trials goes on"
        note(f"the study has its {counted(found.before, 'trial')} already; {further}, --new begins another")
    elif found.before:
        note(f"went on after the {counted(found.before, 'trial')} that were there")
    print_tuning(found, applied=apply)
    note(f"recorded in {tuned.record}")


def print_tuning(found: Tuning, *, applied: bool) -> None:
    """The best trials, what mattered, what to beware of, and the lines of segue.toml."""
    from segue.metrics import cautions, parse_all
    from segue.tuning import toml_lines

    best = found.best
    if best is None:
        note("no trial was finished in time")
        return
    names = list(found.space)
    rows = [
        (
            str(trial.number),
            *(f"{(trial.metrics or {})[metric]:.4f}" for metric in found.metrics),
            "-" if trial.deviation is None else f"{trial.deviation:.4f}",
            *(_shown(trial.values[name]) for name in names),
            f"{trial.seconds:.1f}",
        )
        for trial in found.ranked()[:_SHOWN]
    ]
    numbers = [*found.metrics, "std", *names, "seconds"]
    table([Column("trial", "right"), *(Column(name, "right") for name in numbers)], rows)
    say()
    say(_counts(found))
    say(_asked(found))
    if found.importance:
        say("what mattered: " + ", ".join(f"{name} {share:.0%}" for name, share in found.importance.items()))
    for edge in found.edges:
        note(str(edge))
    cut = found.validation["folds"][0]["settings"].get("relevant_above", 0)
    for caution in cautions(parse_all(found.metrics), cut or None):
        note(caution)
    say()
    if applied:
        section, *values = toml_lines(found.model, best.values).split("\n")
        say(f"written into segue.toml, {section}: {', '.join(values)}")
    else:
        say("the best, for segue.toml (--apply writes it there):")
        say()
        for line in toml_lines(found.model, best.values).split("\n"):
            say(line)


def _counts(found: Tuning) -> str:
    repeated = sum(trial.same_as is not None for trial in found.trials)
    states = [trial.state for trial in found.trials if trial.same_as is None]
    parts = [
        f"{states.count('pruned')} pruned" if "pruned" in states else "",
        f"{states.count('failed')} failed ({_reason(found)})" if "failed" in states else "",
        f"{repeated} of a point tried before" if repeated else "",
    ]
    told = ", ".join(part for part in parts if part)
    return f"{counted(len(found.trials), 'trial')}" + (f", {told}" if told else "")


def _reason(found: Tuning) -> str:
    return next(trial.reason or "" for trial in found.trials if trial.state == "failed")


def _asked(found: Tuning) -> str:
    folds = found.validation["folds"]
    parts = "one validation part" if len(folds) == 1 else f"{len(folds)} folds"
    return (
        f"{found.metrics[0]} of {counted(found.validation['users'], 'user')} in {parts} ({folds[0]['split']}, "
        f"seed {found.seed}); the test part was put aside and not looked at"
    )


def _shown(value: object) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
