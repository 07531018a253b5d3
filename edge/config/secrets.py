"""Finds the secrets in settings, for `edge.contracts.redact.RedactingFilter`."""

import re
from collections.abc import Mapping

from pydantic import BaseModel, SecretStr

_PASSWORD = re.compile(r"://[^\s:/]*:([^\s]*)@")


def secrets_of(value: object) -> frozenset[str]:
    """Every secret in a model, however deep: `SecretStr` fields, and passwords in addresses."""
    if isinstance(value, SecretStr):
        return frozenset(filter(None, [value.get_secret_value()]))
    if isinstance(value, str):
        return frozenset(filter(None, _PASSWORD.findall(value)))
    if isinstance(value, BaseModel):
        return frozenset().union(*(secrets_of(getattr(value, name)) for name in type(value).model_fields))
    if isinstance(value, Mapping):
        return frozenset().union(*(secrets_of(below) for below in value.values()))
    if isinstance(value, list | tuple):
        return frozenset().union(*(secrets_of(below) for below in value))
    return frozenset()
