"""What joining features does to a workspace."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from commands import segue, workspace

SOUND = "track,artist,uri,danceability,energy\nSong 0,Artist 0,s0,0.5,0.25\nSong 1 (feat. Bo),Artist 9,zz,0.1,0.2\n"
MORE = "item,tag\ns0,calm\ns1,loud\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace(tmp_path_factory.mktemp("features") / "w")


def test_features_are_joined_and_models_trained_before_go_on_to_answer(trained: Path, tmp_path: Path) -> None:
    sound = tmp_path / "sound.csv"
    sound.write_text(SOUND, encoding="utf-8")
    listed = segue("-w", trained, "recommend", "--user", "u1", "--json").json["items"]
    answer = segue("-w", trained, "import", sound)
    assert answer.code == 0, answer.err
    assert "format: audio-features" in answer.out
    assert "1 of 12 items found among 2" in answer.out
    assert "by id: 1" in answer.out
    assert "1 that the files tell of belong to no item" in answer.out
    assert segue("-w", trained, "recommend", "--user", "u1", "--json").json["items"] == listed
    known = segue("-w", trained, "describe")
    assert "danceability" in known.out
    again = segue("-w", trained, "import", sound)
    assert (again.code, "imported into w before" in again.err) == (1, True)


def test_the_match_report_is_there_as_json(trained: Path, tmp_path: Path) -> None:
    tags = tmp_path / "tags.csv"
    tags.write_text(MORE, encoding="utf-8")
    told = segue("-w", trained, "import", tags, "--json").json
    assert (told["format"], told["match"]["ways"], told["match"]["unused"]) == ("tags", {"id": 2}, 0)
    assert told["match"]["columns"] == [{"column": "tags", "filled": 2, "kept": 0}]
    assert sum(missed["count"] for missed in told["match"]["missed"]) == 10


def test_what_does_not_fit_features_is_refused_and_nothing_is_done(trained: Path, tmp_path: Path) -> None:
    strange = tmp_path / "strange.csv"
    strange.write_text("item,tag\nnobody,odd\n", encoding="utf-8")
    before = (trained / "dataset" / "current").read_text(encoding="utf-8")
    for words, why in (
        ([], "none of 12 items is among the 1"),
        (["--as-user", "ana"], "takes no --replace, --as-user or --only-known"),
        (["--replace"], "takes no --replace"),
        (["--user", "1"], "it takes no --user"),
    ):
        answer = segue("-w", trained, "import", strange, *words)
        assert answer.code == 1
        assert why in answer.err
        assert answer.err.count("\n") == 1
    assert (trained / "dataset" / "current").read_text(encoding="utf-8") == before


def test_features_without_a_dataset_say_what_comes_first(tmp_path: Path) -> None:
    assert segue("init", tmp_path / "w").code == 0
    tags = tmp_path / "tags.csv"
    tags.write_text(MORE, encoding="utf-8")
    for words in ([], ["--format", "tags"]):
        answer = segue("-w", tmp_path / "w", "import", tags, *words)
        assert answer.code == 1
        assert "tells of items, and the workspace w has none yet" in answer.err
        assert "import PATH" in answer.err


def test_a_folder_or_an_archive_of_features_is_taken_apart(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    (folder / "a.csv").write_text(SOUND.replace("s0,0.5", "s2,0.5"), encoding="utf-8")
    (folder / "b.csv").write_text(SOUND.replace("s0,0.5,0.25", "s3,0.5,high"), encoding="utf-8")
    (folder / "licence.txt").write_text("do what you like with it\n", encoding="utf-8")
    answer = segue("-w", trained, "import", folder)
    assert answer.code == 0, answer.err
    assert "format: audio-features (a.csv in it: its columns are danceability" in answer.out
    assert "rejected 1: the energy is no number from 0 to 1 (b.csv line 2)" in answer.out
    assert "of sounds, licence.txt was left out: no features" in answer.out

    archive = tmp_path / "sounds.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("deep/c.csv", SOUND.replace("s0,0.5", "s4,0.5"))
        packed.writestr("deep/d.csv", "track,artist,uri,danceability,energy\nSong 5,Artist 5,s5,0.5,high\n")
        packed.writestr("../e.csv", SOUND.replace("s0,0.5", "s5,0.5"))
    answer = segue("-w", trained, "import", archive, "--json")
    assert answer.code == 0, answer.err
    assert sorted(Path(file["file"]).name for file in answer.json["files"]) == ["c.csv", "d.csv", "e.csv"]
    (rejected,) = answer.json["rejections"]
    assert rejected["places"] == [f"{archive}/deep/d.csv, line 2"]
    assert answer.json["match"]["ways"]["id"] == 2
    strict = segue("-w", trained, "import", archive, "--strict", "--again")
    assert (strict.code, strict.err) == (
        1,
        f"segue: {archive}/deep/d.csv, line 2: the energy is no number from 0 to 1\n",
    )
    again = segue("-w", trained, "import", archive)
    assert f"{archive}/deep/c.csv" in again.err
    assert "imported into w before" in again.err


def test_a_folder_of_several_forms_of_features_is_refused(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "sound.csv").write_text(SOUND, encoding="utf-8")
    (tmp_path / "tags.csv").write_text(MORE, encoding="utf-8")
    answer = segue("-w", trained, "import", tmp_path)
    assert answer.code == 1
    assert "the paths are of different forms" in answer.err


def test_a_folder_with_neither_plays_nor_features_is_known_for_that(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "poem.txt").write_text("roses\nare\nred\n", encoding="utf-8")
    answer = segue("-w", trained, "import", tmp_path, "--append")
    assert answer.code == 1
    assert "is a folder in no form that is known" in answer.err
