"""`mtl sweep`: trains everything unattended, goes on after a failure, and says what helped."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from mtl_core.cli import app, main
from mtl_core.runs.store import Runs, State
from mtl_core.runs.sweeps import Sweeps

from .conftest import Dataset, tiny_experiment

runner = CliRunner()


@pytest.fixture
def file(tiny: Dataset, tmp_path: Path) -> Path:
    experiment = tiny_experiment(tiny, training__epochs=1)
    tree = yaml.safe_load(experiment.to_yaml())
    tree["data"][0].update(card="data/tiny", tasks=["mood", "tags"])  # beside the file
    tree["sweep"] = {
        "seeds": [0, 1],
        "choices": {"lost": {"sharing.kind": "transfer", "sharing.source": "no-run"}, "hard": {}},
    }
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return path


def call(*arguments: object) -> Result:
    return runner.invoke(app, ["sweep", *map(str, arguments)], catch_exceptions=False)


def document(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call(*arguments, "--json").stdout)
    return found


@pytest.mark.slow
def test_a_sweep_from_one_file(file: Path) -> None:
    result = call(file, "--set", "sweep.choices={hard: {}}", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["finished"] == found["planned"] == len(found["runs"]) == 2 * (1 + 2)
    assert [run["seed"] for run in found["runs"]] == [0, 0, 0, 1, 1, 1]
    assert [run["only"] for run in found["runs"][:3]] == [None, "mood", "tags"]
    mood = next(c for c in found["choices"] if c["task"] == "mood")
    scores = {
        (run["only"], run["seed"]): run["metrics"]["mood/test/accuracy"]
        for run in found["runs"]
        if run["only"] != "tags"
    }
    own = [scores[None, seed] for seed in (0, 1)]
    assert mood["scores"]["mean"] == pytest.approx(sum(own) / 2)
    pairs = [scores[None, seed] - scores["mood", seed] for seed in (0, 1)]
    assert mood["over_twin"]["mean"] == pytest.approx(sum(pairs) / 2)
    assert mood["verdict"] in {"helped", "hurt", "cannot tell"} and mood["split"] == "test"
    assert [answer["task"] for answer in found["answers"]] == ["mood", "tags"]

    Runs().get(found["runs"][4]["run"]).delete()
    again = document("--resume", found["group"])
    assert again["finished"] == 6
    kept = [run["run"] for run in found["runs"]]
    assert [run["run"] == old for run, old in zip(again["runs"], kept, strict=True)] == [
        True, True, True, True, False, True,
    ]  # fmt: skip
    words = call("--resume", found["group"])
    assert words.exit_code == 0 and "Did sharing help mood, and can we tell?" in words.stdout
    assert "6 of 6 runs finished" in words.stdout and len(list(Runs())) == 6


@pytest.mark.slow
def test_one_run_that_fails_does_not_end_the_sweep(file: Path) -> None:
    result = call(file, "--set", "sweep.seeds=[0]", "--json")
    assert result.exit_code == 1
    assert "failed" in result.stderr and "no-run" in result.stderr
    states = {
        (run["choice"], run["only"]): run["status"] for run in json.loads(result.stdout)["runs"]
    }
    assert states["lost", None] == State.FAILED and states["hard", None] == State.FINISHED
    (group,) = Sweeps()
    told = call("--resume", group)
    assert told.exit_code == 1 and f"mtl sweep --resume {group}" in told.stdout


def test_what_cannot_be_trained_is_one_line(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["mtl", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        assert left.value.code == 2 and out == "" and err.count("\n") == 1
        return err

    assert "train it with `mtl sweep`" in said("train", file)
    plain = tmp_path / "plain.yaml"
    plain.write_text("data: [{card: data/tiny, tasks: [mood]}]")
    assert "use `mtl train`" in said("sweep", plain)
    assert "sweep.sedes: unknown key" in said("sweep", file, "--set", "sweep.sedes=[1]")
    assert "no sweep 'x'" in said("sweep", "--resume", "x")
    assert "leave FILE" in said("sweep", file, "--resume", "x")
    assert "--resume GROUP" in said("sweep")
    assert not list(Runs()) and not list(Sweeps())
