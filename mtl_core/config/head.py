"""The options of a task's head, and which of them mean something to which kind of task."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from .parts import Part, option

FITTING: dict[str, tuple[str, ...]] = {
    "classification": ("class_weights", "label_smoothing"),
    "multilabel": ("class_weights", "label_smoothing", "threshold"),
    "regression": (),
    "tagging": ("class_weights", "label_smoothing"),
    "spans": ("class_weights", "label_smoothing", "decoder"),
}
"""The options that a task of each kind has."""


class HeadOptions(Part):
    """How one task's head learns and decides.

    Use when labels are very uneven, too few of them are found, or spans must hang together.
    Costs nothing but time: a CRF makes a step slower, the more the more labels there are.
    Limits: a CRF learns whole sequences of tags, so it has no class weights and no smoothing.
    """

    label: ClassVar[str] = "Head"

    class_weights: Literal["none", "balanced"] = option(
        "none",
        "balanced: errors on rare labels weigh more, so that every label has the same weight in all.",
    )
    label_smoothing: float = option(
        0.0,
        "Share of the certainty that is taken from the right label and spread over all labels.",
        ge=0,
        lt=1,
    )
    decoder: Literal["softmax", "crf"] = option(
        "softmax",
        "softmax: each word for itself; crf: the likeliest sequence of tags, which is always legal.",
    )
    threshold: float | None = option(
        0.5,
        "A label is answered from this probability on; empty: each label has its own, "
        "the one with the best F1 on validation data.",
        gt=0,
        lt=1,
    )

    @model_validator(mode="after")
    def _sequences_have_no_single_labels(self) -> Self:
        for name in ("class_weights", "label_smoothing"):
            value = getattr(self, name)
            if self.decoder == "crf" and value != type(self).model_fields[name].default:
                raise ValueError(
                    f"decoder 'crf' learns whole sequences of tags, so it cannot have {name} "
                    f"({value}); leave one of the two out"
                )
        return self

    @classmethod
    def kind_name(cls) -> str:
        """There is nothing to choose among: the key of an experiment under which tasks have it."""
        return "heads"

    @property
    def given(self) -> dict[str, object]:
        """The options that differ from their defaults."""
        return {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if getattr(self, name) != field.default
        }


def misfit(task: str, kind: str, options: HeadOptions) -> str | None:
    """Why the options mean nothing to a task of this kind, in one sentence; None if they do."""
    wrong = [name for name in options.given if name not in FITTING[kind]]
    if not wrong:
        return None
    allowed = f"it has {', '.join(FITTING[kind])}" if FITTING[kind] else "it has no options"
    return (
        f"heads.{task}.{wrong[0]}: {options.given[wrong[0]]} means nothing to a {kind} task "
        f"({allowed}); leave it out"
    )
