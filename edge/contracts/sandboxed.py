"""The inside of a sandbox (`edge.contracts.sandbox`): `python -m edge.contracts.sandboxed LIMITS MODULE ARGUMENTS...`.

The process takes the limits upon itself and then becomes the module. Light on purpose: it stands between a new model
and its first detection.
"""

import ctypes
import gc
import json
import math
import os
import resource
import runpy
import signal
import sys

MIB = 1 << 20
PR_SET_PDEATHSIG = 1  # prctl(2)
NO_MEMORY = 77  # exit code


def main(told: str, module: str, *arguments: str) -> None:
    """Become a module, within limits."""
    _limit(**json.loads(told))
    gc.disable()  # it is thrown away before there is any garbage; imports are quicker so
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except MemoryError:
        os._exit(NO_MEMORY)


def _limit(wall_s: float, cpu_s: float, memory_mib: int, file_mib: int) -> None:
    """Let the kernel end this process if it goes over a limit, or when whoever waits for it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.alarm(math.ceil(wall_s) + 1)
    wanted = {
        resource.RLIMIT_AS: memory_mib * MIB,
        resource.RLIMIT_CPU: math.ceil(cpu_s),
        resource.RLIMIT_FSIZE: file_mib * MIB,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in wanted.items():
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


if __name__ == "__main__":
    main(*sys.argv[1:])
