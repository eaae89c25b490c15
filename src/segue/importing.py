"""Bringing data into a workspace: the first, more of it, or one person's own beside that of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.core.vocabulary import Vocabulary
from segue.dataset_files import Source
from segue.durable import sha256 as digest_of
from segue.errors import DataError, SettingsError, WorkspaceError
from segue.identity import Matches, keyed, matches, plays
from segue.readers import PERSONAL, ReadReport, read, sniff
from segue.readers.enriching import MatchReport, enriched
from segue.readers.feature_files import FeatureFiles, feature_files
from segue.readers.joining import Joined, joined
from segue.readers.reader import NO_OPTIONS, ReadOptions
from segue.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Adding:
    """How new data meets the data that a workspace has.

    append, replace: add to it, or put the new data in its place; with neither, a workspace with data takes no more.
    again:      files that were imported before are read all the same.
    as_user:    the files hold the history of one person, who is this user of the workspace, new or known.
    only_known: what the workspace's catalogue does not have is left out.
    """

    append: bool = False
    replace: bool = False
    again: bool = False
    as_user: str | None = None
    only_known: bool = False


NEW_WORKSPACE: Final = Adding()


@dataclass(frozen=True, slots=True)
class Imported:
    """What `import_dataset` made of the files, what it did with every row, and why it took the format it took.

    dataset: all that the workspace now holds; read: what came from the files.
    joined, matches: how that was added to what was there, and which items were found there; None for a first import.
    """

    dataset: Dataset
    read: Dataset
    report: ReadReport
    why: str
    joined: Joined | None = None
    matches: Matches | None = None


def import_dataset(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    format: str | None = None,  # noqa: A002  # the word of the command line
    options: ReadOptions = NO_OPTIONS,
    adding: Adding = NEW_WORKSPACE,
    strict: bool = False,
    progress: Progress = SILENT,
) -> Imported:
    """Reads files as the dataset of a workspace, or adds them to it; without `format`, finds out what they are.

    Items of the files are those of the same id; a person's own files (`PERSONAL`, or `adding.as_user`) name theirs in
    other ways, and are looked for by ISRC, MBID and name as well (`segue.identity.matches`). Known ids keep their
    positions, so that models trained before go on to answer.
    Raises what `segue.readers.read` raises, SettingsError for choices that contradict each other, DataError for files
    that were imported before, WorkspaceError where nothing was said of the data that is there. Whatever happens, the
    dataset that was there before is then still there.
    """
    if adding.append and adding.replace:
        raise SettingsError("--append and --replace contradict each other; choose one")
    if adding.replace and adding.only_known:
        raise SettingsError("--only-known asks for what is there, and --replace takes it away; choose one")
    with workspace.writing("import"):
        before = [] if adding.replace else workspace.sources()
        fresh = adding.replace or not workspace.has_dataset()
        if not fresh and not adding.again:
            _refuse_known([path for path in paths if _is_known(path, before)], workspace)
        if not fresh and not adding.append and adding.as_user is None:
            raise WorkspaceError(
                f"the workspace {workspace.name} has data already ({_told(before)}); "
                "--append adds to it, --replace puts the new data in its place"
            )
        why = "as asked" if format is not None else sniff(paths[0]).why
        found, report = read(paths, format, options, strict=strict, progress=progress)
        _refuse_many(found, report, adding.as_user)
        if fresh:
            if adding.as_user is not None:
                found = _of_one(found, adding.as_user)
            found = _with_keys(found, progress)
            workspace.write_dataset(found, report.sources)
            return Imported(found, found, report, why)
        digests = {source.sha256 for source in before}
        if not adding.again:
            _refuse_known([file.path for file in report.files if file.source.sha256 in digests], workspace)
        with progress.task("adding to the dataset"):
            dataset = workspace.read_dataset()
            matched = None
            if adding.as_user is not None or report.format in PERSONAL:
                matched = matches(found.catalogue, dataset.catalogue, plays(dataset))
            grown, joining = joined(
                dataset,
                found,
                None if matched is None else matched.positions,
                as_user=adding.as_user,
                only_known=adding.only_known,
                undated=matched is not None,
            )
            grown = _with_keys(grown, progress)
            new = [source for source in report.sources if source.sha256 not in digests]
            workspace.write_dataset(grown, [*before, *new])
    return Imported(grown, found, report, why, joining, matched)


@dataclass(frozen=True, slots=True)
class Enriched:
    """What `import_features` made of the files: the dataset as it is now, and how the features met its items."""

    dataset: Dataset
    report: ReadReport
    why: str
    match: MatchReport


def import_features(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    format: str | None = None,  # noqa: A002  # the word of the command line
    options: ReadOptions = NO_OPTIONS,
    adding: Adding = NEW_WORKSPACE,
    strict: bool = False,
    progress: Progress = SILENT,
) -> Enriched | None:
    """Joins files of features onto the dataset of a workspace; None, with nothing done, where they are something else.

    Folders and zip archives of them are taken apart (`segue.readers.feature_files`).

    The dataset becomes a new version whose positions and entries are those of the old one: models that were trained
    before go on to answer. Values that are known stay.
    Raises what the enricher's `read` raises, WorkspaceError where there is no dataset, DataError for files that were
    imported before and where no item has features in them, SettingsError for choices that do not fit features.
    """
    with feature_files(paths, format) as files:
        return None if files is None else _enriched(workspace, files, options, adding, strict, progress)


def _enriched(
    workspace: Workspace, files: FeatureFiles, options: ReadOptions, adding: Adding, strict: bool, progress: Progress
) -> Enriched:
    form = files.guess.format
    if adding.replace or adding.as_user is not None or adding.only_known:
        raise SettingsError(
            f"{form} tells of items, not of who heard them: it is joined onto the data that is there, and "
            "takes no --replace, --as-user or --only-known"
        )
    with workspace.writing("import"):
        if not workspace.has_dataset():
            raise WorkspaceError(
                f"{form} tells of items, and the workspace {workspace.name} has none yet; "
                f"first bring in who heard what with: {workspace.command('import PATH')}"
            )
        before = workspace.sources()
        if not adding.again:
            known = [path for path in files.paths if _is_known(path, before)]
            _refuse_known([files.called.get(path, path) for path in known], workspace)
        features, report = files.read(options, strict=strict, progress=progress)
        with progress.task("matching with the catalogue"):
            dataset, match = enriched(workspace.read_dataset(), features)
            if not match.matched:
                raise DataError(
                    f"none of {match.items:,} items is among the {match.rows:,} that the files tell of "
                    f"(most often: {match.missed[0].reason}); nothing was done"
                )
        dataset = _with_keys(dataset, progress)
        digests = {source.sha256 for source in before}
        new = [source for source in report.sources if source.sha256 not in digests]
        workspace.write_dataset(dataset, [*before, *new])
    return Enriched(dataset, report, files.guess.why, match)


def _with_keys(dataset: Dataset, progress: Progress) -> Dataset:
    """The dataset with what tells recordings and songs apart, where its catalogue names them.

    That is read from names once, here, so that nobody who merges or counts by it has to; 25 s for a million titles.
    """
    if not (dataset.catalogue.has("title") and dataset.catalogue.has("artist")):
        return dataset
    with progress.task("telling recordings apart"):
        return replace(dataset, catalogue=keyed(dataset.catalogue, near=False))


def _is_known(path: Path, sources: Sequence[Source]) -> bool:
    """Whether a file was imported before; only one of the same size is read for that."""
    if not path.is_file():
        return False
    size = path.stat().st_size
    digests = {source.sha256 for source in sources if source.size == size}
    return bool(digests) and digest_of(path) in digests


def _refuse_known(paths: Sequence[Path], workspace: Workspace) -> None:
    if paths:
        raise DataError(
            f"{', '.join(map(str, paths))}: imported into {workspace.name} before (the content is the same), nothing "
            "was done; leave it out, or read it all the same with --again (dated plays are not counted twice)"
        )


def _refuse_many(found: Dataset, report: ReadReport, as_user: str | None) -> None:
    if as_user is None:
        return
    if not as_user.strip():
        raise SettingsError("--as-user needs a name")
    if found.n_users > 1 and report.format not in PERSONAL:
        raise DataError(
            f"the files hold the histories of {found.n_users:,} users; --as-user is for the history of one person"
        )


def _of_one(found: Dataset, user: str) -> Dataset:
    """All entries as those of one user of this name."""
    nobody = replace(found, users=Vocabulary(), histories=found.histories[:0], user_table=None, friends=None)
    return joined(nobody, found, as_user=user)[0]


def _told(sources: Sequence[Source]) -> str:
    names = [source.name for source in sources[:3]]
    return ", ".join(names) + (f" and {len(sources) - 3:,} more" if len(sources) > 3 else "") if names else "its own"
