"""Methods that find weights by looking at the losses: one backward pass."""

from typing import ClassVar, Literal

from mtl_core.config.parts import option

from .contract import BalancingPart, Scale, scale_option, smoothing_option


class LossPart(BalancingPart):
    """What all methods that look at losses can be told."""

    scale: Scale = scale_option()
    smoothing: float = smoothing_option()


class Uncertainty(LossPart):
    """Each task's weight follows from a variance that is learnt with the model.

    Use when losses differ in size and noise, and you would rather learn the weights than set them.
    Costs one learnt number a task; one backward pass.
    Limits: it is the same as IMTL-L but for the scale, and the weights move as slowly as the
    learning rate lets them. The paper drops the 1/2 of the loss for classification; here it stays.
    """

    label: ClassVar[str] = "Uncertainty weighting"
    formula: ClassVar[str] = r"L = \sum_i \tfrac12 e^{-s_i} L_i + \tfrac12 s_i"
    paper: ClassVar[str] = (
        "Kendall, Gal and Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses for Scene "
        "Geometry and Semantics, CVPR 2018"
    )
    published_weights: ClassVar[str] = "1/2 each at the start"

    kind: Literal["uncertainty"] = "uncertainty"
    start: float = option(0.0, "Log variance of every task at the start.", ge=-10, le=10)


class ImtlL(LossPart):
    """Each loss is brought to the same size by a scale that is learnt with the model.

    Use when losses differ in size by orders of magnitude.
    Costs one learnt number a task; one backward pass.
    Limits: twice uncertainty weighting with the sign of s turned; do not count it as a second
    method.
    """

    label: ClassVar[str] = "IMTL-L"
    formula: ClassVar[str] = r"L = \sum_i e^{s_i} L_i - s_i"
    paper: ClassVar[str] = "Liu et al., Towards Impartial Multi-task Learning, ICLR 2021"
    published_weights: ClassVar[str] = "1 each at the start"

    kind: Literal["imtl_l"] = "imtl_l"


class Dwa(LossPart):
    """A task whose loss falls more slowly than the others' gets a larger weight in the next epoch.

    Use when tasks learn at different speeds.
    Costs nothing: one backward pass.
    Limits: the first two epochs have equal weights, so it needs several epochs.
    """

    label: ClassVar[str] = "Dynamic weight average"
    formula: ClassVar[str] = (
        r"w_i = T\,\mathrm{softmax}_i\!\left(\frac{1}{\tau}"
        r"\frac{\bar L_i(t-1)}{\bar L_i(t-2)}\right)"
    )
    paper: ClassVar[str] = (
        "Liu, Johns and Davison, End-to-End Multi-Task Learning with Attention, CVPR 2019"
    )
    published_weights: ClassVar[str] = "sum to T"

    kind: Literal["dwa"] = "dwa"
    temperature: float = option(
        2.0, "Higher values bring the weights closer to equal ones.", gt=0, le=100
    )


class RandomWeighting(LossPart):
    """Weights are drawn anew for every step.

    Use when you judge any other method: one that does not beat this one has shown nothing.
    Costs nothing: one backward pass.
    """

    label: ClassVar[str] = "Random weights"
    formula: ClassVar[str] = r"w = \mathrm{softmax}(\varepsilon),\quad \varepsilon \sim N(0, I)"
    paper: ClassVar[str] = (
        "Lin et al., Reasonable Effectiveness of Random Weighting: A Litmus Test for Multi-Task "
        "Learning, TMLR 2022"
    )
    published_weights: ClassVar[str] = "sum to 1"
    is_special: ClassVar[bool] = False

    kind: Literal["random"] = "random"


class Gls(LossPart):
    """The geometric mean of the losses is minimised instead of their sum.

    Use when losses differ in size: the mean does not care about their units.
    Costs nothing: one backward pass.
    Limits: a loss near 0 gets a very large weight.
    """

    label: ClassVar[str] = "Geometric mean of losses"
    formula: ClassVar[str] = r"L = \left(\prod_i L_i\right)^{1/T}"
    paper: ClassVar[str] = (
        "Chennupati et al., MultiNet++: Multi-Stream Feature Aggregation and Geometric Loss "
        "Strategy for Multi-Task Learning, CVPR Workshops 2019"
    )
    published_weights: ClassVar[str] = "1/T each where losses are equal"
    ignores_scale: ClassVar[bool] = True

    kind: Literal["gls"] = "gls"


class Stch(LossPart):
    """The largest of the losses counts most: a smooth maximum is minimised.

    Use when the worst task matters.
    Costs nothing: one backward pass.
    Limits: losses are compared as they are, so their units decide; a small mu follows the worst
    task alone.
    """

    label: ClassVar[str] = "Smooth Tchebycheff"
    formula: ClassVar[str] = r"L = \mu \log \sum_i e^{L_i / (T\mu)}"
    paper: ClassVar[str] = (
        "Lin et al., Smooth Tchebycheff Scalarization for Multi-Objective Optimization, ICML 2024"
    )
    published_weights: ClassVar[str] = "sum to 1/T"

    kind: Literal["stch"] = "stch"
    mu: float = option(
        1.0, "Smoothness: small values follow the largest loss alone.", gt=0, le=1000
    )


class Famo(LossPart):
    """Weights that make all losses fall at the same relative speed, learnt from how they fall.

    Use when gradient methods are too slow: it wants the same and looks at losses only.
    Costs one backward pass, and with same_batch one more forward pass for the losses after the
    step; next_batch takes those of the next step instead, which is cheaper and noisier.
    Limits: balances the tasks that meet in a step.
    """

    label: ClassVar[str] = "FAMO"
    formula: ClassVar[str] = (
        r"L = c \sum_i z_i \log L_i,\quad z = \mathrm{softmax}(w),\quad "
        r"c = \Big(\sum_i z_i / L_i\Big)^{-1}"
    )
    paper: ClassVar[str] = "Liu et al., FAMO: Fast Adaptive Multitask Optimization, NeurIPS 2023"
    published_weights: ClassVar[str] = "sum to 1"
    ignores_scale: ClassVar[bool] = True

    kind: Literal["famo"] = "famo"
    learning_rate: float = option(0.025, "Step size of the weights.", gt=0, le=1)
    decay: float = option(1e-3, "Pulls the weights back to equal ones.", ge=0, le=1)
    compare: Literal["same_batch", "next_batch"] = option(
        "same_batch", "With which losses those before the step are compared."
    )


class Log(LossPart):
    """The logarithms of the losses are added up.

    Use when losses differ in size by orders of magnitude.
    Costs nothing: one backward pass.
    Limits: a loss near 0 gets a very large weight, and all steps become longer as losses fall.
    """

    label: ClassVar[str] = "Log of losses"
    formula: ClassVar[str] = r"L = \sum_i \log(L_i + 10^{-8})"
    paper: ClassVar[str] = (
        "Lin et al., Dual-Balancing for Multi-Task Learning, 2023 (its loss-scale part)"
    )
    published_weights: ClassVar[str] = "one over the loss"
    ignores_scale: ClassVar[bool] = True

    kind: Literal["log"] = "log"


class GradNorm(LossPart):
    """Weights are learnt so that tasks have gradients of like size, larger for those that lag.

    Use when one task's gradients drown the others'.
    Costs T backward passes through the last shared block, and one through everything.
    Limits: weights are kept above 0.01, which the paper does not say.
    """

    label: ClassVar[str] = "GradNorm"
    formula: ClassVar[str] = (
        r"\min_w \sum_i \left|\, \|w_i g_i\| - \bar G\, r_i^{\alpha} \right|,\quad "
        r"r_i = \frac{L_i / L_i(0)}{\frac1T \sum_j L_j / L_j(0)}"
    )
    paper: ClassVar[str] = (
        "Chen et al., GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep "
        "Multitask Networks, ICML 2018"
    )
    backward_passes: ClassVar[str] = "1 + T through the last shared block"
    published_weights: ClassVar[str] = "sum to T"

    kind: Literal["gradnorm"] = "gradnorm"
    alpha: float = option(
        1.5, "How strongly tasks that lag are favoured; 0 for equal norms.", ge=0, le=10
    )
    learning_rate: float = option(0.025, "Step size of the weights.", gt=0, le=1)
