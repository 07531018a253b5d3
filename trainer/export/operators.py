"""A report of the operators of a model file: which, how many, in what numbers, and where an Edge TPU would run them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from edge.contracts.flatbuffer import MalformedError
from trainer.errors import TrainError
from trainer.export.coral import BYTES, why_not
from trainer.export.graph import Operator, read_operators
from trainer.export.postprocess import OPERATOR

BORDERS = frozenset({"QUANTIZE", "DEQUANTIZE"})  # between bytes and floats, on purpose
EDGE_TPU, CPU = "edge tpu", "cpu"


@dataclass(frozen=True, slots=True)
class Use:
    """Operators of one kind that fare alike."""

    name: str
    version: int
    numbers: str  # "int8", "float32", or both
    count: int
    place: str  # EDGE_TPU or CPU
    reason: str  # why it is the CPU, else ""


@dataclass(frozen=True, slots=True)
class OperatorReport:
    """All operators of one file."""

    uses: tuple[Use, ...]  # in the order in which each first runs
    floats: tuple[str, ...]  # names of operators that compute in float32, but for the post-process of a detector

    @property
    def mapped(self) -> int:
        """How many operators an Edge TPU would run."""
        return sum(use.count for use in self.uses if use.place == EDGE_TPU)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(use.count for use in self.uses)


def report_operators(model: bytes) -> OperatorReport:
    """Look through a model file.

    Raises:
        TrainError: it is no model file.
    """
    try:
        operators = read_operators(model)
    except MalformedError as error:
        raise TrainError(f"this is no model file: {error}; export it again") from error
    reasons = _reasons(operators)
    counted = Counter(
        (one.name, one.version, _numbers(one), reason) for one, reason in zip(operators, reasons, strict=True)
    )
    uses = tuple(
        Use(name, version, numbers, count, CPU if reason else EDGE_TPU, reason)
        for (name, version, numbers, reason), count in counted.items()
    )
    return OperatorReport(uses, tuple(one.name for one in operators if _computes_in_float(one)))


def operator_table(report: OperatorReport) -> Table:
    """The report for the screen."""
    table = Table(title=f"{report.mapped} of {report.total} operators would run on an Edge TPU", title_justify="left")
    table.add_column("operator", no_wrap=True)
    for heading in ("version", "numbers"):
        table.add_column(heading)
    table.add_column("count", justify="right")
    for heading in ("runs on", "because"):
        table.add_column(heading)
    for use in report.uses:
        table.add_row(use.name, str(use.version), use.numbers, str(use.count), use.place, use.reason)
    return table


def _reasons(operators: Sequence[Operator]) -> list[str]:
    """Why each runs on the CPU, "" where it need not.

    There is one part of the graph on the Edge TPU: what needs the result of the CPU is on the CPU as well.
    """
    reasons: list[str] = []
    made_by_cpu: dict[int, str] = {}
    for operator in operators:
        after = next((made_by_cpu[one.number] for one in operator.inputs if one.number in made_by_cpu), "")
        reason = why_not(operator) or (f"it comes after {after}" if after else "")
        if reason:
            made_by_cpu |= {one.number: operator.name for one in operator.outputs}
        reasons.append(reason)
    return reasons


def _numbers(operator: Operator) -> str:
    return ", ".join(sorted({tensor.dtype for tensor in operator.flowing}))


def _computes_in_float(operator: Operator) -> bool:
    """Whether it is one that quantising left behind."""
    return operator.name not in BORDERS | {OPERATOR} and any(one.dtype not in BYTES for one in operator.flowing)
