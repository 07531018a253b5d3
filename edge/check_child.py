"""The process in which a released configuration is checked: `edge.check_child FILE`, started by `edge.admission`.

Prints one line of JSON: the reason why it is refused, "" where it is good, and details without secrets.
"""

import json
import os
import sys
from pathlib import Path

from edge.config.problems import InvalidConfig, Problem
from edge.config.yaml_positions import LIMIT_BYTES, parse
from edge.contracts.redact import redact

SHOWN = 5  # problems


def main(name: str) -> None:
    """Check a file."""
    path = Path(name)
    problems, reason = _unreadable(path), "malformed"
    if not problems:
        from edge.check import check  # noqa: PLC0415 - it loads half the daemon, and what is malformed needs none of it

        problems = check(path).problems
        reason = "unfit" if problems else ""
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    secrets = [value for key, value in os.environ.items() if key.startswith("FORESIGHT_")]
    detail = redact("; ".join(str(one) for one in problems[:SHOWN]) + more, secrets)[:2000]
    print(json.dumps({"reason": reason, "detail": detail}), flush=True)  # noqa: T201 - the parent reads it


def _unreadable(path: Path) -> tuple[Problem, ...]:
    """Why it is no YAML, or out of all bounds."""
    try:
        with path.open("rb") as file:
            parse(file.read(LIMIT_BYTES + 1), str(path))
    except InvalidConfig as error:
        return error.problems
    return ()


if __name__ == "__main__":
    main(sys.argv[1])
