"""`segue evaluate --index-tradeoff`: recall against queries per second of each kind of index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from segue.cli.call import Call
from segue.cli.show import Column, emit, note, paragraph, say, table

if TYPE_CHECKING:
    from segue.tradeoffs import IndexesCompared
    from segue.workspace import Workspace


def compare_indexes(
    call: Call, workspace: Workspace, models: Sequence[str], *, seed: int | None, threads: int | None
) -> None:
    """Measures the indexes of trained models, and prints a table for each."""
    from segue import tradeoffs
    from segue.cli.progress import shown

    with shown() as progress:
        done = list(tradeoffs.compare_indexes(workspace, models, seed=seed, progress=progress, threads=threads))
    if call.json:
        emit({"models": {each.model: {**each.found.record(), "picture": str(each.picture)} for each in done}})
        return
    for each in done:
        _print(each)


def _print(compared: IndexesCompared) -> None:
    found = compared.found
    best = {id(point) for point in found.frontier()}
    rows = [
        (
            point.label + (" *" if id(point) in best else ""),
            f"{point.recall:.3f}",
            f"{point.queries_per_second:,.0f}",
            f"{point.build_seconds:.1f}",
        )
        for point in found.points
    ]
    rows.append(("brute force", "1.000", f"{found.brute_force:,.0f}", ""))
    rows.append(("brute force, all at once", "1.000", f"{found.brute_force_batched:,.0f}", ""))
    columns = [Column(f"recall@{found.k}", "right"), Column("queries/s", "right"), Column("build s", "right")]
    table([Column(f"indexes of {compared.model}"), *columns], rows)
    say()
    paragraph(
        f"{found.n_vectors:,} vectors of {found.dimensions} dimensions, {found.n_queries:,} queries one by one on one "
        "thread; *: no other index is better at both"
    )
    note(f"picture: {compared.picture}")
