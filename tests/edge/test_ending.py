"""A process ends with its code and all its words, whatever thread it leaves behind."""

import subprocess
import sys

import pytest

from tests.paths import REPOSITORY

CODE = """
import atexit, sys, threading
from edge.ending import end
atexit.register(print, "taken down")
if {left}:
    threading.Thread(target=threading.Event().wait, args=(600,), daemon=True).start()
print("said")
end({code})
"""


@pytest.mark.parametrize("code", [0, 3])
@pytest.mark.parametrize(("left", "words"), [(False, "said\ntaken down\n"), (True, "said\n")])
def test_it_ends_with_its_code_and_its_words(left: bool, words: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(left=left, code=code)],
        cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (code, words, "")
