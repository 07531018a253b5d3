"""The process in which a model is tried that the daemon has read: `edge.runtime.canary_child ORDER`."""

import json
import sys
from dataclasses import dataclass

from edge.contracts.golden import parse_golden
from edge.runtime.faults import print_answer
from edge.runtime.interpreters import Plan
from edge.runtime.rehearsal import Rehearsal, short_of_memory


@dataclass(frozen=True, slots=True)
class Order:
    """What the process is told, as JSON on its command line."""

    plan: Plan
    golden: str  # a file with its `golden.json`, empty where it brings none: to unpack it, much would be imported
    memory_mib: int


def main(told: str) -> None:
    """Try the model of an order."""
    fields = json.loads(told)
    order = Order(**{**fields, "plan": Plan(**fields["plan"])})
    print_answer(lambda: _try(order))


def _try(order: Order) -> str:
    with open(order.golden, "rb") as file:  # noqa: PTH123 - nothing else here needs `pathlib`
        golden = file.read()
    with short_of_memory(order.plan.path, order.memory_mib):
        rehearsal = Rehearsal(order.plan, parse_golden(golden) if golden else None)
        unproven = rehearsal.prove()
        rehearsal.learn()
    return unproven


if __name__ == "__main__":
    main(sys.argv[1])
