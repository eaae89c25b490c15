"""`segue train`."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from segue.cli.call import Call, SeedOption, ThreadsOption, command
from segue.cli.show import Column, emit, table

ModelOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME", help="This model only; repeatable. By default, those of segue.toml."),
]


def add_to(app: typer.Typer) -> None:
    command(app, "train")(train)


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
