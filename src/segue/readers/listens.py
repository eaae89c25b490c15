"""One person's plays, gathered from an export into one history.

A play counts 1 where enough of the track was heard: `min_share` of it (half, unless chosen) where its length is known,
else 30 seconds. One that was broken off earlier counts -0.5 where the person turned away from the track, and 0 (seen,
nothing more) where something else ended it. Weights of one track add up: a track that was skipped more than twice as
often as it was heard ends below zero, as a dislike, and any other does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.readers.report import ReadReport, Tally
from segue.readers.times import EARLIEST, LATEST
from segue.readers.tracks import Track, Tracks

SELF: Final = "me"  # the id of the person whose history this is, unless another is asked for
HEARD: Final = 1.0
REFUSED: Final = -0.5
BROKEN_OFF: Final = 0.0
USUAL_SHARE: Final = 0.5
_LEAST_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Play:
    """One play. `seconds`: how long it was heard, None where the export has only whole plays. `finished`: the track ran
    to its end. `refused`: the person skipped on; None where the export does not say."""

    track: Track
    time: int
    seconds: float | None = None
    finished: bool = False
    refused: bool | None = None


class Listens:
    """Gathers plays, and makes one history of them once all are there."""

    def __init__(self) -> None:
        self._tracks = Tracks()
        self._plays: list[tuple[int, int, float | None, bool | None]] = []

    def add(self, play: Play, tally: Tally, line: int | None = None, *, part: str = "") -> None:
        """Takes one play, or rejects it on the tally (the row itself was counted before)."""
        if not EARLIEST <= play.time < LATEST:
            tally.reject("the time lies outside the years 1970 to 2099", line, part=part)
            return
        position = self._tracks.position(play.track)
        if position is None:
            tally.reject("the play names no track", line, part=part)
            return
        if play.finished and play.seconds is not None and play.track.duration is None:
            self._tracks.lengthen(position, play.seconds)
        self._plays.append((position, play.time, play.seconds, play.refused))

    def dataset(
        self,
        paths: Sequence[Path],
        tallies: Sequence[Tally],
        min_share: float | None,
        *,
        format: str,  # noqa: A002
        notes: Sequence[str] = (),
    ) -> tuple[Dataset, ReadReport]:
        """One user with one history in order of time, and the report; DataError where there is not one play.

        The same track at the same second is one play: exports overlap, and one that ends where another begins repeats
        the last.
        """
        if not self._plays:
            raise DataError(_nothing(paths, tallies))
        share = USUAL_SHARE if min_share is None else min_share
        weights = [self._weight(position, seconds, refused, share) for position, _, seconds, refused in self._plays]
        plays = pl.DataFrame(
            {
                "item": np.array([play[0] for play in self._plays], np.int32),
                "time": np.array([play[1] for play in self._plays], np.int64),
                "weight": np.array(weights, np.float32),
            }
        )
        distinct = plays.sort("time", maintain_order=True).unique(["item", "time"], keep="first", maintain_order=True)
        histories = Histories(
            np.array([0, distinct.height], np.int64),
            distinct["item"].to_numpy(),
            distinct["weight"].to_numpy(),
            distinct["time"].to_numpy(),
            order="time",
        )
        catalogue = self._tracks.catalogue()
        items = Vocabulary(catalogue.frame["id"])
        dataset = Dataset(Vocabulary([SELF]), items, histories, catalogue, feedback="plays")
        counted = tuple(tally.report() for tally in tallies)
        merged = plays.height - distinct.height
        return dataset, ReadReport(format, counted, merged, (*notes, *self._heard(weights, share)))

    def _weight(self, position: int, seconds: float | None, refused: bool | None, share: float) -> float:
        if seconds is None:
            return HEARD if not refused else REFUSED
        length = self._tracks.duration(position)
        if length is None:
            heard = seconds >= (_LEAST_SECONDS if share else 0.0) and not refused
        else:
            heard = seconds >= share * length
        if heard:
            return HEARD
        return BROKEN_OFF if refused is False else REFUSED

    def _heard(self, weights: Sequence[float], share: float) -> list[str]:
        if all(seconds is None for _, _, seconds, _ in self._plays):
            return []
        heard, refused = weights.count(HEARD), weights.count(REFUSED)
        sentence = (
            f"plays of which enough was heard ({share:.0%} of the track, or {_LEAST_SECONDS:.0f} s where its length is "
            f"not known): {heard:,} (weight {HEARD:g}); skipped or broken off: {refused:,} ({REFUSED:g}); "
            f"ended by something else: {len(weights) - heard - refused:,} ({BROKEN_OFF:g})"
        )
        return [sentence]


def _nothing(paths: Sequence[Path], tallies: Sequence[Tally]) -> str:
    where = ", ".join(map(str, paths))
    counted = [tally.report() for tally in tallies]
    reasons = [rejection for report in counted for rejection in report.rejections]
    if not reasons:
        return f"{where}: there are no plays in it"
    most = max(reasons, key=lambda rejection: rejection.count)
    rows = sum(report.read for report in counted)
    return f"{where}: none of {rows:,} entries can be used; most often: {most.reason} (first at {most.places[0]})"
