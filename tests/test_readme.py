"""The README tells the truth: its commands exist, every choice is named, the tree is complete."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from mtl_core.cli import app
from mtl_core.config import METHODS, Experiment

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_in_the_readme_and_every_command_there_exists():
    group = get_command(app)
    commands = {name for name in group.commands if name != "data"}
    commands |= {f"data {name}" for name in group.commands["data"].commands}
    said = set(re.findall(r"^mtl (data \w+|\w+)", README, re.MULTILINE))
    assert said == commands


@pytest.mark.parametrize("family", METHODS)
def test_every_choice_is_named(family):
    for choice in METHODS[family]:
        assert re.search(rf"\b{choice.kind_name()}\b", README), choice


def test_the_example_experiment_is_valid():
    text = next(b for b in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "data:" in b)
    experiment = Experiment.from_yaml(text)
    assert experiment.tasks == ("sentiment", "entities")


def test_ci_runs_the_readmes_test_command_word_for_word():
    script = (ROOT / ".ci" / "run").read_text()
    line = next(x for x in script.split("\n") if x.startswith("test_command="))
    code = f'{line}\nprintf %s "$test_command"'
    found = subprocess.run(["bash", "-c", code], capture_output=True, text=True, cwd=ROOT).stdout
    block = re.search(r"<!-- test command -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    assert block and found == block.group(1) and "pytest" in found


def test_the_tree_names_every_file_of_the_engine_and_the_pages():
    tree = README.split("<!-- tree -->")[1]
    for path in [*ROOT.glob("mtl_core/**/*.py"), *ROOT.glob("pages/*.py")]:
        if path.name not in {"__init__.py", "__main__.py"}:
            assert path.name in tree, path
