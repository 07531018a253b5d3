"""The gate of trajectory models: what it asks, what it refuses, and that sigma is made honest before."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.manifest import Task
from edge.contracts.track_windows import Answer
from tests.trainer.recorded_scenes import WINDOW, crowd
from tests.trainer.tensor import tensorflow
from trainer.errors import TrainError
from trainer.recorded.following import Watching
from trainer.recorded.windows import Windows, cut

tf = tensorflow()

from trainer.export.variant import Variant  # noqa: E402
from trainer.forecaster.calibration import calibrate  # noqa: E402
from trainer.forecaster.judging import judge  # noqa: E402
from trainer.forecaster.network import answers  # noqa: E402
from trainer.forecaster.settings import ForecasterNetwork, ForecasterRecipe, ForecasterTraining  # noqa: E402
from trainer.forecaster.training import train_forecaster  # noqa: E402
from trainer.sequences.convert import convert_sequence  # noqa: E402
from trainer.sequences.networks import save_sequence  # noqa: E402
from trainer.sequences.trained import SequenceTrained  # noqa: E402
from trainer.series.checks import Judged  # noqa: E402
from trainer.series.releasing import SeriesTerms, release_series  # noqa: E402

SMALL = ForecasterNetwork(units=16, hidden=16)
STEPS = 150


@dataclass(frozen=True, eq=False)
class Made:
    """A network that has learnt that everybody turns, its file, and what it says of others."""

    file: Path
    network: Answer
    test: Windows


def windows(*seeds: int) -> Windows:
    return cut([crowd(seed) for seed in seeds], WINDOW, [Watching(0.2, jitter=0.03, seed=seeds[0])])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder, train, other, test = tmp_path_factory.mktemp("made"), windows(1, 2, 3), windows(7, 8, 9), windows(4, 5, 6)
    recipe = ForecasterRecipe(network=SMALL, training=ForecasterTraining(steps=STEPS, batch=64, rate=0.01))
    learnt = train_forecaster(recipe, WINDOW, train.samples, other.samples, folder / "run", lambda _step, _said: None)
    calibrate(learnt.model, other.samples)
    trained = SequenceTrained(folder / "trained", Task.FORECASTER, "crowd", (), WINDOW)
    save_sequence(learnt.model, trained)
    convert_sequence(trained, Variant.FLOAT32, train.samples.x, folder / "crowd.tflite", timeout_s=900)
    return Made(folder / "crowd.tflite", answers(learnt.model, test.samples.x), test)


def judged(made: Made, **changed: object) -> Judged:
    told = {"path": made.file, "network": made.network, "window": WINDOW, "test": made.test, "budget_percent": 2.0}
    return judge(**{**told, **changed}).judged  # type: ignore[arg-type]


def failed(verdict: Judged) -> list[str]:
    return [check.question for check in verdict.failed]


def test_what_has_learnt_to_turn_passes(made: Made) -> None:
    verdict = judged(made)
    assert failed(verdict) == []
    assert verdict.may_go("")
    assert verdict.figures["ade"] < 0.7 * verdict.figures["ade_line"]
    assert verdict.figures["ade"] == pytest.approx(verdict.figures["ade_network"], rel=1e-3)
    assert 0.6 < verdict.figures["coverage"] < 0.76


def test_what_the_gate_refuses(made: Made, tmp_path: Path) -> None:
    better = replace(made.network, mean=made.network.mean * 0 + made.test.samples.departure[:, None])
    assert failed(judged(made, network=better)) == ["accuracy kept"]
    assert failed(judged(made, test=made.test[np.zeros(len(made.test), bool)])) == ["held-out windows"]
    assert failed(judged(made, window=replace(WINDOW, horizons_s=(1.0, 2.0, 3.0)))) == ["horizons"]
    unit = made.test.samples.unit * (np.arange(len(WINDOW.horizons_s)) < len(WINDOW.horizons_s) - 1)
    short = replace(made.test, samples=replace(made.test.samples, unit=unit.astype(np.float32)))
    assert failed(judged(made, test=short)) == ["held-out windows"]  # nobody was seen for so long
    assert failed(judged(made, path=tmp_path / "nothing.tflite")) == ["loads and runs"]
    samples = made.test.samples
    still = replace(made.test, samples=replace(samples, departure=samples.departure * 0))
    assert "better than straight lines" in failed(judged(made, test=still))
    wild = replace(made.test, samples=replace(samples, departure=samples.departure * 5))
    assert "sigma is honest" in failed(judged(made, test=wild))


def test_no_file_but_for_a_reason(made: Made, tmp_path: Path) -> None:
    out, report = tmp_path / "m.tflite", tmp_path / "report.html"
    better = replace(made.network, mean=made.network.mean * 0 + made.test.samples.departure[:, None])
    lost, useless = judged(made, network=better), judged(made, test=made.test[np.zeros(len(made.test), bool)])
    for verdict, reason, words in ((lost, "", "--accept-loss REASON"), (useless, "I want it", "train again")):
        with pytest.raises(TrainError, match=words):
            release_series(made.file, verdict, SeriesTerms(out, None, 2.0, reason), report)
        assert not out.exists()
    release_series(made.file, lost, SeriesTerms(out, None, 2.0, "a test"), report)
    manifest = read_manifest(out)
    assert manifest is not None
    assert manifest.accepted_loss == "a test"
    assert manifest.metrics["held_out"]["ade"] == pytest.approx(lost.figures["ade"])
    assert read_bundle(out).window == WINDOW
