"""The package's own names: each is there, none is loaded before it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import segue


@pytest.mark.parametrize("name", segue.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(segue, name) is not None
    assert name in dir(segue)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(segue.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert imported - {"import_module", "TYPE_CHECKING", "Any"} == set(segue.__all__) - {"__version__"}
    assert sorted(segue.__all__) == sorted([*segue._HOMES, "__version__"])


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Bogus'"):
        segue.Bogus  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, segue; print(*sorted(name for name in sys.modules if name.startswith(('segue', 'numpy'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["segue"]
