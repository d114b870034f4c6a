"""A saved model back from its run folder: to answer typed text, or to start another run from."""

from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError

from mtl_core.config import Experiment
from mtl_core.data.pieces import Pieces
from mtl_core.errors import ConfigError, RunError
from mtl_core.models.contracts import Encoder, MakeEncoder
from mtl_core.models.model import MultiTaskModel, build_model
from mtl_core.models.sources import ENCODERS

from .checkpoint import MODEL, load_kept, load_model
from .kept import Kept, kept_file
from .manifest import TOKENIZER, Manifest


@dataclass(frozen=True)
class Restored:
    """A model of a run, on the CPU, and what it reads with."""

    experiment: Experiment
    manifest: Manifest
    pieces: Pieces
    model: MultiTaskModel


def restore(folder: Path, step: int | None = None) -> Restored:
    """Build the run's model again and load its weights: the best, or those of a kept step.

    Raises RunError in one sentence.
    """
    if not (folder / MODEL).exists():
        raise RunError(f"run {folder.name} has no saved model yet; wait for its first validation")
    if step is not None and not (folder / kept_file(step)).exists():
        there = Kept.load(folder) or Kept(joint=0)
        raise there.refusal(str(step), folder.name)
    experiment = Experiment.load(folder / "experiment.yaml")
    manifest = Manifest.load(folder)
    pieces = load_pieces(folder, experiment.encoder.max_length)
    source = ENCODERS[type(experiment.encoder)]
    model = build_model(
        make_encoder=lambda: source.encoder(
            experiment.encoder, pieces.size, manifest.architecture, fresh=False
        ),
        sharing=experiment.sharing,
        tasks=manifest.tasks,
        datasets=[reading.dataset for reading in manifest.readings],
        heads=experiment.heads,
    )
    try:
        if step is None:
            load_model(model, folder)
        else:
            load_kept(model, step, folder)
    except (OSError, RuntimeError, SafetensorError) as err:
        which = "the model" if step is None else f"the checkpoint of step {step}"
        raise RunError(f"{which} of run {folder.name} is damaged; train the run again") from err
    model.eval()
    return Restored(experiment, manifest, pieces, model)


def load_pieces(folder: Path, max_length: int) -> Pieces:
    """The subwords of a run. Raises RunError where they are missing or damaged."""
    try:
        return Pieces.load(folder / TOKENIZER, max_length)
    except Exception as err:  # the library knows no finer error
        raise RunError(f"{folder / TOKENIZER} is missing or damaged; train the run again") from err


def started(make_encoder: MakeEncoder, folder: Path) -> MakeEncoder:
    """As `make_encoder`, but every encoder begins with the weights of a run's shared one.

    Raises ConfigError where the run has none, or one of another kind or size.
    """
    source = restore(folder)
    trunk = source.model.sharing.trunk()
    if trunk is None:
        raise ConfigError(
            f"sharing.source: run {folder.name} has no encoder that all its tasks share (its "
            f"strategy is {type(source.experiment.sharing).label}); start from another run"
        )
    weights = trunk.state_dict()

    def make() -> Encoder:
        encoder = make_encoder()
        try:
            encoder.load_state_dict(weights)
        except RuntimeError as err:
            wanted = source.experiment.encoder.model_dump(exclude_defaults=True)
            kind = source.experiment.encoder.kind_name()
            raise ConfigError(
                f"sharing.source: the encoder of run {folder.name} is of another kind or size; "
                f"set encoder to the same: { ({'kind': kind} | wanted) }"
            ) from err
        return encoder

    return make
