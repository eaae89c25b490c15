"""The demo world: a simulated catalogue and listeners whose true taste is known.

Everything is invented, and the same seed gives the same bytes. All parameters stand in `Parameters`, with the
symbols' names.

Music. Genres form a tree of roots and leaves. Track i of artist a and leaf g under root r lies at

    q_i = [root_share R_r + genre_share G_g + artist_share A_a + track_share T_i | audio features and era, standardized]

with R, G, A and T random unit vectors in `styles` dimensions. The track of rank r (by how well known its artist is,
and by chance) crosses anyone's way with exposure e_i proportional to (r + zipf_shift) ** -zipf_exponent. Audio
features, words, tempo, keys and years follow the leaf. Some tracks are live, acoustic, remastered or reissued
versions of another.

Listeners. Listener u follows four genres with weights w (norm 1), most of them those of the scene to which the
listener's circle of friends belongs, and three artists; with n a random unit vector

    p_u = [sharpness unit(sum_k w_k unit(genre_k) + loyalty sum_f A_f / sqrt(3) + whim n) | preferences for the rest]
    p_u(t) = p_u + (t - 1/2) d_u          t from 0 to 1 over the year; d_u leads from one genre to another

    P(u likes i at t) = 1 / (1 + exp(-(p_u(t) . q_i + b_i)))
    rate of plays of i by u at t, proportional to   e_i exp(attraction (p_u(t) . q_i + b_i))

The appeal b_i is normal around `like_at_neutral`. Plays are drawn at this rate among the tracks that cross the
listener's way during the year, `exposures` for each play (importance resampling: a crossing track is drawn by genre,
then by exposure, and weighted by what its place within the genre adds). So some tracks are played again and again,
and no model can know which of equally likeable ones. The plays of some neighbouring sessions are drawn together, and
each session takes as its next track the one of the rest with the largest coherence (cosine + bonus for the same
artist or album) + Gumbel noise. The probability of a skip falls from `skip_ceiling` to `skip_floor` as that of liking
rises from 0 to 1.

Playlists take a theme (a genre, a mood, a decade, an artist, none) from a track that the owner plays, then tracks by
rate of plays and theme. Ratings are 0.5 to 5 stars, by the same log-odds of liking with noise.

The truth is kept as factors (`Taste`), and `World.oracle` recommends by it, so that any model can be held against the
best possible list. How hard the default world is, recall@20 / NDCG@20 (5-core of the tracks played and not skipped,
binary, random 80/20 per listener, seen tracks masked; the real set is the HetRec 2011 listening data of Last.fm):

                                 demo world          real listening data
    popularity                   .113 / .094         .120 / .106
    implicit ALS, 64 factors     .362 / .335         about .36 / .33
    EASE                         .389 / .382         .348 / .320
    the truth, aim "plays"       .476 / .482

Where the last fifth of the year is to be foretold from the rest, tastes have moved on: the truth at the middle of the
year finds .281, the truth at that time .318, EASE .196, popularity .115.
"""

from segue.simulation.oracle import BestPossible, Oracle
from segue.simulation.parameters import PARAMETERS, Parameters
from segue.simulation.ratings_json import write_ratings_json
from segue.simulation.taste import Taste
from segue.simulation.world import World, simulate, simulate_to, true_taste

__all__ = [
    "PARAMETERS",
    "BestPossible",
    "Oracle",
    "Parameters",
    "Taste",
    "World",
    "simulate",
    "simulate_to",
    "true_taste",
    "write_ratings_json",
]
