"""What every command gets: which workspace, how to answer; and what becomes of an error."""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from segue.errors import AmbiguousError, SegueError

if TYPE_CHECKING:
    from segue.workspace import Workspace

WorkspaceOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("-w", "--workspace", metavar="FOLDER", help="The workspace; the current folder if not given."),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Answer as JSON, for programs.")]
DebugOption: TypeAlias = Annotated[bool, typer.Option("--debug", help="Show where in the code an error came from.")]
SeedOption: TypeAlias = Annotated[
    int | None, typer.Option("--seed", min=0, metavar="N", help="Seed of all randomness; by default, segue.toml's.")
]
ThreadsOption: TypeAlias = Annotated[
    int | None, typer.Option("--threads", min=1, metavar="N", help="Processor threads; by default, all there are.")
]

INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Call:
    """The options that every command shares, given before or after its name."""

    workspace: Path
    json: bool
    debug: bool

    def open(self) -> Workspace:
        """The workspace; WorkspaceError where the folder is none."""
        from segue.workspace import Workspace

        return Workspace.open(self.workspace)


@dataclass(frozen=True, slots=True)
class Before:
    """The shared options as given before the command's name."""

    workspace: Path | None = None
    json: bool = False
    debug: bool = False


def command(app: typer.Typer, name: str, *, workspace: bool = True) -> Callable[[Callable[..., None]], None]:
    """Registers a function as a command: its first parameter is the Call, the others are its own options.

    The command takes --json, --debug and, with `workspace`, -w after its name, too. A SegueError becomes one line on
    stderr and exit code 1, Ctrl-C exit code 130; a reader that has had enough (`| head`) ends the command quietly.
    """

    def register(function: Callable[..., None]) -> None:
        @functools.wraps(function)
        def run(context: typer.Context, **given: Any) -> None:
            before = context.find_root().obj or Before()
            folder = given.pop("workspace_", None) or before.workspace or Path()
            call = Call(folder, given.pop("json_") or before.json, given.pop("debug_") or before.debug)
            _answering(call, functools.partial(function, call, **given))

        shared = {"workspace_": (WorkspaceOption, None), "json_": (JsonOption, False), "debug_": (DebugOption, False)}
        if not workspace:
            del shared["workspace_"]
        hints = typing.get_type_hints(function, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in list(inspect.signature(function).parameters.values())[1:]
        ]
        parameters = [
            inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
            *own,
            *(
                inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
                for key, (kind, default) in shared.items()
            ),
        ]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        app.command(name)(run)

    return register


def _answering(call: Call, work: Callable[[], None]) -> None:
    try:
        work()
        sys.stdout.flush()
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except SegueError as error:
        if call.debug:
            raise
        _say_error(call, error)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        if call.debug:
            raise
        print("segue: interrupted; what was finished before is kept", file=sys.stderr)  # noqa: T201
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that closing it does not fail again
        raise typer.Exit(0) from None
    except MemoryError:
        if call.debug:
            raise
        print("segue: not enough memory; close other programs, or use a smaller part of the data", file=sys.stderr)  # noqa: T201
        raise typer.Exit(1) from None
    except Exception as error:
        if call.debug:
            raise
        _say_bug(error)
        raise typer.Exit(1) from None


def _say_error(call: Call, error: SegueError) -> None:
    from segue.cli.show import clean

    print(f"segue: {clean(str(error))}", file=sys.stderr)  # noqa: T201
    if isinstance(error, AmbiguousError):
        width = len(str(len(error.matches)))
        for number, (identifier, label) in enumerate(error.matches, start=1):
            print(f"  {number:>{width}}. {clean(label)}  (id {clean(identifier)})", file=sys.stderr)  # noqa: T201
    if call.json:
        near = list(getattr(error, "near", ()))
        print(json.dumps({"error": str(error), "near": near}, ensure_ascii=False))  # noqa: T201


def _say_bug(error: Exception) -> None:
    from segue.cli.show import clean

    print(  # noqa: T201
        f"segue: an unexpected {type(error).__name__}: {clean(str(error))}; this is a mistake in segue: "
        "run the command with --debug and report what it shows",
        file=sys.stderr,
    )
