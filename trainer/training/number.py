"""The numbers that layers may compute in."""

from enum import StrEnum


class Precision(StrEnum):
    """In which layers compute while they learn; less is faster on GPUs that are made for it, elsewhere not."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
