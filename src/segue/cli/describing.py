"""`segue describe`: looking at the data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.call import Call, command
from segue.cli.progress import shown
from segue.cli.show import Column, bars, emit, paragraph, say, table

if TYPE_CHECKING:
    from segue.description import Description


def add_to(app: typer.Typer) -> None:
    command(app, "describe")(describe)


def describe(
    call: Call,
    *,
    html: Annotated[bool, typer.Option("--html", help="Also write a page with plots, reports/dataset.html.")] = False,
) -> None:
    """What the dataset holds: counts, spread, duplicates, gaps."""
    from segue.description import Description

    workspace = call.open()
    with shown() as progress, progress.task("describing"):
        about = Description.of(workspace.read_dataset())
    page = _page(about, workspace.reports, workspace.name) if html else None
    if call.json:
        emit({**about.to_json(), **({} if page is None else {"report": str(page)})})
        return
    print_description(about)
    if page is not None:
        say()
        say(f"page: {page}")


def print_description(about: Description) -> None:
    """Facts, quantiles, two small plots (three where there are times), and what is known of the items."""
    from segue.description import QUANTILES, quantile_name

    table([Column(""), Column("")], about.facts())
    say()
    table(
        [Column(""), *(Column(quantile_name(q), "right") for q in QUANTILES)],
        [
            ("items per user", *(f"{value:,.0f}" for value in about.activity)),
            ("users per item", *(f"{value:,.0f}" for value in about.popularity)),
        ],
    )
    for what, counted, bins in (
        ("items per user", "users", about.activity_bins),
        ("users per item", "items", about.popularity_bins),
    ):
        if bins:
            say()
            bars(what, counted, [(each.label, each.count) for each in bins])
    if about.period is not None and len(about.over_time) > 1:
        say()
        bars(about.period, "entries", list(about.over_time.items()))
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


def _page(about: Description, folder: Path, title: str) -> Path:
    from segue.reports import write_description  # deferred: Matplotlib takes a second to import

    return write_description(about, folder, title=title)
