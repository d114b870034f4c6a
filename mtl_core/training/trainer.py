"""The training loop: a generator of events, the same for worker, command line and tests.

    for event in train(parts, plan, folder):
        ...                      # closing the generator stops the training and keeps its state

Called again for the same folder, it goes on where the last state was saved. It knows no strategy
and no method by name, and no config object.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.balancing.contract import Balancer
from mtl_core.data.batching import Batch
from mtl_core.data.mixing import Feed
from mtl_core.errors import RunError
from mtl_core.models.contracts import rate_of
from mtl_core.models.model import MultiTaskModel

from . import checkpoint
from .evaluation import Evaluator, precision
from .events import Checkpointed, Detailed, Evaluated, Event, Finished, Looked, Started, Step

Told = dict[str, Tensor]
Unreported = tuple[int, Told, Told, dict[str, float], float, float]
"""Step, losses, penalties, weights, learning rate, seconds."""
SAVE_SECONDS = 20.0
"""At most so much training is done again after a crash."""


@dataclass(frozen=True)
class Parts:
    """What is put together for a training."""

    model: MultiTaskModel
    balancer: Balancer
    feed: Feed
    evaluator: Evaluator
    device: torch.device


@dataclass(frozen=True)
class Plan:
    """How the training goes. Lengths are in steps; `warmup` is a share of all steps."""

    steps: int
    evaluate_every: int
    learning_rate: float
    weight_decay: float = 0.01
    warmup: float = 0.05
    decay: str = "linear"
    clip: float | None = 1.0
    best_by: str = "mean"
    patience: int | None = None
    autocast: torch.dtype | None = None

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of a step (0 is the first): rising in the warm-up, then falling to 0."""
        warm = round(self.warmup * self.steps)
        if step < warm:
            return self.learning_rate * (step + 1) / warm
        done = (step - warm) / max(1, self.steps - warm)
        share = {"linear": 1 - done, "cosine": 0.5 * (1 + math.cos(math.pi * done)), "none": 1.0}
        return self.learning_rate * share[self.decay]


@dataclass
class Progress:
    """What changes while training, besides weights and optimiser."""

    step: int = 0
    best: float = -math.inf
    best_step: int = 0
    best_metrics: dict[str, float] = field(default_factory=dict)
    best_details: dict[str, Any] = field(default_factory=dict)
    """By task, what its answers on validation data were like, per class."""
    evaluated_step: int = 0
    worse: int = 0
    """Validations since the best one."""
    seconds: float = 0.0
    early: bool = False


def train(parts: Parts, plan: Plan, folder: Path) -> Iterator[Event]:
    """Train, reporting every step; ends with the test scores of the best checkpoint."""
    return Training(parts, plan, folder).run()


class Training:
    """One training under way."""

    def __init__(self, parts: Parts, plan: Plan, folder: Path) -> None:
        self.parts, self.plan, self.folder = parts, plan, folder
        self.progress = Progress()
        self.optimiser = _optimiser(parts.model, plan)
        self.parameters = list(parts.model.parameters())  # walking the modules each step costs time
        self.shared = parts.model.shared_parameters()
        self._unreported: list[Unreported] = []
        self._last_report = self._last_save = time.perf_counter()
        self._restore()

    def run(self) -> Iterator[Event]:
        """The events of the whole training, or of what is left of it."""
        progress, plan = self.progress, self.plan
        yield self._started()
        yield from self._reports(all_of_them=True)
        try:
            if self._is_evaluation_due():  # stopped just before it
                yield from self._evaluate()
            self.parts.model.train()
            for batches in self.parts.feed.batches(start=progress.step):
                if progress.step >= plan.steps or progress.early:
                    break
                self._step(batches)
                yield from self._reports()
                if self._is_evaluation_due():
                    yield from self._evaluate()
                    self.parts.model.train()
                elif time.perf_counter() - self._last_save > SAVE_SECONDS:
                    yield self._save()
        except GeneratorExit:
            self._keep()
            raise
        yield from self._finish()

    def _step(self, batches: list[Batch]) -> None:
        """One update. Tasks without a label in these batches take no part in it."""
        began = time.perf_counter()
        rate = self.plan.learning_rate_at(self.progress.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["scale"]
        self.parts.model.sharing.advance(self.progress.step / self.plan.steps)
        losses, penalties = self._losses(batches)
        weights = self._update(losses, penalties) if losses else {}
        self.progress.step += 1
        self.progress.seconds += time.perf_counter() - began
        told = (_detached(losses), _detached(penalties), weights)
        self._unreported.append((self.progress.step, *told, rate, self.progress.seconds))

    def _update(self, losses: dict[str, Tensor], penalties: dict[str, Tensor]) -> dict[str, float]:
        self.optimiser.zero_grad(set_to_none=True)
        penalty = torch.stack([*penalties.values()]).sum() if penalties else None
        weights = self.parts.balancer.backward(losses, penalty, self.shared)
        if self.plan.clip is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.plan.clip)
        self.optimiser.step()
        return weights

    def _losses(self, batches: list[Batch]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Each task's loss and each penalty, averaged over the batches that carry it."""
        device = self.parts.device
        found: dict[str, list[Tensor]] = {}
        penalties: dict[str, list[Tensor]] = {}
        with precision(device, self.plan.autocast):
            for batch in batches:
                if not batch.targets:
                    continue  # no row of it has a label of a task that is trained
                for task, loss in self.parts.model.losses(batch.to(device)).items():
                    found.setdefault(task, []).append(loss)
                for name, penalty in self.parts.model.sharing.penalties().items():
                    penalties.setdefault(name, []).append(penalty)
        return _means(found), _means(penalties)

    def _reports(self, *, all_of_them: bool = False) -> Iterator[Event]:
        """The steps not told yet: on a CPU each at once, on a GPU some at a time."""
        now = time.perf_counter()
        waits = now - self._last_report < report_seconds(self.parts.device)
        if not self._unreported or (waits and not all_of_them):
            return
        self._last_report = now
        told = self._unreported
        flat = [v for _, losses, rest, *_ in told for v in (*losses.values(), *rest.values())]
        values = iter(torch.stack(flat).float().tolist() if flat else [])
        for place, (step, losses, penalties, weights, rate, seconds) in enumerate(told, 1):
            numbers = {task: next(values) for task in losses}
            beside = {name: next(values) for name in penalties}
            _check_finite(numbers, step)
            _check_penalties(beside, step)
            self._unreported = told[place:]  # what a stop cuts off is told when the run goes on
            yield Step(step, numbers, weights, rate, round(seconds, 4), beside)

    def _is_evaluation_due(self) -> bool:
        step, plan = self.progress.step, self.plan
        at_this_step = step % plan.evaluate_every == 0 or step == plan.steps
        return at_this_step and step > self.progress.evaluated_step

    def _evaluate(self) -> Iterator[Event]:
        yield from self._reports(all_of_them=True)
        began = time.perf_counter()
        progress, evaluator = self.progress, self.parts.evaluator
        self.parts.model.forget()
        answered = evaluator.answer(self.parts.model, "validation", self.plan.autocast)
        metrics = evaluator.scores(answered)
        losses = {k.split("/")[0]: v for k, v in metrics.items() if k.endswith("/validation/loss")}
        _check_finite(losses, progress.step)
        mains = evaluator.main_scores(metrics, "validation")
        value = {
            "mean": sum(mains) / len(mains),
            "worst": min(mains),
            "last": float(progress.step),
        }[self.plan.best_by]
        is_best = value > progress.best
        if is_best:
            progress.best, progress.best_step = value, progress.step
            progress.best_metrics, progress.worse = metrics, 0
            progress.best_details = answered.details()
            checkpoint.save_model(self.parts.model, self.folder)
        else:
            progress.worse += 1
            progress.early = self.plan.patience is not None and progress.worse >= self.plan.patience
        progress.evaluated_step = progress.step
        progress.seconds += time.perf_counter() - began
        yield Evaluated(progress.step, "validation", metrics, is_best, round(progress.seconds, 3))
        seen = [insight.to_tree() for insight in self.parts.model.insight()]
        if seen:
            yield Looked(progress.step, seen)
        yield self._save()

    def _finish(self) -> Iterator[Event]:
        """Test data is looked at here, once, with the best checkpoint."""
        yield from self._reports(all_of_them=True)
        progress = self.progress
        checkpoint.load_model(self.parts.model, self.folder)
        metrics, details = dict(progress.best_metrics), {"validation": progress.best_details}
        evaluator = self.parts.evaluator
        if "test" in evaluator.splits:
            answered = evaluator.answer(self.parts.model, "test", self.plan.autocast)
            metrics |= evaluator.scores(answered)
            details["test"] = answered.details()
        for split, by_task in details.items():
            for task, found in by_task.items():
                yield Detailed(progress.best_step, task, split, found)
        yield Finished(
            step=progress.step,
            best_step=progress.best_step,
            metrics=metrics,
            seconds=round(progress.seconds, 3),
            early=progress.early and progress.step < self.plan.steps,
        )

    def _started(self) -> Started:
        model = self.parts.model
        return Started(
            step=self.progress.step,
            steps=self.plan.steps,
            tasks=model.tasks,
            device=self.parts.device.type,
            parameters=sum(p.numel() for p in model.parameters()),
            shared_parameters=sum(p.numel() for p in self.shared),
            time=time.time(),
        )

    def _save(self) -> Event:
        self._last_save = time.perf_counter()
        state: dict[str, Any] = {
            "model": self.parts.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": dict(vars(self.progress)),
            "random": checkpoint.random_state(self.parts.device),
            "unreported": self._unreported,
        }
        checkpoint.save_state(state, self.folder)
        return Checkpointed(self.progress.step)

    def _keep(self) -> None:
        """The user stopped: nothing that was learnt is lost, and the run can answer."""
        self._save()
        if not (self.folder / checkpoint.MODEL).exists():
            checkpoint.save_model(self.parts.model, self.folder)

    def _restore(self) -> None:
        state = checkpoint.load_state(self.folder)
        if state is None:
            return
        try:
            self.parts.model.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
        except (RuntimeError, ValueError) as err:
            raise RunError(
                "the saved state does not fit the model: the data or the program has changed since "
                "the run began; start a new run"
            ) from err
        self.progress = Progress(**state["progress"])
        self._unreported = state["unreported"]
        checkpoint.restore_random_state(state["random"], self.parts.device)


def report_seconds(device: torch.device) -> float:
    """How often losses are fetched. From a GPU not each step: every fetch stalls the device."""
    return 0.0 if device.type == "cpu" else 0.05


def _optimiser(model: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter, 2019); vectors (biases, norms) are not decayed."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in model.parameters():
        if parameter.requires_grad:
            decay = plan.weight_decay if parameter.dim() > 1 else 0.0
            groups.setdefault((decay, rate_of(parameter)), []).append(parameter)
    made = [
        {"params": parameters, "weight_decay": decay, "scale": rate}
        for (decay, rate), parameters in groups.items()
    ]
    return torch.optim.AdamW(made, lr=plan.learning_rate, fused=True)


def _detached(values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in values.items()}


def _means(found: dict[str, list[Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack(each).mean() for name, each in found.items()}


def _check_penalties(penalties: dict[str, float], step: int) -> None:
    for name, value in penalties.items():
        if not math.isfinite(value):
            raise RunError(
                f"the penalty '{name}' is {value} at step {step}; "
                "lower its strength in sharing or training.learning_rate, or set training.clip"
            )


def _check_finite(losses: dict[str, float], step: int) -> None:
    for task, loss in losses.items():
        if not math.isfinite(loss):
            raise RunError(
                f"the loss of task '{task}' is {loss} at step {step}; "
                "lower training.learning_rate or the task's weight, or set training.clip"
            )
