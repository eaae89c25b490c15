"""`segue import` and `segue describe`: bringing data in, and looking at it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from segue.cli.call import Call, command
from segue.cli.show import Column, counted, emit, paragraph, say, table

if TYPE_CHECKING:
    from segue.bootstrap import Imported
    from segue.readers import ReadReport, Rejection

Feedback: TypeAlias = Literal["plays", "ratings", "presence"]


def add_to(app: typer.Typer) -> None:
    command(app, "import")(import_)
    command(app, "describe")(describe)


def import_(
    call: Call,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", hidden=True)],
    format: Annotated[  # noqa: A002  # the option's name
        str | None, typer.Option("--format", metavar="F", help="What the files are; by default, their content says.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first row that cannot be used.")] = False,
    user: Annotated[str | None, typer.Option("--user", metavar="COL", help="The column of user ids.")] = None,
    item: Annotated[str | None, typer.Option("--item", metavar="COL", help="The column of item ids.")] = None,
    weight: Annotated[
        str | None, typer.Option("--weight", metavar="COL", help="The column of play counts or ratings.")
    ] = None,
    time: Annotated[str | None, typer.Option("--time", metavar="COL", help="The column of times.")] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="COL", help="The column of titles.")] = None,
    artist: Annotated[str | None, typer.Option("--artist", metavar="COL", help="The column of artist names.")] = None,
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", metavar="C", help="What stands between columns.")
    ] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether the first row names the columns.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="NAME", help="As in utf-8, latin-1, cp1252.")
    ] = None,
    feedback: Annotated[Feedback | None, typer.Option("--feedback", help="What a weight is.")] = None,
    scale: Annotated[
        tuple[float, float] | None, typer.Option("--scale", metavar="LOW HIGH", help="The ends of the scale.")
    ] = None,
) -> None:
    """Look into files, and make a dataset of them.

    PATH is a file or the folder that the files lie in. What they are is found out, and said; --format settles it. The
    options from --user to --scale are for tables: columns go by name or by number, counted from 1.
    """
    from segue import bootstrap
    from segue.cli.progress import shown
    from segue.readers.reader import ReadOptions

    options = ReadOptions(user, item, weight, time, title, artist, delimiter, header, encoding, feedback, scale)
    with shown() as progress:
        done = bootstrap.import_dataset(
            call.open(), paths, format=format, options=options, strict=strict, progress=progress
        )
    if call.json:
        emit(_import_as_json(done))
    else:
        _print_import(done)


def _print_import(done: Imported) -> None:
    say(f"format: {done.report.format} ({done.why})")
    print_report(done.report)
    dataset = done.dataset
    entries = dataset.histories.n_entries
    say(
        f"{counted(dataset.n_users, 'user')}, {counted(dataset.n_items, 'item')}, "
        f"{entries:,} {'entry' if entries == 1 else 'entries'} ({dataset.feedback})"
    )


def print_report(report: ReadReport) -> None:
    """What became of the rows of each file, and what is worth knowing."""
    table(
        [Column("file"), Column("rows", "right"), Column("accepted", "right"), Column("rejected", "right")],
        [
            (file.path.name, f"{file.read:,}", f"{file.accepted:,}", f"{file.read - file.accepted:,}")
            for file in report.files
        ],
    )
    for rejection in report.rejections:
        paragraph(f"rejected {rejection.count:,}: {rejection.reason} ({_where(rejection)})")
    if report.merged:
        say(f"{report.merged:,} accepted rows repeat another one and became one entry with it")
    for sentence in report.notes:
        paragraph(sentence)


def _where(rejection: Rejection) -> str:
    """The first places of rejected rows, each file named once: "tags.dat line 3, 8, 9, ..."."""
    found = []
    last = None
    for place in rejection.places:
        file = "" if place.path == last else f"{place.path.name} "
        last = place.path
        line = "" if place.line is None else f"{'line ' if file else ''}{place.line}"
        found.append(f"{file}{' '.join(filter(None, (line, place.part)))}".strip())
    return ", ".join(filter(None, found)) + (", ..." if rejection.count > len(rejection.places) else "")


def _import_as_json(done: Imported) -> dict[str, Any]:
    report = done.report
    return {
        "format": report.format,
        "why": done.why,
        "files": [{"file": str(file.path), "read": file.read, "accepted": file.accepted} for file in report.files],
        "merged": report.merged,
        "rejections": [
            {"reason": each.reason, "count": each.count, "places": list(map(str, each.places))}
            for each in report.rejections
        ],
        "notes": list(report.notes),
        "users": done.dataset.n_users,
        "items": done.dataset.n_items,
        "entries": done.dataset.histories.n_entries,
        "feedback": done.dataset.feedback,
    }


def describe(call: Call) -> None:
    """What the dataset holds: counts, time span, quantiles, gaps."""
    from segue.cli.description import QUANTILES, Description

    about = Description.of(call.open().read_dataset())
    if call.json:
        emit(about.to_json())
        return
    facts = [
        ("users", f"{about.users:,}" + (f" ({about.empty_users:,} without an entry)" if about.empty_users else "")),
        ("items", f"{about.items:,}" + (f" ({about.unused_items:,} that nobody has)" if about.unused_items else "")),
        ("entries", f"{about.entries:,}"),
        ("user-item pairs", f"{about.pairs:,}, {about.density:.3%} of all possible"),
        ("feedback", f"{about.feedback}, {_weights(about.feedback, about.weight)}"),
        ("order", {"none": "none known", "position": "as listed", "time": "by time"}[about.order]),
        ("concentration", f"half of all pairs belong to {about.half:.2%} of the items"),
    ]
    if about.first is not None and about.last is not None:
        facts.insert(4, ("time span", f"{about.first:%Y-%m-%d} to {about.last:%Y-%m-%d} (UTC)"))
    if about.friends:
        facts.append(("friends", f"{about.friends:,} links"))
    table([Column(""), Column("")], facts)
    say()
    table(
        [Column(""), *(Column(_quantile(q), "right") for q in QUANTILES)],
        [
            ("items per user", *(f"{value:,.0f}" for value in about.activity)),
            ("users per item", *(f"{value:,.0f}" for value in about.popularity)),
        ],
    )
    say()
    table(
        [Column("known of the items"), Column("items", "right"), Column("share", "right")],
        [
            (name, f"{count:,}", f"{count / max(1, about.items):.1%}")
            for name, count in {"id": about.items, **about.known}.items()
            if count
        ],
    )
    unknown = ", ".join(name for name, count in about.known.items() if not count)
    if unknown:
        paragraph(f"known of none: {unknown}")


def _weights(feedback: str, weight: tuple[float, float, float]) -> str:
    total, low, high = weight
    if feedback == "presence":
        return "no counts"
    if feedback == "ratings":
        return f"{low:g} to {high:g}"
    return f"{total:,.0f} in all, {low:,.6g} to {high:,.6g} each"


def _quantile(share: float) -> str:
    return {0.0: "least", 0.5: "median", 1.0: "most"}.get(share, f"{share:.0%}")
