"""Passphrases: from the environment where a program signs, else asked for without showing what is typed."""

import os
from pathlib import Path

import typer

VARIABLE = "FORESIGHT_KEY_PASSPHRASE"


def asked(path: Path) -> str:
    """The passphrase of a key file."""
    return os.environ.get(VARIABLE) or str(typer.prompt(f"Passphrase of {path}", hide_input=True, err=True))


def chosen(plain: bool) -> str:
    """The passphrase for new key files, typed twice; "" where they are to stay unencrypted."""
    if plain:
        return ""
    given = os.environ.get(VARIABLE)
    return given or str(
        typer.prompt("Passphrase for the new keys", hide_input=True, confirmation_prompt=True, err=True)
    )
