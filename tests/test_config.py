"""Experiments: what is accepted, what is refused in which words, and what YAML keeps."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mtl_core.config import METHODS, Experiment
from mtl_core.errors import ConfigError

from .small_models import SHARING_OPTIONS, small_sharing

DATA = "data: [{card: city, tasks: [mood, tags]}]\n"
TWO = "data: [{card: city, tasks: [mood]}, {card: town, tasks: [tags]}]\n"


def parse(text: str) -> Experiment:
    return Experiment.from_yaml(text, source="a.yaml")


@example(name="a\x85b", seed=0, clip=None, rate=None, steps=None, weight=0.0)
@given(
    name=st.text(max_size=40),
    seed=st.integers(0, 2**31 - 1),
    clip=st.none() | st.floats(0.001, 1000),
    rate=st.none() | st.floats(1e-7, 1.0),
    steps=st.none() | st.integers(1, 1000),
    weight=st.floats(0, 1000),
)
def test_yaml_round_trip_is_exact(name, seed, clip, rate, steps, weight):
    training = {"seed": seed, "clip": clip, "learning_rate": rate, "steps": steps}
    tree = {"name": name, "data": [{"card": "city", "tasks": ["mood", "tags"]}]}
    tree |= {"training": training, "balancing": {"kind": "fixed", "weights": {"tags": 1 + weight}}}
    if weight > 999:
        return
    experiment = Experiment.parse(tree, source="here")
    assert Experiment.from_yaml(experiment.to_yaml()) == experiment


@pytest.mark.parametrize("family", METHODS)
def test_every_choice_can_be_chosen_by_its_kind_and_round_trips(family):
    for choice in METHODS[family]:
        options = {"kind": choice.kind_name(), **SHARING_OPTIONS.get(choice, {})}
        experiment = parse(f"{TWO}{family}: {json.dumps(options)}")
        assert type(getattr(experiment, family)) is choice
        assert Experiment.from_yaml(experiment.to_yaml()) == experiment


@pytest.mark.parametrize("family", METHODS)
def test_every_choice_says_what_it_is_when_to_use_it_and_what_it_costs(family):
    for choice in METHODS[family]:
        lines = choice.help_lines()
        assert choice.label
        assert any(line.startswith("Use when") for line in lines), choice
        assert any(line.startswith("Costs") for line in lines), choice
        assert all(f.description for n, f in choice.model_fields.items() if n != "kind"), choice


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an experiment is a mapping with 'data', found NoneType"),
        ("data: [", "a.yaml line 1: not valid YAML"),
        (DATA + "trainin: {}", "trainin: unknown key; did you mean 'training'?"),
        (DATA + "training: {lerning_rate: 1}", "training.lerning_rate: unknown key; did you mean 'learning_rate'"),
        (DATA + "training: {learning_rate: -1}", "training.learning_rate: -1 is not usable"),
        (DATA + "training: {device: tpu}", "training.device: 'tpu' is not usable: input should be 'auto', 'cuda'"),
        (DATA + "encoder: {kind: bilstm, hiden: 3}", "encoder.hiden: unknown key; did you mean 'hidden'?"),
        (DATA + "encoder: {kind: bert}", "encoder: kind 'bert' is unknown; allowed: 'bilstm'"),
        (DATA + "encoder: {hidden: 3}", "encoder: has no 'kind'"),
        (DATA + "encoder: {kind: transformer, heads: 3}", "heads (3) must divide hidden (128)"),
        (DATA + "balancing: {kind: fixed, weights: {ner: 2}}", "'ner' is not among the tasks of this experiment (mood, tags)"),
        (DATA + "balancing: {kind: fixed, weights: {mood: -2}}", "the weight of 'mood' is -2.0"),
        (DATA + "balancing: {kind: fixed, weights: {mood: 0, tags: 0}}", "all weights are 0"),
        (DATA + "only: ner", "'ner' is not among the tasks"),
        ("data: []", "data: [] is not usable"),
        ("data: [{card: a}]", "data.0.tasks: is missing; add it"),
        ("data: [{card: a, tasks: [x, x]}]", "'x' is listed twice"),
        ("data: [{card: a, tasks: [all]}]", "a task cannot be called 'all'"),
        ("data: [{card: a, tasks: [x]}, {card: a, tasks: [y]}]", "'a' is listed twice"),
        (DATA + "sharing: {kind: hard, x: 1}", "sharing.x: unknown key"),
    ],
)  # fmt: skip
def test_a_bad_experiment_is_one_sentence_with_key_value_and_cure(text, said):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_weights_zero_for_named_tasks_leaves_the_others():
    experiment = parse(DATA + "balancing: {kind: fixed, weights: {mood: 0, tags: 1}}")
    assert experiment.balancing.weights == {"mood": 0, "tags": 1}


def test_a_twin_differs_only_in_what_makes_it_single():
    experiment = parse(DATA + "training: {seed: 5}\nbalancing: {kind: fixed, weights: {mood: 3}}")
    twin = experiment.twins()["mood"]
    assert twin.tasks == ("mood",) and twin.all_tasks == ("mood", "tags")
    same = {"data", "encoder", "mixing", "training"}
    assert all(getattr(twin, part) == getattr(experiment, part) for part in same)
    assert twin.twins() == {}
    assert Experiment.from_yaml(twin.to_yaml()) == twin


def test_replace_reaches_any_option_and_refuses_unknown_ones():
    experiment = parse(DATA)
    assert experiment.replace({"training.seed": 3}).training.seed == 3
    with pytest.raises(ConfigError, match="training.sed: unknown key; did you mean 'seed'"):
        experiment.replace({"training.sed": 3})
    with pytest.raises(ConfigError, match="'name' has no options"):
        experiment.replace({"name.first": 3})


def test_the_learning_rate_is_the_encoders_usual_one_unless_given():
    assert parse(DATA).learning_rate == parse(DATA).encoder.usual_learning_rate
    assert parse(DATA + "training: {learning_rate: 0.5}").learning_rate == 0.5


@pytest.mark.parametrize("choice", METHODS["sharing"])
def test_a_picture_has_every_tasks_head_once_and_arrows_between_its_boxes(choice):
    tasks = ("mood", "tags", "places")
    picture = small_sharing(choice).picture(tasks, 2)
    names = [box.name for box in picture.boxes]
    assert len(set(names)) == len(names)
    assert {end for arrow in picture.arrows for end in arrow} <= set(names)
    top = max(box.row for box in picture.boxes)
    heads = [box for box in picture.boxes if box.row == top and not box.small]
    assert sorted(box.label for box in heads) == sorted(tasks)
    assert sorted(box.tasks for box in heads) == sorted((task,) for task in tasks)


def test_changing_a_kind_drops_the_options_of_the_other_one():
    experiment = parse(DATA + "encoder: {kind: bilstm, embedding: 99}")
    assert experiment.replace({"encoder.kind": "transformer"}).encoder.kind == "transformer"
    assert experiment.replace({"encoder.kind": "bilstm"}).encoder.embedding == 99


def test_a_twin_of_a_run_with_a_long_name_can_be_read_again():
    experiment = parse(DATA + f"name: {'n' * 120}")
    twin = experiment.twin("mood")
    assert Experiment.from_yaml(twin.to_yaml()) == twin and twin.name.endswith(": mood alone")


@pytest.mark.parametrize("text", ["name: 2024-13-45", "[" * 5000], ids=["no date", "deep"])
def test_yaml_that_breaks_the_reader_is_one_sentence(text):
    with pytest.raises(ConfigError, match="not valid YAML"):
        parse(text)
