"""The `foresight-firmware` command, as a person calls it."""

import subprocess
import sys
import tomllib

import pytest

from edge import __version__
from tests.paths import REPOSITORY


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    called = [sys.executable, "-m", "firmware_tools", *arguments]
    return subprocess.run(called, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False
    )


def test_says_what_it_is() -> None:
    assert command("--version").stdout == f"foresight-firmware {__version__}\n"
    assert "boards" in command("--help").stdout


def test_it_is_installed_under_its_name() -> None:
    scripts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts["foresight-firmware"] == "firmware_tools.__main__:main"


def test_loads_nothing_heavy_for_its_help() -> None:
    heavy = "{'cv2', 'numpy', 'tensorflow', 'cryptography', 'tuf', 'pydantic', 'yaml'}"
    assert python(f"import sys, firmware_tools.__main__; print(sorted({heavy} & set(sys.modules)))").stdout == "[]\n"


def test_an_unknown_command_is_told_in_words() -> None:
    done = command("nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr
    assert "Traceback" not in done.stderr


FAILS = """
import sys
from firmware_tools import __main__ as main
from firmware_tools.errors import FirmwareError, MistakeError
from edge.contracts.errors import ConfigError
def fail(): raise {error}
main.app.command("fail")(fail)
sys.argv = ["foresight-firmware", "fail"]
main.main()
"""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("FirmwareError('the card is gone')", 1, "the card is gone\n"),
        ("MistakeError('[no] such :x: card')", 2, "[no] such :x: card\n"),
        ("ConfigError('mend it')", 2, "mend it\n"),
        (
            "PermissionError(13, 'Permission denied', 'a/b')",
            1,
            "a/b: Permission denied; correct that, or name another path\n",
        ),
        ("OSError('it broke')", 1, "it broke; correct that, or name another path\n"),
        (
            "ModuleNotFoundError(name='tuf')",
            2,
            "this command needs the package tuf, which is not here; "
            "install what it needs: pip install 'foresight-edge[firmware]'\n",
        ),
    ],
)
def test_an_error_is_told_in_words_with_a_code(error: str, code: int, said: str) -> None:
    done = python(FAILS.format(error=error))
    assert (done.returncode, done.stderr) == (code, said)


def test_a_fault_of_ours_is_not_taken_for_a_missing_package() -> None:
    assert "Traceback" in python(FAILS.format(error="ModuleNotFoundError(name='firmware_tools.x')")).stderr
