"""`foresight demo` and `replay` leave alone what is not theirs, show no password and end cleanly when asked."""

import signal
import subprocess
from pathlib import Path

import cv2
import pytest

from tests.rigs.clips import FRAMES, walker
from tests.rigs.daemon import COMMAND, environment, foresight
from tests.rigs.host import wait_until

REFUSED_PORT = "127.0.0.1:1"  # nobody listens there


def pictures(path: Path) -> int:
    """How many pictures a clip says it holds; 0 where it was not finished."""
    return max(int(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT)), 0)


def children(process: int) -> list[Path]:
    """The processes, under /proc, that another has started."""
    return [Path("/proc", child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def test_a_demo_leaves_a_folder_named_state_alone(tmp_path: Path) -> None:
    kept = tmp_path / "state" / "kept.txt"
    kept.parent.mkdir()
    kept.write_text("mine")
    done = foresight(tmp_path, "demo", "--source", "street", "--seconds", "1", "--broker", "none", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert kept.read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"state", "annotated.mp4", "contact.png"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("/no/such.mp4", "there is no video file /no/such.mp4"),
        (f"http://user:sekret@{REFUSED_PORT}/stream", "cannot be opened"),
        ("foo://user:sekret@host/stream", "unknown kind"),
    ],
)
def test_a_demo_of_what_cannot_be_opened_ends_and_shows_no_password(tmp_path: Path, source: str, words: str) -> None:
    done = foresight(tmp_path, "demo", "--source", source, "--broker", "none", "--out", tmp_path / "out")
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert words in said
    assert "sekret" not in said
    assert "Traceback" not in said


def test_a_replay_shows_no_password(tmp_path: Path) -> None:
    done = foresight(tmp_path, "replay", f"http://user:sekret@{REFUSED_PORT}/stream", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "sekret" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", [["replay"], ["demo", "--broker", "none", "--source"]])
def test_the_clip_that_is_read_is_not_written_over(tmp_path: Path, command: list[str]) -> None:
    clip = walker(tmp_path / "walker.avi").rename(tmp_path / "annotated.mp4")
    before = clip.read_bytes()
    done = foresight(tmp_path, *command, clip, "--out", tmp_path)
    assert done.returncode == 2, done.stdout
    assert "would be overwritten" in done.stderr
    assert clip.read_bytes() == before


def test_a_file_is_no_folder_for_results(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = foresight(tmp_path, "replay", walker(tmp_path / "walker.avi"), "--out", tmp_path / "file")
    assert (done.returncode, "--out" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_names_with_brackets_are_shown_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a[").mkdir()
    clip = walker(tmp_path / "a[" / "b].avi")
    done = foresight(tmp_path, "replay", clip, "--out", tmp_path / "[" / "x]")
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "[" / "x]") in done.stdout
    config = tmp_path / "a[" / "c].yaml"
    config.write_text(f"cameras: {{yard: {{source: '{clip}'}}}}")
    checked = foresight(tmp_path, "check", config)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert str(config) in checked.stdout


def test_a_configuration_does_not_keep_a_replay_from_looking_at_every_frame(tmp_path: Path) -> None:
    config = tmp_path / "foresight.yaml"
    config.write_text("cameras: {yard: {source: rtsp://camera.invalid/stream}}")
    clip = walker(tmp_path / "walker.avi")
    written, none = [], list[str | Path]()
    for options in (none, ["--config", config]):
        done = foresight(tmp_path, "replay", clip, "--out", tmp_path / "out", *options)
        assert done.returncode == 0, done.stderr
        written.append((tmp_path / "out" / "tracks.jsonl").read_text().count('"score"'))
    assert written[0] == written[1] > FRAMES // 2


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_demo_that_is_asked_to_end_leaves_a_whole_clip_and_no_process(tmp_path: Path, asked: signal.Signals) -> None:
    command = [*COMMAND, "demo", "--source", "street", "--seconds", "600", "--out", str(tmp_path)]
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment(), stdin=silent, stdout=silent, stderr=silent) as demo:
        try:
            clip = tmp_path / "annotated.mp4"
            assert wait_until(lambda: clip.exists() and clip.stat().st_size > 0)
            brokers = children(demo.pid)
            demo.send_signal(asked)
            assert demo.wait(120) in (0, 130)
        finally:
            demo.kill()
    assert pictures(clip) > 0
    assert (tmp_path / "contact.png").exists()
    assert [broker for broker in brokers if broker.exists()] == []
