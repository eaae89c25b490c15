"""A Dataset on disk: Parquet files that any tool can read, and a manifest that says what they are.

    <folder>/current                         the name of the version that counts
    <folder>/<version>/manifest.json         kind, format, feedback, counts, fingerprint, sources, SHA-256 of every file
                       interactions-00000.parquet, ...   user, item (positions), weight, time; user after user
                       users.parquet         id
                       items.parquet         the catalogue
                       user_table.parquet, context.parquet, friends.parquet   where there are any

It is written in a stream, so that a dataset may be larger than memory; a version takes the place of the one before only
when it is whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import polars as pl
import scipy.sparse as sp

from segue.core.arrays import Int64Array
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset, Feedback, fingerprint, repeats_of
from segue.core.histories import Histories, Order, Repeats
from segue.core.vocabulary import Vocabulary
from segue.durable import MANIFEST, Shelf, read_manifest, translated
from segue.errors import ArtifactError, DataError

FORMAT_VERSION: Final = 1
_ENTRIES_PER_FILE: Final = 1 << 22
_USERS, _ITEMS = "users.parquet", "items.parquet"
_USER_TABLE, _CONTEXT, _FRIENDS = "user_table.parquet", "context.parquet", "friends.parquet"


@dataclass(frozen=True, slots=True)
class Source:
    """A file that a dataset was made of: its name, its size in bytes, its SHA-256, and the format it was read as."""

    name: str
    size: int
    sha256: str
    format: str


def write_dataset(dataset: Dataset, folder: Path, *, sources: Sequence[Source] = ()) -> Path:
    """Writes a dataset as the new current version of `folder`; returns the version's own folder.

    Raises StorageError where it cannot be written; what was there before is then still there.
    """
    histories = dataset.histories
    with DatasetWriter(
        folder,
        feedback=dataset.feedback,
        scale=dataset.scale,
        order=histories.order,
        repeats=histories.repeats,
        sources=sources,
    ) as writer:
        for start, stop in row_blocks(histories.offsets, _ENTRIES_PER_FILE):
            writer.append(
                dataset.users.series[start:stop],
                histories[start:stop],
                user_table=None if dataset.user_table is None else dataset.user_table[start:stop],
            )
        return writer.finish(dataset.catalogue, friends=dataset.friends, fingerprint=dataset.fingerprint())


def read_dataset(folder: Path, *, verify: bool = True) -> Dataset:
    """The dataset in `folder`: its current version, or the one in `folder` itself where that is a version's own folder.

    `verify` compares the SHA-256 of every file first (about a second per GB). The entries are read file by file into
    arrays of their final size, so the peak is little more than the dataset itself.
    Raises ArtifactError, with the remedy, where there is none or it is damaged, incomplete or of a newer version.
    """
    version = _version(folder)
    manifest = read_manifest(version, verify=verify)
    _check_kind(manifest, version)
    try:
        return _assembled(manifest, version)
    except (pl.exceptions.PolarsError, DataError, OSError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"the dataset in {version} cannot be read ({error}); import the data again, or go back to an older version"
        ) from error


def row_blocks(offsets: Int64Array, entries: int) -> Iterator[tuple[int, int]]:
    """Rows start..stop, all of them in order, that together hold at most so many entries, or are one row.

    offsets: int64, shape (n + 1,), where the entries of each row begin. Without rows there is one block of none.
    """
    rows = offsets.size - 1
    start = 0
    while start < rows or start == 0:
        stop = int(np.searchsorted(offsets, offsets[start] + entries, side="right")) - 1
        stop = min(max(stop, start + 1), rows)
        yield start, stop
        if stop <= start:
            return
        start = stop


def scan_interactions(folder: Path) -> pl.LazyFrame:
    """The entries of the dataset in `folder` as a lazy frame: user and item (positions), weight, and time where known.

    Nothing is read before it is collected; files are not verified. Raises ArtifactError as `read_dataset` does.
    """
    version = _version(folder)
    manifest = read_manifest(version, verify=False)
    _check_kind(manifest, version)
    return pl.scan_parquet(_parts(manifest, version))


class DatasetWriter:
    """Writes a dataset block by block, in memory that does not grow with the number of entries.

        with DatasetWriter(folder, feedback="plays", order="time") as writer:
            for ids, histories in blocks:
                writer.append(ids, histories)
            writer.finish(catalogue)

    A block is some users and their whole histories. What stays in memory: the ids, the users' rows of `user_table` and
    `context`, and entries until they fill a file. Without `finish`, or with an error in the block, the folder is as
    before.
    """

    def __init__(
        self,
        folder: Path,
        *,
        feedback: Feedback = "plays",
        scale: tuple[float, float] | None = None,
        order: Order = "none",
        repeats: Repeats | None = None,
        sources: Sequence[Source] = (),
    ) -> None:
        self._shelf = Shelf(folder)
        self._feedback = feedback
        self._scale = scale
        self._order: Order = order
        self._repeats: Repeats = repeats or repeats_of(feedback)
        self._manifest: dict[str, Any] = {"sources": [asdict(source) for source in sources]}
        self._opened: AbstractContextManager[Path] | None = None
        self._finished = False
        self._timed: bool | None = None
        self._ids: list[pl.Series] = []
        self._lengths: list[np.ndarray[Any, np.dtype[np.int64]]] = []
        self._tables: list[pl.DataFrame | None] = []
        self._contexts: list[pl.DataFrame | None] = []
        self._pending: list[pl.DataFrame] = []
        self._n_pending = self._n_users = self._n_items = self._n_files = 0

    def __enter__(self) -> Self:
        self._opened = self._shelf.new_version(self._manifest)
        self._folder = self._opened.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is None:
            return
        opened, self._opened = self._opened, None
        if error is not None:
            opened.__exit__(kind, error, trace)
            return
        unfinished = RuntimeError("the block ended without finish(): the dataset was not written")
        opened.__exit__(RuntimeError, unfinished, None)
        raise unfinished

    def append(
        self, users: Sequence[str] | pl.Series, histories: Histories, *, user_table: pl.DataFrame | None = None
    ) -> None:
        """Adds users that no earlier block held, and one history (and one row of `user_table`) for each.

        Item positions are those of the catalogue that `finish` will get. Raises DataError where the block does not fit
        the ones before it, StorageError where it cannot be written.
        """
        ids = pl.Series("id", users, dtype=pl.String)
        if len(ids) != len(histories):
            raise DataError(f"{len(ids)} users, but {len(histories)} histories")
        if (histories.order, histories.repeats) != (self._order, self._repeats):
            raise DataError(
                f"this dataset's histories have order {self._order!r} and repeats {self._repeats!r}, "
                f"the block has {histories.order!r} and {histories.repeats!r}"
            )
        if user_table is not None and user_table.height != len(ids):
            raise DataError(f"the user table must have one row per user ({len(ids)}), got {user_table.height}")
        timed = histories.times is not None
        if self._timed not in (None, timed):
            raise DataError("either every block has times or none has")
        self._timed = timed
        columns: dict[str, Any] = {
            "user": np.repeat(np.arange(self._n_users, self._n_users + len(ids), dtype=np.int32), histories.lengths),
            "item": histories.items,
            "weight": histories.weights,
        }
        if histories.times is not None:
            columns["time"] = histories.times
        if self._n_pending + histories.n_entries > _ENTRIES_PER_FILE:
            self._flush()
        self._ids.append(ids)
        self._lengths.append(histories.lengths)
        self._tables.append(user_table)
        self._contexts.append(histories.context)
        self._n_users += len(ids)
        self._n_items = max(self._n_items, histories.n_items)
        self._pending.append(pl.DataFrame(columns))
        self._n_pending += histories.n_entries

    def finish(
        self, catalogue: Catalogue, *, friends: sp.csr_array[Any] | None = None, fingerprint: str | None = None
    ) -> Path:
        """Adds what is known of the items, makes this the current version, and returns its folder.

        `fingerprint` is that of the dataset, where it is known; otherwise the entries are read once more for it.
        Raises DataError where the parts do not make a dataset, StorageError where it cannot be written.
        """
        if self._opened is None:
            raise RuntimeError("finish() belongs into the with block, once")
        users = Vocabulary(pl.concat(self._ids) if self._ids else ())
        items = Vocabulary(catalogue.frame["id"])
        # A dataset without entries checks that everything but the entries fits together.
        Dataset(
            users,
            items,
            Histories.empty(len(users)),
            catalogue,
            feedback=self._feedback,
            scale=self._scale,
            friends=friends,
        )
        if self._n_items > len(items):
            raise DataError(f"a history holds item position {self._n_items - 1}, but there are only {len(items)} items")
        self._flush(even_if_empty=self._n_files == 0)
        _write(users.series.to_frame(), self._folder / _USERS)
        _write(catalogue.frame, self._folder / _ITEMS)
        for frames, name in ((self._tables, _USER_TABLE), (self._contexts, _CONTEXT)):
            frame = _joined(frames, name)
            if frame is not None:
                _write(frame, self._folder / name)
        if friends is not None:
            _write(_edges(friends), self._folder / _FRIENDS)
        self._manifest.update(
            kind="dataset",
            format=FORMAT_VERSION,
            feedback=self._feedback,
            scale=self._scale,
            order=self._order,
            repeats=self._repeats,
            timed=bool(self._timed),
            counts={"users": len(users), "items": len(items), "entries": int(sum(map(np.sum, self._lengths)))},
            interactions=[_part(number) for number in range(self._n_files)],
            fingerprint=fingerprint or self._fingerprint(users, items),
        )
        opened, self._opened = self._opened, None
        opened.__exit__(None, None, None)
        current = self._shelf.current()
        assert current is not None
        return current

    def _flush(self, *, even_if_empty: bool = False) -> None:
        if self._n_pending or even_if_empty:
            blocks = self._pending or [pl.DataFrame(schema={"user": pl.Int32, "item": pl.Int32, "weight": pl.Float32})]
            _write(pl.concat(blocks), self._folder / _part(self._n_files))
            self._n_files += 1
        self._pending, self._n_pending = [], 0

    def _fingerprint(self, users: Vocabulary, items: Vocabulary) -> str:
        offsets = np.concatenate([[0], np.cumsum(np.concatenate([np.zeros(0, np.int64), *self._lengths]))])

        def column(name: str) -> Iterator[np.ndarray[Any, np.dtype[Any]]]:
            for number in range(self._n_files):
                yield pl.read_parquet(self._folder / _part(number), columns=[name])[name].to_numpy()

        return fingerprint(
            users,
            items,
            (self._feedback, self._scale, self._order, self._repeats),
            offsets.astype(np.int64),
            column("item"),
            column("weight"),
            column("time") if self._timed else None,
        )


def _part(number: int) -> str:
    return f"interactions-{number:05d}.parquet"


def _parts(manifest: Mapping[str, Any], version: Path) -> list[Path]:
    return [version / str(name) for name in manifest["interactions"]]


def _joined(frames: Sequence[pl.DataFrame | None], name: str) -> pl.DataFrame | None:
    present = [frame for frame in frames if frame is not None]
    if not present:
        return None
    if len(present) != len(frames):
        raise DataError(f"either every block has a {name.removesuffix('.parquet')} or none has")
    try:
        return pl.concat(present)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"the blocks differ in the columns of their {name.removesuffix('.parquet')}: {error}") from None


def _edges(friends: sp.csr_array[Any]) -> pl.DataFrame:
    rows = np.repeat(np.arange(friends.shape[0], dtype=np.int32), np.diff(friends.indptr))
    return pl.DataFrame({"user": rows, "friend": friends.indices.astype(np.int32), "weight": friends.data})


def _write(frame: pl.DataFrame, path: Path) -> None:
    with translated(path):
        try:
            frame.write_parquet(path, compression_level=1)  # a fifth less time than the usual 3, hardly larger
        except (pl.exceptions.InvalidOperationError, pl.exceptions.SchemaError) as error:
            raise DataError(f"{path.name} cannot hold these columns: {error}") from error


def _version(folder: Path) -> Path:
    if (folder / MANIFEST).is_file():
        return folder
    current = Shelf(folder).current()
    if current is None:
        raise ArtifactError(f"{folder} holds no dataset; import some data into it first")
    return current


def _check_kind(manifest: Mapping[str, Any], version: Path) -> None:
    if manifest.get("kind") != "dataset":
        raise ArtifactError(f"{version} holds {manifest.get('kind', 'something else')!r}, not a dataset")
    found = manifest.get("format")
    if not isinstance(found, int) or found < 1:
        raise ArtifactError(f"{version / MANIFEST} does not say its format; import the data again")
    if found > FORMAT_VERSION:
        raise ArtifactError(
            f"{version} was written by a newer segue (dataset format {found}, this one reads up to {FORMAT_VERSION}); "
            "update segue, or import the data again"
        )


def _assembled(manifest: Mapping[str, Any], version: Path) -> Dataset:
    files = manifest["files"]
    users = Vocabulary(pl.read_parquet(version / _USERS)["id"])
    catalogue = Catalogue(pl.read_parquet(version / _ITEMS))
    counts = manifest["counts"]
    if (len(users), len(catalogue)) != (counts["users"], counts["items"]):
        raise DataError(f"{len(users)} users and {len(catalogue)} items, where the manifest counts {counts}")
    scale = manifest["scale"]
    return Dataset(
        users,
        Vocabulary(catalogue.frame["id"]),
        _histories(manifest, version, len(users)),
        catalogue,
        feedback=manifest["feedback"],
        scale=None if scale is None else (float(scale[0]), float(scale[1])),
        user_table=pl.read_parquet(version / _USER_TABLE) if _USER_TABLE in files else None,
        friends=_friends(version / _FRIENDS, len(users)) if _FRIENDS in files else None,
    )


def _histories(manifest: Mapping[str, Any], version: Path, n_users: int) -> Histories:
    entries = int(manifest["counts"]["entries"])
    items, weights = np.empty(entries, np.int32), np.empty(entries, np.float32)
    times = np.empty(entries, np.int64) if manifest["timed"] else None
    lengths = np.zeros(n_users, np.int64)
    start = 0
    last = 0
    for part in _parts(manifest, version):
        frame = pl.read_parquet(part)
        stop = start + frame.height
        user = frame["user"].to_numpy()
        if stop > entries or (user.size and (user[0] < last or user[-1] >= n_users or np.any(np.diff(user) < 0))):
            raise DataError(f"the entries of {part.name} are not those that the manifest describes")
        last = int(user[-1]) if user.size else last
        lengths += np.bincount(user, minlength=n_users)
        items[start:stop] = frame["item"].to_numpy()
        weights[start:stop] = frame["weight"].to_numpy()
        if times is not None:
            times[start:stop] = frame["time"].to_numpy()
        start = stop
    if start != entries:
        raise DataError(f"{start} entries, where the manifest counts {entries}")
    return Histories(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        items,
        weights,
        times,
        order=manifest["order"],
        repeats=manifest["repeats"],
        context=pl.read_parquet(version / _CONTEXT) if _CONTEXT in manifest["files"] else None,
    )


def _friends(path: Path, n_users: int) -> sp.csr_array[Any]:
    frame = pl.read_parquet(path)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(frame["user"].to_numpy(), minlength=n_users))])
    return sp.csr_array(
        (frame["weight"].to_numpy(), frame["friend"].to_numpy(), offsets.astype(np.int32)), shape=(n_users, n_users)
    )
