"""From settings to classifiers of windows, each with a runtime of its own: they run on different threads."""

from contextlib import ExitStack
from pathlib import Path

from edge.config.sequences import WindowClassifier
from edge.contracts.runtime import Runtime
from edge.contracts.types import ModelBundle
from edge.runtime.canary import try_model
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from edge.sequences.classifier import SequenceClassifier


def open_classifier(
    sensor: str, settings: WindowClassifier, runtime: RuntimeSettings, state_dir: Path | None, stack: ExitStack
) -> SequenceClassifier:
    """A classifier that is closed with the stack.

    Args:
        sensor: its name.
        settings: which file, and when its answer counts.
        runtime: limits of the trial.
        state_dir: where it is remembered which files have passed their trial; None = it is not tried.
        stack: closes it.

    Raises:
        ModelError: it cannot be read or run, or is none.
    """
    return SequenceClassifier(sensor, opened(settings.read(), runtime, state_dir, stack), settings)


def opened(bundle: ModelBundle, runtime: RuntimeSettings, state_dir: Path | None, stack: ExitStack) -> Runtime:
    """A model of windows, ready to run on one thread; see `open_classifier`."""
    if state_dir is not None:
        try_model(bundle, runtime, state_dir)
    return stack.enter_context(open_runtime(bundle, runtime.model_copy(update={"threads": 1})))
