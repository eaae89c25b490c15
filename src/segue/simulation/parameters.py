"""Every number of the demo world in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite
from typing import Final

from segue.errors import SettingsError

MAX_LISTENERS: Final = 100_000_000
MAX_TRACKS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Parameters:
    """The demo world's parameters. The defaults are frozen: figures measured on the world are comparable for good.

    They were set so that a random 80/20 split of a listener's distinct tracks is about as hard as such a split of real
    listening data: a list of the most popular tracks finds about a tenth of what is hidden, factor models more than
    three times that, and the true taste some more (see the table in the package's docstring).

    Music
      styles              dimensions of style; genres, artists and tracks have a direction in this space
      root_share, genre_share, artist_share, track_share
                          how much of a track's style is its root genre's, its genre's, its artist's and its own
      tracks_per_artist   mean; the numbers of tracks follow a heavy tail
      zipf_exponent, zipf_shift
                          exposure of the track at rank r: (r + shift) ** -exponent
      quality             standard deviation of a track's own appeal to everyone, in log-odds
    Listeners
      plays_per_listener, plays_spread
                          mean number of plays, and the standard deviation of its logarithm
      sharpness           length of a listener's style vector: how far tastes are apart
      scene_share         probability that one of a listener's genres is drawn from those of the scene
      loyalty             weight of the favourite artists in a listener's style
      whim                weight of what belongs to the listener alone
      audio_taste, era_taste
                          standard deviation of the preference for audio features and for an era, in log-odds per
                          standard deviation of the feature
      drift               length of the way from a listener's style at the start of the year to that at its end, as a
                          share of `sharpness`
      like_at_neutral     log-odds of liking a track to which a listener is indifferent
    Listening
      exposures           how many tracks cross a listener's way per play (with repeats); those that please are played
      attraction          how strongly liking decides what is played; 1: in proportion to the odds of liking
      session_length      mean number of plays in a session
      coherence           how strongly the next track of a session leans to the one before it
      skip_floor, skip_ceiling
                          probability of skipping a track that is surely liked, and one that is surely not
    Friends
      community           listeners who live in one circle and may be friends
      friends             mean number of friends inside the circle
      strangers           probability of each of the two friendships across the world
    Playlists and ratings
      playlists_per_listener, playlist_length
      ratings_per_listener
                          means
      rating_noise, rating_habit
                          standard deviations, in log-odds, of the noise of one rating and of a listener's generosity
    """

    styles: int = 24
    root_share: float = 0.55
    genre_share: float = 0.6
    artist_share: float = 0.55
    track_share: float = 0.25
    tracks_per_artist: float = 12.0
    zipf_exponent: float = 1.15
    zipf_shift: float = 8.0
    quality: float = 0.4
    plays_per_listener: float = 150.0
    plays_spread: float = 0.7
    sharpness: float = 6.0
    scene_share: float = 0.6
    loyalty: float = 0.5
    whim: float = 0.3
    audio_taste: float = 0.35
    era_taste: float = 0.3
    drift: float = 0.9
    like_at_neutral: float = -2.7
    exposures: float = 8.0
    attraction: float = 1.25
    session_length: float = 12.0
    coherence: float = 3.0
    skip_floor: float = 0.08
    skip_ceiling: float = 0.7
    community: int = 40
    friends: float = 7.0
    strangers: float = 0.4
    playlists_per_listener: float = 1.0
    playlist_length: float = 30.0
    ratings_per_listener: float = 25.0
    rating_noise: float = 0.7
    rating_habit: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isfinite(value) or (value < 0 and field.name != "like_at_neutral"):
                raise SettingsError(f"{field.name} of the demo world must be a number from 0, got {value!r}")
        for name in ("plays_per_listener", "session_length", "playlist_length", "tracks_per_artist", "exposures"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} of the demo world must be 1 or more, got {getattr(self, name)!r}")
        for name in ("scene_share", "skip_floor", "skip_ceiling", "strangers"):
            if getattr(self, name) > 1:
                raise SettingsError(f"{name} of the demo world is a probability, got {getattr(self, name)!r}")
        if self.styles < 2 or self.community < 2:
            raise SettingsError(
                f"styles and community of the demo world must be 2 or more, got {self.styles} and {self.community}"
            )


PARAMETERS: Final = Parameters()


def check_size(listeners: int, tracks: int, seed: int) -> None:
    """Raises SettingsError unless a world of this size can be made."""
    if not 1 <= listeners <= MAX_LISTENERS:
        raise SettingsError(f"a demo world has 1 to {MAX_LISTENERS:,} listeners, got {listeners}")
    if not 20 <= tracks <= MAX_TRACKS:
        raise SettingsError(f"a demo world has 20 to {MAX_TRACKS:,} tracks, got {tracks}")
    if seed < 0:
        raise SettingsError(f"the seed must be 0 or more, got {seed}")
