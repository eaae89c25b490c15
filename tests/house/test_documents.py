"""Every example in the README and in docs/ runs, and prints what the document says."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from house import examples

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN, SHOWN, RECIPES = {"console", "python"}, {"json", "text", "toml"}, {"sh"}


def _name(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as a reader would have it: empty, but for data/, the research data, where that is there."""
    named = os.environ.get("SEGUE_TEST_DATA")
    if named:
        (tmp_path / "data").symlink_to(named)
    return tmp_path


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_block_names_a_language_that_says_how_it_is_checked(document: Path) -> None:
    for block in examples.blocks(document):
        assert block.language in RUN | SHOWN | RECIPES, f"{_name(document)}:{block.line}: ```{block.language}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_command_in_a_document_does_what_the_document_says(document: Path, folder: Path) -> None:
    found = [
        command
        for block in examples.blocks(document)
        if block.language == "console"
        for command in examples.commands(block)
    ]
    if not found:
        pytest.skip("no commands in this document")
    if any("data/" in command.text for command in found) and not (folder / "data").exists():
        pytest.skip("the research data of this document is not here (SEGUE_TEST_DATA)")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "100"}
    for command in found:
        done = examples.run(command, folder, environment)
        where = f"{_name(document)}:{command.block.line}: $ {command.text}\n"
        wanted = 1 if "# exits 1" in command.text else 0
        assert done.returncode == wanted, f"{where}exit code {done.returncode}\n{done.stdout}{done.stderr}"
        if command.output.strip():
            printed = done.stdout if wanted == 0 else done.stderr
            assert examples.fits(command.output, printed), f"{where}printed:\n{printed}\npromised:\n{command.output}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_program_in_a_document_runs(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = [block for block in examples.blocks(document) if block.language == "python"]
    if not programs:
        pytest.skip("no programs in this document")
    if any("data/" in program.text for program in programs):
        named = os.environ.get("SEGUE_TEST_DATA")
        if not named:
            pytest.skip("the research data of this document is not here (SEGUE_TEST_DATA)")
        (tmp_path / "data").symlink_to(named)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "example"}
    for program in programs:
        code = compile("\n" * program.line + program.text, str(document), "exec", dont_inherit=True)
        exec(code, names)  # noqa: S102  # running the documents is what this test is for


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_recipe_in_a_document_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for block in examples.blocks(document):
        if block.language == "sh":
            for line in block.text.splitlines():
                for target in re.findall(r"\bmake ([a-z]+)", line):
                    assert target in targets, f"{_name(document)}:{block.line}: make {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_link_inside_the_repository_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{_name(document)} links to {target}"
