"""`segue train`: models fitted, or told of items that came since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from segue.cli.call import Call, SeedOption, ThreadsOption, command
from segue.cli.show import Column, emit, note, table

if TYPE_CHECKING:
    from segue.bootstrap import Extended

ModelOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME", help="This model only; repeatable. By default, those of segue.toml."),
]


def add_to(app: typer.Typer) -> None:
    command(app, "train")(train)


def train(
    call: Call,
    model: ModelOption = None,
    index: Annotated[
        str | None,
        typer.Option(
            "--index", metavar="KIND", help="Build this index of the vectors: hnsw or annoy, or exact for none."
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option("--device", metavar="NAME", help="Fit on a graphics processor where a model can: cuda, cuda:1."),
    ] = None,
    seed: SeedOption = None,
    new_items: Annotated[
        bool,
        typer.Option("--new-items", help="Train nothing: tell trained models of the items that came since, and save."),
    ] = False,
    threads: ThreadsOption = None,
) -> None:
    """Fit the models of segue.toml; each is saved as it finishes."""
    if new_items and (seed is not None or index is not None or device is not None):
        raise typer.BadParameter("--seed, --index and --device are for training; --new-items goes by segue.toml")
    from segue import bootstrap
    from segue.cli.progress import shown

    workspace = call.open()
    if new_items:
        with shown() as progress:
            extended = list(bootstrap.add_items(workspace, model or [], progress=progress, threads=threads))
        if call.json:
            emit({"models": [_as_json(each) for each in extended]})
        else:
            _print_extended(extended)
        return
    with shown() as progress:
        trained = list(
            bootstrap.train(
                workspace, model or [], index=index, device=device, seed=seed, progress=progress, threads=threads
            )
        )
    if call.json:
        emit(
            {
                "models": [
                    {"name": t.name, "version": t.version, "seconds": t.seconds, "bytes": t.bytes, "index": t.index}
                    for t in trained
                ]
            }
        )
        return
    table(
        [Column("model"), Column("version"), Column("seconds", "right"), Column("size", "right")],
        [(t.name, t.version, f"{t.seconds:.1f}", f"{t.bytes / 1e6:,.1f} MB") for t in trained],
    )
    built = [t.name for t in trained if t.index is not None]
    if built:
        note(f"index {next(t.index for t in trained if t.index)} built of {', '.join(built)}")
    if index is not None and index != bootstrap.read_settings(workspace).pipeline.index:
        note(f'recommendations go through it once segue.toml says index = "{index}" under [pipeline]')


def _as_json(extended: Extended) -> dict[str, Any]:
    return {
        "name": extended.name,
        "version": extended.version,
        "seconds": extended.seconds,
        "takes_new_items": extended.placed is not None,
        "placed": dict(extended.placed or {}),
        "unknown": extended.unknown,
    }


def _print_extended(extended: list[Extended]) -> None:
    from segue.core.origins import IN_WORDS

    able = [each for each in extended if each.placed is not None]
    rows = []
    for each in able:
        ways = ", ".join(f"{count:,} {IN_WORDS[origin]}" for origin, count in (each.placed or {}).items())
        rows.append((each.name, each.version, f"{each.seconds:.1f}", ways or "none", f"{each.unknown:,}"))
    if rows:
        titles = [Column("model"), Column("version"), Column("seconds", "right"), Column("items placed", shrink=True)]
        table([*titles, Column("unknown", "right")], rows)
    for each in extended:
        if each.placed is None:
            note(f"{each.name} takes no new items; train it again to let it know them")
