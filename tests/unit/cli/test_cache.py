"""Compiled kernels are kept where they can be written."""

from __future__ import annotations

from pathlib import Path

from segue.cli.cache import NAME, choose


def test_a_writable_package_keeps_its_own(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    assert choose(environment, tmp_path) == tmp_path
    assert environment == {}


def test_what_the_environment_names_counts(tmp_path: Path) -> None:
    environment = {NAME: str(tmp_path / "named")}
    assert choose(environment, tmp_path) == tmp_path / "named"


def test_a_system_wide_package_uses_the_cache_of_the_user(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    folder = choose(environment, Path("/usr/lib/segue"), lambda path: path.is_relative_to(tmp_path))
    assert folder == tmp_path / "segue" / "numba"
    assert environment[NAME] == str(folder)


def test_without_a_place_of_its_own_it_takes_a_private_one_for_the_process() -> None:
    environment: dict[str, str] = {}
    folder = choose(environment, Path("/usr/lib/segue"), lambda _: False)
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0
    assert environment[NAME] == str(folder)
