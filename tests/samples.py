"""A small sample of every format that the readers know, as the files of one folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HASH, SONG = "b80344d063b5ccb3212f76538f3d9e43d87dca9e", "SOAKIMP12A8C130995"
MBID = "a7f7df4a-77d8-4f12-8acd-5c60c93f4de8"
PLAYS_1K = "userid-timestamp-artid-artname-traid-traname.tsv"
STREAM = (
    '[{"ts":"2020-01-01T00:00:00Z","ms_played":1000,"master_metadata_track_name":"Roads","reason_end":"trackdone"}]'
)
LISTEN = (
    '{"listened_at": 1577836800, "track_metadata": {"artist_name": "Portishead", "track_name": "Roads", '
    '"additional_info": {"recording_mbid": "a7f7df4a-77d8-4f12-8acd-5c60c93f4de8"}}}\n'
)
APPLE = (
    '"Song Name","Album Name","Artist Name","Play Duration Milliseconds","Media Duration In Milliseconds","End Reason '
    'Type","Event Start Timestamp"\n"Roads","Dummy","Portishead","300000","305000","NATURAL_END_OF_TRACK",'
    '"2020-01-01T00:00:00Z"\n'
)
XSPF = '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList/></playlist>'

# format -> the files of one folder; the first one named is what the reader is named for
SAMPLES: Final[Mapping[str, Mapping[str, str]]] = {
    "lastfm-2k": {"user_artists.dat": "userID\tartistID\tweight\n2\t51\t13883\n2\t52\t11690\n3\t51\t1\n"},
    "lastfm-1k": {
        PLAYS_1K: f"user_000001\t2009-05-04T23:08:57Z\t{MBID}\tDeep Dish\t\tIbiza\n",
        "userid-profile.tsv": "#id\tgender\tage\tcountry\tregistered\nuser_000001\tm\t\tJapan\tAug 13, 2006\n",
    },
    "taste-profile": {
        "10000.txt": f"{HASH}\t{SONG}\t1\n{HASH}\tSOBBMDR12A8C13253B\t2\n",
        "unique_tracks.txt": f"TRMMMYQ128F932D901<SEP>{SONG}<SEP>Faster Pussy cat<SEP>Silent Night\n",
        "taste_profile_song_to_tracks.txt": f"{SONG}\tTRMMMYQ128F932D901\n",
    },
    "audioscrobbler": {
        "user_artist_data.txt": "1000002 1 55\n1000002 1000006 33\n1000002 1000007 8\n",
        "artist_data.txt": "1\tPortishead\n1000006\tMassive Attack\n",
        "artist_alias.txt": "1000007\t1\n1000008\t1000006\n",
    },
    "nowplaying": {
        "spotify_dataset.csv": (
            '"user_id", "artistname", "trackname", "playlistname"\n'
            '"9cc0cfd4d7d7885102480dd99e7a90d6","Elvis Costello","Alison","HARD ROCK 2010"\n'
        )
    },
    "interactions": {
        "plays.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\nana\tt1\t4.5\t1000000000\n",
    },
    "ratings-json": {
        "ratings.jsonl": '{"user": 7, "artist": "x", "rating": 4.5}\n{"user": 8, "artist": "x", "rating": 4}\n',
        "users.jsonl": '{"id": 7, "first_name": "Ana", "last_name": "Lima"}\n',
        "artists.jsonl": '{"mbid": "x", "name": "Portishead"}\n',
    },
    "million-playlist": {
        "mpd.slice.0-999.json": (
            '{"info": {"slice": "0-999"}, "playlists": [{"name": "x", "pid": 0, "num_tracks": 1, "tracks": '
            '[{"artist_name": "Portishead", "track_uri": "spotify:track:a", "track_name": "Roads"}]}]}'
        )
    },
    "user-lists": {"train.txt": "0 1 2 3 4 5 6 7\n1 3 4\n2 9\n"},
    "spotify-history": {"Streaming_History_Audio_2020_1.json": STREAM},
    "spotify-account": {
        "StreamingHistory0.json": (
            '[{"endTime": "2020-01-01 00:00", "artistName": "Portishead", "trackName": "Roads", "msPlayed": 1000}]'
        )
    },
    "listenbrainz": {"listens.jsonl": LISTEN * 2},
    "lastfm-csv": {
        "scrobbles.csv": "Portishead,Dummy,Roads,01 Jan 2020 00:00\nPortishead,Dummy,Glory Box,01 Jan 2020 00:05\n"
    },
    "apple-music": {"Apple Music Play Activity.csv": APPLE},
    "m3u": {"list.m3u8": "#EXTM3U\n#EXTINF:305,Portishead - Roads\nRoads.flac\n"},
    "jspf": {"list.jspf": '{"playlist": {"title": "x", "track": [{"title": "Roads", "creator": "Portishead"}]}}'},
    "xspf": {"list.xspf": XSPF},
    "music-folder": {"Roads.flac": "fLaC"},
    "table": {"plays.csv": "user,track,plays\nana,t1,12\nben,t2,3\n"},
}

# format of features -> the files of one folder; the songs are those of the samples above
FEATURES: Final[Mapping[str, Mapping[str, str]]] = {
    "audio-features": {
        "sound.csv": (
            "track,artist,uri,danceability,energy,key,loudness,mode,valence,tempo,duration_ms,time_signature\n"
            "Roads,Portishead,spotify:track:a,0.5,0.25,-1,-8.5,1,0.4,0,305000,4\n"
            "Sun,Bo,x9,0.7,0.9,4,-6,0,2.5,120.5,200000,3\n"
        )
    },
    "track-objects": {
        "tracks.json": (
            '{"tracks": [{"id": "0c6xIDDpzE81m2q797ordA", "name": "Roads", "artists": [{"name": "Portishead"}], '
            '"album": {"name": "Dummy", "release_date": "1994-10", "release_date_precision": "month"}, '
            '"explicit": false, "popularity": 41, "duration_ms": 305000, "external_ids": {"isrc": "GBF089400123"}}]}'
        )
    },
    "musixmatch": {
        "mxm_dataset_test.txt": (
            "# a comment\n%i,the,you,road\nTRMMMYQ128F932D901,4623710,1:6,4:2\nTRAAAQO12903CD8E1C,7,2:1\n"
        )
    },
    "lyrics": {"lyrics.csv": 'artist,song,link,text\nPortishead,Roads,/p,"Oh, can\'t anybody see\nWe have a war"\n'},
    "tags": {"tags.csv": "artist,title,tag,count\nPortishead,Roads,trip-hop,100\nPortishead,Roads,sad,\n"},
}
