"""Commands that look at runs and data, and ask a run for answers."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mtl_core.data.files import home
from mtl_core.data.text import joined
from mtl_core.errors import ConfigError, DataError, MtlError
from mtl_core.runs.store import Run, Runs

from .data_check import described
from .output import Json, catalog, emit, result


def runs(as_json: Json = False) -> None:
    """List the runs, newest first."""
    document = [_entry(run) for run in Runs()]

    def tell() -> None:
        for entry in document:
            done = f"{entry['step']}/{entry['steps']}"
            steered = "  (steered)" if entry["steered"] else ""
            state = f"{entry['status']:<11} {done:>13}"
            typer.echo(f"{entry['run']}  {state}  {entry['name']}{steered}")
        if not document:
            typer.echo(f"no runs in {home() / 'runs'} yet; start one with mtl train or mtl app")

    emit(document, as_json, tell)


def _entry(run: Run) -> dict[str, Any]:
    try:
        status = run.status()
        about = {"name": run.experiment.name, "group": run.group, "steered": status.steered}
        return {**result(run, status), **about, "step": status.step, "steps": status.steps}
    except MtlError as err:
        about = {"name": str(err), "steered": False}
        return {"run": run.id, "status": "damaged", **about, "step": 0, "steps": 0}


def _group(run: Run) -> str | None:
    """The run's group; None for a damaged run, which belongs to no comparison."""
    try:
        run.status()
        return run.group
    except MtlError:
        return None


def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Ids of runs; their groups come along.")
    ],
    as_json: Json = False,
) -> None:
    """Compare runs: every task's scores, its gain over its single-task twin, and a verdict."""
    from mtl_core.analysis import compare as tables
    from mtl_core.analysis.gains import gains, gains_table
    from mtl_core.analysis.results import splits_in

    chosen = [Runs().get(name) for name in names]
    groups = {run.group for run in chosen}
    others = [r for r in Runs() if r.id not in {c.id for c in chosen} and _group(r) in groups]
    every = chosen + others
    results = [tables.result_of(run) for run in every]
    known = splits_in(key for result in results for key in result.metrics)
    splits = [*dict.fromkeys(("validation", "test", *known))]
    found = [gain for split in splits for gain in gains(results, split)]
    document = {
        "runs": [
            {
                "run": r.run,
                "name": r.name,
                "role": r.role,
                "seed": r.seed,
                "steered": r.steered,
                "metrics": dict(r.metrics),
            }
            for r in results
        ],
        "gains": [
            {**asdict(gain), "verdict": gain.verdict, "sentence": gain.sentence} for gain in found
        ],
    }

    def tell() -> None:
        table = gains_table(found) if found else tables.summary(tables.scores(results))
        typer.echo(tables.to_markdown(table))
        for gain in found:
            typer.echo(f"{gain.task} ({gain.split} {gain.metric}): {gain.sentence}")

    emit(document, as_json, tell)


def predict(
    run: Annotated[str, typer.Argument(help="A run's id, or the path of its folder.")],
    text: Annotated[str | None, typer.Option(help="The text to answer.")] = None,
    second: Annotated[
        str | None, typer.Option(help="The second text, for tasks that read pairs.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="A file with one text a line; a pair has a tab between its texts."),
    ] = None,
    checkpoint: Annotated[
        str,
        typer.Option(
            metavar="STEP|TASK",
            help="Ask a kept checkpoint by its step, or a task's best; the best of all otherwise.",
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Answer typed text with every task of a run."""
    texts = _texts(text, second, file)
    from mtl_core.predict.answering import Answerer

    found = Runs().get(run)
    answerer = Answerer(found, found.checkpoints.step_of(checkpoint, found.id))
    reads_pairs = any(task.pair for task in answerer.manifest.tasks)
    if second is not None and not reads_pairs:
        raise ConfigError(f"run {run} reads one text at a time; leave --second out")
    pairs = [(text, second or "")] if text is not None else _parted(texts, reads_pairs)
    document = [
        {"text": one, "second_text": two, **answerer.answer(one, two).to_tree()}
        for one, two in pairs
    ]

    def tell() -> None:
        for entry in document:
            typer.echo("\n".join(filter(None, (entry["text"], entry["second_text"]))))
            for answer in entry["tasks"].values():
                typer.echo(f"  {answer['task']}: {_in_words(answer, entry['words'])}")
            for task in entry["waiting"]:
                typer.echo(f"  {task}: reads pairs; give the second text with --second")

    emit(document if file else document[0], as_json, tell)


def data_list(as_json: Json = False) -> None:
    """List the datasets that can be chosen by name."""
    found = catalog()
    document = [described(dataset) for dataset in found.datasets]

    def tell() -> None:
        for entry in document:
            tasks = ", ".join(f"{name} ({kind})" for name, kind in entry["tasks"].items())
            typer.echo(f"{entry['name']:<16} {entry['title']}: {tasks}")

    emit(document, as_json, tell)
    for problem in found.problems:
        typer.echo(f"not readable: {problem}", err=True)


def _texts(text: str | None, second: str | None, file: Path | None) -> list[str]:
    """The text, or the lines of the file."""
    if second is not None and text is None:
        raise ConfigError(
            "--second goes with --text; in a file a tab parts the two texts of a line"
        )
    if text is not None and file is None:
        return [text]
    if file is None or text is not None:
        raise ConfigError("give the text with --text or a file with --file, one of the two")
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as err:
        raise DataError(f"{file}: cannot be read as UTF-8 text ({err}); check it") from err
    return lines[:-1] if lines[-1] == "" else lines


def _parted(lines: list[str], reads_pairs: bool) -> list[tuple[str, str]]:
    """Each line as a first and a second text; the second is empty where there is none."""
    if not reads_pairs:
        return [(line, "") for line in lines]
    return [(one, two) for one, _, two in (line.partition("\t") for line in lines)]


def _in_words(answer: dict[str, Any], words: list[str]) -> str:
    kind = answer["kind"]
    if kind == "regression":
        return f"{answer['value']:.2f} (from {answer['low']:g} to {answer['high']:g})"
    if kind == "multilabel":
        shares = answer["probabilities"]
        return ", ".join(f"{one} ({shares[one]:.2f})" for one in answer["labels"]) or "none"
    if kind == "classification":
        return f"{answer['label']} ({answer['probabilities'][answer['label']]:.2f})"
    if kind == "spans":
        found = [f"{label}: {joined(words[a:b])}" for a, b, label in answer["spans"]]
        return "; ".join(found) or "none"
    return " ".join(f"{word}/{tag}" for word, tag in zip(words, answer["tags"], strict=False))
