"""`segue audience`: the users whom an item suits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.answers import KOption, item_as_json
from segue.cli.call import Call, ThreadsOption, command
from segue.cli.show import Column, counted, emit, note, say, scores, table

if TYPE_CHECKING:
    from segue.station import Station


def add_to(app: typer.Typer) -> None:
    command(app, "audience")(audience)


def audience(
    call: Call,
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help='An id, a title, or "artist - title".', show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Of every item, into --out.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.parquet", help="Where the lists of --all go.")
    ] = None,
    k: KOption = 10,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Ask this model, not the one that ranks.")
    ] = None,
    threads: ThreadsOption = None,
) -> None:
    """The users to whom an item would be recommended first."""
    if (query is not None) == everything:
        raise typer.BadParameter("give one of QUERY and --all")
    if everything != (out is not None):
        raise typer.BadParameter("--all and --out FILE.parquet belong together")
    from segue import bootstrap, tables
    from segue.cli.progress import shown

    if out is not None:
        with shown() as progress:
            station = bootstrap.open_station(call.open(), progress=progress)
            written = tables.audience_all(station, out, k, model=model, progress=progress, threads=threads)
        if call.json:
            emit(
                {
                    "file": str(out),
                    "items": written.lists,
                    "rows": written.rows,
                    "empty": written.empty,
                    "columns": list(written.columns),
                }
            )
            return
        lists = f"{counted(written.rows, 'user')} for {counted(written.lists, 'item')}"
        say(f"{out}: {lists} ({', '.join(written.columns)})")
        if written.empty:
            note(
                f"for {counted(written.empty, 'item')} there was nobody: too little is known of them, or all have them"
            )
        return
    station = bootstrap.open_station(call.open())
    item = station.search.resolve(query or "")
    found = _found(station, item, k, model, threads)
    if call.json:
        emit({"query": query, **found})
    else:
        _print(found, station.dataset.catalogue.label(item))


def _found(station: Station, item: int, k: int, model: str | None, threads: int | None) -> dict[str, Any]:
    """The audience of one item as plain JSON values."""
    import numpy as np

    name, top = station.audience(np.array([item]), k, model, threads=threads)
    ratings = station.expected(name, top.scores)
    users = []
    for place, (user, score) in enumerate(top.row(0)):
        entry: dict[str, Any] = {"rank": place + 1, "id": station.dataset.users[user]}
        if station.user_names is not None:
            entry["name"] = station.user_name(user)
        entry["score"] = score
        if ratings is not None:
            entry["rating"] = float(ratings[0, place])
        users.append(entry)
    return {
        "item": item_as_json(station, item),
        "model": name,
        "model_version": station.version,
        "users": users,
    }


def _print(found: dict[str, Any], label: str) -> None:
    users = found["users"]
    note(f"whom {label} suits, by {found['model']}")
    if not users:
        note("nobody: too little is known of it, or all have it")
        return
    rated = "rating" in users[0]
    shown = [f"{user['rating']:.2f}" for user in users] if rated else scores([user["score"] for user in users])
    named = "name" in users[0]
    columns = [Column("#", "right"), *([Column("user", shrink=True)] if named else [])]
    table(
        [*columns, Column("rating" if rated else "score", "right"), Column("id")],
        [
            (str(user["rank"]), *([user["name"] or "-"] if named else []), score, user["id"])
            for user, score in zip(users, shown, strict=True)
        ],
    )
