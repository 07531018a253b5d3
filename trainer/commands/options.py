"""Options that several commands have."""

from enum import StrEnum
from typing import Annotated

import typer


class Kind(StrEnum):
    """How the numbers of a model file are written."""

    BEST = "best"  # the smallest that keeps its accuracy
    INT8 = "int8"
    FLOAT16 = "float16"
    DYNAMIC = "dynamic"
    FLOAT32 = "float32"


Variant = Annotated[Kind, typer.Option("--variant", help="How its numbers are written; best = compare them all")]
Budget = Annotated[float, typer.Option("--budget", help="Points of mAP that quantisation may cost", min=0.0, max=100.0)]
AcceptLoss = Annotated[
    str, typer.Option("--accept-loss", help="Write a model that lost more; the reason is packed in it")
]
