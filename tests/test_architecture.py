"""What keeps the house in order, besides the import contracts: light readers, no names upstairs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from mtl_core.config import METHODS

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [*ROOT.glob("mtl_core/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"]


def loaded_after(code: str) -> set[str]:
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return set(result.stdout.split())


def test_what_the_pages_import_loads_no_torch():
    modules = [
        "config", "data.catalog", "data.choosing", "data.instruments", "data.tasks",
        "runs.store", "runs.worker", "predict.service", "training.events", "training.manifest", "analysis.compare",
        "analysis.curves", "analysis.plots", "analysis.colours", "analysis.figures_playground", "training.plane",
    ]  # fmt: skip
    loaded = loaded_after("\n".join(f"import mtl_core.{name}" for name in modules))
    assert not {"torch", "transformers", "datasets", "streamlit"} & loaded


def test_the_engine_loads_no_streamlit_and_no_extra():
    names = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in ROOT.glob("mtl_core/**/*.py")
        if path.name != "__main__.py"
    )
    loaded = loaded_after("\n".join(f"import {name}" for name in names))
    assert not {"streamlit", "peft"} & loaded


def test_a_run_waits_only_for_what_it_uses():
    """Transformers take a second to import, which runs with an encoder from scratch do without."""
    loaded = loaded_after("import mtl_core.runs.execute, mtl_core.runs.worker")
    assert "torch" in loaded
    assert not {"transformers", "datasets", "pandas", "sklearn", "scipy"} & loaded


def strings_and_names(path: Path) -> tuple[set[str], set[str]]:
    """Every string constant that is not a docstring, and every identifier."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    strings: set[str] = set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            names.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
        ):
            strings.add(node.value)
    return strings, names


FAMILY_ROOMS = {
    "sharing": ("mtl_core/models/", "mtl_core/config/"),
    "balancing": ("mtl_core/balancing/", "mtl_core/config/balancing/"),
    "mixing": ("mtl_core/data/mixing/", "mtl_core/config/mixing.py"),
    "encoder": ("mtl_core/models/", "mtl_core/config/"),
}


EVERYDAY = {"joint", "random", "log", "config", "equal", "fixed"}
"""Kinds that are words of other meanings too: of these only the classes are looked for."""


@pytest.mark.parametrize("family", FAMILY_ROOMS)
def test_no_file_names_a_strategy_outside_its_own_rooms(family):
    """A choice is named by its kind as a string, or by its class; an attribute may be called alike."""
    kinds = {choice.kind_name() for choice in METHODS[family]} - EVERYDAY
    classes = {choice.__name__ for choice in METHODS[family]}
    allowed = (*FAMILY_ROOMS[family], "mtl_core/config/__init__.py")
    for path in SOURCES:
        place = path.relative_to(ROOT).as_posix()
        if not place.startswith(allowed):
            strings, names = strings_and_names(path)
            assert not (kinds & strings) | (classes & names), place


def test_files_and_functions_stay_small():
    for path in SOURCES:
        lines = path.read_text(encoding="utf-8").split("\n")
        assert len(lines) <= 350, f"{path} has {len(lines)} lines"
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 60, f"{path}:{node.name} has {length} lines"


def test_the_app_is_a_router_only():
    assert len((ROOT / "app.py").read_text().split("\n")) <= 40
