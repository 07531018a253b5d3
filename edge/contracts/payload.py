"""A JSON payload that says in `v` which version of its form it has."""

import json

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import Object, below


def opened(payload: bytes, version: int, limit_bytes: int) -> Object:
    """The object in an untrusted payload.

    Raises:
        MalformedError: it is longer than it may be, no JSON object, or of another version.
    """
    if len(payload) > limit_bytes:
        raise MalformedError(f"it has {len(payload)} bytes, and {limit_bytes} are the most")
    try:
        told = below(json.loads(payload), "payload")
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"it is no JSON: {error}") from error
    if told.get("v") != version or isinstance(told.get("v"), bool):
        raise MalformedError(f"it is of version {told.get('v')!r:.20}; this one speaks {version}")
    return told
