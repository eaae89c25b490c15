"""The shape of the house: what is public, what importing costs, what the words may not say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import segue

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def test_every_public_name_resolves_and_is_documented() -> None:
    for name in segue.__all__:
        thing = getattr(segue, name)
        assert thing.__doc__ or name == "__version__", f"segue.{name} has no docstring"


def test_dir_lists_what_is_public() -> None:
    assert set(segue.__all__) <= set(dir(segue))


def test_importing_segue_imports_none_of_the_heavy_libraries() -> None:
    heavy = ("numba", "polars", "scipy", "numpy", "fastapi", "torch", "rich", "typer")
    program = f"import sys, segue; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_asking_for_help_imports_none_of_the_heavy_libraries() -> None:
    heavy = ("numba", "polars", "scipy", "fastapi", "torch")
    program = (
        "import sys\nfrom segue.cli import main\n"
        "sys.argv = ['segue', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('heavy:', *[name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("heavy:")


def test_no_module_uses_pickle() -> None:
    forbidden = re.compile(
        r"^\s*(import|from) (pickle|cPickle|dill|joblib|shelve|marshal)\b|allow_pickle=True", re.MULTILINE
    )
    for source in SOURCES:
        assert not forbidden.search(source.read_text(encoding="utf-8")), source


def test_every_module_says_what_it_is() -> None:
    for source in SOURCES:
        assert source.read_text(encoding="utf-8").lstrip().removeprefix("r").startswith('"""'), (
            f"{source} has no docstring"
        )


def test_no_module_grows_past_one_sitting() -> None:
    for source in SOURCES:
        assert len(source.read_text(encoding="utf-8").splitlines()) <= 500, source


def test_pinned_versions_name_no_address() -> None:
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._]+", line), line
