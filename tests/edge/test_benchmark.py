"""The benchmark's own arithmetic and words; end to end it is tested by `foresight bench`."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from edge.adhoc import CAMERA, adhoc_settings
from edge.benchmark import figures_of
from edge.figures import Figures, show_figures, summary, warnings
from edge.health import StageClock
from edge.stopwatch import SplitClock, TimedRuntime
from tests.rigs.bundles import Prepared, ssd_bundle, ssd_outputs
from tests.rigs.clips import HEIGHT, WIDTH, walker

GOOD = Figures(
    source="clip.mp4", model="SSD", runtime="ai_edge_litert", delegate="xnnpack", threads=2, frames=100,
    width=1280, height=720, fps=30.0, live=False, dropped=0, stage_ms={"read": {"p50": 1.0, "p95": 2.0, "p99": 3.0}},
    rss_mb=140.0, cpu_percent=90.0, temperature_c=None, throttled=(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (GOOD, []),
        (replace(GOOD, model="none", runtime="none", delegate="none"), []),  # there is no model to be slow
        (replace(GOOD, delegate="none"), ["SSD runs on slow reference kernels"]),
        (replace(GOOD, throttled=("under-voltage",)), ["slows itself down (under-voltage)"]),
    ],
)
def test_warnings(figures: Figures, words: list[str]) -> None:
    assert len(warnings(figures)) == len(words)
    for said, word in zip(warnings(figures), words, strict=True):
        assert word in said


def test_the_summary_names_the_model_or_says_that_there_is_none() -> None:
    assert summary(GOOD)[0] == "model: SSD, ai_edge_litert with xnnpack, 2 threads"
    assert summary(replace(GOOD, runtime="none"))[0] == "model: none; the motion detector finds whatever moves"
    assert "3 dropped" in summary(replace(GOOD, live=True, dropped=3))[1]
    assert summary(replace(GOOD, temperature_c=61.4))[2].endswith("temperature 61 degrees Celsius")


def test_the_table_shows_measured_stages_only() -> None:
    console = Console(width=120, file=io.StringIO(), record=True)
    show_figures(replace(GOOD, delegate="none"), console)
    shown = console.export_text()
    assert "reading" in shown
    assert "the model itself" not in shown
    assert "WARNING: no accelerator was applied" in shown


def test_a_look_is_split_at_the_model() -> None:
    clock = SplitClock(kept=8)
    runtime = TimedRuntime(Prepared(ssd_bundle(), [ssd_outputs([])]), clock)
    with clock.stage("detect"):
        runtime.invoke(np.zeros(1))
    with clock.stage("track"):
        pass
    times = clock.times()
    assert set(times) == {"detect", "preprocess", "invoke", "decode", "track"}
    parts_ms = sum(times[name].p50_ms for name in ("preprocess", "invoke", "decode"))
    assert parts_ms == pytest.approx(times["detect"].p50_ms, abs=1e-6)


def test_a_clock_starts_anew_and_keeps_as_much_as_it_is_told() -> None:
    clock = StageClock(kept=100)
    clock.add("stage", 5.0)
    clock.restart()
    assert clock.times() == {}
    for number in range(101):
        clock.add("stage", number / 1000)
    times = clock.times()["stage"]
    assert times.count == 101
    assert [times.p50_ms, times.p99_ms] == pytest.approx([50.5, 99.01])


def test_a_short_clip_is_looped_until_there_are_enough_frames(tmp_path: Path) -> None:
    clip = walker(tmp_path / "walker.avi")
    base = adhoc_settings(str(clip), None, None, {"look": {"every_frame": True}})
    camera = base.cameras[CAMERA]
    looped = camera.source.model_copy(update={"speed": 0.0, "loop": True, "blocking": True})
    settings = base.model_copy(update={"cameras": {CAMERA: camera.model_copy(update={"source": looped})}})
    figures = figures_of(str(clip), settings, 120)
    assert (figures.frames, figures.width, figures.height) == (120, WIDTH, HEIGHT)
    assert figures.dropped == 0
