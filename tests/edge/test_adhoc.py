"""A configuration made up from a source on the command line, and what is refused as one."""

from pathlib import Path

import pytest

from edge.adhoc import CAMERA, STREET, adhoc_settings
from edge.contracts.errors import ConfigError


def test_a_street_needs_no_file() -> None:
    assert list(adhoc_settings(STREET, None, None, {}).cameras) == [CAMERA]


@pytest.mark.parametrize("source", ["rtsp://user:sekret@host/a stream", "http://user:sekret@host/a b?pwd=sekret"])
def test_a_source_is_refused_without_its_password(source: str) -> None:
    with pytest.raises(ConfigError) as refused:
        adhoc_settings(source, None, None, {})
    assert "sekret" not in str(refused.value)
    assert "host/a" in str(refused.value)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be a file or folder"):
        adhoc_settings("a" * 300, None, None, {})


def test_labels_belong_to_a_model() -> None:
    with pytest.raises(ConfigError, match="--labels"):
        adhoc_settings(STREET, None, Path("labels.txt"), {})
