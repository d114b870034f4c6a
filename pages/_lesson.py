"""The words of the Learn page, and its ready experiment. Findings name their source."""

from dataclasses import dataclass
from typing import Final

from mtl_core.config import Experiment
from mtl_core.data.catalog import Dataset

DATASET: Final = "city_en"
EPOCHS: Final = 12
BATCH_SIZE: Final = 16
EVALUATE_EVERY: Final = 50


@dataclass(frozen=True)
class Fact:
    """A short paragraph with a title."""

    title: str
    text: str
    icon: str = ""


def ready_experiment(dataset: Dataset) -> Experiment:
    """All tasks of the sample together, short enough to watch to the end."""
    return Experiment.parse(
        {
            "name": "First lesson: one model for all tasks",
            "data": [{"card": dataset.name, "tasks": list(dataset.card.tasks)}],
            "training": {
                "epochs": EPOCHS,
                "batch_size": BATCH_SIZE,
                "evaluate_every": EVALUATE_EVERY,
            },
        },
        source="The ready experiment",
    )


def offer(experiment: Experiment, tasks: int) -> str:
    """What the button does, in two sentences."""
    return (
        f"One click trains a small model on {tasks} tasks at once, over sentences about life in a "
        f"city, for {experiment.training.epochs} epochs. Then each task trains alone, so that you "
        "see what sharing was worth. A few minutes on a laptop; the curves grow while you watch."
    )


WELCOME: Final = (
    "Multi-task learning trains one model to answer several questions about the same text. "
    "Here you can watch it help, watch it hurt, and find out why."
)

IDEA: Final = """
Take the sentence *Lena loved the ramen at Kiku, but the wait was endless*. What is its topic? Is the
writer happy? Which words are names? What part of speech is each word?

Four questions, and to answer any of them a model must first understand the same words. So let the
tasks **share an encoder**, the part that turns words into vectors, and give each task only a small
**head** of its own, the part that answers. Each training step then adds up the losses of all tasks,
and what the encoder learns for one task may serve the others.

That can pay twice: one model is smaller and faster than four, and tasks with little data may borrow
from tasks with much. Or it can fail: the tasks pull the encoder in different directions, and each
ends up worse than alone. Which of the two happens must be measured, task by task.
"""

WAYS: Final = (
    "Grey parts serve several tasks, coloured parts serve one. Words come in at the bottom, answers "
    "leave at the top."
)

BALANCING: Final = (
    "Each step, every task says where it would move what they share: its **gradient**. The sum of "
    "the losses adds these wishes up as they are; a **balancing** method weighs or bends them first. "
    "With two shared numbers you can see what each method does: whose wish is followed where two "
    "conflict, and where that leads."
)

RELATEDNESS: Final = (
    "Tasks help each other where what one must know serves the other. How much they have in common is "
    "unknown for real tasks, so here are tasks for which it is a number that you choose."
)

TWINS: Final = (
    Fact(
        "What a twin is",
        "A twin trains one task alone. It sees the same sentences in the same order, makes the same "
        "number of updates and starts from the same seed. Only the sharing is gone.",
        ":material/content_copy:",
    ),
    Fact(
        "Why there is no result without it",
        "*87 % with four tasks* says nothing. It is a gain if the twin reaches 84 %, and a loss if the "
        "twin reaches 90 %. The difference between the two is what sharing did.",
        ":material/balance:",
    ),
)

TROUBLE: Final = (
    Fact(
        "Negative transfer",
        "A task ends below its twin: what the others need pushes out what this one needs. Try fewer "
        "tasks, less sharing, or a larger encoder.",
        ":material/trending_down:",
    ),
    Fact(
        "One loud task",
        "Losses differ in size, and the largest steers the encoder. Lower its weight, and watch "
        "whether the quiet tasks recover.",
        ":material/volume_up:",
    ),
    Fact(
        "Different speeds",
        "One task is learnt after two epochs and starts to overfit while another has barely begun. "
        "The best checkpoint is then a compromise; look at each task's own curve.",
        ":material/speed:",
    ),
    Fact(
        "Luck",
        "Another seed may move a score by a point or more. Train at least three seeds before you "
        "believe a small gain, yours or a published one.",
        ":material/casino:",
    ),
)

CURVES: Final = (
    Fact(
        "Training loss",
        "How wrong the model is on what it trains on; lower is better. It should fall fast, then "
        "slowly. If it rises or jumps, the learning rate is too high.",
        ":material/show_chart:",
    ),
    Fact(
        "Validation score",
        "How right the model is on sentences it has never seen; higher is better. When it falls while "
        "the training loss still falls, the model learns the sentences by heart.",
        ":material/verified:",
    ),
    Fact(
        "Compare with the twin",
        "On Compare the twin has the same colour and a dotted line. A gap that stays open over the last epochs is worth more than a "
        "higher peak somewhere.",
        ":material/stacked_line_chart:",
    ),
    Fact(
        "Test score",
        "Counted once, at the end, with the best checkpoint. Never choose anything by it: then it would "
        "no longer tell how well the model does on new text.",
        ":material/flag:",
    ),
)

FINDINGS: Final = (
    Fact(
        "Martínez Alonso and Plank, EACL 2017",
        "In sequence labelling gains are not the norm: 1 of 5 semantic main tasks gained significantly.",
    ),
    Fact(
        "Standley et al., ICML 2020",
        "Which tasks help each other cannot be told from how related they look.",
    ),
    Fact(
        "Bingel and Søgaard, EACL 2017",
        "What predicts a gain is the shape of the single-task curves, more than the amount of data: it "
        "helps when the main task levels off early while the helper is still learning.",
    ),
    Fact(
        "Schulz et al., 2018",
        "It pays most where the main task has little data (shown for argument mining).",
    ),
    Fact(
        "Xin et al., NeurIPS 2022",
        "Well-tuned fixed loss weights keep up with special optimisers for multi-task learning.",
    ),
)
