"""Sentences that the user labels: a dataset of one's own, in which every change is kept at once.

    mood = define("mood", "classification", ["fine", "poor"])
    own = Annotations.create(home, "my_reviews", {"mood": mood})
    (row,) = own.add(["the tram was late"])
    own.put(row, "mood", "poor")
    own.undo()

A folder among the user's data with `card.yaml`, `rows.jsonl`, `labels.json` (the labels to choose from)
and `undo.json`. Two tabs, or two people, never lose each other's rows: see own_rows.py.

A row goes to the training or the validation data when it gets its first label, and stays there: what
a model was once validated on never becomes training data of the next. Rows with the same words stay
together. Rows that never had a label belong to neither.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtl_core.config.yaml_text import written
from mtl_core.errors import DataError

from .catalog import CARD_FILE, Card, load_card
from .files import read_json, write_atomically
from .gold import Gold
from .layout import ByColumn
from .own_rows import ROWS, OwnRows, Tree
from .own_tasks import SECOND, TOKENS, Need, OwnTask, checked, joined, needs
from .text import Segmentation, cut, readable

LABELS = "labels.json"
MOST_ROWS = 20_000
LONGEST = 20_000  # characters of a sentence
_VALIDATION = 0.2  # share of each task's labelled rows


@dataclass(frozen=True)
class OwnRow:
    """A sentence as the user sees it; `gold` holds the answers given so far, tags perhaps with gaps."""

    id: str
    text: str
    words: list[str]
    second: list[str]
    gold: dict[str, Gold]


class Annotations:
    """A dataset of the user's own sentences. Every change is on the disk before the call returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows = OwnRows(folder)
        self.card, self.tasks = _read_tasks(folder)

    @staticmethod
    def names(home: Path) -> list[str]:
        """The datasets of this user that can be labelled."""
        return sorted(file.parent.name for file in (home / "data").glob(f"[!.]*/{LABELS}"))

    @classmethod
    def open(cls, home: Path, name: str) -> "Annotations":
        """One by its name. Raises DataError where there is none, or it cannot be read."""
        if name not in cls.names(home):
            raise DataError(f"there is no dataset '{name}' of your own; create it first")
        return cls(home / "data" / name)

    @classmethod
    def create(
        cls,
        home: Path,
        name: str,
        tasks: Mapping[str, OwnTask],
        *,
        segmentation: Segmentation = "words",
        title: str = "",
    ) -> "Annotations":
        """A new one, without rows. Raises DataError where the name cannot be taken."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", name):
            raise DataError(f"'{name}' cannot name a dataset; take letters, digits, _ - and .")
        if not tasks:
            raise DataError("a dataset needs at least one task; name one")
        card = Card(
            name=name,
            title=title,
            description="Sentences that were typed and labelled here.",
            segmentation=segmentation,
            splits={"train": ROWS},
            divide=ByColumn(column="split", values={s: s for s in ("train", "validation")}),
            tasks={task: own.spec for task, own in tasks.items()},
        )
        folder = home / "data" / name
        try:
            folder.mkdir(parents=True)
            (folder / ROWS).touch()
            _write_tasks(folder, card, tasks)
        except FileExistsError as err:
            raise DataError(f"a dataset '{name}' is there already; take another name") from err
        except OSError as err:
            raise DataError(f"{folder}: cannot be written ({err.strerror}); check it") from err
        return cls(folder)

    # --- Reading ----------------------------------------------------------------------------------

    def rows(self) -> list[OwnRow]:
        """All sentences, in the order in which they came."""
        return [self._shown(tree) for tree in self._rows.read()]

    def needs(self) -> dict[str, Need]:
        """For each task, how many sentences are labelled, and what it lacks to be trained."""
        return needs(self.tasks, self._rows.read())

    @property
    def changes(self) -> int:
        """How many changes can be taken back."""
        return self._rows.changes

    @property
    def reads_pairs(self) -> bool:
        """Whether any task reads two texts."""
        return any(task.spec.pair for task in self.tasks.values())

    def as_json_lines(self) -> str:
        """All rows as they are stored."""
        return self._rows.path.read_text(encoding="utf-8")

    def _shown(self, tree: Tree) -> OwnRow:
        answers = {t: tree.get(own.spec.target) for t, own in self.tasks.items()}
        answers = {t: gold for t, gold in answers.items() if gold is not None}
        gold = tree.get("unfinished", {}) | answers
        text = str(tree.get("text") or " ".join(tree[TOKENS]))
        return OwnRow(tree["id"], text, tree[TOKENS], tree.get(SECOND, []), gold)

    # --- Changing ---------------------------------------------------------------------------------

    def add(self, texts: Sequence[str]) -> list[str]:
        """Add sentences; a tab parts the two texts of a pair. The ids of the new rows.

        Empty ones, and those that are there already, are passed over.
        """
        made = []
        for text in texts:
            first, _, second = text.partition("\t") if self.reads_pairs else (text, "", "")
            one, two = (cut(part, self.card.segmentation) for part in (first, second))
            if one:
                made.append(self._row(one, two, first, second))

        def change(rows: list[Tree]) -> list[str]:
            there = {_words_of(row) for row in rows}
            before = len(rows)
            for row in made:
                if _words_of(row) not in there:
                    there.add(_words_of(row))
                    rows.append(row)
            _check_room(rows)
            return [row["id"] for row in rows[before:]]

        return self._rows.changed(change)

    def save(
        self, words: Sequence[str], gold: Mapping[str, Gold], second: Sequence[str] = ()
    ) -> str:
        """A labelled sentence at once; where its words are there already, that row is changed."""
        if not words:
            raise DataError("there are no words to save; type a sentence")
        row = self._row(words, second, " ".join(words), " ".join(second))

        def change(rows: list[Tree]) -> str:
            found = next((one for one in rows if _words_of(one) == _words_of(row)), row)
            if found is row:
                rows.append(row)
                _check_room(rows)
            for task, answer in gold.items():
                self._put(rows, found, task, answer)
            return str(found["id"])

        return self._rows.changed(change)

    def put(self, row: str, task: str, gold: Gold) -> None:
        """Set an answer; None takes it away. Tags may have gaps (""): they train once none is left."""
        self._rows.changed(lambda rows: self._put(rows, _row_of(rows, row), task, gold))

    def delete(self, row: str) -> None:
        """Take a sentence away, with all its labels."""
        self._rows.changed(lambda rows: rows.remove(_row_of(rows, row)))

    def undo(self) -> bool:
        """Take back the last change of anybody; False where there is none to take back."""
        return self._rows.undo()

    def extend(self, tasks: Mapping[str, OwnTask]) -> None:
        """More tasks, or more labels of those that are there. Raises DataError where they differ."""
        with self._rows.locked():
            self.card, now = _read_tasks(self.folder)
            self.tasks = joined(now, tasks, self.card.name)
            if self.tasks != now:
                specs = {name: task.spec for name, task in self.tasks.items()}
                self.card = self.card.model_copy(update={"tasks": specs})
                _write_tasks(self.folder, self.card, self.tasks)

    def _row(self, words: Sequence[str], second: Sequence[str], text: str, text_2: str) -> Tree:
        if len(text) + len(text_2) > LONGEST:
            raise DataError(
                f"'{text[:40]}...' has more than {LONGEST:,} characters; cut it into sentences"
            )
        row: Tree = {"id": secrets.token_hex(6), "text": readable(text).strip()}
        row[TOKENS] = [readable(word) for word in words]
        if self.reads_pairs or second:
            row |= {"second_text": readable(text_2).strip(), SECOND: [*map(readable, second)]}
        return row

    def _put(self, rows: list[Tree], row: Tree, task: str, gold: Gold) -> None:
        if task not in self.tasks:
            raise DataError(f"dataset '{self.card.name}' has no task '{task}'; add it first")
        own = self.tasks[task]
        if own.spec.pair and gold is not None and not row.get(SECOND):
            raise DataError(f"task '{task}' reads two texts, but this row has one; add the second")
        answer = checked(task, own, gold, row[TOKENS])
        unfinished = {
            name: tags for name, tags in row.pop("unfinished", {}).items() if name != task
        }
        row.pop(own.spec.target, None)
        if isinstance(answer, list) and own.is_per_word and "" in answer:
            unfinished |= {task: answer} if any(answer) else {}
        elif answer is not None:
            row[own.spec.target] = answer
            row.setdefault("split", self._split_for(rows, row))
        if unfinished:
            row["unfinished"] = unfinished

    def _split_for(self, rows: list[Tree], row: Tree) -> str:
        """Beside rows of the same words; else validation where one of its tasks has too little."""
        others = [other for other in rows if other is not row and "split" in other]
        for other in others:
            if _words_of(other) == _words_of(row):
                return str(other["split"])
        for own in self.tasks.values():
            placed = [r["split"] for r in others if own.spec.target in r]
            lacking = placed.count("validation") < round(_VALIDATION * (len(placed) + 1))
            if own.spec.target in row and lacking:
                return "validation"
        return "train"


def _read_tasks(folder: Path) -> tuple[Card, dict[str, OwnTask]]:
    card = load_card(folder).card
    labels = read_json(folder / LABELS)
    return card, {t: OwnTask(spec, tuple(labels.get(t, ()))) for t, spec in card.tasks.items()}


def _write_tasks(folder: Path, card: Card, tasks: Mapping[str, OwnTask]) -> None:
    """The labels first: a dataset that has a card has them."""
    labels = {name: task.labels for name, task in tasks.items()}
    write_atomically(folder / LABELS, json.dumps(labels, ensure_ascii=False, indent=1))
    tree = card.model_dump(mode="json", exclude_defaults=True)
    write_atomically(folder / CARD_FILE, written(tree))


def _row_of(rows: list[Tree], row: str) -> Tree:
    found = next((one for one in rows if one["id"] == row), None)
    if found is None:
        raise DataError("this sentence was deleted meanwhile; choose another one, or undo")
    return found


def _words_of(row: Tree) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(row[TOKENS]), tuple(row.get(SECOND, ()))


def _check_room(rows: list[Tree]) -> None:
    if len(rows) > MOST_ROWS:
        raise DataError(
            f"a dataset of your own holds at most {MOST_ROWS:,} sentences; begin another one"
        )
