"""Packing: what goes into a model file comes out of it, for us and for others, without TensorFlow."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.flatbuffer import MalformedError, Table
from edge.contracts.labels import parse_labels
from edge.contracts.manifest import FILE_NAME, encode_manifest, parse_manifest
from edge.contracts.metadata import read_metadata
from edge.contracts.packed import PackedFiles
from edge.contracts.tflite import read_graph
from edge.contracts.types import ColourOrder, Head, Resize
from edge.runtime.cpu_model import PACKED, cpu_model
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from tests.rigs.tflite import Net, Port
from tests.trainer.exports import DETECTOR, manifest
from trainer.errors import TrainError
from trainer.export.bundle import LABELS, pack, with_manifest
from trainer.export.embed import ALIGNMENT, embed_metadata
from trainer.export.metadata import encode_metadata
from trainer.export.packing import append_files, encode_labels, split_files
from trainer.export.postprocess import OUTPUTS
from trainer.export.reorder import reorder_outputs

LABELLED = ("person", "car")


def packed_detector() -> bytes:
    return pack(DETECTOR.encode(), manifest(), LABELLED)


def test_a_packed_model_says_all_that_serving_needs(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(packed_detector())
    bundle = read_bundle(path)
    assert (bundle.name, bundle.head, bundle.labels) == ("made", Head.SSD, LABELLED)
    assert (bundle.input.resize, bundle.input.order) == (Resize.LETTERBOX, ColourOrder.RGB)
    assert bundle.input.mean == bundle.input.std == (127.5,) * 3
    assert [spec.name for spec in bundle.outputs] == list(OUTPUTS)
    assert read_manifest(path) == manifest(labels=LABELS)


def test_the_same_packs_to_the_same_bytes() -> None:
    assert packed_detector() == packed_detector()
    with zipfile.ZipFile(io.BytesIO(packed_detector())) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}  # all that MediaPipe reads


def test_the_metadata_moves_no_weight_and_the_model_still_runs(tmp_path: Path) -> None:
    port = Port((1, 8, 8, 3), name="x")
    model = Net((port,), (replace(port, name="y"),)).encode()
    model += b"\0" * (-len(model) % 4)
    grown = embed_metadata(model, encode_metadata(manifest(head=Head.EMBEDDING)))
    assert grown.endswith(model)
    assert (len(grown) - len(model)) % ALIGNMENT == 0
    path = tmp_path / "m.tflite"
    path.write_bytes(pack(model, manifest(head=Head.EMBEDDING), ()))
    values = np.linspace(-3, 3, 192, dtype=np.float32).reshape(1, 8, 8, 3)
    with open_runtime(read_bundle(path), RuntimeSettings(threads=1)) as runtime:
        assert np.array_equal(runtime.invoke(values)[0], np.abs(values))


def test_the_newest_metadata_is_the_only_one() -> None:
    model = DETECTOR.encode()
    once = embed_metadata(model, encode_metadata(manifest()))
    twice = embed_metadata(once, encode_metadata(manifest(name="newer")))
    assert read_metadata(read_graph(twice).metadata).name == "newer"
    names = [entry.text(0) for entry in Table.root(twice, b"TFL3").tables(6)]
    assert names == ["TFLITE_METADATA"]


def test_what_mediapipe_asks_for() -> None:
    data = encode_metadata(manifest(labels=LABELS))
    told = read_metadata(data)
    assert (told.name, told.label_files) == ("made", (LABELS,))
    assert told.mean == told.std == (127.5,) * 3
    graph = next(Table.root(data, b"M001").tables(3))
    location, category, score, number = graph.tables(3)
    assert [one.text(0) for one in (location, category, score, number)] == [
        "location",
        "category",
        "score",
        "number of detections",
    ]
    content = location.table(3)
    assert content is not None
    box = content.table(1)
    assert content.integer(0, "b") == 3  # BoundingBoxProperties
    assert box is not None
    assert box.integers(0, "I") == (1, 0, 3, 2)
    assert (box.integer(1, "b"), box.integer(2, "b")) == (1, 0)  # BOUNDARIES, RATIO
    assert [file.integer(2, "b") for file in category.tables(6)] == [3]  # TENSOR_VALUE_LABELS
    group = next(graph.tables(8))
    assert group.text(0) == "detection_result"


@pytest.mark.parametrize(
    ("head", "names"),
    [(Head.CLASSIFIER, ["probability", "embedding"]), (Head.EMBEDDING, ["embedding"])],
)
def test_the_outputs_of_other_tasks(head: Head, names: list[str]) -> None:
    graph = next(Table.root(encode_metadata(manifest(head=head)), b"M001").tables(3))
    assert [one.text(0) for one in graph.tables(3)] == names


def test_another_manifest_changes_nothing_else() -> None:
    before = packed_detector()
    told = manifest(labels=LABELS, metrics={"val": {"map50": 0.5}}, accepted_loss="the camera is far away")
    after = with_manifest(before, told)
    assert split_files(after)[0] == split_files(before)[0]
    assert PackedFiles.find(after).read(LABELS, 100) == PackedFiles.find(before).read(LABELS, 100)
    assert parse_manifest(PackedFiles.find(after).read(FILE_NAME, 10_000)) == told
    assert with_manifest(after, manifest(labels=LABELS)) == before


def test_a_manifest_of_an_older_trainer_accepts_no_loss() -> None:
    older = encode_manifest(manifest()).replace(b',\n "accepted_loss": ""', b"")
    assert b"accepted_loss" not in older
    assert parse_manifest(older).accepted_loss == ""


def test_the_file_for_the_cpu_travels_with_the_compiled_one(tmp_path: Path) -> None:
    path, whole = tmp_path / "m_edgetpu.tflite", packed_detector()
    path.write_bytes(pack(replace(DETECTOR, custom="edgetpu-custom-op").encode(), manifest(), LABELLED, whole))
    bundle = read_bundle(path)
    assert bundle.edgetpu
    unpacked = cpu_model(bundle, None, tmp_path / "state")
    assert unpacked is not None
    assert unpacked.read_bytes() == whole
    assert PACKED in PackedFiles.find(path.read_bytes()).names


@pytest.mark.parametrize(
    "labels",
    [(), ("person",), ("person", "car", "tv monitor"), ("1 euro", "2 euro"), ("7 up", "cola"), ("été", "汽车")],
)
def test_labels_come_back_as_they_were(labels: tuple[str, ...]) -> None:
    assert parse_labels(encode_labels(labels)) == labels


@pytest.mark.parametrize("label", ["", "???", "two\nlines", " wide "])
def test_labels_that_no_file_holds(label: str) -> None:
    with pytest.raises(TrainError, match="rename"):
        encode_labels(("person", label))


def test_outputs_are_put_in_order_without_moving_a_byte() -> None:
    ports = tuple(Port((1, extent), name=f"t{extent}") for extent in (1, 2, 3))
    model = Net(outputs=ports, signature=("count", "scores", "boxes")).encode()
    ordered = reorder_outputs(model, ("boxes", "scores"))
    assert [spec.name for spec in read_graph(ordered).outputs] == ["boxes", "scores", "count"]
    assert [spec.shape for spec in read_graph(ordered).outputs] == [(1, 3), (1, 2), (1, 1)]
    assert len(ordered) == len(model)
    assert reorder_outputs(ordered, ("count", "scores", "boxes")) == model


@pytest.mark.parametrize("model", [b"", b"\x00" * 64, Net().encode(), Net(signature=("other",)).encode()])
def test_what_has_no_such_outputs_is_refused(model: bytes) -> None:
    with pytest.raises(MalformedError):
        reorder_outputs(model, ("boxes",))


@pytest.mark.parametrize("model", [b"", b"no model at all, really", DETECTOR.encode()[:40]])
def test_what_is_no_model_is_not_packed(model: bytes) -> None:
    with pytest.raises(TrainError, match="again"):
        pack(model, manifest(), LABELLED)


def test_a_damaged_archive_is_told_of() -> None:
    data = packed_detector().replace(b"PK\x01\x02", b"PK\x00\x00")
    with pytest.raises(TrainError, match="export it again"):
        with_manifest(data, manifest())


def test_files_behind_a_model_are_found_again() -> None:
    assert split_files(b"model") == (b"model", {})
    assert split_files(append_files(b"model", {"b": b"2", "a": b"1"})) == (b"model", {"a": b"1", "b": b"2"})
