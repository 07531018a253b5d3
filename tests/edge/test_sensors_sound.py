"""Sources of sound: the microphone's program, wav files, and listening over outages."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from edge.contracts.errors import SourceError
from edge.contracts.types import F32
from edge.sensors import listening as listening_module
from edge.sensors.listening import Listening
from edge.sensors.microphone import Microphone, samples_of
from edge.sensors.sound_piece import Piece
from edge.sensors.sound_settings import AnySound, MicrophoneSource, SoundSource, WavSource
from edge.sensors.wav_clip import WavClip, no_wait
from tests.rigs.arecord import StandIn, stand_in
from tests.rigs.sounds import write_wav

ADAPTER: TypeAdapter[AnySound] = TypeAdapter(SoundSource)


def soon() -> float:
    return time.monotonic() + 60


def until(true: Callable[[], bool], limit_s: float = 60.0) -> bool:
    deadline_s = time.monotonic() + limit_s
    waiting = threading.Event()
    while not true() and time.monotonic() < deadline_s:
        waiting.wait(0.01)
    return true()


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return stand_in(tmp_path / "bin", monkeypatch)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("microphone", MicrophoneSource()),
        ("microphone:plughw:1,0", MicrophoneSource(device="plughw:1,0")),
        ("Door.WAV", WavSource(path=Path("Door.WAV"))),
        ({"path": "a.wav", "loop": True}, WavSource(path=Path("a.wav"), loop=True)),
        ({"kind": "microphone", "rate_hz": 16000}, MicrophoneSource(rate_hz=16000)),
    ],
)
def test_short_forms(said: object, meant: AnySound) -> None:
    assert ADAPTER.validate_python(said) == meant


@pytest.mark.parametrize("said", ["", "tank/level", {"kind": "microphone", "device": "--help"}, {"loop": True}])
def test_what_is_no_sound_is_refused(said: object) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(said)


def test_nothing_gives_no_samples() -> None:
    assert samples_of(b"").tolist() == []
    assert samples_of(b"\x00\x80\xff\x7f").tolist() == [-1.0, np.float32(32767 / 32768)]


def test_the_microphone_gives_what_the_program_writes(device: StandIn) -> None:
    with Microphone("mic", MicrophoneSource(device="plughw:1"), 8000) as source:
        pieces = [source.read(soon()) for _ in range(3)]
    sound = np.concatenate([piece.samples for piece in pieces if piece])
    tone = 0.5 * np.sin(2 * np.pi * 400 * np.arange(len(sound)) / 8000)
    assert len(sound) >= 2400
    assert np.abs(sound - tone).max() < 1e-4
    assert "--device plughw:1 " in device.asked[0]
    assert "--rate 8000 " in device.asked[0]
    assert until(lambda: not device.running)


def test_a_microphone_that_is_silent_or_gone_is_told_in_words(device: StandIn) -> None:
    device.switch("mute", True)
    with Microphone("mic", MicrophoneSource(), 8000) as source, pytest.raises(SourceError, match=r"mic.*no sound"):
        source.read(time.monotonic() + 0.2)
    device.switch("unplugged", True)
    device.switch("mute", False)
    with (
        Microphone("mic", MicrophoneSource(), 8000) as source,
        pytest.raises(SourceError, match=r"has ended \(.*No such file.*arecord -L"),
    ):
        source.read(soon())


def test_without_the_program_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="alsa-utils"), Microphone("mic", MicrophoneSource(), 8000):
        pass


def ramp(samples: int) -> F32:
    return np.linspace(-0.9, 0.9, samples).astype(np.float32)


def test_a_clip_is_read_to_its_end_with_its_own_times(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", ramp(2000))
    with WavClip(WavSource(path=path), no_wait) as clip:
        pieces = [clip.read(soon()) for _ in range(4)]
    assert [None if one is None else (len(one.samples), one.t_s, one.utc_ns) for one in pieces] == [
        (800, 0.1, 100_000_000),
        (800, 0.2, 200_000_000),
        (400, 0.25, 250_000_000),
        None,
    ]


def test_a_clip_that_is_looped_goes_on_and_keeps_its_time(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", ramp(1000))
    waited: list[float] = []
    begun_s = time.monotonic()
    with WavClip(WavSource(path=path, loop=True), waited.append) as clip:
        pieces = [clip.read(soon()) for _ in range(4)]
        passed_s = time.monotonic() - begun_s
    assert [len(one.samples) for one in pieces if one] == [800, 200, 800, 200]
    first, last = pieces[0], pieces[3]
    assert first is not None
    assert last is not None
    assert abs(last.t_s - first.t_s - 0.15) < 1e-6
    assert 0.25 - passed_s <= waited[3] <= 0.25
    assert waited[3] > 0 or passed_s >= 0.25


@pytest.mark.parametrize("loop", [False, True])
def test_a_clip_without_sound_is_told_in_words(tmp_path: Path, loop: bool) -> None:
    path = write_wav(tmp_path / "empty.wav", ramp(0))
    with (
        WavClip(WavSource(path=path, loop=loop), no_wait) as clip,
        pytest.raises(SourceError, match=r"empty\.wav holds no sound"),
    ):
        clip.read(soon())


class Heard:
    """What a listener handed over."""

    def __init__(self) -> None:
        self.pieces: list[tuple[Piece, bool]] = []

    def __call__(self, piece: Piece, follows: bool) -> None:
        self.pieces.append((piece, follows))


def test_listening_ends_with_the_clip_and_brings_it_to_the_rate(tmp_path: Path) -> None:
    path, heard = write_wav(tmp_path / "a.wav", ramp(3200), rate_hz=16000), Heard()
    listening = Listening("mic", lambda: WavClip(WavSource(path=path), no_wait), 8000, heard)
    listening.begin()
    assert until(lambda: listening.ended)
    listening.close()
    assert [follows for _, follows in heard.pieces] == [False, True]
    assert 1570 <= sum(len(piece.samples) for piece, _ in heard.pieces) <= 1600


def test_a_microphone_comes_back_after_it_was_unplugged(
    device: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listening_module, "PATIENCE_S", 60.0)  # a slow machine is no silent microphone
    heard = Heard()
    listening = Listening("mic", lambda: Microphone("mic", MicrophoneSource(), 8000), 8000, heard)
    listening.begin()
    try:
        assert until(lambda: listening.pieces > 2)
        device.switch("unplugged", True)
        assert until(lambda: "No such device" in caplog.text)
        before = len(heard.pieces)
        device.switch("unplugged", False)
        assert until(lambda: len(heard.pieces) > before + 2)
        assert listening.trouble == ""
        assert [follows for _, follows in heard.pieces].count(False) == 2
    finally:
        listening.close()
    assert until(lambda: not device.running)


@pytest.mark.parametrize("samples", [1, 3, 799])
def test_a_loop_that_is_shorter_than_a_piece_rests_between_pieces(tmp_path: Path, samples: int) -> None:
    path = write_wav(tmp_path / "a.wav", ramp(samples))
    waited: list[float] = []
    with WavClip(WavSource(path=path, loop=True), waited.append) as clip:
        pieces = [clip.read(soon()) for _ in range(3)]
    assert [0 if one is None else len(one.samples) for one in pieces] == [-(-800 // samples) * samples] * 3
    assert waited[2] > 0.25  # of what three pieces last: nothing has passed in this test


class Silent:
    """A microphone that hangs in each read until it is set free."""

    rate_hz = 8000

    def __init__(self, begun: threading.Semaphore, free: threading.Event) -> None:
        self._begun, self._free = begun, free

    def __enter__(self) -> "Silent":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def read(self, deadline_s: float) -> Piece | None:
        self._begun.release()
        assert self._free.wait(30)
        return Piece(np.zeros(800, np.float32), 0.0, 0)


def test_asking_all_to_end_waits_for_none_and_then_all_end_together() -> None:
    begun, free = threading.Semaphore(0), threading.Event()
    ears = [Listening(f"mic{n}", lambda: Silent(begun, free), 8000, Heard()) for n in range(8)]
    for ear in ears:
        ear.begin()
    assert all(begun.acquire(timeout=20) for _ in ears)
    for ear in ears:
        ear.end()
    free.set()
    for ear in ears:
        ear.close(20.0)
    assert not [one for one in threading.enumerate() if one.name.startswith("sound-mic")]
    assert [ear.pieces for ear in ears] == [1] * 8
