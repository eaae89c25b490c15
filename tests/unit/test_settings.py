"""segue.toml: the template is complete and true, and what is wrong is named with its line and its near match."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from segue import settings
from segue.core.spaces import Choice, Float, Int
from segue.errors import SettingsError
from segue.models import MODELS
from segue.settings import SECTIONS, Settings, parse, template


def test_the_template_is_the_defaults() -> None:
    assert parse(template()) == Settings()


def test_an_empty_file_is_the_defaults() -> None:
    assert parse("") == Settings()


@pytest.mark.parametrize("section", SECTIONS)
def test_the_template_explains_every_key_of_every_section(section: str) -> None:
    text = template()
    assert f"\n[{section}]\n" in text
    body = text.split(f"\n[{section}]\n")[1].split("\n[")[0]
    for item in dataclasses.fields(SECTIONS[section]):
        line = re.search(rf"^(# )?{item.name} = .*$", body, re.MULTILINE)
        assert line, f"[{section}] lacks {item.name}"
        if line[1]:
            assert item.default is None, f"[{section}] {item.name} has a default, but stands behind a #"


def test_what_stands_behind_a_hash_is_a_valid_example() -> None:
    lines = template().splitlines()
    active = "\n".join(re.sub(r"^# (\w+ = )", r"\1", line) for line in lines)
    assert parse(active) != Settings()


def test_no_line_of_the_template_is_too_long_to_read() -> None:
    assert max(map(len, template().splitlines())) <= 120


def test_sections_become_configurations() -> None:
    read = parse(
        """
        [models.item-knn]
        neighbours = 7
        similarity = "jaccard"
        shrinkage = 3
        [rules.artist-cap]
        limit = 4
        [training]
        models = ["item-knn"]
        seed = 11
        [evaluation]
        split = "time-cut"
        [evaluation.time-cut]
        test_at = 2024-06-01T00:00:00Z
        """
    )
    assert read.models["item-knn"] == MODELS["item-knn"](neighbours=7, similarity="jaccard", shrinkage=3.0)
    assert read.rules["artist-cap"].limit == 4  # type: ignore[attr-defined]
    assert read.training.models == ("item-knn",)
    assert read.training.seed == 11
    assert read.splits["time-cut"].test_at.isoformat() == "2024-06-01T00:00:00+00:00"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[models.item-knn]\nneighbors = 5\n",
            r"line 2, \[models.item-knn\]: unknown key 'neighbors'; did you mean 'neighbours'",
        ),
        (
            "[models.item-kn]\nk = 5\n",
            r"line 1, \[models.item-kn\]: there is no such section; did you mean 'models.item-knn'",
        ),
        ("# one\n\n[trainning]\nseed = 1\n", r"line 3, \[trainning\].*did you mean 'training'"),
        (
            '[models.item-knn]\n# neighbours\nneighbours = "many"\n',
            r"line 3.*neighbours: must be a whole number, got \"many\"",
        ),
        ("[models.item-knn]\nneighbours = 2.5\n", r"neighbours: must be a whole number, got 2.5"),
        ("[models.item-knn]\nneighbours = true\n", r"neighbours: must be a whole number, got true"),
        ("[models.item-knn]\nneighbours = 0\n", r"line 2, \[models.item-knn\]: neighbours must be at least 1, got 0"),
        (
            '[models.item-knn]\nsimilarity = "cosin"\n',
            r"similarity: must be 'cosine', 'jaccard' or 'dot', got \"cosin\"; did you mean 'cosine'",
        ),
        ('[training]\nmodels = "item-knn"\n', r"models: must be a list, \[...\], got \"item-knn\""),
        ("[training]\nmodels = [1]\n", r"models: must be text in quotes"),
        (
            '[training]\nmodels = ["item-kn"]\n',
            r"line 2, \[training\]: models: there is no 'item-kn'; did you mean 'item-knn'",
        ),
        ("[training]\nmodels = []\n", r"models names nothing to train"),
        ('[training]\nmodels = ["item-knn", "item-knn"]\n', r"models names a model twice"),
        ("[pipeline]\nsources = []\n", r"sources names nobody"),
        ('[pipeline]\nrules = ["artist-caps"]\n', r"there is no 'artist-caps'; did you mean 'artist-cap'"),
        ('[pipeline]\nrules = ["seen", "seen"]\n', r"rules names a rule twice"),
        ('[pipeline]\nranker = "fussion"\n', r"ranker: there is no 'fussion'; did you mean 'fusion'"),
        ('[evaluation]\nsplit = "random"\n', r"split: there is no 'random'"),
        ("[evaluation.per-user]\ntest = 3.0\n", r"line 2, \[evaluation.per-user\].*between 0 and 1"),
        ("[dataset]\nmin_items_per_user = 0\n", r"min_items_per_user must be at least 1, got 0"),
        ("seed = 4\n", r"line 1: seed stands in no section; did you mean 'training.seed'|seed stands in no section"),
        ("training = 4\n", r"line 1: training must be a section, \[training\], got 4"),
        ("[training\n", r"not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse(text)


def test_a_file_that_is_no_text_or_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b'[training]\nname = "\xe9"\n')
    with pytest.raises(SettingsError, match=r"a.toml is not UTF-8"):
        settings.read(tmp_path / "a.toml")
    with pytest.raises(SettingsError, match=r"b.toml cannot be read"):
        settings.read(tmp_path / "b.toml")


def test_the_models_of_the_pipeline_are_named_once() -> None:
    read = parse('[pipeline]\nsources = ["item-knn"]\nranker = "fusion"\n')
    assert read.pipeline.models == ("item-knn", "popularity")


def test_a_space_to_search_is_values_or_a_range_of_the_model_s_own_types() -> None:
    read = parse(
        """
        [tuning.implicit-als]
        factors = [5, 10, 20]
        alpha = [1, 5]
        regularization = { low = 1, high = 10, log = true }
        [tuning.item-knn]
        neighbours = { low = 20, high = 200 }
        similarity = ["jaccard", "cosine"]
        [tuning.popularity]
        """
    )
    assert read.tuning == {
        "implicit-als": {"factors": Choice((5, 10, 20)), "alpha": Choice((1.0, 5.0)), "regularization": LOG},
        "item-knn": {"neighbours": Int(20, 200), "similarity": Choice(("jaccard", "cosine"))},
    }
    assert isinstance(LOG.low, float)


LOG = Float(1.0, 10.0, log=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tuning.implicit-sla]\nfactors = [1]", r"line 1.*no such section; did you mean 'tuning.implicit-als'"),
        ("tuning = 3", "must be sections"),
        ("tuning.item-knn = 3", "no such section"),
        (
            "[tuning.item-knn]\n\nneighbour = [1]",
            r"line 3, \[tuning.item-knn\]: unknown key.*did you mean 'neighbours'",
        ),
        ("[tuning.item-knn]\nneighbours = [3, 4.5]", "line 2.*whole number, got 4.5"),
        ("[tuning.item-knn]\nneighbours = []", "line 2.*must name at least one"),
        ("[tuning.item-knn]\nshrinkage = [1, 1.0]", "names 1.0 twice"),
        ("[tuning.item-knn]\nneighbours = 3", r"list of values.*or a range.*got 3"),
        ("[tuning.item-knn]\nneighbours = { lo = 1, high = 3 }", "list of values.*or a range"),
        ("[tuning.item-knn]\nneighbours = { low = 3, high = 2 }", "must rise.*3 to 2"),
        ("[tuning.item-knn]\nshrinkage = { low = 0, high = 2, log = true }", "begin above 0"),
        ("[tuning.item-knn]\nshrinkage = { low = 0, high = 2, log = 1 }", "log is true or false"),
        ('[tuning.item-knn]\nsimilarity = { low = "cosine", high = "jaccard" }', "range is for numbers"),
        ('[tuning.item-knn]\nsimilarity = ["cosin"]', "did you mean 'cosine'"),
        ("[tuning.implicit-als]\nregularization = { low = 0, high = 2 }", "more than 0"),
    ],
)
def test_a_space_that_cannot_be_searched_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse(text)
