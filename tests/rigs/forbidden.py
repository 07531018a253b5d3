"""Forbids a process one system call, as a unit's `SystemCallFilter=` does.

The filter is a program for the kernel (seccomp(2), `struct sock_filter`): it looks at the number of a call only.
"""

import ctypes
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # of the classic BPF
ALLOW, EPERM = 0x7FFF0000, 0x00050000 | 1
CAPSET = {"x86_64": 126, "aarch64": 91}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def forbid(number: int) -> None:
    """From now on this process, and those that it starts, get EPERM for a system call."""
    steps = [(LOAD_WORD, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]
    code = b"".join(struct.pack("<HBBI", *step) for step in steps)
    kernel = ctypes.CDLL(None, use_errno=True)
    assert kernel.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert kernel.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(_Program(len(steps), code)), 0, 0) == 0
