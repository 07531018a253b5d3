"""Passphrases: from the environment where a program signs, else asked for without showing what is typed."""

import os
import sys
from pathlib import Path

import typer

from firmware_tools.errors import MistakeError

VARIABLE = "FORESIGHT_KEY_PASSPHRASE"


def asked(path: Path) -> str:
    """The passphrase of a key file."""
    return os.environ.get(VARIABLE) or _typed(f"Passphrase of {path}", twice=False)


def chosen(plain: bool) -> str:
    """The passphrase for new key files, typed twice; "" where they are to stay unencrypted."""
    if plain:
        return ""
    return os.environ.get(VARIABLE) or _typed("Passphrase for the new keys", twice=True)


def _typed(what: str, *, twice: bool) -> str:
    try:
        return str(typer.prompt(what, hide_input=True, confirmation_prompt=twice, err=True))
    except typer.Abort as error:
        if sys.stdin.isatty():
            raise
        raise MistakeError(
            f"nobody is here to type a passphrase: call this from a terminal, or set {VARIABLE}"
        ) from error
