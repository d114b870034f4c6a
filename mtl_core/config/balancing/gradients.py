"""Methods that combine the tasks' gradients on what they share: T backward passes.

Every task's own parameters follow its own gradient, unweighted.
"""

from typing import ClassVar, Literal

from mtl_core.config.parts import option

from .contract import BalancingPart, Scale, scale_option, smoothing_option


class GradientPart(BalancingPart):
    """What all methods that look at gradients can be told."""

    backward_passes: ClassVar[str] = "T"

    scale: Scale = scale_option()


class AnywherePart(GradientPart):
    """Methods that may compare gradients in either of two places."""

    gradients: Literal["parameters", "representation"] = option(
        "parameters",
        "Where gradients are compared: on all shared parameters, or, cheaper, on the "
        "representation that all tasks read, where there is one; there only tasks of one dataset "
        "can conflict.",
        advanced=True,
    )

    @property
    def reads_representation(self) -> bool:
        """Whether the cheaper choice is made."""
        return self.gradients == "representation"


class WeightingPart(AnywherePart):
    """Methods that give each task's gradient a weight."""

    smoothing: float = smoothing_option()


class PcGrad(WeightingPart):
    """Where two tasks' gradients conflict, each loses the part that points against the other.

    Use when the heat map shows many conflicts.
    Costs T backward passes.
    Limits: with more than two tasks a conflict with the sum may remain; the order is random.
    """

    label: ClassVar[str] = "PCGrad"
    formula: ClassVar[str] = (
        r"d = \sum_i \tilde g_i,\quad \tilde g_i \leftarrow \tilde g_i - "
        r"\frac{\min(0,\, \tilde g_i \cdot g_j)}{\|g_j\|^2}\, g_j"
    )
    paper: ClassVar[str] = "Yu et al., Gradient Surgery for Multi-Task Learning, NeurIPS 2020"

    kind: Literal["pcgrad"] = "pcgrad"


class GradVac(WeightingPart):
    """As PCGrad, but gradients are also drawn to how well they usually agree.

    Use when tasks mostly agree and you want to keep it so.
    Costs T backward passes.
    """

    label: ClassVar[str] = "Gradient vaccine"
    formula: ClassVar[str] = (
        r"\tilde g_i \leftarrow \tilde g_i + \|\tilde g_i\| "
        r"\frac{\hat\varphi \sqrt{1 - \varphi^2} - \varphi \sqrt{1 - \hat\varphi^2}}"
        r"{\|g_j\| \sqrt{1 - \hat\varphi^2}}\, g_j \quad (\varphi < \hat\varphi)"
    )
    paper: ClassVar[str] = (
        "Wang et al., Gradient Vaccine: Investigating and Improving Multi-task Optimization in "
        "Massively Multilingual Models, ICLR 2021"
    )

    kind: Literal["gradvac"] = "gradvac"
    beta: float = option(0.5, "How fast the usual agreement follows the present one.", ge=0, le=1)


class Mgda(WeightingPart):
    """The shortest of all weighted means of the gradients: no task's loss rises.

    Use when no task may lose.
    Costs T backward passes and a small search.
    Limits: tasks with small gradients get the largest weights; near a Pareto optimum the step
    vanishes.
    """

    label: ClassVar[str] = "MGDA"
    formula: ClassVar[str] = r"w = \arg\min_{w \in \Delta} \Big\| \sum_i w_i g_i \Big\|^2"
    paper: ClassVar[str] = (
        "Sener and Koltun, Multi-Task Learning as Multi-Objective Optimization, NeurIPS 2018; "
        "Désidéri 2012"
    )
    published_weights: ClassVar[str] = "sum to 1"

    kind: Literal["mgda"] = "mgda"
    iterations: int = option(250, "Steps of the Frank-Wolfe search at most.", ge=1, le=10_000)


class CaGrad(WeightingPart):
    """Near the mean gradient, the direction that serves the worst-off task best.

    Use when you want to protect the worst task and still follow the mean.
    Costs T backward passes and a small convex problem.
    Limits: needs cvxpy and clarabel.
    """

    label: ClassVar[str] = "CAGrad"
    formula: ClassVar[str] = (
        r"d = g_0 + c\,\|g_0\| \frac{g_w}{\|g_w\|},\quad "
        r"w = \arg\min_{w \in \Delta} g_w \cdot g_0 + c\,\|g_0\|\,\|g_w\|"
    )
    paper: ClassVar[str] = (
        "Liu et al., Conflict-Averse Gradient Descent for Multi-task Learning, NeurIPS 2021"
    )
    published_weights: ClassVar[str] = "a mean, and c times as much again"
    packages: ClassVar[tuple[str, ...]] = ("cvxpy", "clarabel")

    kind: Literal["cagrad"] = "cagrad"
    c: float = option(0.5, "How far from the mean the direction may go; 0 is the mean.", ge=0, le=1)


class Nash(WeightingPart):
    """The tasks bargain: the direction on which none can gain without others losing more.

    Use when the tasks' gradients differ much in size.
    Costs T backward passes and a small search.
    Limits: the same direction as FairGrad with alpha 1; do not count it as a second method.
    """

    label: ClassVar[str] = "Nash-MTL"
    formula: ClassVar[str] = r"G w = 1 / w"
    paper: ClassVar[str] = "Navon et al., Multi-Task Learning as a Bargaining Game, ICML 2022"
    published_weights: ClassVar[str] = "any sum; the step's norm is at most 1"
    ignores_scale: ClassVar[bool] = True

    kind: Literal["nash"] = "nash"


class FairGrad(WeightingPart):
    """The direction that shares the fall of the losses fairly among the tasks.

    Use when you want to choose between the sum (alpha near 0) and the worst task (large alpha).
    Costs T backward passes and a small search.
    """

    label: ClassVar[str] = "FairGrad"
    formula: ClassVar[str] = r"G w = w^{-1/\alpha}"
    paper: ClassVar[str] = "Ban and Ji, Fair Resource Allocation in Multi-Task Learning, ICML 2024"
    published_weights: ClassVar[str] = "any sum"

    kind: Literal["fairgrad"] = "fairgrad"
    alpha: float = option(
        1.0, "Fairness: 1 is proportional fairness, the Nash bargain.", ge=0.01, le=10
    )


class ImtlG(WeightingPart):
    """The direction that goes equally far along every task's gradient.

    Use when no task's gradient should decide by its size.
    Costs T backward passes.
    Limits: a weight can be negative, and under strong conflict the step can go against all tasks,
    since weights that sum to 1 may turn the direction round.
    """

    label: ClassVar[str] = "IMTL-G"
    formula: ClassVar[str] = r"d \cdot \frac{g_i}{\|g_i\|} = d \cdot \frac{g_j}{\|g_j\|}"
    paper: ClassVar[str] = "Liu et al., Towards Impartial Multi-task Learning, ICLR 2021"
    published_weights: ClassVar[str] = "sum to 1"

    kind: Literal["imtl_g"] = "imtl_g"


class Aligned(WeightingPart):
    """The gradients are replaced by the nearest ones that are orthogonal and of one length.

    Use when the sum of the gradients is unstable.
    Costs T backward passes.
    """

    label: ClassVar[str] = "Aligned-MTL"
    formula: ClassVar[str] = r"w = \sqrt{\lambda_{\min}}\; V \Lambda^{-1/2} V^\top \mathbf 1"
    paper: ClassVar[str] = (
        "Senushkin et al., Independent Component Alignment for Multi-Task Learning, CVPR 2023"
    )

    kind: Literal["aligned"] = "aligned"


class UpGrad(WeightingPart):
    """Every task's gradient is moved until it harms no other task, then they are added up.

    Use when no task's loss may rise, and every task should pull by its own strength.
    Costs T backward passes and T small quadratic problems.
    Limits: needs quadprog and qpsolvers.
    """

    label: ClassVar[str] = "UPGrad"
    formula: ClassVar[str] = r"w = \tfrac1T \sum_i \arg\min_{v \ge e_i} v^\top G v"
    paper: ClassVar[str] = (
        "Quinton and Rey, Jacobian Descent for Multi-Objective Optimization, 2024"
    )
    published_weights: ClassVar[str] = "a mean"
    packages: ClassVar[tuple[str, ...]] = ("quadprog", "qpsolvers")

    kind: Literal["upgrad"] = "upgrad"


class DualProj(WeightingPart):
    """The mean gradient is moved as little as needed until it harms no task.

    Use when the mean is right and only conflicts are to be removed.
    Costs T backward passes and a small quadratic problem.
    Limits: needs quadprog and qpsolvers.
    """

    label: ClassVar[str] = "DualProj"
    formula: ClassVar[str] = r"w = \arg\min_{v \ge \mathbf 1/T} v^\top G v"
    paper: ClassVar[str] = (
        "Lopez-Paz and Ranzato, Gradient Episodic Memory for Continual Learning, NeurIPS 2017"
    )
    published_weights: ClassVar[str] = "a mean"
    packages: ClassVar[tuple[str, ...]] = ("quadprog", "qpsolvers")

    kind: Literal["dualproj"] = "dualproj"


class ConFig(WeightingPart):
    """The direction that makes the same angle with every task's gradient.

    Use when conflicts are strong and the tasks' gradients differ in size.
    Costs T backward passes.
    """

    label: ClassVar[str] = "ConFIG"
    formula: ClassVar[str] = (
        r"d = \Big(\sum_i g_i \cdot u\Big)\, u,\quad u \propto U^{+} \mathbf 1,\quad "
        r"U_i = \frac{g_i}{\|g_i\|}"
    )
    paper: ClassVar[str] = (
        "Liu, Chu and Thuerey, ConFIG: Towards Conflict-free Training of Physics Informed Neural "
        "Networks, ICLR 2025"
    )
    published_weights: ClassVar[str] = "as long as the gradients' projections together"

    kind: Literal["config"] = "config"


class Excess(GradientPart):
    """Tasks that are still far from what they could reach get exponentially more weight.

    Use when some tasks have noisy labels: their loss stays high, but not their excess.
    Costs T backward passes, and memory for T more gradients of all shared parameters.
    """

    label: ClassVar[str] = "ExcessMTL"
    formula: ClassVar[str] = (
        r"w_i \propto w_i\, e^{\eta\, \hat e_i},\quad "
        r"\hat e_i = g_i^\top \mathrm{diag}\big(S_i + 10^{-7}\big)^{-1/2} g_i,\quad "
        r"S_i \leftarrow S_i + g_i^2"
    )
    paper: ClassVar[str] = "He et al., Robust Multi-Task Learning with Excess Risks, ICML 2024"
    published_weights: ClassVar[str] = "sum to 1"

    kind: Literal["excess"] = "excess"
    smoothing: float = smoothing_option()
    step_size: float = option(0.01, "Step size of the weights.", gt=0, le=10)


class Pcd(WeightingPart):
    """The main task's gradient is followed, moved only as far as the auxiliary tasks need.

    Use when one task matters and the others are there to help it.
    Costs T backward passes.
    Limits: steps without the main task are plain sums.
    """

    label: ClassVar[str] = "Main task first (PCD)"
    formula: ClassVar[str] = (
        r"\min_d \tfrac12 \|d - \hat g_1\|^2 \ \text{s.t.}\ "
        r"\hat g_j \cdot d \ge \tau \|\hat g_j\|^2"
    )
    paper: ClassVar[str] = (
        "Not All Objectives Are Born Equal: Priority-Constrained Descent for Hierarchical "
        "Multi-Objective Optimization, TMLR 2026"
    )
    published_weights: ClassVar[str] = "as long as the main task's gradient"

    kind: Literal["pcd"] = "pcd"
    main: str | None = option(None, "The main task; empty: the first task.")
    tau: float = option(0.02, "How much every auxiliary task must gain.", ge=0, le=1)
    beta: float = option(0.999, "How slowly the gradients' usual size changes.", ge=0, lt=1)

    def named_tasks(self) -> list[str]:
        """The main task, where it is named."""
        return [self.main] if self.main else []


class GradDrop(AnywherePart):
    """In each coordinate one sign wins by chance; gradients of the other sign are dropped.

    Use when you want noise that respects the tasks' conflicts.
    Costs T backward passes.
    """

    label: ClassVar[str] = "GradDrop"
    formula: ClassVar[str] = (
        r"P = \tfrac12 \Big(1 + \frac{\sum_i g_i}{\sum_i |g_i|}\Big),\quad "
        r"\text{keep}\ g_i > 0\ \text{if}\ P > U,\ g_i < 0\ \text{if}\ P < U"
    )
    paper: ClassVar[str] = (
        "Chen et al., Just Pick a Sign: Optimizing Deep Multitask Models with Gradient Sign "
        "Dropout, NeurIPS 2020"
    )

    kind: Literal["graddrop"] = "graddrop"
    leak: float = option(0.0, "Share of every gradient that is kept in any case.", ge=0, le=1)


class Db(GradientPart):
    """Losses by their logarithms, and gradients stretched to the longest one's length.

    Use when losses and gradients differ in size.
    Costs T backward passes, and memory for T gradients of all shared parameters.
    Limits: steps become longer as losses fall; the tasks' own parameters follow the plain losses.
    """

    label: ClassVar[str] = "DB-MTL"
    formula: ClassVar[str] = (
        r"d = \sum_i \frac{\max_j \|\hat g_j\|}{\|\hat g_i\|}\, \hat g_i,\quad "
        r"\hat g_i \leftarrow \beta_k \hat g_i + (1 - \beta_k)\, \nabla \log(L_i + 10^{-8})"
    )
    paper: ClassVar[str] = "Lin et al., Dual-Balancing for Multi-Task Learning, 2023"
    published_weights: ClassVar[str] = "the longest log gradient's length, each"
    ignores_scale: ClassVar[bool] = True

    kind: Literal["db"] = "db"
    beta: float = option(0.9, "Share of the running mean that is kept.", ge=0, lt=1)
    sigma: float = option(
        0.0, "How fast that share falls: divided by the step to this power.", ge=0, le=2
    )
