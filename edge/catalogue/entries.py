"""The catalogue: public models under a permissive licence, each by address and SHA-256.

The hashes are those that their publisher states (MediaPipe, third_party/external_files.bzl). Its files have moved
within their store, so both addresses are known.
"""

from typing import NamedTuple

ASSETS = "https://storage.googleapis.com/mediapipe-assets"


class Entry(NamedTuple):
    """One model file."""

    name: str
    task: str  # "detector", "classifier"
    urls: tuple[str, ...]  # tried in turn
    sha256: str
    input_px: int  # a side of its picture
    licence: str
    about: str

    @property
    def file_name(self) -> str:
        """What the file is called on this device."""
        return f"{self.name}.tflite"


def _at(folder: str, file: str) -> tuple[str, ...]:
    return f"{ASSETS}/tasks/testdata/{folder}/{file}", f"{ASSETS}/{file}"


CATALOGUE = (
    Entry(
        "ssd-mobilenet-v1",
        "detector",
        _at("vision", "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite"),
        "61d598093ed03ed41aa47c3a39a28ac01e960d6a810a5419b9a5016a1e9c469b",
        300,
        "Apache-2.0",
        "80 kinds of objects (COCO), uint8: the fastest; what the figures of Foresight are measured with",
    ),
    Entry(
        "efficientdet-lite0",
        "detector",
        _at("vision", "coco_efficientdet_lite0_v1_1.0_quant_2021_09_06.tflite"),
        "dee1b4af055a644804d5594442300ecc9e4f7080c25b7c044c98f527eeabb6cf",
        320,
        "Apache-2.0",
        "80 kinds of objects (COCO), uint8: slower, finds more",
    ),
    Entry(
        "mobilenet-v1-025",
        "classifier",
        _at("core", "mobilenet_v1_0.25_224_quant.tflite"),
        "e480eb15572f86d3d5f1be6e83e35b3c7d509ab2bcec353707d1f614e14edca2",
        224,
        "Apache-2.0",
        "1000 kinds of things (ImageNet), uint8: a second stage",
    ),
)


def find(name: str) -> Entry | None:
    """The entry of a name."""
    return next((entry for entry in CATALOGUE if entry.name == name), None)
