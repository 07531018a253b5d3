import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.input_rules import Overrides
from edge.contracts.runtime import Runtime
from edge.contracts.types import Head, ModelBundle
from edge.runtime.interpreters import ACCELERATORS, Plan, applied_delegate, open_interpreter
from edge.runtime.libraries import CANDIDATES, Candidate, find_library
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from tests.paths import REPOSITORY, data
from tests.rigs.tflite import ABS, Net

SETTINGS = RuntimeSettings()


def bundle(path: Path, net: Net | None = None) -> ModelBundle:
    """A model of one ABS, or the given one, that passes for an embedding."""
    scaled = Overrides(head=Head.EMBEDDING, mean=(0, 0, 0), std=(1, 1, 1))
    return read_bundle((net or Net(operator=ABS)).write(path / "m.tflite"), overrides=scaled)


def picture() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(1, 8, 8, 3)).astype(np.float32)


def test_it_computes_and_says_by_what(tmp_path: Path) -> None:
    with open_runtime(bundle(tmp_path), SETTINGS) as runtime:
        as_seen_by_heads: Runtime = runtime
        (output,) = as_seen_by_heads.invoke(picture())
        np.testing.assert_array_equal(output, np.abs(picture()))
        assert (runtime.name, runtime.delegate) == ("ai_edge_litert", "xnnpack")


def test_what_it_returned_stays_as_it_was(tmp_path: Path) -> None:
    with open_runtime(bundle(tmp_path), SETTINGS) as runtime:
        (first,) = runtime.invoke(picture())
        (second,) = runtime.invoke(2 * picture())
        np.testing.assert_array_equal(first, np.abs(picture()))
        np.testing.assert_array_equal(second, 2 * np.abs(picture()))


@pytest.mark.parametrize("tensor", [np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 4, 4, 3), np.float32)])
def test_an_input_that_does_not_fit_is_refused(tmp_path: Path, tensor: np.ndarray) -> None:
    with open_runtime(bundle(tmp_path), SETTINGS) as runtime:
        with pytest.raises(ModelError, match=r"takes float32 \[1, 8, 8, 3\] and was given"):
            runtime.invoke(tensor)
        assert len(runtime.invoke(picture())) == 1


def test_closed_is_closed(tmp_path: Path) -> None:
    runtime = open_runtime(bundle(tmp_path), SETTINGS)
    runtime.close()
    runtime.close()
    with pytest.raises(ModelError, match="was closed"):
        runtime.invoke(picture())


def test_a_file_that_changed_after_it_was_read_is_refused(tmp_path: Path) -> None:
    known = bundle(tmp_path)
    known.path.write_bytes(known.path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ModelError, match="SHA-256"):
        open_runtime(known, SETTINGS)


def test_ports_that_differ_from_the_file_are_refused(tmp_path: Path) -> None:
    known = bundle(tmp_path)
    with pytest.raises(ModelError, match="other inputs and outputs"):
        open_runtime(replace(known, outputs=known.outputs * 2), SETTINGS)


def test_an_unknown_operator_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"m\.tflite cannot be loaded by ai_edge_litert .*no-such-operator"):
        open_runtime(bundle(tmp_path, Net(custom="no-such-operator")), SETTINGS)


@pytest.mark.parametrize("library", ["libnothing.so.9", "libm.so.6"])
def test_an_edgetpu_model_needs_its_library(tmp_path: Path, library: str) -> None:
    compiled = bundle(tmp_path, Net(custom="edgetpu-custom-op"))
    with pytest.raises(ModelError, match=rf"compiled for the Edge TPU, and {library} cannot be used"):
        open_runtime(compiled, SETTINGS.model_copy(update={"edgetpu_library": library}))


def test_the_table_of_accelerators() -> None:
    assert list(ACCELERATORS) == ["cpu", "edgetpu"]


def test_slow_kernels_are_told_from_the_delegate(tmp_path: Path) -> None:
    library = find_library()
    known = bundle(tmp_path)
    resolver = library.module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    slow = library.module.Interpreter(model_path=str(known.path), experimental_op_resolver_type=resolver)
    slow.allocate_tensors()
    fast = open_interpreter(library, Plan(str(known.path), "cpu", 1, "", ""))
    assert applied_delegate(slow, "cpu") == "none"
    assert applied_delegate(fast, "cpu") == "xnnpack"


def test_the_next_library_is_taken_where_the_first_is_absent() -> None:
    absent = Candidate("absent", "no_such_library.interpreter", "no_such_library")
    assert find_library((absent, CANDIDATES[0])).name == "ai_edge_litert"
    assert [candidate.name for candidate in CANDIDATES] == ["ai_edge_litert", "tflite_runtime", "tensorflow"]
    with pytest.raises(ModelError, match=r"pip install ai-edge-litert .*no_such_library"):
        find_library((absent,))


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=True
    )
    return done.stdout.strip()


def test_reading_a_model_imports_no_runtime_and_running_it_no_tensorflow(tmp_path: Path) -> None:
    path = bundle(tmp_path).path
    code = f"""
import sys
from pathlib import Path
from edge.contracts.bundle import read_bundle
from edge.contracts.input_rules import Overrides
known = read_bundle(Path({str(path)!r}), overrides=Overrides(mean=(0, 0, 0), std=(1, 1, 1), head="embedding"))
libraries = {{"ai_edge_litert", "tflite_runtime", "tensorflow"}}
print(sorted(libraries & set(sys.modules)))
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
open_runtime(known, RuntimeSettings()).close()
print(sorted(libraries & set(sys.modules)))
"""
    assert run_python(code).splitlines() == ["[]", "['ai_edge_litert']"]


@pytest.mark.parametrize(
    "name", ["ssd_mobilenet_v1_coco_quant", "yolox_nano_416_float", "vww_96_int8", "mobilenet_v1_0.25_224_quant"]
)
def test_real_models_run_as_the_bare_interpreter_does(name: str) -> None:
    known = read_bundle(data("models", f"{name}.tflite"))
    spec = known.input.tensor
    tensor = np.random.default_rng(2).integers(0, 127, spec.shape).astype(spec.dtype)
    bare = find_library().module.Interpreter(model_path=str(known.path), num_threads=SETTINGS.threads)
    bare.allocate_tensors()
    bare.set_tensor(bare.get_input_details()[0]["index"], tensor)
    bare.invoke()
    with open_runtime(known, SETTINGS) as runtime:
        assert runtime.delegate == "xnnpack"
        outputs = runtime.invoke(tensor)
    assert len(outputs) == len(known.outputs)
    for output, detail in zip(outputs, bare.get_output_details(), strict=True):
        np.testing.assert_array_equal(output, bare.get_tensor(detail["index"]))


def test_a_real_edgetpu_model_is_not_run_on_the_cpu() -> None:
    compiled = read_bundle(data("models", "mobilenet_v1_0.25_128_quant_edgetpu.tflite"))
    with pytest.raises(ModelError, match="or give the model's CPU version"):
        open_runtime(compiled, SETTINGS.model_copy(update={"edgetpu_library": "libnothing.so.9"}))
