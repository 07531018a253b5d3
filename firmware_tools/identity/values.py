"""What differs from device to device: variables of the daemon's environment, as systemd's EnvironmentFile has them.

The configuration is the same for a whole fleet and refers to them as `${FORESIGHT_NAME}`; so one that comes as an
update takes no device its name or its passwords.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from edge.contracts.redact import SHORTEST_SECRET
from firmware_tools.errors import MistakeError

PREFIX = "FORESIGHT_"
BROKER, PORT, DEVICE = "FORESIGHT_BROKER", "FORESIGHT_BROKER_PORT", "FORESIGHT_DEVICE"
BOARD, GROUP = "FORESIGHT_BOARD", "FORESIGHT_GROUP"
IDENTITY, MODELS = "FORESIGHT_IDENTITY", "FORESIGHT_MODELS"
OURS = (BROKER, PORT, DEVICE, BOARD, GROUP, IDENTITY, MODELS)
LIMIT = 4096  # characters of a value
_NAME = re.compile(r"FORESIGHT_[A-Z0-9_]{1,60}")
_SECRET = re.compile(r"PASS|SECRET|TOKEN|KEY|PIN(_|$)|PWD|CREDENTIAL")
_LOGIN = re.compile(r"://[^\s/@:]*:([^\s@/]*)@")
_ESCAPED = re.compile(r"\\(.)")


def parse_values(data: bytes, where: str) -> dict[str, str]:
    r"""The variables of a file: `NAME=value` a line, or `NAME="value"` with `\` before `"`, `\`, `$` and a back tick.

    Raises:
        MistakeError: a line is none of these. What stands in it is not told, it may be a secret.
    """
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise MistakeError(f"{where} is no text in UTF-8; write NAME=value, a line each") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(("#", ";")):
            continue
        name, equals, value = line.partition("=")
        place = f"{where}, line {number}"
        if not equals or not _NAME.fullmatch(name):
            raise MistakeError(f"{place}: write {PREFIX}NAME=value, the name in capital letters, digits and _")
        if name in found:
            raise MistakeError(f"{place}: {name} is there twice")
        found[name] = _plain(value, f"{place}: {name}")
    return found


def render_values(values: Mapping[str, str]) -> bytes:
    """The file; both systemd and a shell read it as it was meant."""
    lines = (f'{name}="{re.sub(_QUOTED, _with_backslash, values[name])}"\n' for name in sorted(values))
    return "".join(lines).encode()


def refuse_ours(values: Mapping[str, str]) -> None:
    """Refuse variables that provisioning itself sets. Raises MistakeError."""
    for name in values:
        if name in OURS:
            raise MistakeError(f"{name} is set by provisioning itself; leave it out of the values")


def refuse_unused(values: Mapping[str, str], template: str, where: str) -> None:
    """Refuse variables that the template does not refer to: somewhere a pen slipped. Raises MistakeError."""
    wanted = set(re.findall(r"\$\{(" + PREFIX + r"[A-Za-z0-9_]*)\}", template)) - set(OURS)
    for name in values:
        if name not in wanted:
            near = get_close_matches(name, wanted, 1)
            hint = f"did you mean {near[0]}?" if near else f"write ${{{name}}} where it belongs, or leave it out"
            raise MistakeError(f"the template {where} does not use {name}; {hint}")


def secrets_in(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and secret of each value that is one, or that holds a login as addresses of cameras do."""
    for name, value in values.items():
        if len(value) >= SHORTEST_SECRET and _SECRET.search(name.removeprefix(PREFIX)):
            yield name, value
        for password in _LOGIN.findall(value):
            if len(password) >= SHORTEST_SECRET:
                yield name, password


_QUOTED = re.compile(r'["\\$`]')


def _with_backslash(found: re.Match[str]) -> str:
    return "\\" + found[0]


def _plain(written: str, where: str) -> str:
    value = written.strip()
    if value[:1] == '"':
        if len(value) < 2 or value[-1] != '"' or _QUOTED.search(_ESCAPED.sub("", value[1:-1])):
            raise MistakeError(f'{where} begins with " and does not end with it, or has \\ missing before a sign')
        value = _ESCAPED.sub(r"\1", value[1:-1])
    if not value.isprintable() or len(value) > LIMIT:
        raise MistakeError(f"{where} has signs that cannot be printed, or more than {LIMIT}")
    return value
