"""A ListenBrainz export: JSON lines of listens (or one JSON list of them), a folder, or the zip as it is downloaded.

Each listen has listened_at (seconds since 1970 UTC) and track_metadata: artist_name, track_name, release_name, and in
additional_info or mbid_mapping a recording_mbid. The id is the MBID; without one it is made of the names. A listen was
heard, or it would not be there. Of additional_info only the MBID, the ISRC and the duration are looked at: who played,
from which address, with which program, is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.identity.identifiers import mbid
from segue.readers.json_values import number, parsed, text
from segue.readers.listens import Listens, Play
from segue.readers.members import Member, contents, expanded, first_fitting
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.tracks import Track

_SIGNS: Final = (b'"track_metadata"', b'"listened_at"')
_OTHERS: Final = ("feedback", "pinned", "user", "playlist")


@dataclass(frozen=True, slots=True)
class ListenBrainz:
    """Listens with MusicBrainz identifiers where known."""

    name: ClassVar[str] = "listenbrainz"
    description: ClassVar[str] = "ListenBrainz export: JSON lines of listens, a folder or zip of them"

    def sniff(self, path: Path) -> Guess | None:
        """A file whose beginning has the two keys that every listen has."""
        found = first_fitting(path, _wanted, lambda member: member.has(_SIGNS))
        if found is None:
            return None
        where = "it is JSON" if path == found.path else f"it holds {found.name}, JSON"
        return Guess(self.name, f"{where} with listened_at and track_metadata")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """All files as the history of one person, `me`."""
        options.only(format=self.name)
        files = [file for file in expanded(paths, _wanted, "JSON lines") if file.path in paths or file.has(_SIGNS)]
        listens, tallies = Listens(), []
        for file, content, tally in contents(files, self.name, "listens", strict=strict, progress=progress):
            _read(file, content, listens, tally)
            tallies.append(tally)
        return listens.dataset(paths, tallies, None, format=self.name)


def _wanted(name: str) -> bool:
    plain = name.lower()
    return plain.endswith((".jsonl", ".json", ".listens")) and not plain.startswith(_OTHERS)


def _read(file: Member, content: bytes, listens: Listens, tally: Tally) -> None:
    for entry, line, part in _entries(content, file.path):
        tally.rows(1)
        if not isinstance(entry, dict):
            tally.reject(entry if isinstance(entry, str) else "the entry is not an object", line, part=part)
            continue
        told = entry.get("track_metadata")
        time = number(entry.get("listened_at"))
        if not isinstance(told, dict):
            tally.reject("the listen has no track_metadata", line, part=part)
        elif time is None:
            tally.reject("listened_at is no number of seconds since 1970", line, part=part)
        else:
            listens.add(Play(_track(told), int(time)), tally, line, part=part)


def _entries(content: bytes, path: Path) -> Iterator[tuple[Any, int | None, str]]:
    """Objects, or the reason why one is none, each with its line or its place in the list."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        for place, entry in enumerate(parsed(content, path), 1):
            yield entry if isinstance(entry, dict) else None, None, f"entry {place}"
        return
    for line, raw in enumerate(content.decode("utf-8-sig", "replace").split("\n"), 1):
        if not raw.strip():
            continue
        try:
            entry = json.loads(raw)
        except (ValueError, RecursionError):
            yield "the line is not valid JSON", line, ""
            continue
        yield entry if isinstance(entry, dict) else None, line, ""


def _track(told: Mapping[str, Any]) -> Track:
    info, mapping = _object(told.get("additional_info")), _object(told.get("mbid_mapping"))
    milliseconds, seconds = number(info.get("duration_ms")), number(info.get("duration"))
    duration = milliseconds / 1000 if milliseconds else seconds or None
    return Track(
        text(told.get("track_name")),
        text(told.get("artist_name")),
        text(told.get("release_name")),
        duration=duration if duration is not None and duration < 1e6 else None,
        isrc=text(info.get("isrc")),
        mbid=mbid(info.get("recording_mbid")) or mbid(mapping.get("recording_mbid")),
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
