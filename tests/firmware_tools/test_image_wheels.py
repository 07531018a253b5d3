"""Which wheels a board gets, and how they come to lie there."""

import struct
import zlib
from pathlib import Path

import pytest

from firmware_tools.errors import MistakeError
from firmware_tools.image.layout_official import look
from firmware_tools.image.wheel import read_wheel
from firmware_tools.image.wheels import Target, closure, fitting
from firmware_tools.image.wheels_fetch import Sources, gather
from firmware_tools.image.wheels_install import install
from firmware_tools.image.wheels_needs import needed, refuse_lacking
from tests.rigs.official import official
from tests.rigs.wheels import ANY, BOARD, board_wheels, wheel

TRIXIE, BOOKWORM = Target(13, 41), Target(11, 36)


def chosen(folder: Path, target: Target = TRIXIE) -> tuple[list[str], list[str]]:
    there = fitting([folder], target)
    own = next(one for one in there if one.name == "foresight-edge")
    found, missing = closure(own, there, target)
    return [f"{one.name} {one.version}" for one in found], list(missing)


def test_what_runs_there_is_chosen_and_nothing_else(tmp_path: Path) -> None:
    assert chosen(board_wheels(tmp_path)) == (["foresight-edge 9.9", "native 2.1"], [])


def test_markers_are_asked_for_the_board_not_for_this_machine(tmp_path: Path) -> None:
    found, missing = chosen(board_wheels(tmp_path), BOOKWORM)
    assert found == ["foresight-edge 9.9"]
    assert missing == ['absent; python_version < "3.12"', "native>=2"]


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        (ANY, True),
        (BOARD, True),
        ("cp313-cp313-manylinux_2_41_aarch64", True),
        ("cp313-cp313-manylinux_2_42_aarch64", False),
        ("cp311-abi3-manylinux2014_aarch64", True),
        ("cp311-cp311-manylinux2014_aarch64", False),
        ("cp313-cp313-musllinux_1_2_aarch64", False),
        ("cp313-cp313-manylinux_2_28_x86_64", False),
        ("cp313-cp313t-manylinux_2_28_aarch64", False),
    ],
)
def test_tags(tmp_path: Path, tag: str, fits: bool) -> None:
    wheel(tmp_path, "a", "1", {}, tag=tag)
    assert bool(fitting([tmp_path], TRIXIE)) == fits


def test_extras_bring_what_they_need_and_conflicts_are_missing(tmp_path: Path) -> None:
    wheel(tmp_path, "foresight_edge", "1", {}, requires=["a[x]", "c<2"])
    wheel(tmp_path, "a", "1", {}, requires=["b; extra == 'x'", "d; extra == 'y'", "c"])
    wheel(tmp_path, "b", "1", {})
    wheel(tmp_path, "c", "1.9", {})
    assert chosen(tmp_path) == (["a 1", "b 1", "c 1.9", "foresight-edge 1"], [])
    wheel(tmp_path, "b", "2", {}, requires=["c>=2"])
    assert chosen(tmp_path)[1] == ["c>=2"]


def test_a_folder_that_lacks_something_says_what(tmp_path: Path) -> None:
    board_wheels(tmp_path / "wheels")
    (tmp_path / "wheels" / f"native-2.1-{BOARD}.whl").unlink()
    with pytest.raises(MistakeError, match=r"lacks wheels for Python 3\.13 on aarch64 with glibc 2\.41: native>=2;"):
        gather(Sources(tmp_path / "wheels", None), TRIXIE, tmp_path)
    with pytest.raises(MistakeError, match="no folder of wheels"):
        gather(Sources(tmp_path / "elsewhere", None), TRIXIE, tmp_path)


def test_without_its_own_wheel_the_checkout_is_built_and_its_needs_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MistakeError, match=r"lacks wheels .*ai-edge-litert==.*tuf"):
        gather(Sources(tmp_path / "empty", None), TRIXIE, tmp_path)
    first = next((tmp_path / "own").glob("*.whl")).read_bytes()
    (tmp_path / "again").mkdir()
    with pytest.raises(MistakeError, match="lacks wheels"):
        gather(Sources(tmp_path / "empty", None), TRIXIE, tmp_path / "again")
    assert next((tmp_path / "again" / "own").glob("*.whl")).read_bytes() == first
    assert read_wheel(next((tmp_path / "own").glob("*.whl"))).name == "foresight-edge"


def test_another_projects_wheel_is_not_taken_for_it(tmp_path: Path) -> None:
    other = wheel(tmp_path, "other", "1", {})
    with pytest.raises(MistakeError, match="is a wheel of other"):
        gather(Sources(tmp_path, other), TRIXIE, tmp_path)


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_wheel_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / f"a-1-{ANY}.whl").write_bytes(data)
    with pytest.raises(MistakeError, match="no wheel that can be used"):
        fitting([tmp_path], TRIXIE)


def test_a_wheel_that_leaves_its_place_is_refused(tmp_path: Path) -> None:
    bad = wheel(tmp_path / "w", "a", "1", {"../../../../../../../../evil": b"x"})
    with pytest.raises(MistakeError, match="cannot be unpacked"):
        install([read_wheel(bad)], tmp_path / "root", TRIXIE)
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("crc", [False, True])
def test_a_wheel_that_was_changed_is_refused(tmp_path: Path, crc: bool) -> None:
    made, other = b"pass  # as it was made", b"pass  # as it was MADE"
    path = wheel(tmp_path, "a", "1", {"a.py": made})
    data = path.read_bytes().replace(made, other)
    for old, new in ((zlib.crc32(made), zlib.crc32(other)),) if crc else ():
        data = data.replace(struct.pack("<I", old), struct.pack("<I", new))
    path.write_bytes(data)
    with pytest.raises(MistakeError, match="cannot be unpacked"):
        install([read_wheel(path)], tmp_path / "root", TRIXIE)


def test_the_libraries_that_a_compiled_file_names() -> None:
    assert needed(b"") == ()
    assert needed(b"\x7fELF board") == ()
    import lap._lapjv as compiled  # noqa: PLC0415

    data = Path(str(compiled.__file__)).read_bytes()
    assert "libc.so.6" in needed(data)
    assert needed(data[:4096]) == ()


def test_an_image_that_lacks_libraries_is_refused(tmp_path: Path) -> None:
    import lap._lapjv as compiled  # noqa: PLC0415

    root = tmp_path / "root"
    root.mkdir()
    (root / "lap.so").write_bytes(Path(str(compiled.__file__)).read_bytes())
    image = official(tmp_path / "a.img")
    with pytest.raises(MistakeError, match=r"lacks libraries that the wheels need: libc\.so\.6"):
        refuse_lacking(root, look(image).root, tmp_path / "asked")


def test_two_wheels_with_the_same_file_are_refused(tmp_path: Path) -> None:
    both = [read_wheel(wheel(tmp_path, name, "1", {"same.py": name.encode()})) for name in ("a", "b")]
    with pytest.raises(MistakeError, match=r"b-1-py3-none-any\.whl cannot be unpacked"):
        install(both, tmp_path / "root", TRIXIE)
