"""Runs lives, each in a process of its own: what they import is imported once, and copied with each.

A task comes as a line on the standard input; how it ended goes out as one: the exit code, or the signal below 0.
"""

import json
import os
import sys
import time
import traceback

from tests.rigs.updating.life import Task, live

LONGEST_S = 60.0
TURN_S = 0.002


def main() -> None:
    """Until the input ends."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(_lived(Task(**json.loads(line))))
        print(_ended(child), flush=True)


def _lived(task: Task) -> int:
    try:
        live(task)
    except BaseException:  # noqa: BLE001 - it is told of, and the process ends
        with open(f"{task.log}.error", "w") as file:  # noqa: PTH123
            file.write(traceback.format_exc())
        return 1
    return 0


def _ended(child: int) -> int:
    until_s = time.monotonic() + LONGEST_S
    while time.monotonic() < until_s:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(TURN_S)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return 99


if __name__ == "__main__":
    main()
