"""`segue search`, `segue recommend` and `segue similar`: what a trained workspace answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from segue.cli.call import Call, ThreadsOption, command
from segue.cli.show import Column, clean, counted, emit, note, paragraph, say, scores, table

if TYPE_CHECKING:
    from segue.core.arrays import Float32Array
    from segue.core.candidates import Move, Reason, Recommendations
    from segue.core.explanation import Explanation
    from segue.station import Station

KOption: TypeAlias = Annotated[int, typer.Option("-k", min=1, max=10_000, metavar="N", help="How many.")]

_KNOWS_WORDS = "word2vec"  # the model that titles are asked of
_STRONGEST = 3  # history items named as the reason for one recommendation


def add_to(app: typer.Typer) -> None:
    command(app, "search")(search)
    command(app, "recommend")(recommend)
    command(app, "similar")(similar)


def search(
    call: Call,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="Words of a title or artist; the last may be unfinished.")
    ],
    k: KOption = 10,
) -> None:
    """Find items by title and artist."""
    from segue import bootstrap

    found = bootstrap.open_search(call.open()).search(text, k)
    if call.json:
        emit(
            {"query": text, "items": [{"id": match.id, "label": match.label, "score": match.score} for match in found]}
        )
    elif found:
        table([Column("id"), Column("item", shrink=True)], [(match.id, match.label) for match in found])
    else:
        note(f"nothing is called anything like {text!r}")


def recommend(
    call: Call,
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="For this user of the dataset.")] = None,
    like: Annotated[
        list[str] | None, typer.Option("--like", metavar="QUERY", help="For someone who likes this; repeatable.")
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", metavar="TEXT", help="For a playlist of this name; needs word2vec.")
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="For every user of the dataset, into --out.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.parquet", help="Where the lists of --all go.")
    ] = None,
    k: KOption = 10,
    owned: Annotated[bool, typer.Option("--owned", help="Only what there is a file or address of.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say why each item is there.")] = False,
    threads: ThreadsOption = None,
) -> None:
    """Recommend to a user, for some likes or a title, or to all."""
    ways = [user is not None, bool(like), title is not None, everyone]
    if sum(ways) != 1:
        raise typer.BadParameter("give one of --user ID, --like QUERY (repeatable), --title TEXT and --all")
    if everyone != (out is not None):
        raise typer.BadParameter("--all and --out FILE.parquet belong together")
    if everyone and explain:
        raise typer.BadParameter("--explain is for one list; it does not go with --all")
    if title is not None and explain:
        raise typer.BadParameter("--explain names what was heard; it does not go with --title")
    if everyone and owned:
        raise typer.BadParameter("--owned is for one list; it does not go with --all")
    from segue import bootstrap, tables
    from segue.cli.progress import shown

    if out is not None:
        with shown() as progress:
            station = bootstrap.open_station(call.open(), progress=progress)
            written = tables.recommend_all(station, out, k, progress=progress, threads=threads)
        if call.json:
            emit(
                {
                    "file": str(out),
                    "users": written.lists,
                    "rows": written.rows,
                    "empty": written.empty,
                    "columns": list(written.columns),
                }
            )
        else:
            lists = f"{counted(written.rows, 'recommendation')} for {counted(written.lists, 'user')}"
            say(f"{out}: {lists} ({', '.join(written.columns)})")
            if written.empty:
                note(f"for {counted(written.empty, 'user')} there was nothing that they do not have already")
        return
    if title is not None:
        _recommend_for_title(call, title, k, owned, threads)
        return
    station = bootstrap.open_station(call.open())
    asked: dict[str, Any]
    if user is not None:
        history = station.history_of(user)
        name = station.user_name(station.dataset.users.position(user))
        asked, whom = {"user": user}, f"for user {user}" + (f", {name}" if name else "")
    else:
        history = station.history_of_likes(like or [])
        liked = history.items.tolist()
        asked = {"like": [item_as_json(station, item) for item in liked]}
        whom = f"for someone who likes {', '.join(map(station.dataset.catalogue.label, liked))}"
    allowed = station.with_location() if owned else None
    answer = station.pipeline.recommend(history, k, allowed=allowed, explain=explain, threads=threads)
    predicted = station.predicted(history, answer.top.items)
    if call.json:
        emit(recommendations_as_json(station, answer, asked, predicted))
    else:
        print_recommendations(station, answer, whom, predicted)


def _recommend_for_title(call: Call, title: str, k: int, owned: bool, threads: int | None) -> None:
    from segue import bootstrap

    station = bootstrap.open_station(call.open(), also=[_KNOWS_WORDS])
    allowed = station.with_location() if owned else None
    name, top = station.titled(title, k, allowed=allowed, threads=threads)
    rows = top.row(0)
    if call.json:
        items = [
            {"rank": rank, **item_as_json(station, item), "score": score} for rank, (item, score) in enumerate(rows, 1)
        ]
        emit({"title": title, "model": name, "model_version": station.version, "items": items})
        return
    note(f"for a playlist called {clean(title)}, by {name}")
    shown = scores([score for _, score in rows])
    table(
        [Column("#", "right"), Column("item", shrink=True), Column("score", "right"), Column("id")],
        [
            (str(rank), station.dataset.catalogue.label(item), score, station.dataset.items[item])
            for rank, ((item, _), score) in enumerate(zip(rows, shown, strict=True), start=1)
        ],
    )


def similar(
    call: Call,
    query: Annotated[str, typer.Argument(metavar="QUERY", help='An id, a title, or "artist - title".')],
    k: KOption = 10,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="Ask this model.")] = None,
) -> None:
    """Items that the same people like."""
    from segue import bootstrap

    station = bootstrap.open_station(call.open())
    item = station.search.resolve(query)
    name, top = station.similar(item, k, model)
    rows = top.row(0)
    catalogue = station.dataset.catalogue
    if call.json:
        emit(
            {
                "query": query,
                "item": item_as_json(station, item),
                "model": name,
                "model_version": station.version,
                "items": [{**item_as_json(station, near), "score": score} for near, score in rows],
            }
        )
        return
    note(f"like {catalogue.label(item)}, by {name}")
    if not rows:
        note("nothing: too few people have it")
        return
    shown = scores([score for _, score in rows])
    table(
        [Column("#", "right"), Column("item", shrink=True), Column("score", "right"), Column("id")],
        [
            (str(rank), catalogue.label(near), score, station.dataset.items[near])
            for rank, ((near, _), score) in enumerate(zip(rows, shown, strict=True), start=1)
        ],
    )


def print_recommendations(
    station: Station, answer: Recommendations, whom: str, predicted: Float32Array | None = None
) -> None:
    """One list, with reasons where the answer has them; with predicted ratings (1, k), these instead of scores."""
    rows = answer.top.row(0)
    note(f"{whom}, by model version {station.version}")
    for label, lists in answer.trace.fallbacks.items():
        if lists:
            note(f"(filled up with {label}: the history says too little)")
    if not rows:
        note("nothing to recommend: every item is known already, or nothing is known of anyone's taste")
        return
    catalogue = station.dataset.catalogue
    ratings = None if predicted is None else [f"{rating:.2f}" for rating in predicted[0].tolist()]
    if answer.reasons is None:
        shown = scores([score for _, score in rows]) if ratings is None else ratings[: len(rows)]
        what = "score" if ratings is None else "rating"
        table(
            [Column("#", "right"), Column("item", shrink=True), Column(what, "right"), Column("id")],
            [
                (str(rank), catalogue.label(item), score, station.dataset.items[item])
                for rank, ((item, _), score) in enumerate(zip(rows, shown, strict=True), start=1)
            ],
        )
        new = sum(bool(station.pipeline.placed(item)) for item, _ in rows)
        if new:
            note(f"{counted(new, 'item')} here came after training; --explain says how the models placed them")
        return
    width = len(str(len(rows)))
    for rank, ((item, _), reason) in enumerate(zip(rows, answer.reasons[0], strict=False), start=1):
        say(f"{rank:>{width}}  {catalogue.label(item)}")
        if ratings is not None:
            paragraph(f"predicted rating {ratings[rank - 1]}", " " * (width + 4))
        for line in _because(station, reason):
            paragraph(line, " " * (width + 4))
    for move in _left_out(answer, len(rows)):
        paragraph(f"left out: {catalogue.label(move.item)} ({move.rule}: {move.why})")


def _left_out(answer: Recommendations, k: int) -> list[Move]:
    """What the rules took out of the first k places."""
    moves = answer.removed[0] if answer.removed is not None else ()
    return [move for move in moves if move.after is None and move.before <= k]


def _because(station: Station, reason: Reason) -> list[str]:
    lines = []
    from segue.core.origins import IN_WORDS

    if reason.fallback is not None:
        lines.append(f"fallback: {reason.fallback}")
    if reason.nominated:
        lines.append("from " + ", ".join(f"{source} (rank {rank})" for source, rank in reason.nominated))
    shares = _shares(reason)
    if shares:
        label = station.dataset.catalogue.label
        lines.append("because of " + ", ".join(f"{clean(label(item))} {share:.0%}" for item, share in shares))
    if reason.explanation is not None and reason.explanation.sides:
        lines.append("alike in " + ", ".join(f"{side} {part:+.2f}" for side, part in _sides(reason.explanation)))
    lines.extend(f"new to {name}: placed {IN_WORDS[origin]}" for name, origin in reason.placed)
    lines.extend(f"{move.rule}: {move.why} (rank {move.before} -> {move.after})" for move in reason.moves)
    return lines


def _shares(reason: Reason) -> list[tuple[int, float]]:
    """The strongest history items, each with its share of all that spoke for the item."""
    if reason.explanation is None:
        return []
    everything = float(reason.explanation.contributions.clip(min=0).sum())
    strongest = reason.explanation.strongest(_STRONGEST)
    return [(item, part / everything) for item, part in strongest]


def _sides(explanation: Explanation) -> list[tuple[str, float]]:
    """What each side of the items gave, the most first."""
    return sorted((explanation.sides or {}).items(), key=lambda pair: -pair[1])


def item_as_json(station: Station, item: int) -> dict[str, Any]:
    """An item as plain JSON values: its id, what a person would call it, and title and artist where they are known."""
    row = station.dataset.catalogue.frame.row(item, named=True)
    known = {key: row[key] for key in ("title", "artist") if row.get(key) is not None}
    return {"id": station.dataset.items[item], "label": station.dataset.catalogue.label(item), **known}


def recommendations_as_json(
    station: Station, answer: Recommendations, asked: dict[str, Any], predicted: Float32Array | None = None
) -> dict[str, Any]:
    """One list as plain JSON values; `asked` says for whom; with predicted ratings (1, k), these beside scores."""
    items = []
    reasons: Sequence[Reason | None] = answer.reasons[0] if answer.reasons is not None else [None] * answer.top.k
    for rank, ((item, score), reason) in enumerate(zip(answer.top.row(0), reasons, strict=False), start=1):
        entry: dict[str, Any] = {"rank": rank, **item_as_json(station, item), "score": score}
        if predicted is not None:
            entry["rating"] = float(predicted[0, rank - 1])
        if placed := station.pipeline.placed(item):
            entry["placed"] = dict(placed)
        if reason is not None:
            entry["reasons"] = {
                "nominated": [{"source": source, "rank": place} for source, place in reason.nominated],
                "because_of": [{**item_as_json(station, near), "share": share} for near, share in _shares(reason)],
                "moves": [
                    {"rule": move.rule, "before": move.before, "after": move.after, "why": move.why}
                    for move in reason.moves
                ],
                "fallback": reason.fallback,
            }
            if reason.explanation is not None and reason.explanation.sides:
                entry["reasons"]["sides"] = dict(_sides(reason.explanation))
        items.append(entry)
    reply = {**asked, "model_version": station.version, "items": items}
    if answer.removed is not None:
        left_out = _left_out(answer, len(items))
        reply["left_out"] = [
            {**item_as_json(station, move.item), "rule": move.rule, "why": move.why} for move in left_out
        ]
    return reply
