import io
import zipfile
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.contracts.arrays import ArraysError, pack, unpack

Arrays = Mapping[str, NDArray[np.generic]]


def some() -> Arrays:
    random = np.random.default_rng(0)
    return {
        "form": np.array("series-1:3"),
        "weights/0001": random.normal(size=(7, 5)).astype(np.float32),
        "turned": np.asfortranarray(random.normal(size=(3, 4))),
        "none": np.zeros((0, 4), np.int64),
        "count": np.array(12),
        "bytes": np.frombuffer(b'{"a": 1}', np.uint8),
        "half": np.arange(3, dtype=np.float16),
        "true": np.array([True, False]),
    }


def same(one: Arrays, other: Arrays) -> bool:
    told = [{name: (a.dtype, a.shape, a.tobytes()) for name, a in arrays.items()} for arrays in (one, other)]
    return told[0] == told[1]


@pytest.mark.parametrize("arrays", [{}, some()], ids=["none", "several"])
@pytest.mark.parametrize("deflate", [False, True])
def test_there_and_back(arrays: Arrays, deflate: bool) -> None:
    packed = pack(arrays, deflate=deflate)
    assert same(unpack(packed), arrays)
    assert pack(unpack(packed), deflate=deflate) == packed


def test_what_comes_back_can_be_written() -> None:
    back = unpack(pack(some()))
    assert all(array.flags.writeable for array in back.values())


def test_what_numpy_wrote_is_read() -> None:
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, **some())  # type: ignore[arg-type]
        assert same(unpack(file.getvalue()), some())


def test_numpy_reads_what_was_packed() -> None:
    with np.load(io.BytesIO(pack(some())), allow_pickle=False) as file:
        assert same({name: file[name] for name in file.files}, some())


def npz(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def npy(header: str, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + body


def pickled() -> bytes:
    file = io.BytesIO()
    np.savez(file, thing=np.array([{"a": 1}], dtype=object))
    return file.getvalue()


def told(shape: str, descr: str = "'<f8'") -> bytes:
    return npz(a=npy(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}", bytes(16)))


@pytest.mark.parametrize(
    "foreign",
    [
        b"",
        b"PK",
        b"{}",
        bytes(4096),
        b"PK\x03\x04" + bytes(200) + b"PK\x05\x06" + bytes(18),
        npz(a=b""),
        npz(a=b"hello, this is no array at all"),
        npz(a=npy("{")),
        npz(a=npy("[" * 60_000)),
        npz(a=npy("{'descr': '<f8'}")),
        npz(a=npy("7")),
        npz(a=npy("__import__('os').system('true')")),
        told("(3,)"),
        told("(1000000000000000,)"),
        told("(-2, -1)"),
        told("2"),
        told("(2,)", "'|O'"),
        told("(2,)", "[('a', '<f8')]"),
        told("(2,)", "'nonsense'"),
        pickled(),
    ],
    ids=range(20),
)
def test_foreign_bytes_are_refused(foreign: bytes) -> None:
    with pytest.raises(ArraysError):
        unpack(foreign)


@pytest.mark.parametrize("deflate", [False, True])
def test_bytes_that_are_cut_off_are_refused_wherever(deflate: bool) -> None:
    packed = pack(some(), deflate=deflate)
    for length in range(0, len(packed), 7):
        with pytest.raises(ArraysError):
            unpack(packed[:length])
    for more in (b"x", packed):
        with pytest.raises(ArraysError):
            unpack(packed[:-1] + more)
    with pytest.raises(ArraysError):
        unpack(packed + b"x")


@pytest.mark.parametrize("deflate", [False, True])
def test_a_flipped_bit_is_told_or_of_no_account(deflate: bool) -> None:
    packed, refused = pack(some(), deflate=deflate), 0
    held = {(a.dtype, a.shape, a.tobytes()) for a in some().values()}
    for at in range(len(packed)):
        spoilt = bytearray(packed)
        spoilt[at] ^= 1 << at % 8
        try:
            back = unpack(bytes(spoilt))
        except ArraysError:
            refused += 1
        else:  # the archive has bytes that say nothing, its date for one; what the arrays hold is as it was
            assert {(a.dtype, a.shape, a.tobytes()) for a in back.values()} <= held
    assert refused > len(packed) / 2


@pytest.mark.parametrize("make", [lambda: np.zeros(1 << 20), lambda: np.zeros((1 << 10, 1 << 10))])
def test_more_than_was_agreed_is_not_unpacked(make: Callable[[], NDArray[np.float64]]) -> None:
    packed = pack({"a": make()})
    assert len(packed) < 1 << 16
    with pytest.raises(ArraysError, match="more than 1048576 bytes"):
        unpack(packed, limit_bytes=1 << 20)


def test_objects_are_not_packed() -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        pack({"a": np.array([None])})
