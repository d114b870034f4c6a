"""A card is tried before it is proposed: every split is read, and every task must be able to learn."""

from dataclasses import dataclass, field
from pathlib import Path

from mtl_core.data.catalog import CARD_FILE, Card, Dataset
from mtl_core.data.findings import Finding, Findings
from mtl_core.data.layout import AtRandom
from mtl_core.data.split_rows import SplitRows
from mtl_core.data.tasks import Sentences, load_sentences, task_of
from mtl_core.errors import DataError

_SHARES = ((0.1, 0.1), (0.2, 0.2), (0.2, 0.0), (0.34, 0.0), (0.5, 0.0))
_PLACEHOLDERS = ({"-1"}, {"?"}, {"-100"})


@dataclass
class Trial:
    """Makes a card smaller until all of it works, and keeps what was read on the way."""

    folder: Path
    card: Card
    findings: Findings
    left_out: dict[str, str] = field(default_factory=dict)  # task -> why
    _read: dict[str, tuple[Sentences, Findings]] = field(default_factory=dict)
    _rows: SplitRows = field(default_factory=lambda: SplitRows(keep=True, told={}))

    def run(self) -> Card:
        """The card as far as it works. Raises DataError where no task is left that could learn."""
        self._give_splits_rows()
        self._leave_out_idle_tasks()
        self._leave_out_silent_splits()
        told = [self._load(split)[1] for split in self.card.split_names]
        of_rows = self._rows.told or {}
        told = [*(of_rows[split] for split in self.card.splits if split in of_rows), *told]
        for found in told:
            for finding in found:
                self.findings(finding)
        if any(found.worst == "error" for found in told):
            self.card = self.card.model_copy(update={"faults": "leave_out"})
        return self.card

    def sentences(self) -> dict[str, Sentences]:
        """What was read of each split."""
        return {split: self._load(split)[0] for split in self.card.split_names}

    def _load(self, split: str) -> tuple[Sentences, Findings]:
        key = f"{split} {sorted(self.card.tasks)} {self.card.divide!r}"
        if key not in self._read:
            dataset = Dataset(self.card, self.folder.resolve() / CARD_FILE)
            found = Findings()
            sentences = load_sentences(
                dataset, split, tuple(self.card.tasks), found, rows=self._rows
            )
            self._read[key] = (sentences, found)
        return self._read[key]

    def _changed(self, **changes: object) -> None:
        self.card = self.card.model_copy(update=changes)

    def _give_splits_rows(self) -> None:
        """Shares large enough that each split that is cut off gets rows with labels."""
        divide = self.card.divide
        if not isinstance(divide, AtRandom):
            return
        failed: DataError | None = None
        for validation, test in ((divide.validation, divide.test), *_SHARES):
            shares = {"validation": validation, "test": test if divide.test else 0.0}
            self._changed(divide=divide.model_copy(update=shares))
            try:
                for split in set(self.card.split_names) - set(self.card.splits):
                    self._load(split)
                return
            except DataError as err:
                failed = err
        self._changed(divide=divide.model_copy(update={"validation": 0.34, "test": 0.0}))
        if failed is not None and len(self.card.tasks) == 1:
            raise failed

    def _leave_out_idle_tasks(self) -> None:
        """Tasks that learn nothing from the training rows are left out, with the reason."""
        try:
            self._load("train")
        except DataError:
            self._leave_out(self._unreadable())
        idle: dict[str, str] = {}
        for task, spec in self.card.tasks.items():
            try:
                labels = task_of(task, spec, [self._load("train")[0]]).labels
            except DataError as err:
                idle[task] = str(err)
                continue
            if spec.kind != "regression" and len(labels) < (1 if spec.kind == "spans" else 2):
                only = f"its only label is '{labels[0]}'" if labels else "it marks no span"
                idle[task] = f"{only}: there is nothing to learn"
        if idle:
            self._leave_out(idle)

    def _unreadable(self) -> dict[str, str]:
        """The tasks that fail on their own, with the reason."""
        whole, found = self.card, {}
        for task, spec in whole.tasks.items():
            self._changed(tasks={task: spec})
            try:
                self._load("train")
            except DataError as err:
                found[task] = str(err)
        self.card = whole
        return found

    def _leave_out(self, tasks: dict[str, str]) -> None:
        self.left_out |= tasks
        kept = {task: spec for task, spec in self.card.tasks.items() if task not in tasks}
        if not kept:
            reasons = "; ".join(f"{task}: {why}" for task, why in tasks.items())
            raise DataError(f"{self.folder}: no task that could be learnt ({reasons})")
        self._changed(tasks=kept)
        self._read.clear()

    def _leave_out_silent_splits(self) -> None:
        """A split without labels (some competitions keep those of test secret) measures nothing."""
        for split in ("test", "validation"):
            if split not in self.card.splits or not (why := self._silent(split)):
                continue
            if len(self.card.splits) == 2 and split == "validation" and self.card.divide is None:
                self._changed(divide=AtRandom(by=_label_column(self.card)))
            splits = {name: files for name, files in self.card.splits.items() if name != split}
            if "validation" not in splits and self.card.divide is None:
                self._changed(divide=AtRandom(by=_label_column(self.card)))
            self._changed(splits=splits)
            what = f"the {split} files are left out: {why}"
            self.findings(Finding("silent split", "warning", what, "name files with labels"))

    def _silent(self, split: str) -> str:
        """Why a split cannot measure anything; empty where it can."""
        try:
            sentences, _ = self._load(split)
        except DataError as err:
            return str(err)
        for task, spec in self.card.tasks.items():
            if spec.kind == "classification" and len(sentences) > 1:
                found = set(sentences.label_counts(task, spec.kind))
                if found in _PLACEHOLDERS:
                    return f"all labels of {task} are {found.pop()}, which stands for none"
        return ""


def _label_column(card: Card) -> str:
    labels = [spec.target for spec in card.tasks.values() if spec.kind == "classification"]
    return labels[0] if labels else ""
