"""Wav files of all widths, and those that are none."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.errors import SourceError
from edge.contracts.types import F32
from edge.contracts.wav import WavFile, read_wav
from tests.rigs.sounds import write_wav

RAMP: F32 = np.linspace(-1, 0.99, 50, dtype=np.float32)


def test_an_empty_file_has_no_samples(tmp_path: Path) -> None:
    samples, rate = read_wav(write_wav(tmp_path / "empty.wav", np.zeros(0, np.float32)), 10)
    assert (samples.shape, rate) == ((0,), 8000)


@pytest.mark.parametrize(("width", "step"), [(1, 1 / 127), (2, 1e-4), (3, 1e-6), (4, 1e-6)])
def test_every_width_gives_the_same_numbers(tmp_path: Path, width: int, step: float) -> None:
    samples, _ = read_wav(write_wav(tmp_path / "a.wav", RAMP, width=width), 10)
    assert np.abs(samples - RAMP).max() <= step


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "stereo.wav", RAMP, channels=2)
    assert np.abs(read_wav(path, 10)[0] - RAMP).max() < 1e-4


def test_it_is_read_in_pieces_and_begun_again(tmp_path: Path) -> None:
    with WavFile(write_wav(tmp_path / "a.wav", RAMP)) as file:
        pieces = [len(file.read(20)) for _ in range(4)]
        file.rewind()
        assert (pieces, len(file.read(100)), file.length) == ([20, 20, 10, 0], 50, 50)


def test_a_file_that_was_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "cut.wav", RAMP)
    path.write_bytes(path.read_bytes()[:-21])
    with WavFile(path) as file:
        assert (file.length, len(file.read(1000))) == (50, 39)


def test_a_file_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"long\.wav lasts .* cut it"):
        read_wav(write_wav(tmp_path / "long.wav", np.zeros(16001, np.float32)), 2)


def with_header(path: Path, **changes: int) -> Path:
    """A wav file whose header says something else."""
    fields = {"format": 1, "channels": 1, "rate": 8000, "width": 2} | changes
    block = fields["channels"] * fields["width"]
    form = struct.pack(
        "<HHIIHH",
        fields["format"],
        fields["channels"],
        fields["rate"],
        fields["rate"] * block & 0xFFFFFFFF,
        block & 0xFFFF,
        8 * fields["width"],
    )
    data = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 8) + bytes(8)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(data)) + b"WAVE" + data)
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 3, "width": 4},
        {"format": 0x55},
        {"channels": 0},
        {"channels": 33},
        {"rate": 0},
        {"rate": 999},
        {"rate": 200_000},
        {"width": 8},
        {"width": 0},
    ],
)
def test_a_header_that_makes_no_sense_is_told_in_words(tmp_path: Path, changes: dict[str, int]) -> None:
    with pytest.raises(SourceError, match=r"odd\.wav"), WavFile(with_header(tmp_path / "odd.wav", **changes)):
        pass


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all, just text", b"RIFF\xff\xff\xff\xffWAVEfmt "])
def test_a_file_that_is_no_sound_is_told_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.wav"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"odd\.wav is no wav file.*ffmpeg"):
        read_wav(path, 10)


def test_a_file_that_is_not_there_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there"):
        read_wav(tmp_path / "none.wav", 10)
    with pytest.raises(SourceError, match="cannot be read"):
        read_wav(tmp_path, 10)


def test_every_prefix_of_a_file_is_read_or_refused(tmp_path: Path) -> None:
    whole = write_wav(tmp_path / "a.wav", RAMP).read_bytes()
    path = tmp_path / "b.wav"
    read = 0
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            read += len(read_wav(path, 10)[0]) <= 50
        except SourceError:
            continue
    assert read > 0


def test_the_rig_writes_what_the_library_reads(tmp_path: Path) -> None:
    with wave.open(str(write_wav(tmp_path / "a.wav", RAMP, rate_hz=16000))) as file:
        assert (file.getframerate(), file.getnframes()) == (16000, 50)
