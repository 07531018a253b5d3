"""Bad input ends with words, never with a traceback: everything here goes through the real command line."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from tests.paths import data
from tests.rigs.cameras import write_clip
from tests.rigs.clips import truncated, walker
from tests.rigs.daemon import Daemon, foresight
from tests.rigs.host import wait_until
from tests.rigs.ports import closed_port
from tests.rigs.tflite import Net, Port

CAMERA = "cameras: {yard: {source: rtsp://127.0.0.1:1/stream}}"
TRIANGLE = "points: [[0, 0], [1, 1], [1, 0]]"
SSD = ("models", "ssd_mobilenet_v1_coco_quant.tflite")
FOUND = (Port((1, 6, 21), name="y"),)  # four edges, two labels
CRASHING = Net(outputs=FOUND, operator=43, operands=(-1,))  # SQUEEZE of no tensor: LiteRT follows a null pointer
UNKNOWN = Net(outputs=FOUND, custom="no-such-operator")
DIVIDING = Net(outputs=FOUND, operator=90, operands=(0, 0))  # FLOOR_DIV of its input by itself: fails where that is 0
MODEL = f"{CAMERA}\nmodel: {{folder}}/m.tflite"
NAMED_MODEL = f"{CAMERA}\nmodel: {{path: {{folder}}/m.tflite, sha256: {'f' * 64}}}"
# What a made-up model does not say of itself.
BARE = "{path: {folder}/m.tflite, head: yolov8, labels: {folder}/labels.txt, mean: [0, 0, 0], std: [1, 1, 1]}"
BARE_MODEL = f"{CAMERA}\nmodel: {BARE}"


class Case(NamedTuple):
    """A configuration, what has to be said about it, and what it needs beside it."""

    text: str  # {folder} is where the files lie
    words: tuple[str, ...]
    files: Callable[[Path], object] = lambda _folder: None


def zones(*written: str) -> str:
    return f"cameras: {{yard: {{source: rtsp://127.0.0.1:1/stream, zones: [{', '.join(written)}]}}}}"


def model_file(content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / "m.tflite").write_bytes(content)


def made(net: Net) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        net.write(folder / "m.tflite")
        (folder / "labels.txt").write_text("a\nb\n")

    return write


def real(*name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "m.tflite").write_bytes(data("models", *name).read_bytes())


def ssd(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda folder: (folder / "m.tflite").write_bytes(change(data(*SSD).read_bytes()))


def bit_flipped(content: bytes) -> bytes:
    """With the first bytes of its header, after the magic, turned over."""
    return content[:8] + bytes(byte ^ 0xFF for byte in content[8:64]) + content[64:]


CASES = {
    "an empty file": Case("", ("holds no settings",)),
    "no YAML": Case("cameras: [", ("foresight.yaml:1:",)),
    "an unknown section": Case(f"{CAMERA}\nmqqt: {{}}", ("foresight.yaml:2:1", "mqqt", "did you mean `mqtt`?")),
    "an unknown key deep below": Case(zones(f"{{nmae: a, {TRIANGLE}}}"), ("yard.zones.0", "nmae", "name")),
    "a list for a section": Case(f"{CAMERA}\ntracking: [1]", ("foresight.yaml:2:11", "tracking")),
    "a word for a number": Case(f"{CAMERA}\nmqtt: {{port: many}}", ("foresight.yaml:2:14", "mqtt.port")),
    "a number for a word": Case("cameras: {yard: {source: 7}}", ("foresight.yaml:1:26", "yard.source")),
    "a number out of bounds": Case(f"{CAMERA}\nruntime: {{threads: 0}}", ("runtime.threads", "1")),
    "a name that no topic can hold": Case("cameras: {front door: {source: rtsp://h}}", ("front door",)),
    "a zone with two points": Case(zones("{name: a, points: [[0, 0], [1, 1]]}"), ("zones.0.points", "at least 3")),
    "names that clash": Case(zones(f"{{name: yard, {TRIANGLE}}}"), ("zones.0.name", "yard stands twice")),
    "a label that nothing finds": Case(f"{CAMERA}\nevents: {{labels: [car]}}", ("no detector has the label car",)),
    "a label the model lacks": Case(
        f"{MODEL}\nevents: {{labels: [pearson]}}",
        ("pearson", "did you mean person?"),
        ssd(lambda content: content),
    ),
    "no such clip": Case("cameras: {yard: {source: /no/such.mp4}}", ("there is no /no/such.mp4",)),
    "an unset variable": Case(f"{CAMERA}\nmqtt: {{password: '${{FORESIGHT_GONE}}'}}", ("FORESIGHT_GONE",)),
    "no such model": Case(MODEL, ("foresight.yaml:2:8", "there is no file")),
    "a model of no bytes": Case(MODEL, ("m.tflite", "empty"), model_file(b"")),
    "a model that is none": Case(MODEL, ("m.tflite", "no TFLite model"), model_file(b"\x89PNG" + bytes(4096))),
    "half a model": Case(
        MODEL,
        ("m.tflite is damaged",),
        ssd(lambda content: content[: len(content) // 2]),
    ),
    "a model with flipped bits": Case(MODEL, ("m.tflite is damaged",), ssd(bit_flipped)),
    "another model than expected": Case(
        NAMED_MODEL,
        ("m.tflite has the SHA-256", "was expected"),
        made(Net()),
    ),
    "a model that crashes while it loads": Case(
        BARE_MODEL,
        ("m.tflite ended its trial with SIGSEGV", "was refused"),
        made(CRASHING),
    ),
    "a model with an operator that nobody knows": Case(
        BARE_MODEL,
        ("m.tflite cannot be loaded", "no-such-operator"),
        made(UNKNOWN),
    ),
    "a model that fails when it runs": Case(
        BARE_MODEL,
        ("m.tflite failed when it ran", "Division by 0"),
        made(DIVIDING),
    ),
    "a real model that cannot run": Case(
        f"{CAMERA}\nclassifier: {{path: {{folder}}/m.tflite, head: classifier, mean: [0, 0, 0], std: [1, 1, 1]}}",
        ("m.tflite cannot be loaded", "fake-op-double"),
        real("invalid", "model_invoking_error.tflite"),
    ),
    "a model that finds no objects": Case(
        MODEL,
        ("foresight.yaml:2:8", "m.tflite is a classifier, not a detector"),
        real("mobilenet_v1_0.25_128_quant.tflite"),
    ),
}


def refused(done: subprocess.CompletedProcess[str], words: tuple[str, ...]) -> None:
    """The command ended with 2, in words."""
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "Traceback" not in said
    assert [word for word in words if word not in said] == [], said


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_bad_configuration_or_model_is_refused(tmp_path: Path, case: Case) -> None:
    case.files(tmp_path)
    config = tmp_path / "foresight.yaml"
    config.write_text(case.text.replace("{folder}", str(tmp_path)))
    refused(foresight(tmp_path / "state", "run", config), case.words)


def test_no_configuration_at_all(tmp_path: Path) -> None:
    refused(foresight(tmp_path, "run", tmp_path / "none.yaml"), ("none.yaml", "cannot be read"))


CLIPS: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "no file": (lambda path: path.parent, ("there is no video file",)),
    "no bytes": (lambda path: path.write_bytes(b""), ("clip.avi is no video that can be read",)),
    "no video": (lambda path: path.write_text("a letter"), ("clip.avi is no video that can be read",)),
    "no frames": (lambda path: write_clip(path, pictures=0), ("clip.avi",)),
    "noise after a good header": (
        lambda path: path.write_bytes(walker(path).read_bytes()[:4096] + np.random.default_rng(1).bytes(20_000)),
        ("clip.avi holds no picture that can be decoded",),
    ),
}


@pytest.mark.parametrize("command", ["replay", "bench"])
@pytest.mark.parametrize(("make", "words"), CLIPS.values(), ids=CLIPS.keys())
def test_a_clip_without_a_picture_is_refused(
    tmp_path: Path, command: str, make: Callable[[Path], object], words: tuple[str, ...]
) -> None:
    make(tmp_path / "clip.avi")
    more: list[str | Path] = ["--out", tmp_path / "out"] if command == "replay" else []
    refused(foresight(tmp_path, command, tmp_path / "clip.avi", *more), words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("replay", "street", "--labels", "x.txt"), ("--labels x.txt belongs to a model",)),
        (("replay", "street", "--model", "/no/such.tflite"), ("no model file /no/such.tflite",)),
        (("bench", "street", "--model", "/no/such.tflite"), ("no model file /no/such.tflite",)),
        (("bench", "street", "--threads", "0"), ("--threads",)),
        (("bench", "ftp://h/x"), ("is an address of an unknown kind",)),
        (("run", "a.yaml", "b.yaml"), ("b.yaml",)),
        (("fly",), ("No such command 'fly'",)),
    ],
)
def test_bad_arguments_are_refused(tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    refused(foresight(tmp_path, *arguments, *(["--out", str(tmp_path)] if arguments[0] == "replay" else [])), words)


def test_a_clip_that_breaks_off_is_followed_as_far_as_it_goes(tmp_path: Path) -> None:
    clip = truncated(walker(tmp_path / "walker.avi"), tmp_path / "clip.avi", 0.6)
    done = foresight(tmp_path, "replay", clip, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert 10 < len((tmp_path / "out" / "tracks.jsonl").read_text().splitlines()) < 55


def test_a_picture_that_changes_its_size_is_followed_on(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    clip = cv2.VideoCapture(str(walker(tmp_path / "walker.avi")))
    for number in range(50):
        picture = clip.read()[1]
        size = (320, 240) if number < 25 else (640, 360)
        cv2.imwrite(str(pictures / f"{number:03}.png"), cv2.resize(picture, size))
    done = foresight(tmp_path, "replay", pictures, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "out" / "tracks.jsonl").read_text().splitlines()) == 50


def without_anything(folder: Path, port: int) -> Path:
    """A configuration whose camera holds no picture."""
    config = folder / "foresight.yaml"
    config.write_text(
        f"device: {{state_dir: {folder}/state}}\nmqtt: {{host: 127.0.0.1, port: {port}}}\n"
        f"cameras: {{yard: {{source: {folder}/clip.avi}}}}"
    )
    return config


def test_a_camera_without_pictures_and_no_broker_keep_the_daemon_running(tmp_path: Path) -> None:
    (tmp_path / "clip.avi").write_bytes(b"no video")
    with closed_port() as port, Daemon(without_anything(tmp_path, port)) as running:
        for words in ("cannot be reached", "clip.avi is no video that can be read"):
            assert wait_until(lambda words=words: words in running.log), running.log  # type: ignore[misc]
        assert running.process.poll() is None
        assert running.stop()[0] == 0
        assert "Traceback" not in running.log
