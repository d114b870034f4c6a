"""Which checkpoint is the best and who has had enough, from scores made by hand."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.training.choosing import Chooser
from mtl_core.training.plan import Choosing

# Four validations of two tasks. Means: .5, .625, .5, .5625; the worst: .5, .25, .25, .5.
SCORES = [{"a": 0.5, "b": 0.5}, {"a": 0.25, "b": 1.0}, {"a": 0.75, "b": 0.25}, {"a": 0.5, "b": 0.625}]  # fmt: skip


def judged(choosing, scores=SCORES, chooser=None):
    """A chooser after some validations, at steps 10, 20, ..., and what it said each time."""
    chooser = chooser or Chooser(choosing, tuple(scores[0]))
    said = []
    for place, each in enumerate(scores, 1):
        metrics = {f"{task}/validation/f1": score for task, score in each.items()}
        said.append(chooser.judge(10 * place, each, metrics, {t: {"at": place} for t in each}))
    return chooser, said


@pytest.mark.parametrize(
    ("options", "step"),
    [
        ({"by": "mean"}, 20),
        ({"by": "worst"}, 10),  # the last is no better: the first of equals stays
        ({"by": "main", "main": "b"}, 20),
        ({"by": "main", "main": "a"}, 30),
        ({"by": "main"}, 30),
        ({"by": "last"}, 40),
        # Gains over twins of .25 and 1: (1 - .5) / 2, 0, (2 - .75) / 2, (1 - .375) / 2.
        ({"by": "gain", "twins": {"a": 0.25, "b": 1.0}}, 30),
        # Over twins of .5 and .5: 0, (-.5 + 1) / 2, (.5 - .5) / 2, .25 / 2.
        ({"by": "gain", "twins": {"a": 0.5, "b": 0.5}}, 20),
    ],
)
def test_the_joint_best_by_every_rule(options, step):
    chooser, said = judged(Choosing(**options))
    assert chooser.joint.step == step
    assert [10 * place for place, best in enumerate(said, 1) if best][-1] == step
    index = step // 10 - 1
    expected = {f"{task}/validation/f1": score for task, score in SCORES[index].items()}
    assert chooser.joint.metrics == expected
    assert chooser.joint.details == {task: {"at": index + 1} for task in "ab"}


def test_gains_are_shares_of_the_twins_score_and_a_twin_at_zero_breaks_nothing():
    chooser, _ = judged(Choosing(by="gain", twins={"a": 0.25, "b": 1.0}))
    assert chooser.joint.value == 0.625
    chooser, _ = judged(Choosing(by="gain", twins={"a": 0.0, "b": 1.0}))
    assert math.isfinite(chooser.joint.value) and chooser.joint.step == 30


@pytest.mark.parametrize("by", ["mean", "worst", "last"])
def test_each_tasks_best_does_not_depend_on_the_rule(by):
    chooser, _ = judged(Choosing(by=by))
    assert chooser.own_steps == {"a": 30, "b": 20}
    assert chooser.tasks["a"].metrics == {"a/validation/f1": 0.75}
    assert chooser.tasks["a"].details == {"at": 3}


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"keep": "best"}, []),  # the run's model is enough
        ({"keep": "tasks", "by": "worst"}, [10, 20, 30]),
        ({"keep": "tasks", "by": "mean"}, [20, 30]),
        ({"keep": "all"}, [10, 20, 30, 40]),
        ({"keep": "best", "own": True}, [20, 30]),
    ],
)
def test_what_is_kept(options, kept):
    assert judged(Choosing(**options))[0].kept == kept


def test_a_single_task_keeps_its_model_alone_unless_all_are_kept():
    alone = [{"a": score} for score in (0.1, 0.3, 0.2)]
    assert judged(Choosing(keep="tasks"), alone)[0].kept == []
    assert judged(Choosing(keep="all"), alone)[0].kept == [10, 20, 30]
    assert judged(Choosing(keep="tasks"), alone)[0].joint.step == 20


def early(choosing, scores=SCORES):
    """At which of the validations the training ends, and who had stopped after each."""
    chooser = Chooser(choosing, tuple(scores[0]))
    ends, stopped = [], []
    for place, each in enumerate(scores, 1):
        chooser.judge(place, each, {}, {})
        ends.append(chooser.is_early)
        stopped.append("".join(sorted(chooser.stopped)))
    return ends, stopped


def test_patience_for_all_together_counts_from_the_joint_best():
    assert early(Choosing(patience=2)) == ([False, False, False, True], ["", "", "", ""])
    assert early(Choosing(patience=3))[0] == [False] * 4
    assert early(Choosing())[0] == [False] * 4
    assert early(Choosing(by="last", patience=1))[0] == [False] * 4  # the last is always the best


def test_patience_for_each_task_by_itself():
    ends, stopped = early(Choosing(patience=1, each=True))
    # a is worse at the second; it is better at the third, and stays stopped all the same.
    assert stopped == ["", "a", "ab", "ab"] and ends == [False, False, True, True]
    ends, stopped = early(Choosing(patience=2, each=True))
    assert stopped == ["", "", "", "b"] and not any(ends)
    assert early(Choosing(each=True))[1] == [""] * 4


@pytest.mark.parametrize("each", [False, True])
def test_a_validation_by_hand_can_be_the_best_and_costs_no_patience(each):
    chooser = Chooser(Choosing(patience=1, each=each), ("a",))
    for step, score in ((1, 0.5), (2, 0.25), (3, 0.75), (4, 0.25)):
        chooser.judge(step, {"a": score}, {}, {}, step > 1)
    assert not chooser.is_early and chooser.joint.step == chooser.own_steps["a"] == 3
    chooser.judge(5, {"a": 0.5}, {}, {})
    assert chooser.is_early


def test_a_stopped_tasks_checkpoint_may_still_be_a_later_one():
    """The others go on to train what it shares: where that makes it better, this is its best."""
    chooser, _ = judged(Choosing(patience=1, each=True))
    assert chooser.stopped == {"a", "b"} and chooser.own_steps["a"] == 30


SCORE = st.integers(0, 8).map(lambda eighths: eighths / 8)
RUNS = st.lists(st.fixed_dictionaries({"a": SCORE, "b": SCORE, "c": SCORE}), min_size=1, max_size=8)
CHOOSINGS = st.builds(
    Choosing,
    by=st.sampled_from(["mean", "worst", "main", "gain", "last"]),
    main=st.sampled_from([None, "b"]),
    twins=st.just({"a": 0.5, "b": 0.25, "c": 0.0}),
    own=st.booleans(),
    patience=st.sampled_from([None, 1, 2]),
    each=st.booleans(),
    keep=st.sampled_from(["best", "tasks", "all"]),
)


@given(CHOOSINGS, RUNS)
def test_the_bests_are_those_found_by_looking_at_everything(choosing, scores):
    chooser, _ = judged(choosing, scores)
    for task in scores[0]:
        own = [each[task] for each in scores]
        assert chooser.own_steps[task] == 10 * (own.index(max(own)) + 1)
    # What is kept holds the bests, and without `all` nothing else.
    bests = {chooser.joint.step, *chooser.own_steps.values()}
    if choosing.keep == "all":
        assert chooser.kept == [10 * place for place in range(1, len(scores) + 1)]
    else:
        wanted = choosing.own or choosing.keep == "tasks"
        assert chooser.kept == (sorted(bests) if wanted else [])


@given(CHOOSINGS, RUNS, st.integers(0, 8))
def test_saved_and_loaded_it_goes_on_exactly(choosing, scores, cut):
    whole = Chooser(choosing, ("a", "b", "c"))
    parts = Chooser(choosing, ("a", "b", "c"))
    for place, each in enumerate(scores, 1):
        if place == cut:
            saved = parts.state()
            parts = Chooser(choosing, ("a", "b", "c"))
            parts.load(json.loads(json.dumps(saved)))
        said = [one.judge(place, each, {"a/x/y": place}, {}) for one in (whole, parts)]
        assert said[0] == said[1]
        assert (whole.stopped, whole.is_early, whole.kept) == (
            parts.stopped, parts.is_early, parts.kept,
        )  # fmt: skip
    assert whole.state() == parts.state()
