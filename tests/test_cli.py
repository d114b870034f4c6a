"""The command line as scripts use it: documents on standard output, one line for a mistake."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mtl_core.cli import app, main
from mtl_core.config import METHODS
from mtl_core.runs.store import Runs

from .conftest import tiny_experiment

runner = CliRunner()


@pytest.fixture
def file(tiny, tmp_path) -> Path:
    path = tmp_path / "experiment.yaml"
    path.write_text(tiny_experiment(tiny).to_yaml())
    return path


def call(*arguments: object) -> object:
    """The JSON document that a command prints; nothing else may be on standard output."""
    result = runner.invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refuse(capsys, monkeypatch, *arguments: object) -> str:
    """What is said on standard error by a call that the user can mend: one line, exit code 2."""
    monkeypatch.setattr(sys, "argv", ["mtl", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    out, err = capsys.readouterr()
    assert left.value.code == 2 and out == "" and "Traceback" not in err
    line = err.strip().split("\n")[-1]
    assert line.startswith("mtl: ")
    return line


def test_train_ends_with_the_promised_document(file):
    found = call("train", file, "--set", "training.seed=3", "--set", "name=Seed 3")
    assert found["status"] == "finished" and found["seconds"] > 0
    run = Runs().get(found["run"])
    assert run.experiment.training.seed == 3 and run.experiment.name == "Seed 3"
    assert found["metrics"] == run.status().metrics
    assert "places/test/f1" in found["metrics"]


def test_train_with_twins_compare_predict_and_runs(file):
    found = call("train", file, "--twins")
    assert [twin["status"] for twin in found["twins"]] == ["finished"] * 3
    runs = call("runs")
    assert len(runs) == 4 and len({run["group"] for run in runs}) == 1
    compared = call("compare", found["run"])
    tasks = {gain["task"] for gain in compared["gains"] if gain["split"] == "test"}
    assert tasks == {"mood", "places", "tags"}
    assert all("one seed" in gain["verdict"] for gain in compared["gains"])
    answer = call("predict", found["run"], "--text", "the tram in Rome is <b>bad</b>")
    assert answer["words"][:2] == ["the", "tram"]
    assert set(answer["tasks"]) == {"mood", "places", "tags"}
    for command in (["runs"], ["compare", found["run"]], ["predict", found["run"], "--text", "a"]):
        assert runner.invoke(app, command, catch_exceptions=False).exit_code == 0


def test_predict_reads_a_file_line_by_line(file, tmp_path):
    run = call("train", file)["run"]
    (tmp_path / "texts.txt").write_text("the tram is good\n\nthe hotel is bad\n")
    answers = call("predict", run, "--file", tmp_path / "texts.txt")
    assert [answer["text"] for answer in answers] == ["the tram is good", "", "the hotel is bad"]
    assert answers[1]["tasks"] == {}


def test_methods_lists_every_choice_with_help_and_options():
    document = call("methods")
    for family, choices in METHODS.items():
        assert [entry["name"] for entry in document[family]] == [c.kind_name() for c in choices]
        for entry, choice in zip(document[family], choices, strict=True):
            assert entry["help"] == choice.help_lines()
            assert set(entry["options"]) == set(choice.model_fields) - {"kind"}
            for key, lead in {"use_when": "Use when", "costs": "Costs"}.items():
                assert entry[key].startswith(lead), (entry["name"], key)
            assert entry["limits"].startswith("Limits") or family != "sharing", entry["name"]


def test_methods_tells_costs_bounds_and_allowed_values():
    document = call("methods")
    entries = {e["name"]: e for choices in document.values() for e in choices}
    assert entries["separate"]["cost"] == [
        {"tasks": 2, "blocks": 2, "embeddings": 2, "blocks_built": 4, "passes": 4},
        {"tasks": 4, "blocks": 2, "embeddings": 4, "blocks_built": 8, "passes": 8},
    ]
    assert all("cost" in entry for entry in document["sharing"])
    hidden = entries["bilstm"]["options"]["hidden"]
    assert hidden["bounds"] == {"ge": 8, "le": 2048, "multiple_of": 2} and hidden["unit"] == "units"
    assert hidden["allowed"] is None and hidden["default"] == 256
    assert entries["soft"]["options"]["norm"]["allowed"] == ["l2", "l1", "group", "trace"]
    assert entries["hard"]["options"]["own_blocks"]["bounds"] == {"ge": 0, "le": 48}
    words = runner.invoke(app, ["methods"], catch_exceptions=False).stdout
    assert "norm = l2 (l2 | l1 | group | trace)" in words
    assert "4 tasks, 2 blocks: 4 embeddings and 8 blocks are built, 8 run a batch" in words


def test_methods_tells_what_stands_in_the_books_about_balancing(monkeypatch):
    from mtl_core.config import balancing

    monkeypatch.setattr(balancing.CaGrad, "packages", ("not_a_package_at_all",))
    entries = {entry["name"]: entry for entry in call("methods")["balancing"]}
    for choice in METHODS["balancing"]:
        entry = entries[choice.kind_name()]
        assert entry["formula"] == choice.formula and entry["paper"] == choice.paper
        assert entry["backward_passes"] and entry["published_weights"]
        assert "golden" not in entry  # only where it is asked for
    assert entries["cagrad"]["missing"] == ["not_a_package_at_all"]
    assert "pip install" in entries["cagrad"]["how_to_install"]
    checked = {entry["name"]: entry for entry in call("methods", "--golden")["balancing"]}
    assert checked["pcgrad"]["golden"] is True and checked["equal"]["golden"] is None
    assert (
        checked["cagrad"]["golden"] is None and "pip install" in checked["cagrad"]["golden_words"]
    )
    assert not [name for name, entry in checked.items() if entry["golden"] is False]
    words = runner.invoke(app, ["methods", "--golden"], catch_exceptions=False).stdout
    assert "Hand-worked values: yes; gives the hand-worked values for two and three tasks" in words
    assert "Cannot be used yet: needs not_a_package_at_all" in words


def test_data_list_and_check(tiny):
    assert "city_en" in [entry["name"] for entry in call("data", "list")]
    document = call("data", "check", tiny.path.parent)
    assert document["splits"]["train"]["rows"] == 24
    assert set(document["splits"]["train"]["labels"]["mood"]) == {"fine", "poor"}
    text = runner.invoke(app, ["data", "check", str(tiny.path)]).stdout
    assert "train: 24 rows" in text


def test_a_mistake_is_one_line_and_leaves_nothing_behind(file, tiny, capsys, monkeypatch, tmp_path):
    def said(*arguments: object) -> str:
        return refuse(capsys, monkeypatch, *arguments)

    assert "training.sed: unknown key; did you mean 'seed'" in said(
        "train", file, "--set", "training.sed=1"
    )
    assert "write KEY=VALUE" in said("train", file, "--set", "seed")
    assert "cannot be read" in said("train", tmp_path / "nothing.yaml")
    (tmp_path / "broken.yaml").write_text("data: [")
    assert "not valid YAML" in said("train", tmp_path / "broken.yaml")
    (tmp_path / "unknown.yaml").write_text("data: [{card: nowhere, tasks: [a]}]")
    assert "no dataset 'nowhere'" in said("train", tmp_path / "unknown.yaml")
    assert "no run 'x'" in said("predict", "x", "--text", "a")
    assert "one of the two" in said("predict", "x")
    (tmp_path / "empty").mkdir()
    assert "no file that could hold data" in said("data", "check", tmp_path / "empty")
    model = ["--set", "encoder={kind: pretrained, model: no/such}"]
    assert "'no/such' is not on this disk" in said("train", file, *model)
    rows = tiny.file("train").read_text().replace('"B-LOC", ', "", 1)
    tiny.file("train").write_text(rows)
    assert "give every word one tag" in said("train", file)
    assert list(Runs()) == []


def test_paths_of_cards_are_meant_from_the_experiments_folder(tiny, tmp_path, monkeypatch):
    experiment = tiny_experiment(tiny).model_dump(mode="json")
    experiment["data"][0]["card"] = "data/tiny"
    (tmp_path / "e.yaml").write_text(json.dumps(experiment))
    monkeypatch.chdir("/")
    found = call("train", tmp_path / "e.yaml")
    assert Runs().get(found["run"]).experiment.data[0].card == str(tiny.path)


def test_help_is_there_for_every_command():
    for command in ["train", "runs", "compare", "predict", "methods", "app", "data"]:
        result = runner.invoke(app, [command, "--help"])
        assert result.exit_code == 0 and len(result.stdout.split("\n")) > 4


def test_control_c_stops_and_keeps_what_was_learnt(file):
    import signal
    import time

    command = [sys.executable, "-m", "mtl_core.cli", "train", str(file), "--json",
               "--set", "training.epochs=1000"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not any(run.status().step > 10 for run in Runs()):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    document = json.loads(out)
    assert process.returncode == 1 and document["status"] == "stopped"
    assert Runs().get(document["run"]).has_model
