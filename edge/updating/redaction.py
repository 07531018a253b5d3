"""Keeps secrets out of why something is not taken: that is published, retained, and written to disk."""

import os
import re

from edge.config.environment import PREFIX
from edge.config.secrets import secrets_of
from edge.config.settings import Settings
from edge.contracts.redact import redact
from edge.contracts.update_state import LONGEST_DETAIL

_STORED = re.compile(r"/\S*/[0-9a-f]{64}/")  # the folder of a released file: nothing that anybody wants to read
OPEN = frozenset({f"{PREFIX}{name}" for name in ("BOARD", "DEVICE", "GROUP")})  # what a device says of itself anyway


def redacted(why: object, *settings: Settings) -> str:
    """As it may be told to anybody, and be kept.

    Args:
        why: an error, or its text; it may quote the configuration.
        settings: whose secrets it may hold, beside those of the environment.
    """
    secrets = {value for key, value in os.environ.items() if key.startswith(PREFIX) and key not in OPEN}
    return _STORED.sub("", redact(str(why), secrets.union(*map(secrets_of, settings))))[:LONGEST_DETAIL]
