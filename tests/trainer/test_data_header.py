from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.rigs.data_sets import write_picture
from trainer.data.dataset import Picture
from trainer.data.decoding import CHUNK, decode_all
from trainer.data.header import picture_size
from trainer.errors import TrainError

NO_BOX, NO_LABEL = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)


def picture(path: Path, size: tuple[int, int] = (64, 48)) -> Picture:
    return Picture(path, *size, NO_BOX, NO_LABEL)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp", ".tif", ".ppm"])
@pytest.mark.parametrize("size", [(1, 1), (64, 48), (333, 1)])
def test_reads_the_size_of_every_format(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    assert picture_size(write_picture(tmp_path / f"a{suffix}", size=size)) == size


def test_reads_the_size_of_lossless_webp(tmp_path: Path) -> None:
    path, pixels = tmp_path / "a.webp", np.zeros((33, 65, 3), np.uint8)
    assert cv2.imwrite(str(path), pixels, [cv2.IMWRITE_WEBP_QUALITY, 101])
    assert path.read_bytes()[12:16] == b"VP8L"
    assert picture_size(path) == (65, 33)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_a_header_that_is_cut_off_is_no_crash(tmp_path: Path, suffix: str) -> None:
    data = write_picture(tmp_path / f"a{suffix}").read_bytes()
    path = tmp_path / "cut"
    for length in range(18):
        path.write_bytes(data[:length])
        with pytest.raises(TrainError):
            picture_size(path)


def test_noise_is_no_crash(tmp_path: Path) -> None:
    rng, path = np.random.default_rng(1), tmp_path / "noise"
    good = write_picture(tmp_path / "a.jpg").read_bytes()[:400]
    for _ in range(300):
        noisy = np.frombuffer(good, np.uint8).copy()
        noisy[rng.integers(2, len(noisy), 20)] = rng.integers(0, 256, 20)
        path.write_bytes(noisy.tobytes())
        try:
            assert min(picture_size(path)) > 0
        except TrainError as error:
            assert "header" in str(error)  # noqa: PT017 - either way is right


def test_a_picture_out_of_all_proportion_is_refused(tmp_path: Path) -> None:
    data = bytearray(write_picture(tmp_path / "a.png").read_bytes())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    (tmp_path / "bomb.png").write_bytes(data)
    with pytest.raises(TrainError, match="60000 x 60000"):
        picture_size(tmp_path / "bomb.png")


def test_decodes_all_and_names_the_broken(tmp_path: Path) -> None:
    good = [write_picture(tmp_path / f"{row}.jpg", row) for row in range(CHUNK)]
    data = good[0].read_bytes()
    png = write_picture(tmp_path / "a.png").read_bytes()
    (tmp_path / "truncated.jpg").write_bytes(data[: len(data) // 2])
    (tmp_path / "corrupt.jpg").write_bytes(data[:700] + bytes(range(60)) + data[760:])
    (tmp_path / "truncated.png").write_bytes(png[: len(png) // 2])
    broken = [tmp_path / name for name in ("truncated.jpg", "corrupt.jpg", "truncated.png")]
    told: list[int] = []
    problems = decode_all([*map(picture, [*good, *broken]), picture(good[0], (48, 64))], told.append)
    assert [one.path.name for one in problems] == ["truncated.jpg", "corrupt.jpg", "truncated.png", "0.jpg"]
    assert "Premature end" in problems[0].what
    assert "header says 48 x 64" in problems[-1].what
    assert told == [CHUNK, CHUNK + 4]
    assert decode_all([]) == []
