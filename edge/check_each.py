"""What `check` finds in one configuration for several devices that run it, each with variables of its own.

`python -m edge.check_each FILE` reads a JSON list from standard input: the variables of each device, by name. It
answers with a JSON list of the same length: the problems of each. Provisioning asks so for a whole fleet at once.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge.check import check


def check_each(path: Path, devices: Sequence[Mapping[str, str]]) -> list[list[str]]:
    """The problems of each device, in words and in this order.

    Args:
        path: of the configuration.
        devices: of each the variables that are added to this process's environment.
    """
    return [[str(one) for one in check(path, {**os.environ, **variables}).problems] for variables in devices]


if __name__ == "__main__":
    json.dump(check_each(Path(sys.argv[1]), json.load(sys.stdin)), sys.stdout)
