"""`segue import`: bringing data in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import typer

from segue.cli.call import Call, command
from segue.cli.show import Column, counted, emit, note, paragraph, say, table

if TYPE_CHECKING:
    from segue.identity import Matches
    from segue.importing import Enriched, Imported
    from segue.readers import ReadReport, Rejection
    from segue.readers.joining import Joined

Feedback: TypeAlias = Literal["plays", "ratings", "presence"]

_EXAMPLES: Final = 3  # names shown of items that were not found


def add_to(app: typer.Typer) -> None:
    command(app, "import")(import_)


def import_(
    call: Call,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", hidden=True)],
    format: Annotated[  # noqa: A002  # the option's name
        str | None, typer.Option("--format", metavar="F", help="What the files are; by default, their content says.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first row that cannot be used.")] = False,
    append: Annotated[bool, typer.Option("--append", help="Add to the data that is there.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of the data that is there.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Read files that were imported before once more.")] = False,
    as_user: Annotated[
        str | None, typer.Option("--as-user", metavar="NAME", help="Add one person's history, under this name.")
    ] = None,
    only_known: Annotated[
        bool, typer.Option("--only-known", help="Leave out items that are not in the catalogue yet.")
    ] = False,
    min_share: Annotated[
        float | None,
        typer.Option("--min-share", metavar="PART", help="From which part of a track on (0.5) a play counts as one."),
    ] = None,
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

    PATH is a file, a zip archive, or the folder that the files lie in. What they are is found out, and said; --format
    settles it. Where there is data already, --append adds to it and --replace takes its place; --as-user adds what one
    person heard, and the models that are there answer for that person at once. Features of items (how they sound,
    lyrics, tags, release dates) are joined onto the data there is, by id, ISRC, or artist and title. The options from
    --user to --scale are for tables: columns go by name or by number, counted from 1.
    """
    from segue.cli.progress import shown
    from segue.importing import Adding, import_dataset, import_features
    from segue.readers.reader import ReadOptions

    options = ReadOptions(
        *(user, item, weight, time, title, artist, delimiter, header, encoding, feedback, scale), min_share=min_share
    )
    adding = Adding(append, replace, again, as_user, only_known)
    workspace = call.open()
    with shown() as progress:
        features = import_features(
            workspace, paths, format=format, options=options, adding=adding, strict=strict, progress=progress
        )
    if features is not None:
        if call.json:
            emit({**_report_as_json(features.report, features.why), "match": asdict(features.match)})
        else:
            _print_features(features)
        return
    with shown() as progress:
        done = import_dataset(
            workspace, paths, format=format, options=options, adding=adding, strict=strict, progress=progress
        )
    if call.json:
        emit(_import_as_json(done))
    else:
        _print_import(done)


def _print_import(done: Imported) -> None:
    say(f"format: {done.report.format} ({done.why})")
    print_report(done.report)
    if done.matches is not None:
        _print_matches(done, done.matches)
    if done.joined is not None:
        _print_joined(done.joined)
    dataset = done.dataset
    entries = dataset.histories.n_entries
    say(
        f"{counted(dataset.n_users, 'user')}, {counted(dataset.n_items, 'item')}, "
        f"{entries:,} {'entry' if entries == 1 else 'entries'} ({dataset.feedback})"
    )
    if dataset.feedback == "ratings":
        note("to predict ratings, name explicit-als in segue.toml: under [training], and as a source and the ranker")


def _print_features(done: Enriched) -> None:
    say(f"format: {done.report.format} ({done.why})")
    print_report(done.report)
    match = done.match
    say(f"{match.matched:,} of {counted(match.items, 'item')} found among {match.rows:,} that the files tell of")
    for way, count in match.ways.items():
        paragraph(f"by {way}: {count:,}")
    if match.ambiguous:
        paragraph(f"{match.ambiguous:,} of them fitted several; the first of the same album, or the first, was taken")
    for missed in match.missed:
        more = "; ..." if missed.count > len(missed.examples) else ""
        paragraph(f"missed {missed.count:,}: {missed.reason} ({'; '.join(missed.examples)}{more})")
    if match.unused:
        paragraph(f"{match.unused:,} that the files tell of belong to no item, and were left out")
    table(
        [Column("learned"), Column("items", "right"), Column("known before", "right")],
        [(each.column, f"{each.filled:,}", f"{each.kept:,}") for each in match.columns],
    )


def _print_matches(done: Imported, found: Matches) -> None:
    from segue.identity.matching import WAYS

    items = done.read.n_items
    say(f"{found.matched:,} of {counted(items, 'item')} found in the catalogue")
    for how, count in found.counts().items():
        if how in WAYS:
            several = f", {found.ambiguous:,} of them among several of that name" if found.ambiguous else ""
            paragraph(f"by {how}: {count:,}" + (several if how == WAYS[-1] else ""))
        else:
            paragraph(f"missed {count:,}: {how} ({_examples(done, found, how)})")


def _examples(done: Imported, found: Matches, how: str) -> str:
    """The first few items that were missed for one reason."""
    rows = (found.how == how).arg_true()
    labels = "; ".join(done.read.catalogue.label(int(row)) for row in rows.head(_EXAMPLES))
    return labels + ("; ..." if rows.len() > _EXAMPLES else "")


def _print_joined(done: Joined) -> None:
    say(
        f"added: {counted(done.new_users, 'user')}, {counted(done.new_items, 'item')}, "
        f"{done.added:,} {'entry' if done.added == 1 else 'entries'}"
    )
    if done.repeated:
        say(f"{done.repeated:,} were there already")
    if done.left_out:
        say(f"{done.left_out:,} left out: their items are not in the catalogue")
    for sentence in done.notes:
        paragraph(sentence)


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
        repeat = "row repeats" if report.merged == 1 else "rows repeat"
        say(f"{report.merged:,} accepted {repeat} another one and became one entry with it")
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
    return {
        **_report_as_json(done.report, done.why),
        **_joined_as_json(done),
        "users": done.dataset.n_users,
        "items": done.dataset.n_items,
        "entries": done.dataset.histories.n_entries,
        "feedback": done.dataset.feedback,
    }


def _report_as_json(report: ReadReport, why: str) -> dict[str, Any]:
    return {
        "format": report.format,
        "why": why,
        "files": [{"file": str(file.path), "read": file.read, "accepted": file.accepted} for file in report.files],
        "merged": report.merged,
        "rejections": [
            {"reason": each.reason, "count": each.count, "places": list(map(str, each.places))}
            for each in report.rejections
        ],
        "notes": list(report.notes),
    }


def _joined_as_json(done: Imported) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if done.matches is not None:
        found = done.matches
        told["matches"] = {
            "items": done.read.n_items,
            "matched": found.matched,
            "ambiguous": found.ambiguous,
            "how": dict(found.counts()),
        }
    if done.joined is not None:
        told["added"] = asdict(done.joined)
    return told
