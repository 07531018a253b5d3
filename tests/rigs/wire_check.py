"""Holds messages against the published schema."""

from typing import Any

import jsonschema

from edge.contracts.messages import wire_schema


def validator(definition: str) -> jsonschema.Draft202012Validator:
    """Of one payload, `tracks` or `event` say."""
    schema = wire_schema()
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]})


def check_all(definition: str, payloads: list[Any]) -> None:
    """Fail with the first payload (decoded) that the schema refuses."""
    check = validator(definition)
    for payload in payloads:
        check.validate(payload)


def check_lives(events: list[Any]) -> None:
    """Every object's life is framed: `new` first, `end` last, each once; zones and lines only in between."""
    lives: dict[tuple[str, int], list[str]] = {}
    for event in events:
        lives.setdefault((event["camera"], event["track"]), []).append(event["kind"])
    for kinds in lives.values():
        assert kinds[0] == "new", kinds
        assert kinds[-1] == "end", kinds
        assert (kinds.count("new"), kinds.count("end")) == (1, 1), kinds
