"""Models are switched between two frames: nothing is looked at twice or not at all, and who was there stays."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.assembly import Models, build_camera
from edge.capture import Camera
from edge.config.settings import ModelFile, Settings
from edge.contracts.errors import ModelError
from edge.contracts.types import Detections, Head, ModelBundle
from edge.detection.detector import ModelDetector
from edge.detection.settings import DetectionSettings
from edge.engine import Engine
from edge.health import StageClock
from edge.imaging import OpenCv
from edge.pipeline import Followed
from edge.runtime.switched import Opened, SwitchedRuntime, refuse_unlike
from tests.paths import REPOSITORY
from tests.rigs.bundles import LABELS, Prepared, bundle, feed, ssd_bundle, ssd_outputs, tensor
from tests.rigs.cameras import RtspServer
from tests.rigs.frames import frame
from tests.rigs.released_models import detector, versioned
from tests.rigs.scenes import Witness

STREET = REPOSITORY / "edge/demo/shipped/street.tflite"
CLIP = REPOSITORY / "edge/demo/shipped/street.mp4"
PIXELS = np.zeros((64, 64, 3), np.uint8)
PUT_AT, SETTLED = 12, 8  # frames of a live camera
OPENED = 3  # the first ones come in a rush
NOWHERE = np.zeros((0, 4), np.float32)
ONE = ssd_outputs([((0.25, 0.25, 0.75, 0.75), 0, 0.9)])
TWO = ssd_outputs([((0.25, 0.25, 0.75, 0.75), 0, 0.9), ((0.1, 0.1, 0.2, 0.2), 2, 0.8)])


class Failing(Prepared):
    def invoke(self, fed: np.ndarray) -> tuple[np.ndarray, ...]:
        raise ModelError("it failed")


class Held:
    """A model that tells when it is let go of."""

    def __init__(self, name: str, runtime: type[Prepared] = Prepared, answer: tuple[np.ndarray, ...] = ONE) -> None:
        self.closed = False
        held = ExitStack()
        held.callback(self._close)
        self.opened = Opened(runtime(replace(ssd_bundle(), sha256=name), [answer]), held)

    def _close(self) -> None:
        self.closed = True


def test_what_is_put_serves_from_the_next_turn_on() -> None:
    first, second = Held("a"), Held("b", answer=TWO)
    with SwitchedRuntime(first.opened) as runtime:
        finds = ModelDetector(runtime, DetectionSettings(), OpenCv())
        assert len(finds.detect(frame(PIXELS), NOWHERE)) == 1
        runtime.turn()
        runtime.put(second.opened)
        assert (runtime.bundle.sha256, runtime.wanted, len(finds.detect(frame(PIXELS), NOWHERE))) == ("a", "b", 1)
        runtime.turn()
        assert (runtime.bundle.sha256, len(finds.detect(frame(PIXELS), NOWHERE))) == ("b", 2)
        assert not runtime.choose("c")
        assert runtime.choose("a")
        runtime.turn()
        assert (runtime.bundle.sha256, first.closed, second.closed) == ("a", False, False)
        runtime.settle()
        assert (runtime.bundle.sha256, first.closed, second.closed) == ("a", False, True)
    assert first.closed


def test_what_is_left_is_the_one_of_that_hash() -> None:
    first, second = Held("a"), Held("b")
    with SwitchedRuntime(first.opened) as runtime:
        assert not runtime.leave("a")
        runtime.put(second.opened)
        assert runtime.leave("b")  # before its turn
        assert runtime.wanted == "a"
        assert runtime.choose("b")
        runtime.turn()
        assert runtime.leave("a")  # which does not serve
        assert runtime.wanted == "b"
        assert runtime.leave("b")
        runtime.turn()
        assert runtime.bundle.sha256 == "a"


def test_a_third_one_takes_the_place_of_what_waits() -> None:
    first, second, third = Held("a"), Held("b"), Held("c")
    with SwitchedRuntime(first.opened) as runtime:
        runtime.put(second.opened)
        runtime.put(third.opened)
        assert second.closed
        runtime.settle()  # not before its turn
        runtime.turn()
        assert (runtime.bundle.sha256, first.closed) == ("c", False)
    assert third.closed


def test_one_that_fails_gives_way_and_one_that_stays_does_not() -> None:
    first, second = Held("a"), Held("b", Failing)
    with SwitchedRuntime(first.opened) as runtime:
        runtime.put(second.opened)
        runtime.turn()
        with pytest.raises(ModelError):
            runtime.invoke(PIXELS)
        assert (runtime.failed.sha256, runtime.failed.why) == ("b", "it failed")
        runtime.turn()
        assert runtime.bundle.sha256 == "a"
        assert len(runtime.invoke(PIXELS)) == 4
    alone = Held("c", Failing)
    with SwitchedRuntime(alone.opened) as runtime:
        with pytest.raises(ModelError):
            runtime.invoke(PIXELS)
        runtime.turn()
        assert (runtime.bundle.sha256, runtime.failed.sha256) == ("c", "")


def made(head: Head = Head.SSD, labels: tuple[str, ...] = LABELS, **recipe: object) -> ModelBundle:
    return bundle(head, [tensor(name) for name in "abcd"], labels, feed(**recipe))  # type: ignore[arg-type]


def test_how_numbers_are_stored_may_differ_and_nothing_else() -> None:
    refuse_unlike(made(), made(quantised=(0.5, 3)))
    for what, other in {
        "head": made(Head.CLASSIFIER),
        "labels": made(labels=("person",)),
        "shape": made(size_px=(32, 32)),
        "type": made(dtype="float32"),
        "preparation": made(norm=(1.0, 1.0)),
    }.items():
        with pytest.raises(ModelError, match=what):
            refuse_unlike(made(), other)


class Following(Witness):
    """Remembers which version followed each frame; at some frames, something is done."""

    def __init__(self, models: Models, named: ModelFile) -> None:
        super().__init__()
        self._models, self._named = models, named
        self.versions: list[str] = []
        self.put = threading.Event()
        self.at: dict[int, object] = {}

    def seen(self, camera: Camera, followed: Followed) -> None:
        super().seen(camera, followed)
        self.versions.append(self._models.switched[self._named].bundle.version)
        if act := self.at.get(len(self.followed)):
            act()  # type: ignore[operator]


def settings(folder: Path, model: Path, source: object) -> Settings:
    return Settings.model_validate(
        {
            "device": {"state_dir": str(folder)},
            "model": str(model),
            "look": {"every_frame": True},
            "detection": {"max_crops": 2},
            "cameras": {"yard": {"source": source}},
        }
    )


def clip(folder: Path, changes: Sequence[tuple[int, Path]]) -> tuple[list[Followed], list[str]]:
    """The shipped clip, followed; at some frames another model is put in the place of the first."""
    given = settings(folder, STREET, {"path": str(CLIP), "speed": 0})
    named = given.models["model"]
    with Models(given.runtime, folder) as models:
        camera = build_camera(given, "yard", models, StageClock())
        witness = Following(models, named)
        for number, path in changes:
            witness.at[number] = lambda path=path: models.put(named, ModelFile(path=path))
        with Engine([camera], [witness], between=models.turn) as engine:
            engine.run()
            counts, dropped = engine.counts()["yard"]
    assert (counts.captured, counts.lost, dropped, witness.errors) == (len(witness.followed), 0, 0, [])
    return witness.followed, witness.versions


def table(followed: Followed) -> tuple[bytes, ...]:
    found: Detections = followed.detections
    return found.box.tobytes(), found.score.tobytes(), followed.tracks.id.tobytes(), followed.tracks.box.tobytes()


def test_a_model_that_computes_the_same_changes_nothing_of_what_is_followed(tmp_path: Path) -> None:
    plain, _ = clip(tmp_path, [])
    changes = [(20, versioned(STREET, tmp_path / "a.tflite", "2")), (40, versioned(STREET, tmp_path / "b.tflite", "3"))]
    switched, versions = clip(tmp_path, changes)
    assert [one.sensed.frame.seq for one in switched] == list(range(len(plain)))
    assert versions == ["1"] * 20 + ["2"] * 20 + ["3"] * (len(plain) - 40)
    assert list(map(table, switched)) == list(map(table, plain))
    assert len(np.unique(np.concatenate([one.tracks.id for one in plain]))) > 3


def live(folder: Path) -> Following:
    """A camera, before whose detector another one is put while it runs."""
    with RtspServer(folder, fps=5, ball=True) as server:
        given = settings(folder, detector(folder / "a.tflite", "1"), server.url)
        named, other = given.models["model"], ModelFile(path=detector(folder / "b.tflite", "2"))
        with Models(given.runtime, folder) as models:
            camera = build_camera(given, "yard", models, StageClock())
            witness = Following(models, named)
            loader = threading.Thread(target=models.put, args=(named, other))
            witness.at[PUT_AT] = loader.start
            engine = Engine([camera], [witness], between=models.turn)

            def ended(_: int = 0) -> None:
                if witness.versions.count("2") >= 2 * SETTLED:
                    engine.stop()

            witness.at |= dict.fromkeys(range(PUT_AT + 1, 600), ended)
            with engine:
                engine.run()
                counts, _ = engine.counts()["yard"]
            loader.join(60)
    assert (witness.errors, len(witness.ends), counts.lost) == ([], 1, 0)  # it was not opened anew
    return witness


def lost_by_the_switch(witness: Following) -> int:
    """Frames in the longest gap since the other one was put, beyond what this machine loses by itself just now."""
    first = witness.versions.index("2")
    assert witness.versions == ["1"] * first + ["2"] * (len(witness.versions) - first)
    before, after = (witness.followed[at].tracks.id.tolist() for at in (first - 1, -1))
    assert before == after == [1]
    steps = np.diff([one.sensed.frame.seq for one in witness.followed])  # 1 where nothing was lost between two frames
    switching = slice(PUT_AT - 1, first + SETTLED)  # until it has served for a while
    quiet = np.concatenate([steps[OPENED : PUT_AT - 1], steps[first + SETTLED :]])
    assert len(quiet) >= SETTLED
    return int(steps[switching].max() - quiet.max())


def test_of_a_live_camera_one_frame_is_lost_at_most(tmp_path: Path) -> None:
    tries = [tmp_path / name for name in "abc"]  # where others have the processors, a switch may wait for them
    for folder in tries:
        folder.mkdir()
    assert any(lost_by_the_switch(live(folder)) <= 1 for folder in tries)
