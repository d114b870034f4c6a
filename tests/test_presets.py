"""Presets: every card is valid, and look-alikes of each kind load through it."""

import datasets
import pytest
from datasets import ClassLabel, Features, List, Value
from streamlit.testing.v1 import AppTest

from mtl_core.cli import main
from mtl_core.data.catalog import PER_WORD, Catalog, TaskSpec, card_folders
from mtl_core.data.hub import opening
from mtl_core.data.presets import CHECKED, PRESETS, Preset, add_preset, preset
from mtl_core.data.presets.contract import CONVERTED
from mtl_core.data.tasks import METRICS, load_sentences
from mtl_core.errors import DataError

datasets.disable_progress_bars()
ROWS = 20


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    opening._KNOWN.clear()


@pytest.mark.parametrize("one", PRESETS, ids=lambda one: one.name)
def test_every_preset_is_a_card_with_what_people_want_to_know(one):
    card = one.card
    assert card.name == one.name and "validation" in card.split_names
    assert (
        all((one.title, one.about, one.language, one.licence, one.rows)) and one.about[-1] in ".?)"
    )
    assert one.checked in CHECKED
    for task, spec in card.tasks.items():
        assert spec.metric is None or spec.metric in METRICS[spec.kind], task
    assert len({spec.columns for spec in card.tasks.values()}) == 1  # so all train together
    if one.by:
        assert one.by in {spec.target for spec in card.tasks.values()}


def test_names_are_unique_and_the_asked_sets_are_there():
    names = [one.name for one in PRESETS]
    assert len(names) == len(set(names))
    asked = {"ag_news", "sst2", "imdb", "conll2003", "wnut17", "snips", "atis", "trec", "cola",
             "mrpc", "qqp", "stsb", "mnli", "qnli", "rte", "wnli", "go_emotions", "banking77"}  # fmt: skip
    assert asked <= set(names)
    assert len({one.language for one in PRESETS}) > 8
    with pytest.raises(DataError, match="there is no preset 'x'; choose one of ag_news, sst2"):
        preset("x")


def _column(spec: TaskSpec, words: int) -> tuple[object, list[object]]:
    """The feature of a task's target, and its values."""
    two = ClassLabel(names=["one", "two"])
    made: dict[str, tuple[object, list[object]]] = {
        "classification": (two, [i % 2 for i in range(ROWS)]),
        "multilabel": (List(two), [[], [0], [0, 1], [1]] * (ROWS // 4)),
        "regression": (Value("float32"), [i / 4 for i in range(ROWS)]),
        "tagging": (List(two), [[i % 2] * words for i in range(ROWS)]),
        "spans": (
            List(ClassLabel(names=["O", "B-X", "I-X"])),
            [[1, 2, *[0] * (words - 2)]] * ROWS,
        ),
    }
    return made[spec.kind]


def look_alike(one: Preset) -> datasets.Dataset:
    """Rows with the columns that a preset's card wants."""
    features: dict[str, object] = {}
    rows: dict[str, list[object]] = {}
    words = (
        ["今天", "的", "天气", "好"] if one.language in ("zh", "ja") else ["so", "it", "goes", "on"]
    )
    if one.layout is not None:
        features["annot_utt"] = Value("string")
        rows["annot_utt"] = ["turn the [thing : light] off"] * ROWS
    for spec in one.tasks.values():
        told = spec.target.endswith("_tags") and one.layout is not None
        for column in () if one.layout is not None else spec.columns:
            given = spec.kind in PER_WORD and column == "tokens"
            features[column] = (
                List(Value("string")) if given else features.get(column, Value("string"))
            )
            said = [[*words[:-1], f"{words[-1]}{i}"] for i in range(ROWS)]
            rows[column] = said if given else [" ".join(row) for row in said]
        if told:
            continue
        features[spec.target], rows[spec.target] = _column(spec, len(words))
        if spec.kind == "spans" and spec.input != "tokens":  # as in a table's cell
            features[spec.target], rows[spec.target] = Value("string"), ["B-x I-x O O"] * ROWS
    return datasets.Dataset.from_dict(rows, features=Features(features))


def written(one: Preset, place) -> str:
    """A look-alike on the disk, laid out as the preset's repository is."""
    data = look_alike(one)
    header = []
    for split in one.splits.values():
        if one.revision == CONVERTED:
            file = place / (one.config or "default") / split / "0000.parquet"
        else:
            file = place / (one.config or "data") / f"{split}-00000-of-00001.parquet"
            header.append(f"  - {{split: {split}, path: {file.relative_to(place)}}}")
        data.to_parquet(file)
    if one.config and header:
        lines = ["---", "configs:", f"- config_name: {one.config}", "  data_files:", *header, "---"]
        (place / "README.md").write_text("\n".join(lines))
    return str(place)


LOOKED_AT = ("sst2", "trec", "stsb", "mnli", "go_emotions", "conll2003", "snips", "msra_ner",
             "ud_zh_gsdsimp", "massive_en_us", "tnews")  # fmt: skip


@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_look_alike_loads_through_the_card(name, tmp_path, mtl_home):
    added = add_preset(name, mtl_home, written(preset(name), tmp_path / "copy"))
    assert Catalog.read(card_folders(mtl_home)).find(name).card == added.card
    found = load_sentences(added, "train", tuple(added.card.tasks))
    for task, spec in added.card.tasks.items():
        assert found.values(task) or found.label_counts(task, spec.kind), task
    assert len(found) >= ROWS - 2 and all(found.words)


def test_a_column_that_is_called_otherwise_is_one_sentence(tmp_path, mtl_home):
    look_alike(preset("imdb")).to_parquet(tmp_path / "copy" / "data" / "train.parquet")
    with pytest.raises(DataError, match="wants the column 'sentence', but split 'train' of hub"):
        add_preset("sst2", mtl_home, str(tmp_path / "copy"))
    assert not (mtl_home / "data").exists()


def _page() -> None:
    from pages._presets import presets_form

    presets_form()


def test_the_page_picks_by_task_and_language_and_says_what_is_wrong(mtl_home):
    page = AppTest.from_function(_page, default_timeout=30).run()
    kind, language, name = page.selectbox
    assert len(name.options) == len(PRESETS)
    kind.set_value("spans")
    language.set_value("zh").run()
    assert page.selectbox[2].options == [
        "MSRA NER (Chinese)",
        "Weibo NER (Chinese)",
        "MASSIVE Chinese",
    ]
    page.button[0].click().run()
    assert "the hub was not reached" in page.error[0].value and not page.exception
    page.text_input[0].set_value("a b")
    page.button[1].click().run()
    assert "neither a folder here nor a name on the hub" in page.error[0].value
    page.selectbox[0].set_value("regression").run()
    assert "No dataset of the list" in page.info[0].value


def test_without_a_network_the_sentence_says_what_to_do(mtl_home, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["mtl", "data", "presets", "--add", "sst2"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1
    assert "the hub was not reached" in said and "bring it as a local folder" in said
