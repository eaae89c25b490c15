"""`segue import` and `segue describe`: bringing data in, and looking at it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.call import Call, command
from segue.cli.show import Column, emit, say, table


def add_to(app: typer.Typer) -> None:
    command(app, "import")(import_)
    command(app, "describe")(describe)


def import_(
    call: Call,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or the folder they lie in.")],
) -> None:
    """Look into files, and make a dataset of them."""


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
        [(name, f"{count:,}", f"{count / max(1, about.items):.1%}") for name, count in about.known.items()]
        or [("only their ids", f"{about.items:,}", "100.0%")],
    )


def _weights(feedback: str, weight: tuple[float, float, float]) -> str:
    total, low, high = weight
    if feedback == "presence":
        return "no counts"
    if feedback == "ratings":
        return f"{low:g} to {high:g}"
    return f"{total:,.0f} in all, {low:,.6g} to {high:,.6g} each"


def _quantile(share: float) -> str:
    return {0.0: "least", 0.5: "median", 1.0: "most"}.get(share, f"{share:.0%}")
