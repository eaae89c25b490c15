"""Coverage-guided fuzzing of every reader and every form of features.

    python tests/fuzz/readers.py [--seconds 3600] [--findings FOLDER] [--corpus FOLDER]
    python tests/fuzz/readers.py --again FILE

The samples of every format, whole and as zip archives, are mutated towards code that was not run yet. Whatever comes of
them must be a dataset that adds up, or a SegueError. Anything else is a finding, as is what takes longer than ten
seconds or more than 2 GiB; inputs that found something are written to FOLDER, one for each place in the code, and
`--again` runs one of them by itself. Needs atheris (Python's libFuzzer), which is no dependency of the project; without
it, the script says so and ends. It is no part of the tests: what it finds becomes one.

An input is a byte for the format, a byte for the shape (folder, first file, zip archive, damaged zip archive), and the
files with `_CUT` between them.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import polars as pl

try:
    import atheris
except ImportError:
    sys.exit("fuzzing needs atheris, which is not installed: pip install atheris")

import segue.kernels.minhash
import segue.kernels.numbering  # noqa: F401  # before the others are instrumented: Numba compiles plain code only

with atheris.instrument_imports(include=["segue.readers", "segue.identity", "segue.core"]):
    from segue.core.catalogue import Catalogue
    from segue.core.dataset import Dataset
    from segue.errors import SegueError
    from segue.identity import matches, plays
    from segue.readers import PERSONAL, READERS, sniff
    from segue.readers.enrichers import ENRICHERS, recognized
    from segue.readers.enriching import enriched
    from segue.readers.joining import joined

import samples

_CUT: Final = b"\n\x00\xff\n"
_SHAPES: Final = ("folder", "file", "archive", "damaged archive")
_SECONDS: Final = 10
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # thousands of small files a second need no disk
_FORMATS: Final = (*READERS, *ENRICHERS)
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: tuple(files) for name, files in (*samples.SAMPLES.items(), *samples.FEATURES.items())},
    "music-folder": ("Portishead/Dummy/03 - Roads.flac", "one.mp3", "two.wav", "three.ogg", "four.m4a"),
}


class TooSlowError(Exception):
    """An input took too long."""


def catalogue_of_samples() -> Dataset:
    """What features are joined onto, and a person's history is added to."""
    ids = ["spotify:track:a", "SOAKIMP12A8C130995", "t3", "portishead - roads"]
    frame = pl.DataFrame({"user": ["u", "u", "v", "v"], "item": ids})
    plain = Dataset.from_frame(frame, user="user", item="item")
    told = pl.DataFrame(
        {
            "id": ids,
            "title": ["Roads", "Silent Night", "Sun", None],
            "artist": ["Portishead", "Faster Pussy cat", "Bo", None],
        }
    )
    return Dataset(plain.users, plain.items, plain.histories, Catalogue(told), plain.feedback)


def tagged_files() -> Mapping[str, bytes]:
    """The smallest audio files with tags: FLAC with a Vorbis comment, MP3 with ID3v2, WAV."""
    comment = b"".join(
        len(text).to_bytes(4, "little") + text for text in (b"TITLE=Roads", b"ARTIST=Portishead", b"DATE=1994")
    )
    vorbis = (4).to_bytes(4, "little") + b"test" + (3).to_bytes(4, "little") + comment
    stream = bytes.fromhex("1000100000000000000000ac44f000015888") + bytes(16)
    flac = b"fLaC\x00\x00\x00\x22" + stream + b"\x84" + len(vorbis).to_bytes(3, "big") + vorbis
    frames = b"".join(
        key + (len(text) + 1).to_bytes(4, "big") + b"\x00\x00\x03" + text
        for key, text in ((b"TIT2", b"Roads"), (b"TPE1", b"Portishead"), (b"TALB", b"Dummy"), (b"TRCK", b"3/11"))
    )
    mp3 = b"ID3\x03\x00\x00\x00\x00\x00" + bytes([len(frames)]) + frames + b"\xff\xfb\x90\x64" + bytes(413)
    wav = (
        b"RIFF"
        + (36).to_bytes(4, "little")
        + b"WAVEfmt "
        + bytes.fromhex("100000000100010044ac000088580100020010006461746100000000")
    )
    return dict(
        zip(
            _NAMES["music-folder"],
            (flac, mp3, wav, b"OggS" + bytes(40), b"\x00\x00\x00\x18ftypM4A " + bytes(40)),
            strict=True,
        )
    )


def seeds() -> list[bytes]:
    """The samples in every shape."""
    found = []
    for number, name in enumerate(_FORMATS):
        files = (
            tagged_files()
            if name == "music-folder"
            else {file: text.encode() for file, text in {**samples.SAMPLES, **samples.FEATURES}[name].items()}
        )
        whole = _CUT.join(files.values())
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for file, content in files.items():
                archive.writestr(file, content)
        for shape in range(len(_SHAPES)):
            content = packed.getvalue() if _SHAPES[shape] == "damaged archive" else whole
            found.append(bytes([number, shape]) + content)
    return found


def words() -> list[str]:
    """Keys, names and marks that the samples hold, for a dictionary of what to put in."""
    text = "".join(text for files in (*samples.SAMPLES.values(), *samples.FEATURES.values()) for text in files.values())
    found = {word for word in "".join(c if c.isalnum() or c in "_:#" else " " for c in text).split() if len(word) > 2}
    odd = [
        "\\xff\\xfe",
        "\\xef\\xbb\\xbf",
        "\\x00",
        "\\x0d",
        '\\"',
        "1e999",
        "-1",
        "NaN",
        "9223372036854775808",
        "\\xed\\xa0\\x80",
        "<!ENTITY",
        "\\\\ud800",
    ]
    return [f'"{word}"' for word in sorted(found)] + [f'"{word}"' for word in odd]


class Trial:
    """Runs one input after another, and keeps those that found something."""

    def __init__(self, findings: Path | None) -> None:
        self._findings = findings
        self._seen: set[str] = set()
        self._base = catalogue_of_samples()
        self.runs = 0

    def __call__(self, data: bytes) -> None:
        self.runs += 1
        if len(data) < 2:
            return
        name = _FORMATS[data[0] % len(_FORMATS)]
        shape = _SHAPES[data[1] % len(_SHAPES)]
        try:
            with (
                tempfile.TemporaryDirectory(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as root,
                at_most(_SECONDS),
            ):
                self._tried(name, put(name, shape, data[2:], Path(root)))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of Polars is no Exception
            if self._findings is None:
                raise
            self._keep(name, data, error)

    def _tried(self, name: str, path: Path) -> None:
        for look in (sniff, lambda path: recognized([path])):
            accepted(look, path)
        if name in ENRICHERS:
            read = accepted(lambda path: ENRICHERS[name].read([path]), path)
            if read is not None:
                enriched(self._base, read[0])
            return
        read = accepted(lambda path: READERS[name].read([path]), path)
        if read is None:
            return
        dataset, report = read
        assert report.read == report.accepted + report.rejected
        assert dataset.n_users
        if name in PERSONAL:
            found = matches(dataset.catalogue, self._base.catalogue, plays(self._base))
            joined(self._base, dataset, found.positions, as_user="new", undated=True)
        elif dataset.feedback != "ratings" and dataset.histories.times is None:
            joined(self._base, dataset)

    def _keep(self, name: str, data: bytes, error: BaseException) -> None:
        assert self._findings is not None
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "/segue/" in frame.filename]
        place = f"{Path(ours[-1].filename).name}-{ours[-1].lineno}" if ours else "elsewhere"
        called = f"{name}-{type(error).__name__}-{place}"
        if called in self._seen:
            return
        self._seen.add(called)
        (self._findings / called).write_bytes(data)
        told = "".join(traceback.format_exception(error))
        (self._findings / f"{called}.txt").write_text(told, encoding="utf-8")
        sys.stderr.write(f"finding: {called}: {str(error)[:200]}\n")


def put(name: str, shape: str, content: bytes, root: Path) -> Path:
    """Writes the files of an input; returns what is to be read."""
    if shape == "damaged archive":
        (root / "x.zip").write_bytes(content)
        return root / "x.zip"
    files = dict(zip(_NAMES[name], content.split(_CUT), strict=False))
    if shape == "archive":
        with zipfile.ZipFile(root / "x.zip", "w") as archive:
            for file, part in files.items():
                archive.writestr(file, part)
        return root / "x.zip"
    for file, part in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(part)
    return root / _NAMES[name][0] if shape == "file" else root


def accepted(run: Callable[[Path], Any], path: Path) -> Any:
    """What it returns, or None where it refuses the path in a word to the person."""
    try:
        return run(path)
    except SegueError:
        return None


@contextmanager
def at_most(seconds: int) -> Any:
    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlowError(f"more than {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--findings", type=Path, default=Path("findings"))
    parser.add_argument("--corpus", type=Path, help="where inputs that reached new code are kept; by default, nowhere")
    parser.add_argument("--again", type=Path, metavar="FILE", help="run this one input and show what it finds")
    options = parser.parse_args()
    if options.again is not None:
        Trial(None)(options.again.read_bytes())
        return
    options.findings.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        corpus = options.corpus or Path(scratch, "corpus")
        corpus.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds()):
            (corpus / f"seed-{number:03d}").write_bytes(seed)
        dictionary = Path(scratch, "words")
        dictionary.write_text("\n".join(words()) + "\n", encoding="utf-8")
        limits = [f"-max_total_time={options.seconds}", "-max_len=8192", "-timeout=60", "-rss_limit_mb=2048"]
        trial = Trial(options.findings)
        started = time.monotonic()
        atheris.Setup(
            [sys.argv[0], *limits, f"-dict={dictionary}", f"-artifact_prefix={options.findings}/", str(corpus)], trial
        )
        try:
            atheris.Fuzz()
        finally:
            sys.stderr.write(f"{trial.runs} inputs in {time.monotonic() - started:.0f} s\n")


if __name__ == "__main__":
    main()
