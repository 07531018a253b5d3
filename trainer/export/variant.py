"""How the numbers of an exported model are written."""

from enum import StrEnum


class Variant(StrEnum):
    """The values are those of `Manifest.quantisation`, but for float32 ("none")."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"  # weights of two bytes, computed in float32
    DYNAMIC = "dynamic"  # weights of one byte, activations float, quantised while it runs
    INT8 = "int8"  # weights and activations of one byte: what an Edge TPU takes

    @property
    def quantisation(self) -> str:
        """As a manifest says it."""
        return "none" if self is Variant.FLOAT32 else self.value
