"""The README's promise: one config class, one file and one table line make a strategy.

They are put into a copy of the project, and nothing else is touched there.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import tiny_experiment

ROOT = Path(__file__).resolve().parents[1]

CONFIG_CLASS = '''

class Averaged(SharingPart):
    """Every task reads the mean of several encoders.

    Use when you want to see what an ensemble does.
    Costs N embeddings and N·B blocks.
    Limits: none.
    """

    label: ClassVar[str] = "Averaged"

    kind: Literal["averaged"] = "averaged"
    encoders: int = option(2, "How many encoders.", ge=1, le=8)

    def picture(self, tasks: tuple[str, ...], blocks: int) -> Picture:
        return encoder_columns([tasks], blocks)

    def cost(self, tasks: int, blocks: int) -> Cost:
        return Cost(self.encoders, self.encoders * blocks, self.encoders * blocks)
'''
FILE = '''"""The mean of several encoders."""

import torch
from torch import nn

from mtl_core.models.contracts import Owned, Sharing, trainable


class AveragedEncoders(Sharing):
    def __init__(self, make_encoder, scene, *, encoders):
        super().__init__(scene)
        self.encoders = nn.ModuleList(make_encoder() for _ in range(encoders))
        self.output = self.encoders[0].output

    def forward(self, batch, tasks):
        hidden = torch.stack([encoder(batch) for encoder in self.encoders]).mean(0)
        return dict.fromkeys(tasks, hidden)

    def owners(self):
        return [Owned(self.scene.names, trainable([self.encoders]))]
'''
TABLE_LINE = """
from mtl_core.config.sharing.plain import Averaged
from .averaged import AveragedEncoders
SHARING[Averaged] = AveragedEncoders
"""
FORM = """
import json, sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=60).run()
app.switch_page("pages/experiment.py").run()
lists = [box.options for box in app.selectbox] + [group.options for group in app.button_group]
assert not app.exception, app.exception
print(json.dumps([list(map(str, options)) for options in lists]))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project with the new strategy in it."""
    place = tmp_path / "copy"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("mtl_core", "pages", "sample_data", ".streamlit"):
        shutil.copytree(ROOT / name, place / name, ignore=ignored)
    shutil.copy(ROOT / "app.py", place)
    with (place / "mtl_core/config/sharing/plain.py").open("a", encoding="utf-8") as file:
        file.write(CONFIG_CLASS)
    (place / "mtl_core/models/sharing/averaged.py").write_text(FILE, encoding="utf-8")
    with (place / "mtl_core/models/sharing/__init__.py").open("a", encoding="utf-8") as file:
        file.write(TABLE_LINE)
    return place


def python(copy: Path, *arguments: str) -> str:
    environ = {**os.environ, "PYTHONPATH": str(copy)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_config_class_a_file_and_a_table_line_make_a_strategy(copy, tiny, tmp_path):
    mtl = ("-m", "mtl_core.cli")
    listed = json.loads(python(copy, *mtl, "methods", "--json"))["sharing"]
    entry = next(choice for choice in listed if choice["name"] == "averaged")
    assert entry["help"][0] == "Every task reads the mean of several encoders."
    assert entry["options"]["encoders"]["default"] == 2
    file = tmp_path / "experiment.yaml"
    text = tiny_experiment(tiny).to_yaml()
    file.write_text(text.replace("kind: hard", "kind: averaged\n  encoders: 3"), encoding="utf-8")
    file.write_text(file.read_text().replace("  own_blocks: 0\n", ""), encoding="utf-8")
    run = json.loads(python(copy, *mtl, "train", str(file), "--json"))
    assert run["status"] == "finished" and "mood/test/accuracy" in run["metrics"]
    said = json.loads(python(copy, *mtl, "predict", run["run"], "--text", "a tram", "--json"))
    assert set(said["tasks"]) == {"mood", "places", "tags"}
    offered = json.loads(python(copy, "-c", FORM))
    assert any("Averaged" in option for options in offered for option in options)
