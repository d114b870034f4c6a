"""The training loop: a generator of events, the same for worker, command line and tests.

    for event in train(parts, plan, folder):
        ...                      # closing the generator stops the training and keeps its state

Called again for the same folder, it goes on where the last state was saved. It knows no strategy
and no method by name, and no config object.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mtl_core.data.batching import Batch
from mtl_core.errors import RunError

from . import checkpoint
from .choosing import Chooser
from .events import Checkpointed, Detailed, Evaluated, Event, Finished, Looked, Started, Steered
from .kept import Kept
from .plan import Parts, Plan, Progress
from .resting import Resting
from .steering import NOTHING, Wishes
from .stepping import Stepper, make_descent, make_optimiser, set_rate
from .telling import Telling, check_finite

__all__ = ["Parts", "Plan", "Training", "train"]

SAVE_SECONDS = 20.0
"""At most so much training is done again after a crash."""
Ask = Callable[[], Wishes]


def train(parts: Parts, plan: Plan, folder: Path, ask: Ask = lambda: NOTHING) -> Iterator[Event]:
    """Train, reporting every step; ends with the test scores of the best checkpoint.

    `ask` is called before every step: what the user wishes of the run that trains.
    """
    return Training(parts, plan, folder, ask).run()


class Training:
    """One training under way."""

    def __init__(self, parts: Parts, plan: Plan, folder: Path, ask: Ask = lambda: NOTHING) -> None:
        self.parts, self.plan, self.folder, self.ask = parts, plan, folder, ask
        self.progress = Progress()
        model, balancer = parts.model, parts.balancer.to(parts.device)
        self.optimiser = make_optimiser(model, balancer, plan.learning_rate, plan.weight_decay)
        descent = make_descent(model, balancer, self.optimiser, plan.clip)
        self.stepper = Stepper(model, descent, parts.device, plan.autocast)
        self.chooser = Chooser(plan.choosing, model.tasks)
        self.resting = Resting(**plan.rest) if plan.rest else None
        self.telling = Telling(parts.device)
        self._epoch_ends = frozenset(parts.feed.epoch_ends)
        self._last_save = time.perf_counter()
        self._restore()

    def run(self) -> Iterator[Event]:
        """The events of the whole training, or of what is left of it."""
        progress, plan = self.progress, self.plan
        yield self._started()
        yield from self.telling.events(all_of_them=True)
        try:
            if self._is_evaluation_due():  # stopped just before it
                yield from self._evaluate()
            self.parts.model.train()
            for batches in self.parts.feed.batches(start=progress.step):
                if progress.step >= plan.steps or self.chooser.is_early:
                    break
                wishes = self.ask()
                yield from self._steer(wishes)
                self._step(batches)
                yield from self.telling.events()
                due = self._is_evaluation_due()
                if due or wishes.evaluate:
                    yield from self._evaluate(by_hand=not due)
                    self.parts.model.train()
                elif time.perf_counter() - self._last_save > SAVE_SECONDS:
                    # First, so that no state is kept that a loss not looked at has spoilt.
                    yield from self.telling.events(all_of_them=True)
                    yield self._save()
        except GeneratorExit:
            self._keep()
            raise
        yield from self._finish()

    def _steer(self, wishes: Wishes) -> Iterator[Event]:
        """From this step on, the tasks' weights and the learning rate are what the user wishes."""
        progress = self.progress
        if (wishes.factors, wishes.rate) == (progress.factors, progress.rate):
            return
        yield from self.telling.events(all_of_them=True)
        progress.factors, progress.rate = dict(wishes.factors), wishes.rate
        yield Steered(progress.step, progress.factors, progress.rate, time.time())

    def _step(self, batches: list[Batch]) -> None:
        """One update. Tasks without a label in these batches take no part in it."""
        began = time.perf_counter()
        progress, plan = self.progress, self.plan
        if progress.step in self._epoch_ends:
            self.parts.balancer.next_epoch()
        rate = plan.learning_rate_at(progress.step) * progress.rate
        set_rate(self.optimiser, rate)
        self.parts.model.sharing.advance(progress.step / plan.steps)
        watch = plan.watches(progress.step)
        told = self.stepper.step(batches, self._training(batches), progress.factors, watch=watch)
        progress.step += 1
        progress.seconds += time.perf_counter() - began
        self.telling.note(progress.step, told, rate, progress.seconds)

    def _training(self, batches: list[Batch]) -> frozenset[str]:
        """The tasks of these batches that neither rest nor have had enough, and that the user has not
        left out: a loss of 0 would stop the others too where balancing compares losses."""
        left_out = {task for task, factor in self.progress.factors.items() if factor == 0.0}
        left_out |= self.chooser.stopped
        present = [task for batch in batches for task in batch.targets if task not in left_out]
        if self.resting is None:
            return frozenset(present)
        turns, found = self.progress.turns, set()
        for task in dict.fromkeys(present):
            turn = turns.get(task, 0)
            turns[task] = turn + 1
            if self.resting.takes_part(task, turn):
                found.add(task)
        return frozenset(found)

    def _is_evaluation_due(self) -> bool:
        step, plan = self.progress.step, self.plan
        at_this_step = step % plan.evaluate_every == 0 or step == plan.steps
        return at_this_step and step > self.progress.evaluated_step

    def _evaluate(self, *, by_hand: bool = False) -> Iterator[Event]:
        """Validate. Where the user asked for it off the schedule, nobody stops or rests for it."""
        yield from self.telling.events(all_of_them=True)
        began = time.perf_counter()
        progress, evaluator = self.progress, self.parts.evaluator
        self.parts.model.forget()
        answered = evaluator.answer(self.parts.model, "validation", self.plan.autocast)
        metrics = evaluator.scores(answered)
        losses = {k.split("/")[0]: v for k, v in metrics.items() if k.endswith("/validation/loss")}
        check_finite(losses, progress.step)
        scores = evaluator.main_scores(metrics, "validation")
        details = answered.details()
        is_best = self.chooser.judge(progress.step, scores, metrics, details, by_hand)
        if self.resting is not None and not by_hand:
            self.resting.judge(scores)
        self._keep_models(is_best)
        progress.evaluated_step = progress.step
        progress.seconds += time.perf_counter() - began
        yield Evaluated(
            step=progress.step,
            split="validation",
            metrics=metrics,
            best=is_best,
            seconds=round(progress.seconds, 3),
            stopped=tuple(sorted(self.chooser.stopped)),
            resting=self.resting.resting if self.resting else (),
        )
        seen = [insight.to_tree() for insight in self.parts.model.insight()]
        if seen:
            yield Looked(progress.step, seen)
        yield self._save()

    def _keep_models(self, is_best: bool) -> None:
        chooser = self.chooser
        if is_best:
            checkpoint.save_model(self.parts.model, self.folder)
        if self.progress.step in chooser.kept:
            checkpoint.save_kept(self.parts.model, self.progress.step, self.folder)

    def _finish(self) -> Iterator[Event]:
        """Test data is looked at here, once for every task, with the checkpoint that was chosen."""
        yield from self.telling.events(all_of_them=True)
        progress, chooser = self.progress, self.chooser
        if self.plan.choosing.own:
            metrics, details = self._own_scores()
        else:
            metrics, details = self._joint_scores()
        for (task, split), (step, found) in details.items():
            yield Detailed(step, task, split, found)
        checkpoint.load_model(self.parts.model, self.folder)
        yield Finished(
            step=progress.step,
            best_step=chooser.joint.step,
            metrics=metrics,
            seconds=round(progress.seconds, 3),
            early=chooser.is_early and progress.step < self.plan.steps,
            own_steps=chooser.own_steps,
        )

    def _joint_scores(self) -> "tuple[dict[str, float], Details]":
        joint = self.chooser.joint
        checkpoint.load_model(self.parts.model, self.folder)
        metrics = dict(joint.metrics)
        details: Details = {
            (task, "validation"): (joint.step, found) for task, found in joint.details.items()
        }
        tested, found = self._tested()
        details |= {(task, "test"): (joint.step, one) for task, one in found.items()}
        return metrics | tested, details

    def _own_scores(self) -> "tuple[dict[str, float], Details]":
        """Every task with its own best checkpoint."""
        metrics: dict[str, float] = {}
        details: Details = {}
        for task, best in self.chooser.tasks.items():
            checkpoint.load_kept(self.parts.model, best.step, self.folder)
            tested, found = self._tested()
            own = {key: value for key, value in tested.items() if key.split("/")[0] == task}
            metrics |= best.metrics | own
            details[task, "validation"] = (best.step, best.details)
            if task in found:
                details[task, "test"] = (best.step, found[task])
        return metrics, details

    def _tested(self) -> tuple[dict[str, float], dict[str, Any]]:
        """Scores on test data, and what the answers were like by task; none where there are none."""
        evaluator = self.parts.evaluator
        if "test" not in evaluator.splits:
            return {}, {}
        answered = evaluator.answer(self.parts.model, "test", self.plan.autocast)
        return evaluator.scores(answered), answered.details()

    def _started(self) -> Started:
        model = self.parts.model
        return Started(
            step=self.progress.step,
            steps=self.plan.steps,
            tasks=model.tasks,
            device=self.parts.device.type,
            parameters=sum(p.numel() for p in model.parameters()),
            shared_parameters=sum(p.numel() for p in model.shared_parameters()),
            time=time.time(),
        )

    def _save(self) -> Event:
        self._last_save = time.perf_counter()
        state: dict[str, Any] = {
            "model": self.parts.model.state_dict(),
            "balancer": self.parts.balancer.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": dict(vars(self.progress)),
            "choosing": self.chooser.state(),
            "resting": self.resting.state() if self.resting else {},
            "random": checkpoint.random_state(self.parts.device),
            "unreported": self.telling.state(),
        }
        checkpoint.save_state(state, self.folder)
        # Only now, so that after a crash no file is gone that the saved state still names.
        chooser = self.chooser
        Kept(chooser.joint.step, chooser.own_steps, tuple(chooser.kept)).save(self.folder)
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
            self.parts.balancer.load_state_dict(state["balancer"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.chooser.load(state["choosing"])
        except (KeyError, RuntimeError, ValueError) as err:
            raise RunError(
                "the saved state does not fit the model: the data or the program has changed since "
                "the run began; start a new run"
            ) from err
        self.progress = Progress(**state["progress"])
        if self.resting is not None:
            self.resting.load(state["resting"])
        self.telling.load(state["unreported"])
        checkpoint.restore_random_state(state["random"], self.parts.device)


Details = dict[tuple[str, str], tuple[int, Any]]
"""By task and split: the step of the checkpoint, and what its answers were like."""
