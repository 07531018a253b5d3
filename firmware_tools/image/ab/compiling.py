"""The daemon's Python compiled beforehand: a root file system that is only read could not keep it from start to start.

The device's own Python does it, run by qemu-user. What it writes does not depend on times: the compiled files are taken
as they are, without a look at their sources, which nobody changes.
"""

from pathlib import Path

from firmware_tools.image.ab.entries import Tree, read_tar, write_tar
from firmware_tools.image.ab.programs import Command, as_owner, run

HOME = "opt/foresight"
LIMIT_S = 3600.0
# What the daemon never imports: it stays as it is.
LEFT = r"/(trainer|tests?|_vendor|contrib|lexers|styles|formatters|f2py|aot|distutils|testing)/"
SCRIPT = """
set -e
home=$(mktemp -d "$1.XXXXXX")
trap 'rm -rf "$home"' EXIT
tar -C "$home" --numeric-owner -xpf "$2"
chroot "$home" /usr/bin/python3 -m compileall -q -x "$5" --invalidation-mode unchecked-hash /opt/foresight/lib >&2
cd "$home"
find opt/foresight -path '*/__pycache__/*.pyc' -type f -print0 | LC_ALL=C sort -z |
  tar --null --no-recursion --numeric-owner --owner 0 --group 0 --mtime "@$4" --mode 0644 -cf "$3" -T -
"""


def compiled(tree: Tree, work: Path, epoch_s: int) -> Tree:
    """The compiled files of what is in /opt/foresight; `tree` is a whole system, `work` a folder to work in.

    Raises:
        FirmwareError: a program failed, or a file of the daemon is not Python that its own can read.
    """
    whole, made = work / "to-compile.tar", work / "compiled.tar"
    write_tar(tree, whole, epoch_s)
    command: Command = ["sh", "-c", SCRIPT, "sh", work / "compiling", whole, made, str(epoch_s), LEFT]
    run(
        [*as_owner(), *command],
        "the daemon's Python cannot be compiled",
        limit_s=LIMIT_S,
        more={"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch_s)},
    )
    whole.unlink()
    return read_tar(made, lambda path: path.startswith(HOME))
