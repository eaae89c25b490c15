"""Which column holds what: as the person says, or else by the names that such columns usually have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.core.dataset import Feedback
from segue.errors import DataError, SettingsError
from segue.readers.reader import ReadOptions

ROLES: Final = ("user", "item", "weight", "time", "title", "artist")

_USUAL: Final[Mapping[str, tuple[str, ...]]] = {  # best first; letters and digits of the name alone, in lower case
    "user": (
        *("userid", "user", "uid", "userkey", "username", "userlogin", "listenerid", "listener", "memberid", "member"),
        *("accountid", "account", "customerid", "reviewerid", "profileid", "playlistid", "sessionid"),
    ),
    "item": (
        *("itemid", "item", "iid", "trackid", "trackuri", "spotifytrackuri", "songid", "recordingid", "recordingmbid"),
        *("trackmbid", "isrc", "uri", "productid", "asin", "albumid", "artistid", "artistmbid", "track", "song"),
        *("trackname", "songtitle", "album", "artist", "artistname"),
    ),
    "weight": (
        *("weight", "plays", "playcount", "playscount", "listens", "listencount", "count", "frequency"),
        *("rating", "score", "stars", "overall"),
    ),
    "time": ("timestamp", "time", "unixtime", "ts", "playedat", "listenedat", "datetime", "date", "utctime", "uts"),
    "title": ("title", "trackname", "tracktitle", "songtitle", "songname", "track", "song", "name", "itemname"),
    "artist": ("artist", "artistname", "artists", "artistnames", "band", "performer"),
}
_RATINGS: Final = ("rating", "score", "stars", "overall")


@dataclass(frozen=True, slots=True)
class Columns:
    """The number (from 0) of the column for each role that is there, what a weight is, and how all this was found."""

    numbers: Mapping[str, int]
    feedback: Feedback
    kind: str | None  # what the items are: "track", "artist", "album", or not known
    note: str


def looks_like_header(rows: Sequence[Sequence[str]], options: ReadOptions) -> bool:
    """Whether the first row names the columns: it holds a usual or a named one, or words over numbers."""
    first = [plain_name(cell) for cell in rows[0]]
    named = {plain_name(name) for role in ROLES if (name := getattr(options, role)) and not name.isdigit()}
    usual = {name for names in _USUAL.values() for name in names}
    if named.intersection(first) or usual.intersection(first):
        return True
    if any(_is_number(cell) for cell in rows[0]) or len(rows) < 2:
        return False
    return any(
        all(_is_number(row[number]) for row in rows[1:] if number < len(row) and row[number])
        for number in range(len(rows[0]))
        if any(number < len(row) and row[number] for row in rows[1:])
    )


def choose_columns(
    path: Path, names: Sequence[str] | None, rows: Sequence[Sequence[str]], options: ReadOptions
) -> Columns:
    """Finds the columns. `names` is the header, or None where there is none; `rows` are the first rows below it.

    Raises SettingsError where a named column is not there, DataError where no user or no item can be made out.
    """
    width = len(names) if names is not None else max(map(len, rows), default=0)
    numbers = {
        role: _asked(path, str(asked), names, width, role)
        for role in ROLES
        if (asked := getattr(options, role)) is not None
    }
    if names is not None:
        _guess_by_name(numbers, names)
    elif not numbers:
        numbers = _guess_by_place(rows, width)
    for role in ("user", "item"):
        if role not in numbers:
            raise DataError(
                f"{path} has no column that seems to be the {role}; name it with --{role}: {_listed(names, width)}"
            )
    feedback = options.feedback or _feedback(numbers, names, rows)
    if feedback == "ratings" and "weight" not in numbers:
        raise SettingsError(f"ratings need a column that holds them; name it with --weight: {_listed(names, width)}")
    if names is not None:
        _refuse_twice(path, names, {role: number for role, number in numbers.items() if not getattr(options, role)})
    called = ", ".join(f"{role} = {_called(number, names)}" for role, number in numbers.items())
    note = f"{path.name}: {called}; read as {feedback}"
    return Columns(numbers, feedback, None if names is None else kind_of_items(names[numbers["item"]]), note)


def kind_of_items(name: str) -> str | None:
    """What the items of a column of this name are."""
    plain = plain_name(name)
    for kind, words in (
        ("artist", ("artist", "band")),
        ("album", ("album",)),
        ("track", ("track", "song", "recording")),
    ):
        if any(word in plain for word in words):
            return kind
    return None


def plain_name(name: str) -> str:
    """A column's name by its letters and digits alone, in lower case, without a ":type" at its end."""
    return re.sub(r"[^\w]|_", "", name.strip().lower().partition(":")[0])


def _asked(path: Path, asked: str, names: Sequence[str] | None, width: int, role: str) -> int:
    if names is not None:
        exact = [number for number, name in enumerate(names) if name == asked]
        loose = [number for number, name in enumerate(names) if name.strip().lower() == asked.strip().lower()]
        for found in (exact, loose):
            if len(found) > 1:
                where = " and ".join(str(number + 1) for number in found)
                raise DataError(
                    f"{path} has the column {asked!r} more than once (columns {where}); name it by its number"
                )
            if found:
                return found[0]
    if asked.isdigit() and 1 <= int(asked) <= width:
        return int(asked) - 1
    near = difflib.get_close_matches(asked, names or (), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise SettingsError(f"{path} has no column {asked!r} for the {role}{hint} {_listed(names, width)}")


def _guess_by_name(numbers: dict[str, int], names: Sequence[str]) -> None:
    plain = [plain_name(name) for name in names]
    for role in ROLES:
        if role in numbers:
            continue
        taken = set(numbers.values())
        for usual in _USUAL[role]:
            free = [number for number, name in enumerate(plain) if name == usual and number not in taken]
            if free:
                numbers[role] = free[0]
                break


def _guess_by_place(rows: Sequence[Sequence[str]], width: int) -> dict[str, int]:
    """Without names: user, item, then a weight and a time where values look like it. Only for up to four columns."""
    if not 2 <= width <= 4:
        return {}
    numbers = {"user": 0, "item": 1}
    for number in range(2, width):
        values = [row[number].strip() for row in rows if number < len(row) and row[number].strip()]
        if not values or not all(_is_number(value) for value in values):
            return {}
        as_time = all(float(value) >= 1e8 for value in values)
        role = "time" if as_time or "weight" in numbers else "weight"
        if role in numbers:
            return {}
        numbers[role] = number
    return numbers


def _feedback(numbers: Mapping[str, int], names: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> Feedback:
    if "weight" not in numbers:
        return "plays" if "time" in numbers else "presence"
    number = numbers["weight"]
    if names is not None:
        return "ratings" if plain_name(names[number]) in _RATINGS else "plays"
    values = [row[number].strip() for row in rows if number < len(row)]
    written_as_fractions = [value for value in values if "." in value and _is_number(value)]
    on_a_scale = all(0 <= float(value) <= 10 for value in written_as_fractions)
    return "ratings" if written_as_fractions and len(written_as_fractions) == len(values) and on_a_scale else "plays"


def _refuse_twice(path: Path, names: Sequence[str], numbers: Mapping[str, int]) -> None:
    for role, number in numbers.items():
        twins = [other for other, name in enumerate(names) if name == names[number] and other != number]
        if twins:
            raise DataError(
                f"{path} has the column {names[number]!r} more than once (columns {number + 1} and {twins[0] + 1}); "
                f"choose one by its number with --{role}"
            )


def _called(number: int, names: Sequence[str] | None) -> str:
    return f"column {number + 1}" if names is None else repr(names[number])


def _listed(names: Sequence[str] | None, width: int) -> str:
    if names is None:
        return f"(it has no header; its columns are the numbers 1 to {width})"
    return f"(its columns are {', '.join(map(repr, names))})"


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
