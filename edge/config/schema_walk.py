"""Finds what a JSON Schema says about a place in the configuration: keys, choices, descriptions, secrets."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edge.config.problems import Path

Schema = Mapping[str, Any]  # JSON, as pydantic makes it
_SECRET_KEY = re.compile(r"(?i)(password|passwd|passphrase|secret|token|credential|private_key|api_key)")
_VARIANTS = ("anyOf", "oneOf", "allOf")


def at(root: Schema, path: Path) -> list[Schema]:
    """Every schema that may describe the value at the path; several where a setting takes several forms."""
    found = list(_variants(root, root))
    for part in path:
        found = [variant for schema in found for below in _below(schema, part) for variant in _variants(root, below)]
    return found


def keys(root: Schema, path: Path) -> list[str]:
    """The settings that a mapping at the path may hold, sorted."""
    return sorted({key for schema in at(root, path) for key in schema.get("properties", {})})


def choices(root: Schema, path: Path) -> list[str]:
    """The values that a setting with a fixed set of them takes, in the order in which they are defined."""
    found: list[str] = []
    for schema in at(root, path):
        found.extend(str(value) for value in schema.get("enum", ()))
        found.extend([str(schema["const"])] if "const" in schema else [])
    return list(dict.fromkeys(found))


def description(root: Schema, path: Path) -> str:
    """What the setting is for, "" where the schema does not say."""
    above = at(root, path[:-1]) if path else []
    own = [schema.get("properties", {}).get(path[-1], {}) for schema in above]
    return next((str(schema["description"]) for schema in [*own, *at(root, path)] if "description" in schema), "")


def is_secret(root: Schema, path: Path) -> bool:
    """Whether the value must not be shown: by its type, or by the name of its key or of one above."""
    named = any(isinstance(part, str) and _SECRET_KEY.search(part) for part in path)
    return named or any(schema.get("writeOnly") or schema.get("format") == "password" for schema in at(root, path))


def _variants(root: Schema, schema: Schema) -> Iterator[Schema]:
    if "$ref" in schema:
        yield from _variants(root, _referred(root, schema["$ref"]))
    else:
        yield schema
    for name in _VARIANTS:
        for variant in schema.get(name, ()):
            yield from _variants(root, variant)


def _referred(root: Schema, reference: str) -> Schema:
    schema: Any = root
    for part in reference.removeprefix("#/").split("/"):
        schema = schema[part]
    return schema


def _below(schema: Schema, part: str | int) -> Iterator[Schema]:
    if isinstance(part, str):
        rest = schema.get("additionalProperties")
        if part in schema.get("properties", {}):
            yield schema["properties"][part]
        elif isinstance(rest, Mapping):
            yield rest
        else:
            yield from schema.get("patternProperties", {}).values()
        return
    listed: Sequence[Schema] = schema.get("prefixItems", ())
    if part < len(listed):
        yield listed[part]
    elif isinstance(schema.get("items"), Mapping):
        yield schema["items"]
