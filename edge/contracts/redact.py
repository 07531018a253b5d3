"""Keeps secrets out of what people read: one function for messages, one filter for logs.

Credentials inside addresses are found by their form; other secrets must be named by who knows them. Where the form is
ambiguous too much is hidden rather than too little.
"""

import logging
import re
from collections.abc import Collection
from urllib.parse import quote

HIDDEN = "***"
SHORTEST_SECRET = 3  # characters; hiding every "a" would leave nothing to read
_CREDENTIALS = re.compile(r"://\S*@")
_PARAMETER = re.compile(
    r"(?i)\b((?:\w*_)?(?:password|passwd|passphrase|pwd|pass|token|secret|api_?key))(\s*[=:]\s*)"
    r"(?!\*\*\*)(\"[^\"]*\"|'[^']*'|[^\s&;,'\"]+)"
)
# Cameras take a login in the query of their address, user name first.
_QUERY = re.compile(r"(?i)([?&;](?:user|usr|login|auth|pass|pwd|token|key|secret)\w*=)[^&;\s]*")
_AUTHORISATION = re.compile(r"(?i)(authori[sz]ation\W{1,4}\w+)\s+(?!\*\*\*)[^\s'\"]+")


def redact(text: str, secrets: Collection[str] = ()) -> str:
    """The text with credentials in addresses, `password=...` values and the given secrets replaced by `***`."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN).replace(quote(secret, safe=""), HIDDEN)
    text = _CREDENTIALS.sub(f"://{HIDDEN}@", text)
    text = _PARAMETER.sub(rf"\1\2{HIDDEN}", text)
    text = _QUERY.sub(rf"\1{HIDDEN}", text)
    return _AUTHORISATION.sub(rf"\1 {HIDDEN}", text)


class RedactingFilter(logging.Filter):
    """Redacts every record that passes, its traceback included. Add it to handlers, not to loggers.

    Args:
        secrets: what must never appear, besides what `redact` finds by itself.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self._secrets = frozenset(secrets)
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; it always passes."""
        record.msg, record.args = redact(_message(record), self._secrets), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text, self._secrets)
        if record.stack_info:
            record.stack_info = redact(record.stack_info, self._secrets)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit: logging would print them raw
        return str(record.msg)
