import hashlib
import json
import os
import random
from pathlib import Path

import pytest

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.errors import ModelError
from edge.contracts.input_rules import Overrides
from edge.contracts.manifest import Calibration, Manifest, PictureInput, Task, encode_manifest
from edge.contracts.types import ColourOrder, Head, Resize
from tests.paths import data
from tests.rigs.tflite import ABS, SOFTMAX, Net, Port, archive, metadata

RAW = {"uint8": Port(dtype="uint8", scale=1 / 128, zero_point=128), "int8": Port(dtype="int8", scale=1 / 255)}
MANIFEST = Manifest(
    task=Task.DETECTOR,
    head=Head.YOLOX,
    name="street",
    version="3.0",
    labels="names.txt",
    input=PictureInput(Resize.STRETCH, ColourOrder.RGB, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)),
    metrics={"val": {"ap50": 0.5}},
    quantisation="none",
    calibration=Calibration("", 0),
    recipe="nano",
    revision="abc",
)

# name: head, labels, mean, std, name in the metadata
REAL = {
    "ssd_mobilenet_v1_coco_quant": (Head.SSD, 90, 128, 128, "Coco SSD MobileNetV1"),
    "yolox_nano_416_float": (Head.YOLOX, 0, 0, 1, "yolox_nano_416_float"),
    "mobilenet_v1_0.25_128_quant": (Head.CLASSIFIER, 1001, 128, 128, "ImageClassifier"),
    "mobilenet_v1_0.25_128_quant_edgetpu": (Head.CLASSIFIER, 1001, 128, 128, "ImageClassifier"),
    "mobilenet_v1_0.25_224_1_metadata_1": (Head.CLASSIFIER, 1001, 127.5, 127.5, "MobileNetV1 image classifier"),
    "mobilenet_v1_0.25_224_quant": (Head.CLASSIFIER, 1001, 128, 128, "MobileNetV1 image classifier (quantized)"),
    "tf2_mobilenet_v2_1.0_224_ptq": (Head.CLASSIFIER, 1001, 127, 127.5, "ImageClassifier"),
    "vww_96_int8": (Head.CLASSIFIER, 0, 0, 255, "vww_96_int8"),
    "mobilenet_v1_1.0_224_quant_embedding_extractor": (
        (Head.EMBEDDING, 0, 128, 128, "mobilenet_v1_1.0_224_quant_embedding_extractor")
    ),
    "kws_ref_model": (Head.CLASSIFIER, 0, 0, 1, "kws_ref_model"),
    "keras_lstm_mnist_ptq": (Head.CLASSIFIER, 0, 0, 1, "keras_lstm_mnist_ptq"),
    "ad01_int8": (Head.SERIES, 0, 0, 1, "ad01_int8"),
}


@pytest.mark.parametrize("name", REAL)
def test_real_models(name: str) -> None:
    bundle = read_bundle(data("models", f"{name}.tflite"))
    head, labels, mean, std, title = REAL[name]
    assert (bundle.head, len(bundle.labels), bundle.name) == (head, labels, title)
    assert bundle.input.mean == pytest.approx((mean,) * 3)
    assert bundle.input.std == pytest.approx((std,) * 3)
    assert bundle.edgetpu == name.endswith("edgetpu")
    assert bundle.size_bytes == bundle.path.stat().st_size


def test_real_detectors_in_full() -> None:
    ssd, yolox = (read_bundle(data("models", f"{name}.tflite")) for name in list(REAL)[:2])
    assert ssd.input.tensor.shape == (1, 300, 300, 3)
    assert (ssd.input.resize, ssd.input.order, ssd.version) == (Resize.STRETCH, ColourOrder.RGB, "v1")
    assert (ssd.labels[0], ssd.labels[11], ssd.labels[16]) == ("person", "", "cat")
    assert (yolox.input.resize, yolox.input.order) == (Resize.LETTERBOX, ColourOrder.BGR)
    assert [output.name for output in yolox.outputs] == ["output"]
    assert yolox.outputs[0].shape == (1, 3549, 85)


def test_labels_with_holes_fit_a_model_that_counts_without() -> None:
    overrides = Overrides(labels=data("models", "coco_labels.txt"))
    bundle = read_bundle(data("models", "yolox_nano_416_float.tflite"), overrides=overrides)
    assert len(bundle.labels) == 80
    assert bundle.labels[79] == "toothbrush"


def classifier(**ports: Port) -> Net:
    output = ports.get("output", Port((1, 3), name="scores"))
    return Net((ports.get("input", Port()),), (output,), operator=SOFTMAX)


FULL = metadata((127.5,), (127.5,), "names.txt")
NAMES = {"names.txt": b"cat\ndog\nowl\n"}


def test_metadata_and_packed_labels(tmp_path: Path) -> None:
    net = Net(outputs=(Port((1, 3)),), operator=SOFTMAX, metadata=FULL, signature=("scores",))
    bundle = read_bundle(net.write(tmp_path / "m.tflite", NAMES))
    assert (bundle.name, bundle.version, bundle.labels) == ("Named", "2.1", ("cat", "dog", "owl"))
    assert bundle.input.mean == (127.5,) * 3
    assert [output.name for output in bundle.outputs] == ["scores"]
    assert bundle.sha256 == hashlib.sha256(bundle.path.read_bytes()).hexdigest()


def test_the_manifest_goes_before_metadata_and_shapes(tmp_path: Path) -> None:
    net = Net(outputs=(Port((1, 8)),), metadata=FULL)
    packed = {**NAMES, "foresight.json": encode_manifest(MANIFEST)}
    path = net.write(tmp_path / "m.tflite", packed)
    bundle = read_bundle(path)
    assert (bundle.head, bundle.name, bundle.version) == (Head.YOLOX, "street", "3.0")
    assert (bundle.input.order, bundle.input.mean, bundle.input.std) == (ColourOrder.RGB, (1, 2, 3), (4, 5, 6))
    assert bundle.labels == ("cat", "dog", "owl")
    assert read_manifest(path) == MANIFEST
    assert read_manifest(net.write(tmp_path / "n.tflite")) is None


def test_the_configuration_goes_before_the_file(tmp_path: Path) -> None:
    labels = tmp_path / "mine.txt"
    labels.write_text("0 a\n2 c\n")
    path = classifier().write(tmp_path / "m.tflite", NAMES)
    overrides = Overrides(labels, Head.EMBEDDING, Resize.LETTERBOX, ColourOrder.BGR, (0, 0, 0), (255, 255, 255))
    bundle = read_bundle(path, overrides=overrides)
    assert (bundle.head, bundle.labels) == (Head.EMBEDDING, ("a", "", "c"))
    assert (bundle.input.resize, bundle.input.order) == (Resize.LETTERBOX, ColourOrder.BGR)
    assert bundle.input.std == (255, 255, 255)


CELLS = (64 // 8) ** 2 + (64 // 16) ** 2 + (64 // 32) ** 2


@pytest.mark.parametrize(
    ("shape", "labels", "head"),
    [
        ((1, CELLS, 85), 0, Head.YOLOX),
        ((1, CELLS, 8), 3, Head.YOLOX),
        ((1, CELLS, 7), 3, Head.YOLOV8),  # transposed: the labels say that there is no objectness
        ((1, CELLS, 84), 0, Head.YOLOV8),  # the classes of COCO
        ((1, 7, CELLS), 0, Head.YOLOV8),
        ((1, 3 * CELLS, 8), 3, Head.YOLOV5),
        ((1, 3), 3, Head.CLASSIFIER),
        ((1, 1, 1, 128), 0, Head.EMBEDDING),
    ],
)
def test_heads_by_shape(tmp_path: Path, shape: tuple[int, ...], labels: int, head: Head) -> None:
    net = Net((Port((1, 64, 64, 3), "uint8", 1 / 255),), (Port(shape),))
    packed = {"labels.txt": b"\n".join(b"l%d" % row for row in range(labels))} if labels else None
    assert read_bundle(net.write(tmp_path / "m.tflite", packed)).head is head


def test_ssd_by_operator_or_by_four_outputs(tmp_path: Path) -> None:
    picture, four = Port((1, 64, 64, 3), "uint8", 1 / 128, 128), tuple(Port((), name=f"o{n}") for n in range(4))
    compiled = Net((picture,), four, custom="edgetpu-custom-op")
    post = Net(
        (picture,), four, custom="TFLite_Detection_PostProcess", signature=("count", "scores", "classes", "boxes")
    )
    assert read_bundle(compiled.write(tmp_path / "a.tflite")).edgetpu
    assert read_bundle(compiled.write(tmp_path / "a.tflite")).head is Head.SSD
    bundle = read_bundle(post.write(tmp_path / "b.tflite"))
    assert [output.name for output in bundle.outputs] == ["count", "scores", "classes", "boxes"]
    assert not bundle.edgetpu


@pytest.mark.parametrize(
    ("port", "mean", "std", "expected"),
    [
        (RAW["uint8"], (), (), (128, 128)),  # the pixel itself
        (RAW["uint8"], (127.5,), (127.5,), (128, 128)),  # so near that the pixel itself is meant
        (RAW["uint8"], (0.0,), (255.0,), (0, 255)),  # something else
        (RAW["int8"], (), (), (128, 255)),  # the pixel - 128
        (Port(dtype="uint8"), (), (), (0, 1)),  # not quantised
        (Port(), (10.0, 20.0, 30.0), (1.0, 2.0, 3.0), (10, 1)),
    ],
)
def test_scaling(
    tmp_path: Path, port: Port, mean: tuple[float, ...], std: tuple[float, ...], expected: tuple[float, float]
) -> None:
    net = Net((port,), (Port((1, 3)),), operator=SOFTMAX, metadata=metadata(mean, std) if mean else b"")
    recipe = read_bundle(net.write(tmp_path / "m.tflite")).input
    assert (recipe.mean[0], recipe.std[0]) == pytest.approx(expected)


def refused(path: Path, complaint: str, **options: object) -> None:
    with pytest.raises(ModelError, match=complaint) as caught:
        read_bundle(path, **options)  # type: ignore[arg-type]
    assert path.name in str(caught.value)


@pytest.mark.parametrize(
    ("net", "complaint"),
    [
        (classifier(), "mean and std"),  # float, and nothing says how
        (classifier(input=Port(dtype="string")), "uint8, int8 or float32"),
        (classifier(input=Port((1, 1, 1, 3))), "fixed size"),
        (Net((Port(), Port()), (Port((1, 3)),)), "2 inputs"),
        (Net(outputs=(Port((1, 5, 5, 5)),)), "name the head"),
        (Net(custom="FlexErf"), "FlexErf; export it again"),
        (Net(metadata=metadata((1.0, 2.0), (1.0,))), "normalises"),
        (Net(metadata=b"nonsense"), "identifier"),
    ],
)
def test_kinds_that_cannot_be_used(tmp_path: Path, net: Net, complaint: str) -> None:
    refused(net.write(tmp_path / "m.tflite"), complaint)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"TFL3", "identifier"),
        (b"\x89PNG\r\n" * 100, "identifier"),
        (b"\xff\xff\xff\xffTFL3" + bytes(64), "offset"),
        (classifier().encode()[:200], "damaged"),
    ],
)
def test_what_is_no_model(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(content)
    refused(path, complaint)


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    Net().write(tmp_path / "detector.tflite")
    refused(tmp_path / "detecter.tflite", r"did you mean detector\.tflite")
    refused(tmp_path / "none" / "m.tflite", "no .tflite file is in")
    refused(tmp_path, "regular file")
    os.mkfifo(tmp_path / "pipe.tflite")
    refused(tmp_path / "pipe.tflite", "regular file")


def test_size_and_hash_come_before_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(b"no model")
    refused(path, "MiB, more than the limit", limit_bytes=7)
    refused(path, "SHA-256", sha256="0" * 64)
    refused(path, "identifier", sha256=hashlib.sha256(b"no model").hexdigest().upper())


@pytest.mark.parametrize(
    ("packed", "complaint"),
    [
        ({"labels.txt": b"a\n" * 500_000}, r"unpacks from \d+ to 1000000 bytes"),  # a bomb
        ({"labels.txt": os.urandom(2 << 20)}, "more than 1048576"),
        ({"labels.txt": b"\xff\xff"}, "UTF-8"),
        ({"other.txt": b"a"}, "mean and std"),
        ({f"{number}.txt": b"" for number in range(65)}, "65 packed files"),
        ({"../labels.txt": b"a"}, "no plain name"),
        ({"/etc/labels.txt": b"a"}, "no plain name"),
        ({"a\\..\\labels.txt": b"a"}, "no plain name"),
        ({"a\nlabels.txt": b"a"}, "no plain name"),
        ({"more.zip": archive({"x": b""})}, "is itself an archive"),
        ({"more.bin": b"\x1f\x8b\x08"}, "is itself an archive"),
        ({"more.bin": bytes(1 << 24)}, "unpacks from"),
        ({"foresight.json": b"{"}, "no JSON"),
        ({"foresight.json": b"[" * 100_000}, "nested|unpacks"),
        ({"foresight.json": b"{}"}, "format None and this version reads 1"),
        ({"foresight.json": b'{"format": 2}'}, "format 2 and this version reads 1; update"),
        ({"foresight.json": b'{"format": true}'}, "format True"),
        ({"foresight.json": b'{"format": 1}'}, "None for calibration"),
        ({"foresight.json": encode_manifest(MANIFEST)}, "names the packed file 'names.txt'"),
        ({"foresight.json": encode_manifest(MANIFEST).replace(b"yolox", b"yolo9")}, "must be one of ssd"),
        ({"foresight.json": encode_manifest(MANIFEST).replace(b"5.0,", b"-5.0,")}, "divides by std"),
        ({"foresight.json": encode_manifest(MANIFEST).replace(b"5.0,", b"1e-300,"), "names.txt": b"a"}, "no sense"),
        ({"foresight.json": encode_manifest(MANIFEST).replace(b"5.0,", b"NaN,")}, "NaN is no number"),
        ({"foresight.json": encode_manifest(MANIFEST).replace(b'"samples": 0', b'"samples": "0"')}, "must be a count"),
    ],
)
def test_packed_files_that_are_refused(tmp_path: Path, packed: dict[str, bytes], complaint: str) -> None:
    refused(classifier().write(tmp_path / "m.tflite", packed), complaint)


def test_unknown_keys_of_the_manifest_are_ignored(tmp_path: Path) -> None:
    text = json.dumps({**json.loads(encode_manifest(MANIFEST)), "later": 1}).encode()
    assert read_manifest(Net().write(tmp_path / "m.tflite", {"foresight.json": text})) == MANIFEST


def test_an_archive_that_claims_to_pack_into_nothing_is_refused(tmp_path: Path) -> None:
    packed = bytearray(archive({"labels.txt": b"a\n" * 40_000}))
    entry = packed.find(b"PK\x01\x02")
    packed[entry + 20 : entry + 24] = bytes(4)
    path = tmp_path / "m.tflite"
    path.write_bytes(classifier().encode() + packed)
    refused(path, "unpacks from 0 to 80000 bytes")


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    packed = bytearray(archive(NAMES))
    packed[packed.find(b"PK\x01\x02")] ^= 1
    path.write_bytes(classifier().encode() + packed)
    refused(path, "archive")


def mutants(original: bytes, count: int) -> list[bytes]:
    """Truncated and bit-flipped copies."""
    chance, out = random.Random(7), []
    for number in range(count):
        copy = bytearray(original)
        if number % 4 == 0:
            del copy[chance.randrange(len(copy)) :]
        for _ in range(chance.choice((1, 4, 32))):
            if copy:
                copy[chance.randrange(len(copy))] ^= 1 << chance.randrange(8)
        out.append(bytes(copy))
    return out


def survives(path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    try:
        read_bundle(path)
    except ModelError:
        return False
    return True


def test_mutants_are_read_or_refused(tmp_path: Path) -> None:
    net = Net(outputs=(Port((1, 3)),), operator=ABS, metadata=FULL, signature=("scores",))
    packed = {**NAMES, "foresight.json": encode_manifest(MANIFEST)}
    original = net.write(tmp_path / "m.tflite", packed).read_bytes()
    read = [survives(tmp_path / "m.tflite", mutant) for mutant in mutants(original, 900)]
    assert 0 < sum(read) < 900


def test_mutants_of_a_real_model(tmp_path: Path) -> None:
    original = data("models", "kws_ref_model.tflite").read_bytes()
    read = [survives(tmp_path / "m.tflite", mutant) for mutant in mutants(original, 400)]
    assert 0 < sum(read) < 400
