"""What a model file says of how it learns: read back as it was written, refused where it makes no sense."""

import json
from dataclasses import replace
from typing import Any

import pytest

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.manifest import Manifest, encode_manifest, parse_manifest
from edge.contracts.trainable import MOST_BATCH, MOST_NUMBERS, Optimizer, Trainable
from tests.trainer.exports import manifest

LEARNS = Trainable(batch=32, weights=10, optimizer=Optimizer.ADAM, state=21, rate=1e-3)


def entry(**changed: Any) -> bytes:
    told = json.loads(encode_manifest(replace(manifest(), trainable=LEARNS)))
    told["trainable"] |= changed
    return json.dumps(told).encode()


@pytest.mark.parametrize("learns", [None, LEARNS, replace(LEARNS, optimizer=Optimizer.SGD, state=0, rate=1.0)])
def test_it_is_read_as_it_was_written(learns: Trainable | None) -> None:
    made: Manifest = replace(manifest(), trainable=learns)
    assert parse_manifest(encode_manifest(made)) == made


def test_what_does_not_learn_says_nothing_of_it() -> None:
    assert "trainable" not in json.loads(encode_manifest(manifest()))


@pytest.mark.parametrize(
    "changed",
    [
        {"batch": 0},
        {"batch": MOST_BATCH + 1},
        {"weights": 0},
        {"weights": MOST_NUMBERS + 1},
        {"state": 4 * MOST_NUMBERS + 1},
        {"rate": 0},
        {"rate": 1.5},
    ],
)
def test_numbers_that_make_no_sense_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="what it says of learning makes no sense"):
        parse_manifest(entry(**changed))


@pytest.mark.parametrize("changed", [{"batch": "32"}, {"optimizer": "lion"}, {"rate": None}, {"weights": -1}])
def test_what_is_of_another_kind_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match=f"for '{next(iter(changed))}'"):
        parse_manifest(entry(**changed))


def test_it_must_be_an_object() -> None:
    told = json.loads(entry())
    told["trainable"] = [1]
    with pytest.raises(MalformedError, match="for trainable, which must be an object"):
        parse_manifest(json.dumps(told).encode())
