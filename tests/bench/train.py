"""What the whole training loop costs over the bare step of the model: data, averages, curves and checkpoints.

Both learn in one process in turns, the loop on fresh batches, the bare step on one that lies in memory.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.report import parser, show


def main(argv: list[str]) -> None:
    """Run the benchmark."""
    options = parser("train", __doc__ or "")
    options.add_argument("--px", type=int, default=320, help="side of the network's picture")
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--turns", type=int, default=6, help="turns of each, the first is not counted")
    options.add_argument("--steps", type=int, default=10, help="steps in a turn")
    chosen = options.parse_args(argv)
    loop, bare = _measured(chosen.data / "raccoon", chosen.px, chosen.batch, chosen.turns, chosen.steps)
    ratios = [b / a for a, b in zip(loop, bare, strict=True)]
    ratio = statistics.median(ratios)
    rows: list[list[object]] = [
        ["bare step, batch in memory", statistics.median(bare) * 1000, chosen.batch / statistics.median(bare)],
        ["whole loop", statistics.median(loop) * 1000, chosen.batch / statistics.median(loop)],
    ]
    show(
        f"Training at {chosen.px} px, batch {chosen.batch}: steps/s of the loop are {ratio:.3f} of the bare step's "
        f"(turns: {', '.join(f'{one:.2f}' for one in ratios)})",
        ["", "ms a step", "images/s"],
        rows,
        {"ratio_to_model_step": ratio, "images_per_s": chosen.batch / statistics.median(loop)},
    )


def _measured(data: Path, px: int, batch: int, turns: int, steps: int) -> tuple[list[float], list[float]]:
    """Seconds of a step in each turn, of the loop and of the bare step."""
    from trainer.data.opening import open_data  # noqa: PLC0415 - TensorFlow is loaded below, --help needs none of it
    from trainer.detector.architecture import grid  # noqa: PLC0415
    from trainer.detector.network import detector  # noqa: PLC0415
    from trainer.detector.settings import DetectorRecipe, NetworkSettings, TrainingSettings  # noqa: PLC0415
    from trainer.detector.training import batches, loss_of  # noqa: PLC0415
    from trainer.training.loop import Trainer  # noqa: PLC0415

    recipe = DetectorRecipe(
        weights="none",
        network=NetworkSettings(input_px=px),
        training=TrainingSettings(steps=turns * steps, batch=batch),
    )
    dataset = open_data(data).splits["train"]
    cells = grid(recipe.network.architecture(len(dataset.labels)))
    losses = loss_of(cells, 0.0)
    bare = _BareStep(detector(recipe.network.architecture(len(dataset.labels))), losses, recipe.training.rate)
    in_turns = _InTurns(batches(recipe, dataset), bare, steps)
    with tempfile.TemporaryDirectory() as folder:
        model = detector(recipe.network.architecture(len(dataset.labels)))
        schedule = recipe.training.schedule(0, 0)
        Trainer(model, losses, schedule, Path(folder)).run(in_turns, lambda *_: None)
    in_turns.finish()
    return in_turns.loop[1:], in_turns.bare[1:]


class _BareStep:
    """Forward, backward and the optimizer on one batch, nothing else."""

    def __init__(self, model: Any, losses: Any, rate: float) -> None:
        import keras  # noqa: PLC0415
        import tensorflow as tf  # noqa: PLC0415

        optimizer = keras.optimizers.AdamW(rate)
        optimizer.build(model.trainable_variables)

        def step(batch: Any) -> Any:
            with tf.GradientTape() as tape:
                total = losses(model, batch)["total"]
            variables = model.trainable_variables
            gradients = tape.gradient(total, [one.value for one in variables])
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
            return total

        self._step = tf.function(step)

    def seconds(self, batch: Any, steps: int) -> float:
        """Of one step, the mean of some."""
        begin = time.perf_counter()
        for _ in range(steps):
            float(self._step(batch))
        return (time.perf_counter() - begin) / steps


class _InTurns:
    """Batches for the loop; after each turn of it the bare step has one, with the loop's clock standing."""

    def __init__(self, source: Any, bare: _BareStep, steps: int) -> None:
        self._source, self._bare_step, self._steps = source, bare, steps
        self._begun = 0.0
        self._kept: Any = None
        self.loop: list[float] = []
        self.bare: list[float] = []

    def since(self, step: int) -> Iterator[Any]:
        for number, batch in enumerate(self._source.since(step)):
            if self._kept is None:
                self._kept = batch
            elif number % self._steps == 0:
                self._turn()
            if number % self._steps == 0:
                self._begun = time.perf_counter()
            yield batch

    def finish(self) -> None:
        """The last turn has no batch after it."""
        self._turn()

    def _turn(self) -> None:
        self.loop.append((time.perf_counter() - self._begun) / self._steps)
        self.bare.append(self._bare_step.seconds(self._kept, self._steps))
