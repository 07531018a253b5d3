"""What a candidate must be comes to its child as it is."""

from pathlib import Path

import pytest

from edge.contracts.input_rules import Overrides
from edge.contracts.types import Head, Resize
from edge.runtime.candidate import encode_overrides, parse_overrides


@pytest.mark.parametrize(
    "overrides",
    [Overrides(), Overrides(labels=Path("a.txt"), head=Head.SSD, resize=Resize.STRETCH, mean=(0.0, 1.0, 2.0))],
)
def test_overrides_come_to_the_process_as_they_are(overrides: Overrides) -> None:
    assert parse_overrides(encode_overrides(overrides)) == overrides
