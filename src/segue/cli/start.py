"""`segue init` and `segue demo`: the first commands that anybody types."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.call import Call, SeedOption, ThreadsOption, command
from segue.cli.serving import PortOption
from segue.cli.show import emit, note, say

if TYPE_CHECKING:
    from segue.core.progress import Progress
    from segue.workspace import Workspace


def add_to(app: typer.Typer) -> None:
    command(app, "demo", workspace=False)(demo)
    command(app, "init", workspace=False)(init)


def init(
    call: Call,
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="By default, the current one.")] = Path(),
) -> None:
    """Make a workspace: a folder with a commented segue.toml."""
    from segue import bootstrap

    workspace = bootstrap.create_workspace(folder)
    if call.json:
        emit({"workspace": str(workspace.folder), "settings": str(workspace.settings_file)})
        return
    say(f"{workspace.settings_file} says what will be trained; every key is explained in it.")
    say(f"Next: {workspace.command('import PATH')}, then {workspace.command('train')}")


def demo(
    call: Call,
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where the demo goes.")] = Path("segue-demo"),
    port: PortOption = 8000,
    once: Annotated[bool, typer.Option("--once", help="Print the results and exit, without the page.")] = False,
    seed: SeedOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Simulate listeners, train, evaluate, and serve a page."""
    from segue import bootstrap
    from segue.cli import serving
    from segue.cli.answers import print_recommendations
    from segue.cli.evaluating import print_evaluation
    from segue.cli.progress import shown
    from segue.evaluation import Witness

    with shown() as progress:
        workspace = _world(folder, 0 if seed is None else seed, progress)
        for _ in bootstrap.train(workspace, seed=seed, progress=progress, threads=threads):
            pass
        witness = Witness(progress)
        found, file = bootstrap.evaluate(
            workspace, witness=witness, seed=seed, progress=witness.progress, threads=threads
        )
        with progress.task("writing the report"):
            page = bootstrap.write_report(workspace, file, witness)
        station = bootstrap.open_station(workspace, progress=progress)
    listener = station.dataset.users[0]
    answer = station.pipeline.recommend(station.history_of(listener), 5, explain=True, threads=threads)
    if call.json:
        from segue.cli.answers import recommendations_as_json

        emit(
            {
                "workspace": str(folder),
                "evaluation": {**found.record(), "file": str(file), "report": str(page)},
                "recommendations": recommendations_as_json(station, answer, {"user": listener}),
            }
        )
    else:
        print_evaluation(found, file)
        note(f"report: {page}")
        say()
        print_recommendations(station, answer, f"for user {listener}")
        say()
        say(f"Ask for more with: {workspace.command(f'recommend --user {listener} --explain')}")
    if not once:
        serving.run(station, "127.0.0.1", port)


def _world(folder: Path, seed: int, progress: Progress) -> Workspace:
    """The demo's workspace with a simulated dataset; one that an earlier demo left is used again.

    Raises WorkspaceError for a folder that holds anything else.
    """
    from segue import bootstrap
    from segue.errors import WorkspaceError
    from segue.simulation import simulate
    from segue.workspace import SETTINGS, Workspace

    if (folder / SETTINGS).is_file():
        workspace = Workspace.open(folder)
        if not bootstrap.is_demo(workspace):
            raise WorkspaceError(f"{folder} is a workspace with other data; name another folder: segue demo FOLDER")
    elif folder.is_dir() and any(folder.iterdir()):
        raise WorkspaceError(f"{folder} is not empty; name another folder: segue demo FOLDER")
    else:
        workspace = bootstrap.create_workspace(folder)
    world = simulate(seed=seed, progress=progress)
    bootstrap.keep_demo(workspace, world.dataset, seed)
    return workspace
