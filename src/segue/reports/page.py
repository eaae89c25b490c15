"""A report as one page of HTML that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segue.evaluation.samples import Samples
from segue.reports.paper import styles, template
from segue.reports.plot import Plot
from segue.reports.reading import ModelView, RunView
from segue.reports.sections import Section
from segue.reports.wording import counted, memory, number, seconds, short, visible


@dataclass(frozen=True, slots=True)
class _Field:
    """One cell of the table of results, as text."""

    mean: str
    interval: str = ""
    ties: bool = False


def page(
    run: RunView,
    *,
    name: str,
    title: str,
    overview: Plot | None,
    sections: Sequence[Section],
    samples: Samples | None = None,
    searches: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The HTML of a report. Every value is escaped where it is put in."""
    return template("report.html").render(
        run=run,
        name=name,
        title=visible(title),
        styles=styles(),
        overview=overview,
        sections=sections,
        samples=samples,
        facts=facts(run),
        groups=_groups(run),
        costs=_costs(run),
        comparisons=_comparisons(run),
        configurations=_configurations(run.models),
        searches=[found for study in searches if (found := _search(study)) is not None],
        has_plots=overview is not None or bool(sections),
    )


def facts(run: RunView) -> list[tuple[str, str]]:
    """What stands in the head of a report, as (what, said)."""
    record = run.record
    found = [
        ("Data", _dataset(record.get("dataset") or {})),
        ("Split", _split(record.get("split") or {})),
        ("Fairness of the split", _fairness((record.get("split") or {}).get("popularity") or {})),
        ("Learned from", _train(record.get("split") or {}, refit=bool(record.get("refit")))),
        ("Asked", _asked(run)),
        ("Scored", _scored(record)),
        ("Order in lists", visible(record.get("ties") or "")),
        ("Uncertainty", _uncertainty(record.get("intervals") or {})),
        ("Randomness", "" if record.get("seed") is None else f"seed {record['seed']}" + _threads(record)),
        ("Versions", ", ".join(f"{visible(n)} {visible(v)}" for n, v in (record.get("versions") or {}).items())),
    ]
    return [(what, said) for what, said in found if said]


def _dataset(data: Mapping[str, Any]) -> str:
    if not data:
        return ""
    counts = [counted(data[key], noun) for key, noun in (("users", "user"), ("items", "item")) if key in data]
    if "entries" in data:
        counts.append(
            f"{data['entries']:,} entries" + (f" ({visible(data['feedback'])})" if data.get("feedback") else "")
        )
    period = ""
    if data.get("first") and data.get("last"):
        period = f", from {visible(data['first'])[:10]} to {visible(data['last'])[:10]}"
    return ", ".join(counts) + period


def _split(split: Mapping[str, Any]) -> str:
    if "split" not in split:
        return ""
    settings = ", ".join(
        f"{visible(key).replace('_', ' ')} {_plain(value)}"
        for key, value in (split.get("settings") or {}).items()
        if value is not None
    )
    seed = f", seed {split['seed']}" if split.get("seed") is not None else ""
    folds = f", {counted(len(split['folds']), 'fold')}" if split.get("folds") else ""
    return f"{visible(split['split'])}" + (f" ({settings})" if settings else "") + seed + folds


def _fairness(popularity: Mapping[str, Any]) -> str:
    if not all(isinstance(popularity.get(key), int | float) for key in ("gini_train", "gini_test", "kendall_tau")):
        return ""
    fair = popularity.get("gini_fair"), popularity.get("kendall_tau_fair")
    gini, tau = ("" if value is None else f" ({value:.2f} in a fair sample)" for value in fair)
    return (
        f"item popularity has a Gini index of {popularity['gini_train']:.2f} in training and "
        f"{popularity['gini_test']:.2f} in what is asked{gini}; the two orders agree to Kendall's tau "
        f"{popularity['kendall_tau']:.2f}{tau}"
    )


def _train(split: Mapping[str, Any], *, refit: bool) -> str:
    train = split.get("train") or {}
    if not train:
        return ""
    said = f"{train.get('entries', 0):,} entries of {counted(train.get('users', 0), 'user')}"
    said += f" over {counted(train['items'], 'item')}" if "items" in train else ""
    return said + ("; then again with the validation part" if refit else "")


def _asked(run: RunView) -> str:
    if run.users is None:
        return ""
    part = run.record.get("part")
    said = counted(run.users, "user") + (f" of the {visible(part)} part" if part else "")
    counts = ((run.record.get("split") or {}).get(part) or {}) if part else {}
    if counts.get("users_without_history"):
        said += f", {counts['users_without_history']:,} of them without any history"
    if counts.get("users_without_relevant"):
        said += f"; {counts['users_without_relevant']:,} more had nothing hidden to find, and are in no average"
    return said


def _scored(record: Mapping[str, Any]) -> str:
    when = visible(record.get("scored_at") or record.get("started") or "").replace("T", " ").replace("+00:00", " UTC")
    earlier = record.get("earlier_test_runs")
    if record.get("part") != "test" or earlier is None:
        return when
    times = (
        "this test part was scored for the first time"
        if not earlier
        else f"this test part has been scored {earlier + 1:,} times: the more often, the less a lead means"
    )
    return f"{when}; {times}" if when else times[0].upper() + times[1:]


def _uncertainty(intervals: Mapping[str, Any]) -> str:
    if not intervals.get("level"):
        return ""
    drawn = f" from {intervals['resamples']:,} resamples of users" if intervals.get("resamples") else ""
    return f"{intervals['level']:.0%} bootstrap intervals{drawn}"


def _threads(record: Mapping[str, Any]) -> str:
    return f", {counted(record['threads'], 'thread')}" if record.get("threads") else ""


def _field(model: ModelView, metric: str) -> _Field:
    cell = model.cells.get(metric)
    if cell is None:
        return _Field("–")
    known = cell.low is not None and cell.high is not None
    return _Field(number(cell.mean), f"{number(cell.low)} to {number(cell.high)}" if known else "", cell.ties)


def _groups(run: RunView) -> list[tuple[str, list[tuple[str, bool, list[_Field]]]]]:
    """The rows of the table: accuracy, then what lists are like whatever they hit."""
    rows = [(name, name in run.lower_is_better, [_field(model, name) for model in run.models]) for name in run.metrics]
    beyond = [name in run.beyond for name in run.metrics]
    groups = [
        ("", [row for row, other in zip(rows, beyond, strict=True) if not other]),
        ("beyond accuracy", [row for row, other in zip(rows, beyond, strict=True) if other]),
    ]
    return [group for group in groups if group[1]]


def _costs(run: RunView) -> list[tuple[str, list[str]]]:
    def nothing(model: ModelView) -> str:
        share = f" ({model.nothing / run.users:.1%})" if run.users and model.nothing else ""
        return f"{model.nothing:,}{share}"

    rows = [
        ("users who got nothing", [nothing(model) for model in run.models]),
        ("time to fit", [seconds(model.fit_seconds) for model in run.models]),
        ("memory to fit", [memory(model.fit_memory) for model in run.models]),
        ("time to answer all", [seconds(model.recommend_seconds) for model in run.models]),
    ]
    return [row for row in rows if any(said != "–" for said in row[1])]


def _comparisons(run: RunView) -> list[dict[str, str]]:
    """Pairs of models on the first metric, as text."""
    found = []
    for each in run.comparisons:
        if visible(each.get("metric", "")) != run.primary:
            continue
        low, high = (each.get("interval") or (None, None))[:2]
        p = each.get("p_randomization_holm")
        found.append(
            {
                "a": visible(each.get("a", "")),
                "b": visible(each.get("b", "")),
                "difference": _signed(each.get("difference")),
                "interval": "–" if low is None or high is None else f"{_signed(low)} to {_signed(high)}",
                "p": "–" if p is None else ("< 0.001" if p < 0.001 else f"{p:.3f}"),
                "verdict": "not told apart" if p is None or p >= run.record.get("significance", 0.05) else "different",
            }
        )
    return found


def _signed(value: float | None) -> str:
    if value is None:
        return "–"
    return ("+" if value > 0 else "−" if value < 0 else "") + number(abs(value))


def _configurations(models: Sequence[ModelView]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (model.name, [(visible(key), _plain(value)) for key, value in model.configuration.items() if key != "name"])
        for model in models
        if model.configuration
    ]


def _search(study: Mapping[str, Any]) -> dict[str, Any] | None:
    """The best trial of a search, in words."""
    best = study.get("best")
    if not isinstance(best, Mapping):
        return None
    value = best.get("value")
    return {
        "model": visible(study.get("model", "")),
        "metric": visible(study.get("metric", "")),
        "value": number(value) if isinstance(value, (int, float)) else "–",
        "parameters": [(visible(key), _plain(v)) for key, v in (best.get("values") or {}).items()],
        "edges": [
            f"{visible(edge.get('parameter', ''))} lies on the {visible(edge.get('side', ''))} edge of its space: "
            "the best may lie beyond."
            for edge in study.get("edges") or ()
        ],
    }


def _plain(value: Any) -> str:
    """A setting as a person would write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return short(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return visible(value)
