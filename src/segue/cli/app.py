"""All commands under one name."""

from __future__ import annotations

from typing import Annotated

import typer

import segue
from segue.cli import answers, audience, data, describing, doctor, evaluating, serving, start, training, tuning
from segue.cli.call import Before, DebugOption, JsonOption, WorkspaceOption

app = typer.Typer(
    name="segue",
    help="A music recommender: from raw listening data to evaluated, explained recommendations.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: Rich would more than double the time of `segue --help`
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"segue {segue.__version__}")  # noqa: T201
        raise typer.Exit


@app.callback()
def _before(
    context: typer.Context,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    del version  # its callback has answered
    context.obj = Before(workspace, json, debug)


for group in (start, data, describing, training, evaluating, tuning, answers, audience, serving, doctor):
    group.add_to(app)
