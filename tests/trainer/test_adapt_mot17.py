"""Cleaning against the truth of a real street: what it must not lose, and what it must win."""

from dataclasses import replace

import pytest

from tests.paths import data
from trainer.adapt.settings import CleaningSettings


def test_labels_of_a_wavering_teacher_are_mended_by_tracks_and_those_of_a_steady_one_are_not_harmed() -> None:
    mot = pytest.importorskip("tests.bench.mot", reason="needs trackeval (pip install --no-deps trackeval)")
    labels = pytest.importorskip("tests.rigs.labels", reason="needs scipy")
    steady = mot.read_one(data("mot17"), "MOT17-09").every(2)
    found = [labels.wavering(one, 1.5, seed) for seed, one in enumerate(steady.detections)]
    wavering = replace(steady, detections=found)
    usual = CleaningSettings()
    for sequence, least, gain in ((steady, 0.7, -0.01), (wavering, 0.7, 0.1)):
        before, after = labels.of_scores(sequence, least, usual.unsure_support), labels.of_tracks(sequence, usual)
        assert after.precision > before.precision - 0.01
        assert after.recall > before.recall + gain
        assert after.iou > before.iou - 0.002
        assert after.punished <= before.punished
