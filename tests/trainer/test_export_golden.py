"""Golden samples are written by the library that serves; what no device could run is not exported."""

import json
from pathlib import Path

import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.golden import FILE_NAME, compare, parse_golden
from edge.contracts.golden_file import read_golden
from edge.contracts.golden_input import Pattern, make_input
from edge.runtime.libraries import find_library
from tests.paths import REPOSITORY
from tests.rigs import hostile_models as models
from trainer.errors import TrainError
from trainer.export.bundle import pack, with_manifest
from trainer.export.golden import main, with_golden
from trainer.export.packing import append_files
from trainer.gate.golden import golden_words

DETECTOR = REPOSITORY / "edge/demo/shipped/street.tflite"
FORECASTER = REPOSITORY / "edge/forecast/shipped/street.tflite"


def without(bundle: bytes) -> bytes:
    """As an older trainer wrote it."""
    bare, files = models.taken_apart(bundle)
    return append_files(bare, {name: data for name, data in files.items() if name != FILE_NAME})


@pytest.fixture(scope="module")
def plain() -> bytes:
    return pack(models.network(1), models.manifest(), ())


def test_the_network_and_the_other_files_stay_as_they_are(plain: bytes) -> None:
    made = with_golden(plain)
    assert without(made) == plain
    assert with_golden(made) == made
    assert len(made) - len(plain) < 2000


@pytest.mark.parametrize("path", [DETECTOR, FORECASTER])
def test_shipped_ones_are_what_is_made_of_them_here(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "m.tflite"
    copy.write_bytes(without(path.read_bytes()))
    main(str(copy))
    made, shipped = read_golden(copy), read_golden(path)
    assert made is not None
    assert shipped is not None
    assert made.given == shipped.given
    assert [one.shape for one in made.outputs] == [one.shape for one in shipped.outputs]
    assert golden_words(read_bundle(copy)).startswith("with a golden sample of ")


def test_detections_are_compared_by_rows_of_which_some_score_high() -> None:
    golden = read_golden(DETECTOR)
    assert golden is not None
    assert golden.rows is not None
    assert golden.given.pattern is Pattern.PICTURE
    assert golden.outputs[2].values.max() > 2 * golden.rows.tolerance + golden.rows.score
    assert 0.04 <= golden.rows.tolerance <= 0.1


def test_floats_may_differ_by_a_thousandth() -> None:
    golden = read_golden(FORECASTER)
    assert golden is not None
    assert golden.given.pattern is Pattern.TRACKS
    assert [one.relative for one in golden.outputs] == [1e-3] * 3
    assert all(0 < one.absolute < 2e-3 * abs(one.values).max() for one in golden.outputs)


def test_scores_that_are_measured_later_leave_it_as_it_is(plain: bytes) -> None:
    made = with_golden(plain)
    later = with_manifest(made, models.manifest())
    assert models.taken_apart(later)[1][FILE_NAME] == models.taken_apart(made)[1][FILE_NAME]


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (models.crashing(0), "does not run: crashed, SIGSEGV"),
        (models.foreign(0), "TFLite_Of_Somebody"),
        (models.numberless(0), "answers with what is no number"),
    ],
)
def test_what_does_not_run_is_not_exported(network: bytes, words: str) -> None:
    with pytest.raises(TrainError, match=words):
        with_golden(pack(network, models.manifest(), ()))


def test_a_damaged_file_is_told() -> None:
    with pytest.raises(TrainError, match="damaged"):
        with_golden(with_golden(pack(models.network(1), models.manifest(), ()))[:-30])


def test_a_bundle_that_was_cut_off_is_not_taken_for_a_strangers_model(plain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    start = len(models.taken_apart(plain)[0])
    for length in (start, start + 4, start + 29, start + 30, start + 44, start + 45, len(plain) - 1):
        path.write_bytes(plain[:length])
        with pytest.raises(ModelError, match="cut off"):
            read_bundle(path)


def test_the_gate_says_whether_there_is_one(plain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(plain)
    bundle = read_bundle(path)
    assert golden_words(bundle) == "without a golden sample"
    made = with_golden(plain)
    path.write_bytes(made)
    assert golden_words(bundle) == ("with a golden sample of 16 values, by which a device proves it before it serves")
    told = json.loads(models.taken_apart(made)[1][FILE_NAME])
    path.write_bytes(models.with_files(made, {FILE_NAME: json.dumps({**told, "format": 9}).encode()}))
    assert golden_words(bundle).startswith("its golden sample is of no use: ")
    assert parse_golden(models.taken_apart(made)[1][FILE_NAME]).made_by


@pytest.mark.parametrize("path", [DETECTOR, FORECASTER])
@pytest.mark.parametrize("kernels", ["AUTO", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "BUILTIN_REF"])
def test_whichever_kernels_a_device_has_the_answers_agree(path: Path, kernels: str) -> None:
    golden, library = read_golden(path), find_library()
    assert golden is not None
    kind = getattr(library.module.OpResolverType, kernels)
    interpreter = library.module.Interpreter(str(path), num_threads=3, experimental_op_resolver_type=kind)
    interpreter.allocate_tensors()
    spec = read_bundle(path).input.tensor
    interpreter.set_tensor(
        interpreter.get_input_details()[0]["index"], make_input(golden.given, spec.shape, spec.dtype)
    )
    interpreter.invoke()
    found = [interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()]
    assert compare(golden, found) == ()
    other = [values * 0.5 for values in found] if golden.rows else [values + 1 for values in found]
    assert compare(golden, [values.astype(was.dtype) for values, was in zip(other, found, strict=True)]) != ()
