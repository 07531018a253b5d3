"""Keeps passwords out of messages and logs."""

import re

_RULES = (
    (re.compile(r"://[^/\s]*@"), "://***@"),
    (re.compile(r"://[^/\s:@]+:[^\s@]*@"), "://***@"),  # a password with an unescaped slash in it
    (re.compile(r"(?i)([?&;](?:user|usr|login|auth|pass|pwd|token|key|secret)\w*=)[^&;\s]*"), r"\1***"),
)


def redact(text: str) -> str:
    """`text` with user names, passwords and tokens of URLs replaced by `***`."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
